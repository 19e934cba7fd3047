/** The parts of the wall that are plain elements: made once, then only their texts change. */
import type { Told } from "./told";

export function make(tag: string, kind: string, text = ""): HTMLElement {
  const element = document.createElement(tag);
  element.className = kind;
  element.textContent = text;
  return element;
}

/** As many children of that shape as there are rows: kept, added or taken away at the end. */
function rows(box: HTMLElement, count: number, shape: () => HTMLElement): HTMLElement[] {
  while (box.children.length > count) box.lastElementChild?.remove();
  while (box.children.length < count) box.append(shape());
  return [...box.children] as HTMLElement[];
}

function write(element: Element | null | undefined, text: string): void {
  if (element && element.textContent !== text) element.textContent = text;
}

const plain = new Intl.NumberFormat("en");

export function share(part: number, whole: number): string {
  return whole ? `${((100 * part) / whole).toFixed(1)}%` : "–";
}

function cell(parts: [string, string][]): HTMLElement {
  const box = document.createElement("div");
  for (const [tag, kind] of parts) box.append(make(tag, kind));
  return box;
}

export function showNumbers(box: HTMLElement, told: Told): void {
  const shown = rows(box, told.numbers.length, () => cell([["span", "title"], ["b", "value"], ["span", "of"]]));
  told.numbers.forEach((one, n) => {
    const element = shown[n];
    if (!element) return;
    const rate = one.whole !== null && one.value !== null && n === 0;
    element.className = `number ${one.tone}`;
    write(element.children[0], one.title);
    write(element.children[1], one.value === null ? "–" : rate ? share(one.value, one.whole ?? 0) : plain.format(one.value));
    write(element.children[2], one.whole === null || one.value === null ? "" : `${plain.format(one.value)}/${plain.format(one.whole)}`);
  });
}

export function showGrids(box: HTMLElement, told: Told): void {
  const shape = (): HTMLElement => {
    const one = cell([["b", "name"], ["span", "rate"], ["span", "of"]]);
    const bar = document.createElement("progress");
    const facts = make("span", "facts");
    one.append(bar, facts);
    return one;
  };
  const { words } = told;
  const shown = rows(box, told.grids.length, shape);
  told.grids.forEach((grid, n) => {
    const element = shown[n];
    if (!element) return;
    element.className = grid.overdue ? "grid bad" : grid.open ? "grid wait" : "grid";
    write(element.children[0], grid.name);
    write(element.children[1], share(grid.sampled, grid.due));
    write(element.children[2], `${plain.format(grid.sampled)}/${plain.format(grid.due)}`);
    const bar = element.children[3] as HTMLProgressElement;
    bar.max = Math.max(grid.due, 1);
    bar.value = grid.sampled;
    bar.setAttribute("aria-label", grid.name);
    write(element.children[4], `${words.missing} ${grid.missing} · ${words.open} ${grid.open} · ${words.overdue} ${grid.overdue} · ${words.visits} ${grid.visits}`);
  });
}

/** How long a clock still has, or since when it is over, at `now`. */
export function left(due: number, now: number, words: Record<string, string>): [string, string] {
  const minutes = Math.floor(Math.abs(due - now) / 60_000);
  const span = minutes >= 60 ? `${Math.floor(minutes / 60)} ${words.hours} ${minutes % 60} ${words.minutes}` : `${minutes} ${words.minutes}`;
  if (due <= now) return [`${words.over} ${span}`, "bad"];
  return [`${words.left} ${span}`, due - now < 4 * 3_600_000 ? "warn" : "wait"];
}

export function showClocks(box: HTMLElement, told: Told, now: number): void {
  const shown = rows(box, told.clocks.length, () => cell([["b", "number"], ["span", "enterprise"], ["span", "left"]]));
  told.clocks.forEach((clock, n) => {
    const element = shown[n];
    if (!element) return;
    const [text, tone] = left(clock.due, now, told.words);
    element.className = `clock ${tone}`;
    write(element.children[0], clock.number);
    write(element.children[1], clock.enterprise);
    write(element.children[2], text);
  });
}
