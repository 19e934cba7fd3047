/**
 * A phone's clock that is set while work is under way. What was done before is then told in the time of another clock
 * than the one at sending; how far that was set is told with it (docs/protocol.md, “The clock”).
 */

/** After the operation with number `until` the clock was set forward by so many milliseconds (negative: back). */
export interface Jump {
  until: number;
  by: number;
}

/** What looks like a jump. Unless `sure`, the phone may have slept: a steady clock rests while the clock on the wall goes on. */
export interface Step extends Jump {
  sure: boolean;
  seen: number;
}

/** Milliseconds; less is the noise of slow answers, and tells nobody anything. */
export const NOTICED = 20_000;
const ANOTHER_WINDOW = 90_000; // windows of one phone notice the same jump within that

/** Looks at both clocks, again and again: how far did one run away from the other since the last look? */
export class Watch {
  private readonly wall: () => number;
  private readonly steady: () => number;
  private lead: number;
  private hidden = false;

  constructor(wall = () => Date.now(), steady = () => performance.now()) {
    [this.wall, this.steady] = [wall, steady];
    this.lead = wall() - steady();
  }

  /** The page was out of sight: from then on the phone may have slept. */
  hide(): void {
    this.hidden = true;
  }

  look(hidden = false): { by: number; sure: boolean } | undefined {
    const lead = this.wall() - this.steady();
    const [by, sure] = [lead - this.lead, !this.hidden && !hidden];
    [this.lead, this.hidden] = [lead, hidden];
    return Math.abs(by) < NOTICED ? undefined : { by: Math.round(by), sure };
  }
}

/** The steps with one more; what another window of this phone has noticed already is none, but may be surer of it. */
export function noted(steps: Step[], step: Step): Step[] {
  const here = steps.filter((one) => one.until === step.until);
  const same = here.find((one) => Math.abs(one.by - step.by) < NOTICED && Math.abs(one.seen - step.seen) < ANOTHER_WINDOW);
  if (same) return steps.map((one) => (one === same ? { ...same, sure: same.sure || step.sure } : one));
  const before = here.find((one) => one.sure === step.sure);
  if (!before) return [...steps, step];
  return steps.map((one) => (one === before ? { ...step, by: before.by + step.by } : one));
}

/** What the steps that are sure tell before the park is heard: how far the park is ahead by now, and the jumps. */
export function reckoned(told: number, steps: Step[]): { offset: number; jumps: Jump[] } {
  const sure = steps.filter((step) => step.sure);
  return { offset: told - sum(sure), jumps: sure.map(({ until, by }) => ({ until, by })) };
}

/**
 * Which steps were jumps, when the park's own clock says that they are `total` milliseconds together: those that are
 * sure, and of the others the one that fits what is left. Together they are `total`.
 */
export function jumpsIn(steps: Step[], total: number): Jump[] {
  const sure = steps.filter((step) => step.sure);
  const left = total - sum(sure);
  const open = steps.length > sure.length ? steps.filter((step) => !step.sure) : sure.slice(-1);
  const [fits] = [...open].sort((one, other) => Math.abs(one.by - left) - Math.abs(other.by - left));
  const found = sure.map((step) => ({ until: step.until, by: step === fits ? step.by + left : step.by }));
  if (fits && !fits.sure) found.push({ until: fits.until, by: left });
  return found.filter(({ by }) => Math.abs(by) >= NOTICED).map(({ until, by }) => ({ until, by: Math.round(by) }));
}

/** How far the clock was set after the operation with that number. */
export function setSince(seq: number, jumps: Jump[]): number {
  return sum(jumps.filter(({ until }) => seq <= until));
}

function sum(jumps: Jump[]): number {
  return jumps.reduce((all, { by }) => all + by, 0);
}
