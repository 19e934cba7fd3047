/** A clock that is set: what is noted of it, on a disk that may be full, and what another phone is told. */

import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Answer, Shot } from "../src/protocol";
import type { Drafts } from "../src/store/transfer";

const HOUR = 3_600_000;
const BEGUN = Date.parse("2022-05-10T18:00:00+08:00");
let [wall, steady, full] = [BEGUN, 0, false];
let device = new Map<string, unknown>();
let rows = new Map<string, { id: string; seq: number; at: number; body: unknown }>();

vi.mock("../src/store/db", () => {
  const put = async (value: unknown, key: string) => {
    if (full) throw new DOMException("full", "QuotaExceededError");
    device.set(key, structuredClone(value));
  };
  const stores = {
    device: { get: async (key: string) => structuredClone(device.get(key)), put },
    operations: { count: async (id: string) => Number(rows.has(id)), add: async (row: never) => void rows.set(row["id"], row) },
    files: { count: async () => 0, put: async () => undefined },
  };
  const transaction = () => ({ objectStore: (name: keyof typeof stores) => stores[name], store: stores.device, done: Promise.resolve() });
  return {
    database: async () => ({
      transaction,
      put: (_store: string, value: unknown, key: string) => put(value, key),
      delete: async () => void (full = false), // the ballast: room again
      count: async () => Number(full),
      getAll: async () => [],
      getAllFromIndex: async () => [...rows.values()].sort((one, other) => one.seq - other.seq),
    }),
    deviceValue: async (key: string) => structuredClone(device.get(key)),
    writing: async () => transaction(),
  };
});
vi.mock("../src/store/vault", () => ({ seal: async (body: unknown) => body, unseal: async (body: unknown) => body }));

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  vi.spyOn(Date, "now").mockImplementation(() => wall);
  vi.spyOn(performance, "now").mockImplementation(() => steady);
  vi.stubGlobal("document", { hidden: false, addEventListener: () => undefined });
  [wall, steady, full, device, rows] = [BEGUN, 0, false, new Map(), new Map()];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** A phone's app starts anew: with its disk, and nothing in its memory. */
async function started() {
  vi.resetModules();
  const clock = await import("../src/store/clock");
  await clock.beginWatching();
  return clock;
}

async function pass(milliseconds: number): Promise<void> {
  [wall, steady] = [wall + milliseconds, steady + milliseconds];
  await vi.advanceTimersByTimeAsync(10_000);
}

test("what is handed over while a jump waits to be told arrives in its true time", async () => {
  let clock = await started();
  const [transfer, queue] = [await import("../src/store/transfer"), await import("../src/store/queue")];
  await clock.heardClock(0);
  const scan = (id: string) => queue.save([{ id, kind: "undo_scan", scan: "x", at: new Date(wall).toISOString() }]);
  await scan("before");
  wall += 3 * HOUR;
  await scan("after");
  expect(clock.parkAhead()).toBe(-3 * HOUR);
  const { bytes } = await transfer.pack("CODE", { holder: "p", drafts: {} }, "file");

  [wall, device, rows] = [BEGUN, new Map(), new Map()];
  clock = await started(); // the other phone: an hour slow, then set forward by two
  const taking = await import("../src/store/transfer");
  wall -= HOUR;
  await clock.lookAtClock();
  await clock.heardClock(HOUR);
  wall += 2 * HOUR;
  expect(await taking.unpack(bytes, "CODE", async () => undefined)).toBe(2);
  expect([...rows.values()].map((row) => (row.at - HOUR - BEGUN) / HOUR)).toEqual([0, 0]);
});

test("a picture that no operation names yet keeps its true time, here and on another phone", async () => {
  let clock = await started();
  const [transfer, queue] = [await import("../src/store/transfer"), await import("../src/store/queue")];
  await clock.heardClock(0);
  const shot = async (): Promise<Shot> => ({ sha256: "a", at: new Date(wall).toISOString(), seq: await queue.takeNumber(), place: null, placeless: "" });
  const before = await shot();
  wall += 3 * HOUR;
  await clock.lookAtClock();
  const after = await shot();
  const off = (shots: Shot[]): number[] => shots.map(({ at }) => (Date.parse(at) + clock.parkAhead() - BEGUN) / HOUR);
  expect(off(await clock.takenAsSet([before, after]))).toEqual([0, 0]);
  const answers: Record<string, Answer> = { A1: { ok: true, value: "", photos: [before], draft: { area: "", note: "", photos: [after], fixed: [before] } } };
  const { bytes } = await transfer.pack("CODE", { holder: "p", drafts: { visit: { pin: {} as never, answers } } }, "file");

  [wall, device, rows] = [BEGUN, new Map([["sequence", 40]]), new Map()];
  clock = await started(); // the other phone: an hour slow, and set forward by two after it took over
  const taking = await import("../src/store/transfer");
  wall -= HOUR;
  await clock.lookAtClock();
  await clock.heardClock(HOUR);
  let taken: Drafts = {};
  await taking.unpack(bytes, "CODE", async (drafts) => void (taken = drafts));
  wall += 2 * HOUR;
  const { photos, draft } = taken["visit"]!.answers["A1"]!;
  expect(off(await clock.takenAsSet([...photos, ...draft!.photos, ...draft!.fixed]))).toEqual([0, 0, 0]);
});

test("the pictures of a visit that has ended go to another phone in its time", async () => {
  let clock = await started();
  const [transfer, queue] = [await import("../src/store/transfer"), await import("../src/store/queue")];
  await clock.heardClock(0);
  const at = new Date(wall).toISOString();
  await queue.save([{ kind: "end_visit", visit: "v", how: "finished", at, answers: { A1: { ok: true, value: "", photos: [{ sha256: "a", at, place: null, placeless: "" }] } } }]);
  const { bytes } = await transfer.pack("CODE", { holder: "p", drafts: {} }, "file");
  [wall, device, rows] = [BEGUN - HOUR, new Map(), new Map()];
  clock = await started(); // an hour slow
  await clock.heardClock(HOUR);
  await (await import("../src/store/transfer")).unpack(bytes, "CODE", async () => undefined);
  const [told] = [...rows.values()].map((row) => row.body as { at: string; answers: Record<string, { photos: Shot[] }> });
  expect([told!.at, told!.answers["A1"]!.photos[0]!.at].map((one) => (Date.parse(one) - BEGUN) / HOUR)).toEqual([-1, -1]);
});

test("a jump on a phone that holds no operation is none of the sleep that follows", async () => {
  const clock = await started();
  await clock.heardClock(0);
  wall += 3 * HOUR;
  await clock.lookAtClock();
  expect(await clock.clockAsSet()).toMatchObject({ offset: -3 * HOUR, sure: true });
  device.set("sequence", 4);
  wall += HOUR; // asleep
  vi.stubGlobal("document", { hidden: true, addEventListener: () => undefined });
  await clock.lookAtClock();
  await clock.heardClock(-3 * HOUR);
  expect(await clock.jumpsSince(1)).toEqual([]);
});

test("a clock that is set while the app is closed is noticed without an operation to compare with", async () => {
  let clock = await started();
  await clock.heardClock(0);
  expect(await clock.isDoubtful()).toBe(false);
  wall += 3 * HOUR;
  clock = await started();
  expect([await clock.isDoubtful(), (await clock.clockAsSet()).sure]).toEqual([true, false]);
  device.set("sequence", 4);
  wall += 5 * HOUR;
  vi.stubGlobal("document", { hidden: true, addEventListener: () => undefined });
  await clock.lookAtClock(); // slept
  await clock.heardClock(-3 * HOUR);
  expect(await clock.jumpsSince(1)).toEqual([]);
});

test("a full phone saves what is done, and notes later that its clock was set", async () => {
  let clock = await started();
  const queue = await import("../src/store/queue");
  await clock.heardClock(0);
  await queue.save([{ kind: "undo_scan", scan: "x" }]);
  [wall, full] = [wall + 3 * HOUR, true];
  expect(await queue.save([{ kind: "undo_scan", scan: "y" }])).toHaveLength(1);
  expect([await clock.isDoubtful(), clock.parkAhead()]).toEqual([true, -3 * HOUR]);
  await pass(10_000);
  clock = await started();
  await clock.heardClock(-3 * HOUR);
  expect(await clock.jumpsSince(0)).toEqual([{ until: 1, by: 3 * HOUR }]);
});

test("a jump that nobody looked at before the park is heard is told all the same", async () => {
  const clock = await started();
  await clock.heardClock(0);
  device.set("sequence", 4);
  wall += 3 * HOUR;
  await clock.heardClock(-3 * HOUR);
  expect(await clock.jumpsSince(1)).toEqual([{ until: 4, by: 3 * HOUR }]);
});
