/** What was done, in the order in which it was done. It goes in here first, always, and stays until the park has it. */

import type { Draft, Operation, Verdict } from "../protocol";
import { uuid7 } from "../kernel/ids";
import { withOffset } from "../kernel/moment";
import { freeBallast } from "./ballast";
import { lookAtClock } from "./clock";
import { database, type BatchRow, type OperationRow, writing } from "./db";
import { seal, unseal } from "./vault";

const OPEN_STATES = ["saved", "sent"] as const;
let turn: Promise<unknown> = Promise.resolve();

/** What was done; with an id when others speak of it, with a time when it was done before it was told. */
export type Told = Draft & { id?: string; at?: string };

export interface Waiting {
  count: number;
  oldest: number | undefined;
  kept: number;
}

/** Save what was done; resolves when the disk has it, and rejects when it could not be saved. */
export function save(drafts: Told[]): Promise<Operation[]> {
  const saved = turn.then(() => saveNow(drafts));
  turn = saved.catch(() => undefined);
  return saved;
}

async function saveNow(drafts: Told[]): Promise<Operation[]> {
  await lookAtClock();
  const now = new Date();
  const made = await Promise.all(
    drafts.map(async (draft) => {
      const id = draft.id ?? uuid7(now.getTime());
      const body = { ...draft, id, at: draft.at ?? withOffset(now) };
      return { body, row: { id, at: now.getTime(), kind: draft.kind, state: "saved" as const, batch: "" }, sealed: await seal(body, id) };
    }),
  );
  const write = async (): Promise<Operation[]> => {
    const transaction = await writing(["operations", "device"]);
    const device = transaction.objectStore("device");
    let seq = ((await device.get("sequence")) as number | undefined) ?? 0;
    const rows = made.map(({ row, sealed }): OperationRow => ({ ...row, seq: ++seq, body: sealed }));
    await Promise.all([
      ...rows.map((row) => transaction.objectStore("operations").add(row)),
      device.put(seq, "sequence"),
      transaction.done,
    ]);
    return made.map(({ body }, place) => ({ ...body, seq: rows[place]!.seq }) as Operation);
  };
  try {
    return await write();
  } catch (problem) {
    // at the quota even a tiny record fails, under one of several names: give back the room that was kept for this
    if (!(problem instanceof DOMException) || !(await freeBallast())) throw problem;
    return write();
  }
}

/** A number of the sequence for what is no operation yet, and happened between those before and those after it. */
export async function takeNumber(): Promise<number> {
  const transaction = await writing(["device"]);
  const device = transaction.objectStore("device");
  const seq = (((await device.get("sequence")) as number | undefined) ?? 0) + 1;
  await Promise.all([device.put(seq, "sequence"), transaction.done]);
  return seq;
}

export async function operationOf(row: OperationRow): Promise<Operation> {
  return { ...(await unseal<Operation>(row.body, row.id)), seq: row.seq };
}

/** Everything that this phone holds, in order. */
export async function allOperations(): Promise<{ row: OperationRow; operation: Operation }[]> {
  const rows = await (await database()).getAllFromIndex("operations", "seq");
  return Promise.all(rows.map(async (row) => ({ row, operation: await operationOf(row) })));
}

export async function waiting(): Promise<Waiting> {
  const transaction = (await database()).transaction("operations");
  const index = transaction.store.index("state");
  const [saved, sent, kept, held] = await Promise.all(["saved", "sent", "kept", "held"].map((state) => index.count(state as "saved")));
  let oldest: number | undefined;
  for (const state of OPEN_STATES) {
    const cursor = await index.openCursor(state);
    // an index of states lists equal states by id, and our ids grow with time
    if (cursor && (oldest === undefined || cursor.value.at < oldest)) oldest = cursor.value.at;
  }
  return { count: saved! + sent! + held!, oldest, kept: kept! };
}

/** The batch that is under way, else a new one of the next `most` operations; undefined when nothing waits. */
export async function nextBatch(most: number): Promise<{ batch: BatchRow; rows: OperationRow[] } | undefined> {
  const transaction = await writing(["operations", "batches"]);
  const operations = transaction.objectStore("operations");
  const [open] = await transaction.objectStore("batches").getAll(null, 1);
  if (open) {
    const rows = await Promise.all(open.operations.map((id) => operations.get(id)));
    await transaction.done;
    return { batch: open, rows: rows.filter((row) => row !== undefined) };
  }
  const rows = await operations.index("state").getAll("saved", most);
  if (!rows.length) {
    await transaction.done;
    return undefined;
  }
  rows.sort((one, other) => one.seq - other.seq);
  const batch: BatchRow = { id: crypto.randomUUID(), operations: rows.map((row) => row.id), made: Date.now() };
  const marked = rows.map((row): OperationRow => ({ ...row, state: "sent", batch: batch.id }));
  await Promise.all([
    transaction.objectStore("batches").put(batch),
    ...marked.map((row) => operations.put(row)),
    transaction.done,
  ]);
  return { batch, rows: marked };
}

/** The park's answer to a batch: each operation gets its verdict, and the batch is done. */
export async function settle(batch: BatchRow, verdicts: Verdict[]): Promise<OperationRow[]> {
  const transaction = await writing(["operations", "batches"]);
  const operations = transaction.objectStore("operations");
  const said = new Map(verdicts.map((verdict) => [verdict.id, verdict]));
  const rows: OperationRow[] = [];
  for (const id of batch.operations) {
    const row = await operations.get(id);
    if (!row) continue;
    const verdict = said.get(id);
    if (verdict) rows.push(judged(row, verdict));
    else rows.push({ ...row, state: "saved", batch: "" }); // no verdict on it: it is not settled
  }
  await Promise.all([
    ...rows.map((row) => operations.put(row)),
    transaction.objectStore("batches").delete(batch.id),
    transaction.done,
  ]);
  return rows;
}

function judged(row: OperationRow, verdict: Verdict): OperationRow {
  const known: OperationRow = { ...row, state: verdict.verdict === "kept" ? "kept" : "settled" };
  if (verdict.doubts?.length) known.doubts = verdict.doubts;
  if (verdict.code) known.code = verdict.code;
  if (verdict.message) known.message = verdict.message;
  return known;
}

/** Take a batch apart: its operations wait again; one alone that the park cannot read is held for a person to see. */
export async function dissolve(batch: BatchRow, hold?: { code: string; message: string }): Promise<void> {
  const transaction = await writing(["operations", "batches"]);
  const operations = transaction.objectStore("operations");
  const rows = (await Promise.all(batch.operations.map((id) => operations.get(id)))).filter((row) => row !== undefined);
  const told = rows.map((row): OperationRow => (hold ? { ...row, ...hold, state: "held", batch: "" } : { ...row, state: "saved", batch: "" }));
  await Promise.all([
    ...told.map((row) => operations.put(row)),
    transaction.objectStore("batches").delete(batch.id),
    transaction.done,
  ]);
}

/** After a restore of the park's server: what it had confirmed before is sent again; ids make that harmless. */
export async function sendAllAgain(): Promise<void> {
  const transaction = await writing(["operations", "files", "device"]);
  const [operations, files] = [transaction.objectStore("operations"), transaction.objectStore("files")];
  const rows = await operations.index("state").getAll("settled");
  const pictures = await files.index("state").getAll("settled");
  await Promise.all([
    ...rows.map((row) => operations.put({ ...row, state: "saved", batch: "" })),
    ...pictures.map((row) => files.put({ ...row, state: "saved" })),
    transaction.objectStore("device").delete("last"), // the batch by which the restore was noticed
    transaction.done,
  ]);
}

/** The park has these for good, and the round is over: this phone need not hold them any longer. */
export async function forgetSettled(): Promise<void> {
  const transaction = await writing(["operations", "files"]);
  for (const name of ["operations", "files"] as const) {
    const store = transaction.objectStore(name);
    const keys = await store.index("state").getAllKeys("settled");
    await Promise.all(keys.map((key) => store.delete(key)));
  }
  await transaction.done;
}
