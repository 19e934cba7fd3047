/** A person's signed code, checked without network: nothing of it is shown before its signature holds (docs/protocol.md). */

import { fromBase45 } from "../kernel/base45";
import { fromHex, toHex } from "../kernel/ids";
import type { Codes } from "../protocol";

export type CodeState =
  | "good" | "expired" | "not_yet" | "tampered" | "unknown_key" | "foreign_park" | "damaged" | "newer_version" | "no_code";

export interface PersonCode {
  state: CodeState;
  /** Set when the signature holds: who it is can be relied on. */
  person?: string;
  label?: string;
  first?: string;
  last?: string;
}

const PREFIX = "PK1:";
const [HEAD, LABEL, SIGNATURE] = [25, 24, 64];
const EPOCH = Date.UTC(2020, 0, 1);
const DAY = 86_400_000;

/** What becomes of a text on the local `day` (YYYY-MM-DD) of the park. Never rejects. */
export async function readPersonCode(text: string, codes: Codes | null | undefined, day: string): Promise<PersonCode> {
  const tidy = text.trim().toUpperCase();
  if (!tidy.startsWith(PREFIX)) return { state: /^PK\d+:/.test(tidy) ? "newer_version" : "no_code" };
  const data = fromBase45(tidy.slice(PREFIX.length));
  const found = data && taken(data);
  if (!found) return { state: "damaged" };
  if (!codes || found.park !== codes.park) return { state: codes ? "foreign_park" : "unknown_key" };
  const key = codes.keys.find((one) => one.number === found.key);
  if (!key) return { state: "unknown_key" };
  if (!(await holds(found.body, found.signature, fromHex(key.public)))) return { state: "tampered" };
  const { person, label, first, last } = found;
  return { state: day < first ? "not_yet" : day > last ? "expired" : "good", person, label, first, last };
}

function taken(data: Uint8Array<ArrayBuffer>) {
  const body = data.slice(0, Math.max(0, data.length - SIGNATURE));
  if (body.length < HEAD || body.length > HEAD + LABEL) return undefined;
  const hex = toHex(body.subarray(5, 21));
  let label: string;
  try {
    label = new TextDecoder("utf-8", { fatal: true }).decode(body.subarray(HEAD));
  } catch {
    return undefined;
  }
  return {
    body,
    signature: data.slice(-SIGNATURE),
    park: toHex(body.subarray(0, 4)),
    key: body[4]!,
    person: [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-"),
    first: dayOf(body[21]! * 256 + body[22]!),
    last: dayOf(body[23]! * 256 + body[24]!),
    label,
  };
}

function dayOf(number: number): string {
  return new Date(EPOCH + number * DAY).toISOString().slice(0, 10);
}

async function holds(body: Uint8Array, signature: Uint8Array<ArrayBuffer>, key: Uint8Array<ArrayBuffer>): Promise<boolean> {
  const signed = new Uint8Array([...new TextEncoder().encode(PREFIX), ...body]);
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, signed);
  } catch {
    return false;
  }
}
