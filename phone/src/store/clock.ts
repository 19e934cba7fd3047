/** What is known of this phone's clock: how far the park's is ahead of it, and when it was set. */

import { type Jump, NOTICED, type Step, Watch, jumpsIn, noted, reckoned, setSince } from "../kernel/jumps";
import { moved } from "../kernel/moment";
import type { Shot } from "../protocol";
import { database, deviceValue, writing } from "./db";

const MOST = 50; // jumps that are remembered; what came before the oldest of them was told long ago
const LOOK_EVERY = 10_000;

interface Clock {
  steps: Step[];
  jumps: Jump[];
}

/** The clock as it is set now. */
export interface AsSet {
  /** The park's clock minus this phone's, in milliseconds, as far as this phone knows. */
  offset: number;
  jumps: Jump[];
  /** False: it may have been set, or the phone slept; only the park's clock tells. */
  sure: boolean;
}

const watch = new Watch();
let unwritten: Step[] = []; // noticed, and not on the disk: it was full
let looking: Promise<void> = Promise.resolve();
let ahead = 0;

/** The park's clock minus this phone's as it is set now, in milliseconds, as of the last look. */
export function parkAhead(): number {
  return ahead;
}

/** A new run of the app: how long it did not run nobody knows but the wall clock. */
export async function beginWatching(): Promise<void> {
  const looked = await deviceValue<number>("looked");
  const by = looked === undefined ? 0 : Date.now() - looked;
  await note(Math.abs(by) < NOTICED ? undefined : { by, sure: false });
  document.addEventListener("visibilitychange", () => (document.hidden ? watch.hide() : undefined));
  setInterval(() => void lookAtClock().then(keepLook).catch(() => undefined), LOOK_EVERY);
}

/** Look whether the clock was set; what is told from here on is told in its new time. Never fails. */
export function lookAtClock(): Promise<void> {
  const found = watch.look(document.hidden);
  if (found || unwritten.length) looking = looking.then(() => note(found)).catch(() => undefined);
  return looking;
}

/** When this app ran last, for its next start; what is not written yet must look as if nobody had seen it. */
async function keepLook(): Promise<void> {
  if (!unwritten.length) await (await database()).put("device", Date.now(), "looked");
}

/** Note what was found. On a full phone it stays in memory until there is room: work is saved all the same. */
async function note(found: { by: number; sure: boolean } | undefined): Promise<void> {
  const until = (await deviceValue<number>("sequence")) ?? 0;
  if (found) unwritten = noted(unwritten, { until, ...found, by: Math.round(found.by), seen: Date.now() });
  try {
    if (unwritten.length) await write();
  } catch {
    // the next look tries again
  }
  await asSet();
}

async function write(): Promise<void> {
  const transaction = await writing(["device"]);
  const device = transaction.objectStore("device");
  const { steps, jumps } = withUnwritten((await device.get("clock")) as Clock | undefined);
  await Promise.all([device.put({ steps, jumps }, "clock"), device.put(Date.now(), "looked"), transaction.done]);
  unwritten = [];
}

function withUnwritten(clock: Clock | undefined): Clock {
  return { steps: unwritten.reduce(noted, clock?.steps ?? []), jumps: clock?.jumps ?? [] };
}

/** The clock as it is set now: what is sure counts before the park is heard. */
export async function clockAsSet(): Promise<AsSet> {
  await lookAtClock();
  return asSet();
}

async function asSet(): Promise<AsSet> {
  const device = (await database()).transaction("device").store;
  const [told, clock] = await Promise.all([device.get("offset"), device.get("clock")]);
  const { steps, jumps } = withUnwritten(clock as Clock | undefined);
  const sure = reckoned((told as number | undefined) ?? 0, steps);
  ahead = sure.offset;
  return { offset: ahead, jumps: [...jumps, ...sure.jumps], sure: steps.every((step) => step.sure) };
}

/** These pictures in the time of the clock as it is set now, however it was set since they were taken. */
export async function takenAsSet(shots: Shot[]): Promise<Shot[]> {
  const { jumps } = await clockAsSet();
  return shots.map(({ seq = Infinity, ...shot }) => ({ ...shot, at: moved(shot.at, setSince(seq, jumps)) }));
}

/** Whether the clock may have been set since the park's was heard last. */
export async function isDoubtful(): Promise<boolean> {
  return withUnwritten(await deviceValue<Clock>("clock")).steps.length > 0;
}

/** The park's clock was heard: it is `offset` milliseconds ahead of this phone's. */
export async function heardClock(offset: number): Promise<void> {
  await lookAtClock(); // a jump that is seen only afterwards would find the park's distance changed already
  const heard = looking.then(() => hear(offset));
  looking = heard.catch(() => undefined);
  return heard;
}

async function hear(offset: number): Promise<void> {
  const transaction = await writing(["device"]);
  const device = transaction.objectStore("device");
  const { steps, jumps } = withUnwritten((await device.get("clock")) as Clock | undefined);
  const before = ((await device.get("offset")) as number | undefined) ?? offset;
  if (steps.length) await device.put({ steps: [], jumps: [...jumps, ...jumpsIn(steps, before - offset)].slice(-MOST) }, "clock");
  await Promise.all([device.put(offset, "offset"), device.put(Date.now(), "looked"), transaction.done]);
  [unwritten, ahead] = [[], offset];
}

/** What the clock was set since any of these operations, by number, was done. */
export async function jumpsSince(first: number): Promise<Jump[]> {
  const clock = await deviceValue<Clock>("clock");
  return clock?.jumps.filter(({ until }) => until >= first) ?? [];
}
