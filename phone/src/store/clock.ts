/** What is known of this phone's clock: how far the park's is ahead of it, and when it was set. */

import { type Jump, NOTICED, type Step, Watch, jumpsIn, noted } from "../kernel/jumps";
import { database, deviceValue, writing } from "./db";

const MOST = 50; // jumps that are remembered; what came before the oldest of them was told long ago

interface Clock {
  steps: Step[];
  jumps: Jump[];
}

const watch = new Watch();

/** A new run of the app: how long it did not run nobody knows but the wall clock. */
export async function beginWatching(): Promise<void> {
  const cursor = await (await database()).transaction("operations").store.index("seq").openCursor(null, "prev");
  const by = cursor ? Date.now() - cursor.value.at : 0;
  if (Math.abs(by) >= NOTICED) await note({ by, sure: false });
  document.addEventListener("visibilitychange", () => (document.hidden ? watch.hide() : undefined));
}

/** Look whether the clock was set; what is told from here on is told in its new time. */
export async function lookAtClock(): Promise<void> {
  const found = watch.look(document.hidden);
  if (found) await note(found);
}

async function note({ by, sure }: { by: number; sure: boolean }): Promise<void> {
  const transaction = await writing(["device"]);
  const device = transaction.objectStore("device");
  const until = ((await device.get("sequence")) as number | undefined) ?? 0;
  const clock = (await device.get("clock")) as Clock | undefined;
  const steps = noted(clock?.steps ?? [], { until, by, sure, seen: Date.now() });
  if (until) await device.put({ steps, jumps: clock?.jumps ?? [] }, "clock");
  await transaction.done;
}

/** Whether the clock may have been set since the park's was heard last. */
export async function isDoubtful(): Promise<boolean> {
  return ((await deviceValue<Clock>("clock"))?.steps.length ?? 0) > 0;
}

/** The park's clock was heard: it is `offset` milliseconds ahead of this phone's. */
export async function heardClock(offset: number): Promise<number> {
  const transaction = await writing(["device"]);
  const device = transaction.objectStore("device");
  const clock = (await device.get("clock")) as Clock | undefined;
  const before = ((await device.get("offset")) as number | undefined) ?? offset;
  if (clock?.steps.length) {
    const jumps = [...clock.jumps, ...jumpsIn(clock.steps, before - offset)].slice(-MOST);
    await device.put({ steps: [], jumps }, "clock");
  }
  await Promise.all([device.put(offset, "offset"), transaction.done]);
  return offset;
}

/** What the clock was set since any of these operations, by number, was done. */
export async function jumpsSince(first: number): Promise<Jump[]> {
  const clock = await deviceValue<Clock>("clock");
  return clock?.jumps.filter(({ until }) => until >= first) ?? [];
}
