/** A file goes to the park: small ones whole, photos in parts, so that a cut costs only what was under way. */

import { Trouble, ask, bytesThere } from "./api";

const PART = 256 * 1024;

/** Resolves when the park has stored the file. Raises Trouble. */
export async function upload(token: string, sha256: string, type: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  const [path, size] = [`files/${sha256}`, bytes.length];
  if (size <= PART) {
    await ask(path, { method: "PUT", token, bytes, type });
    return;
  }
  let from = await bytesThere(sha256, token);
  let spoiled = false;
  for (;;) {
    if (from >= size) from = Math.max(0, size - PART); // all is there, but the last step failed: the last part once more
    const part = bytes.slice(from, from + PART);
    try {
      const range = `bytes ${from}-${from + part.length - 1}/${size}`;
      const { body } = await ask<{ received?: number }>(path, { method: "PUT", token, bytes: part, type, range });
      if (body?.received === undefined) return;
      from = body.received;
    } catch (problem) {
      if (!(problem instanceof Trouble)) throw problem;
      if (problem.code === "wrong_offset") from = await bytesThere(sha256, token);
      else if (problem.code === "hash_mismatch" && !spoiled) [from, spoiled] = [0, true];
      else throw problem;
    }
  }
}
