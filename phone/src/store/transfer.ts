/**
 * The queue as something to carry to another phone: packed, sealed with a transfer code that is read out, and cut into
 * QR pictures at need. Ids stay the same, so that nothing is stored twice when both phones send it.
 */

import { uuid7 } from "../kernel/ids";
import { setSince } from "../kernel/jumps";
import { moved } from "../kernel/moment";
import type { Pinned } from "../inspect/inspecting";
import type { Answer, Operation, Shot } from "../protocol";
import { clockAsSet } from "./clock";
import { database, type FileRow, type OperationRow, type State, writing } from "./db";
import { allOperations, takeNumber } from "./queue";
import { openBytes, seal, sealBytes } from "./vault";

const MAGIC = "PKQ1";
const ROUNDS = 600_000;
const ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ";
const PIECE = 620; // bytes in one picture: read easily off another phone's screen
const SMALL = 16 * 1024; // bytes of a signature; a photo would be hundreds of pictures

const UNCONFIRMED = new Set<State>(["saved", "sent", "held"]);

/** Unfinished visits: what each asks by, and what was answered so far. */
export type Drafts = Record<string, { pin: Pinned; answers: Record<string, Answer> }>;

/** Whose phone packs, and what of it is no operation yet. */
export interface Holding {
  holder: string;
  drafts: Drafts;
}

interface Packed {
  /** The park's clock minus that phone's. */
  offset: number;
  /** An older app neither packs nor takes these two. */
  holder?: string;
  drafts?: Drafts;
  operations: Operation[];
  files: { sha256: string; type: string; at: number; base64: string }[];
}

export class BadTransfer extends Error {}

/** A code that is easily read out: 10 characters, about 49 bits. */
export function transferCode(): string {
  // 240 is the greatest multiple of 30 below 256: what lies above would favour some characters
  const chances: number[] = [];
  while (chances.length < 10) chances.push(...crypto.getRandomValues(new Uint8Array(16)).filter((byte) => byte < 240));
  return chances.slice(0, 10).map((byte) => ALPHABET[byte % 30]).join("");
}

/**
 * Everything that the park has not confirmed, and unfinished visits as a whole, sealed with the code. Photos go along
 * only in a file; of QR pictures it is told how many photos they leave out.
 */
export async function pack(code: string, { holder, drafts }: Holding, into: "file" | "pictures"): Promise<{ bytes: Uint8Array<ArrayBuffer>; without: number }> {
  const db = await database();
  const all = await allOperations();
  // of a visit that goes on elsewhere also what the park has: the other phone knows nothing of it
  const since = Math.min(...all.filter(({ row }) => row.id in drafts).map(({ row }) => row.seq));
  const told = all.filter(({ row }) => UNCONFIRMED.has(row.state) || row.seq >= since);
  const { offset, jumps } = await clockAsSet();
  const waiting = (await db.getAll("files")).filter((row) => UNCONFIRMED.has(row.state));
  const files = waiting.filter((row) => into === "file" || row.size <= SMALL);
  const packed: Packed = {
    offset,
    holder,
    drafts: withShots(drafts, ({ seq = Infinity, ...shot }) => ({ ...shot, at: moved(shot.at, setSince(seq, jumps)) })),
    operations: told.map(({ operation }) => later(operation, setSince(operation.seq, jumps))),
    files: await Promise.all(files.map(async (row) => ({ sha256: row.sha256, type: row.type, at: row.at, base64: toBase64(await openBytes(row.body, row.sha256)) }))),
  };
  const zipped = await through(new TextEncoder().encode(JSON.stringify(packed)), new CompressionStream("gzip"));
  const [salt, iv] = [crypto.getRandomValues(new Uint8Array(16)), crypto.getRandomValues(new Uint8Array(12))];
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await keyOf(code, salt), zipped);
  const bytes = new Uint8Array(32 + sealed.byteLength);
  [new TextEncoder().encode(MAGIC), salt, iv, new Uint8Array(sealed)].reduce((place, part) => (bytes.set(part, place), place + part.length), 0);
  return { bytes, without: waiting.length - files.length };
}

/**
 * Take over what another phone packed; returns how many operations are new here. `keep` is given the unfinished visits
 * before any operation of theirs is here, so that no visit is ever without what it asks by. Raises BadTransfer.
 */
export async function unpack(bytes: Uint8Array<ArrayBuffer>, code: string, keep: (drafts: Drafts) => Promise<void>): Promise<number> {
  const packed = await opened(bytes, code);
  const shift = packed.offset - (await clockAsSet()).offset;
  const now = await takeNumber(); // of this phone's own sequence
  await keep(withShots(packed.drafts ?? {}, (shot) => ({ ...shot, seq: now, at: moved(shot.at, shift) })));
  const sealed = await Promise.all(packed.operations.map((operation) => resealed(operation, shift, packed.holder)));
  const files = await Promise.all(
    packed.files.map(async ({ sha256, type, at, base64 }): Promise<FileRow> => {
      const data = fromBase64(base64);
      return { sha256, type, at, size: data.length, state: "saved", body: await sealBytes(data, sha256) };
    }),
  );
  const transaction = await writing(["operations", "files", "device"]);
  const [operations, device] = [transaction.objectStore("operations"), transaction.objectStore("device")];
  let seq = ((await device.get("sequence")) as number | undefined) ?? 0;
  let fresh = 0;
  for (const row of sealed) {
    if ((await operations.count(row.id)) > 0) continue;
    await operations.add({ ...row, seq: ++seq });
    fresh += 1;
  }
  for (const file of files) if ((await transaction.objectStore("files").count(file.sha256)) === 0) await transaction.objectStore("files").put(file);
  await device.put(seq, "sequence");
  await transaction.done;
  return fresh;
}

async function opened(bytes: Uint8Array<ArrayBuffer>, code: string): Promise<Packed> {
  if (new TextDecoder().decode(bytes.slice(0, 4)) !== MAGIC) throw new BadTransfer();
  try {
    const key = await keyOf(code, bytes.slice(4, 20));
    const zipped = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes.slice(20, 32) }, key, bytes.slice(32));
    const text = await through(new Uint8Array(zipped), new DecompressionStream("gzip"));
    return JSON.parse(new TextDecoder().decode(text)) as Packed;
  } catch {
    throw new BadTransfer();
  }
}

/**
 * The other phone's time becomes ours, so that the offset at which we send corrects it rightly. Who began a visit there
 * was of its team, whoever's phone tells it first.
 */
async function resealed(operation: Operation, shift: number, holder: string | undefined): Promise<OperationRow> {
  const { seq: _seq, ...body } = later(operation, shift);
  const team = operation.kind === "begin_visit" && holder && !operation.second ? { second: holder } : {};
  const { id, kind, at } = body;
  return { id, seq: 0, at: Date.parse(at), kind, state: "saved", batch: "", body: await seal({ ...body, ...team }, id) };
}

/** The operation, and the pictures that its answers name, so many milliseconds later. */
function later(operation: Operation, by: number): Operation {
  const told = { ...operation, at: moved(operation.at, by) };
  if (told.kind !== "end_visit") return told;
  const answers = Object.entries(told.answers).map(([item, { photos, ...answer }]) => {
    return [item, { ...answer, ...(photos ? { photos: photos.map((shot) => ({ ...shot, at: moved(shot.at, by) })) } : {}) }] as const;
  });
  return { ...told, answers: Object.fromEntries(answers) };
}

/** The drafts, with each photo that no operation names yet as `told` tells it. */
function withShots(drafts: Drafts, told: (shot: Shot) => Shot): Drafts {
  const answer = (one: Answer): Answer => {
    const { draft, photos } = one;
    return { ...one, photos: photos.map(told), ...(draft ? { draft: { ...draft, photos: draft.photos.map(told), fixed: draft.fixed.map(told) } } : {}) };
  };
  const answers = (all: Record<string, Answer>) => Object.fromEntries(Object.entries(all).map(([item, one]) => [item, answer(one)]));
  return Object.fromEntries(Object.entries(drafts).map(([visit, one]) => [visit, { ...one, answers: answers(one.answers) }]));
}

async function keyOf(code: string, salt: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  const tidy = new TextEncoder().encode(code.toUpperCase().replace(/[^0-9A-Z]/g, ""));
  const material = await crypto.subtle.importKey("raw", tidy, "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: ROUNDS };
  return crypto.subtle.deriveKey(how, material, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

async function through(bytes: Uint8Array<ArrayBuffer>, stream: CompressionStream | DecompressionStream): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await new Response(new Blob([bytes]).stream().pipeThrough(stream)).arrayBuffer());
}

function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let place = 0; place < bytes.length; place += 8192) text += String.fromCharCode(...bytes.subarray(place, place + 8192));
  return btoa(text);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

/** The texts of a series of QR pictures: "PKQ1:SERIES:NUMBER:OF:…". */
export function pieces(bytes: Uint8Array): string[] {
  const series = uuid7().slice(-6);
  const of = Math.ceil(bytes.length / PIECE);
  return Array.from({ length: of }, (_none, place) => {
    const part = bytes.subarray(place * PIECE, (place + 1) * PIECE);
    return `${MAGIC}:${series}:${place + 1}:${of}:${toBase64(part)}`;
  });
}

/** Collects the pictures of one series, in any order. */
export class Collecting {
  readonly parts = new Map<number, Uint8Array<ArrayBuffer>>();
  of = 0;
  private series = "";

  /** Take one picture's text; false when it is no picture of a queue. Another series begins anew. */
  take(text: string): boolean {
    const found = /^PKQ1:([0-9a-f]{6}):(\d+):(\d+):([A-Za-z0-9+/=]+)$/.exec(text);
    if (!found) return false;
    const [series, number, of] = [found[1]!, Number(found[2]), Number(found[3])];
    if (series !== this.series) {
      this.parts.clear();
      [this.series, this.of] = [series, of];
    }
    this.parts.set(number, fromBase64(found[4]!));
    return true;
  }

  get whole(): Uint8Array<ArrayBuffer> | undefined {
    if (!this.of || this.parts.size < this.of) return undefined;
    return new Uint8Array(Array.from({ length: this.of }, (_none, place) => [...this.parts.get(place + 1)!]).flat());
  }
}
