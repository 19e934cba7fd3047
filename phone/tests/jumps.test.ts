import { expect, test } from "vitest";
import { type Step, Watch, jumpsIn, noted, reckoned, setSince } from "../src/kernel/jumps";

const HOUR = 3_600_000;

function step(until: number, hours: number, sure = true, seen = until * 1e6): Step {
  return { until, by: hours * HOUR, sure, seen };
}

test("a clock that runs beside the steady one has not jumped, and one that is set has, once", () => {
  let [wall, steady] = [1_000_000, 0];
  const watch = new Watch(() => wall, () => steady);
  const pass = (milliseconds: number) => ([wall, steady] = [wall + milliseconds, steady + milliseconds]);
  pass(HOUR);
  expect(watch.look()).toBeUndefined();
  pass(1000);
  wall += 3 * HOUR;
  expect([watch.look(), watch.look()]).toEqual([{ by: 3 * HOUR, sure: true }, undefined]);
  wall -= 3 * HOUR;
  expect(watch.look()).toEqual({ by: -3 * HOUR, sure: true });
  watch.hide();
  wall += HOUR; // asleep in a pocket, or set: nobody knows yet
  expect(watch.look()).toEqual({ by: HOUR, sure: false });
  wall += HOUR;
  expect(watch.look(true)).toEqual({ by: HOUR, sure: false });
});

test("what the park's clock says decides what was a jump and what was sleep", () => {
  expect(jumpsIn([step(5, 3)], 3 * HOUR + 900)).toEqual([{ until: 5, by: 3 * HOUR + 900 }]);
  expect(jumpsIn([step(5, 2, false)], 40)).toEqual([]); // it slept
  expect(jumpsIn([step(5, 2, false), step(9, 3.1, false)], 3 * HOUR)).toEqual([{ until: 9, by: 3 * HOUR }]);
  expect(jumpsIn([step(5, 3), step(9, -3)], 300)).toEqual([{ until: 5, by: 3 * HOUR }, { until: 9, by: -3 * HOUR + 300 }]);
  expect(jumpsIn([step(5, 3), step(9, 1, false)], 3 * HOUR)).toEqual([{ until: 5, by: 3 * HOUR }]);
  expect(jumpsIn([step(5, -2, false)], -3 * HOUR)).toEqual([{ until: 5, by: -3 * HOUR }]); // closed for an hour, set back three
  expect(jumpsIn([], 3 * HOUR)).toEqual([]);
});

test("two windows notice one jump once, and what happens between two operations is one step", () => {
  const steps = noted([], step(5, 3, true, 1000));
  expect(noted(steps, step(5, 3, true, 60_000))).toEqual(steps);
  expect(noted([step(5, 3, false, 1000)], step(5, 3, true, 60_000))).toEqual(steps); // one of them saw it for sure
  expect(noted(steps, step(5, -3, true, 60_000))).toEqual([step(5, 0, true, 60_000)]);
  expect(noted(steps, step(5, 1, false, 60_000))).toEqual([...steps, step(5, 1, false, 60_000)]); // set, then asleep
  expect(noted(steps, step(6, 3)).length).toBe(2);
});

test("before the park is heard what is sure counts, and no sleep", () => {
  const steps = [step(5, 3), step(5, 8, false), step(9, -1)];
  expect(reckoned(-HOUR, steps)).toEqual({ offset: -3 * HOUR, jumps: [{ until: 5, by: 3 * HOUR }, { until: 9, by: -HOUR }] });
});

test("an operation is set right by every jump after it, and by none before", () => {
  const jumps = [{ until: 5, by: 3 * HOUR }, { until: 9, by: -HOUR }];
  expect([5, 6, 9, 10].map((seq) => setSince(seq, jumps) / HOUR)).toEqual([2, -1, -1, 0]);
});
