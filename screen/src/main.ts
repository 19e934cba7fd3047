/** The big screen: a fixed canvas of 1920 × 1080, scaled to whatever it hangs on. */
import "./style.css";
import { CanvasMap } from "./canvas";
import { Curve } from "./curve";
import { make, showClocks, showGrids, showNumbers } from "./parts";
import { again, ask, LoggedOut } from "./refresh";
import type { Outlines, Told } from "./told";
import { hasWebgl, WebglMap } from "./webgl";

const WIDTH = 1920;
const HEIGHT = 1080;
const HOUR = 3_600_000;
const stage = document.getElementById("stage") as HTMLElement;
const { data = "", map = "", login = "" } = stage.dataset;

function fit(): void {
  const scale = Math.min(innerWidth / WIDTH, innerHeight / HEIGHT);
  stage.style.transform = `translate(${(innerWidth - WIDTH * scale) / 2}px, ${(innerHeight - HEIGHT * scale) / 2}px) scale(${scale})`;
}

function panel(kind: string): [HTMLElement, HTMLElement] {
  const section = make("section", kind);
  const [heading, body] = [make("h2", ""), make("div", "body")];
  section.append(heading, body);
  stage.append(section);
  return [heading, body];
}

stage.querySelector(".unbuilt")?.remove();
const moment = make("p", "moment");
const stale = make("p", "stale");
const numbers = make("section", "numbers");
stage.append(moment, stale, numbers);
const [mapTitle, mapBody] = panel("map");
const [curveTitle, curveBody] = panel("curve");
const [gridsTitle, gridsBody] = panel("grids");
const [clocksTitle, clocksBody] = panel("clocks");
const curve = new Curve(curveBody);
let drawn: WebglMap | CanvasMap | undefined;
let outlined = "";
let askedMap = 0;
let latest: Told | undefined;

const stamp = (at: number): string => new Date(at).toLocaleString("zh-CN", { hour12: false, timeZone: "Asia/Shanghai" });

function draw(outlines: Outlines, told: Told): void {
  drawn?.close();
  mapBody.replaceChildren();
  const plainly = (): void => {
    drawn?.close();
    mapBody.replaceChildren();
    drawn = latest && new CanvasMap(mapBody, outlines, latest);
  };
  drawn = hasWebgl() ? new WebglMap(mapBody, outlines, told, plainly) : new CanvasMap(mapBody, outlines, told);
}

async function showMap(told: Told): Promise<void> {
  if (Date.now() - askedMap > HOUR) {
    const outlines = await ask<Outlines>(map);
    askedMap = Date.now();
    const now = JSON.stringify(outlines);
    if (outlines.grids.features.length && now !== outlined) {
      outlined = now;
      draw(outlines, told);
    }
  }
  drawn?.show(told);
}

function show(told: Told): void {
  const { words } = told;
  mapTitle.textContent = words.map ?? "";
  curveTitle.textContent = told.round ? `${words.curve} · ${told.round.title}` : `${words.curve} · ${words.no_round}`;
  gridsTitle.textContent = words.grids ?? "";
  clocksTitle.textContent = told.clocks.length ? (words.clocks ?? "") : (words.no_clocks ?? "");
  moment.textContent = `${words.as_of} ${stamp(told.round?.as_of ?? told.at)}`;
  stale.textContent = "";
  showNumbers(numbers, told);
  showGrids(gridsBody, told);
  showClocks(clocksBody, told, told.at);
  curve.show(told);
}

async function turn(): Promise<void> {
  try {
    latest = await ask<Told>(data);
    show(latest);
    await showMap(latest);
    stage.dataset.turns = String(Number(stage.dataset.turns ?? 0) + 1);
  } catch (problem) {
    if (problem instanceof LoggedOut) location.assign(login);
    if (latest) stale.textContent = `${latest.words.stale} ${stamp(latest.at)}`;
  }
}

addEventListener("resize", fit);
fit();
again(turn);
