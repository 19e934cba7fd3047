/** Signatures and pictures: each an item of its own, named by what is in it, sent before the operation that names it. */

import { toHex } from "../kernel/ids";
import { room } from "./ballast";
import { database, type FileRow, writing } from "./db";
import { openBytes, sealBytes } from "./vault";

export class NoRoom extends Error {}

/** Keep a file and return its name, the SHA-256 of its bytes. Raises NoRoom when the phone is too full for pictures. */
export async function keepFile(blob: Blob): Promise<string> {
  if ((await room()).full) throw new NoRoom();
  const bytes = new Uint8Array(await blob.arrayBuffer());
  const sha256 = toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
  const body = await sealBytes(bytes, sha256);
  const row: FileRow = { sha256, type: blob.type, size: bytes.length, at: Date.now(), state: "saved", body };
  try {
    const transaction = await writing(["files"]);
    const store = transaction.objectStore("files");
    const known = (await store.count(sha256)) > 0;
    await Promise.all([known ? undefined : store.put(row), transaction.done]);
  } catch (problem) {
    // the room that is kept belongs to scans: for a picture it is not given back
    throw problem instanceof DOMException ? new NoRoom() : problem;
  }
  return sha256;
}

export async function nextFile(): Promise<{ sha256: string; type: string; bytes: Uint8Array<ArrayBuffer> } | undefined> {
  const row = await (await database()).getFromIndex("files", "state", "saved");
  return row && { sha256: row.sha256, type: row.type, bytes: await openBytes(row.body, row.sha256) };
}

export async function settleFile(sha256: string, state: "settled" | "kept"): Promise<void> {
  const transaction = await writing(["files"]);
  const store = transaction.objectStore("files");
  const row = await store.get(sha256);
  if (row) await store.put({ ...row, state });
  await transaction.done;
}
