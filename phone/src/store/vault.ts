/**
 * What lies on the phone is sealed with a data key. The data key is wrapped twice: by a key made of the PIN, and by an
 * anchor that the browser never hands out. In the open it exists only in this page's memory, and only while unlocked.
 */

import { deviceValue, type Sealed, setDeviceValue, type Vault } from "./db";

const ROUNDS = 600_000;
const AES = "AES-GCM";
let key: CryptoKey | undefined;

/** The key is not here: the PIN was not given yet, or the phone was locked meanwhile. */
export class Locked extends Error {
  override message = "locked";
}
/** What was cut short by locking is done again after unlocking. */
export function unlessLocked(problem: unknown): void {
  if (!(problem instanceof Locked)) throw problem;
}

export class WrongPin extends Error {
  override message = "wrong PIN";
}

export function isOpen(): boolean {
  return key !== undefined;
}

/** Forget the key: what is sealed stays sealed until the PIN is given again. */
export function lock(): void {
  key = undefined;
}

/** Make the vault of a newly enrolled phone and open it; returns what is to be stored under "vault". */
export async function makeVault(pin: string): Promise<Vault> {
  const raw = crypto.getRandomValues(new Uint8Array(32));
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const anchor = await crypto.subtle.generateKey({ name: AES, length: 256 }, false, ["encrypt", "decrypt"]);
  key = await dataKey(raw);
  const wrapped = await wrap(raw, pin, { salt, rounds: ROUNDS, anchor });
  raw.fill(0);
  return { salt, rounds: ROUNDS, anchor, wrapped };
}

/** Open the vault. Raises WrongPin; each wrong PIN makes the next try wait longer, and none ever destroys work. */
export async function unlock(pin: string): Promise<void> {
  const vault = await deviceValue<Vault>("vault");
  if (!vault) throw new Locked();
  const wrong = (await deviceValue<number>("wrong_pins")) ?? 0;
  await setDeviceValue("wrong_pins", wrong + 1);
  if (wrong >= 5) await new Promise((done) => setTimeout(done, Math.min(30, 2 ** (wrong - 4)) * 1000));
  try {
    const inner = await open(vault.anchor, vault.wrapped, "vault");
    const sealed: Sealed = { iv: inner.slice(0, 12), data: inner.slice(12).buffer };
    key = await dataKey(await open(await pinKey(pin, vault.salt, vault.rounds), sealed, "vault"));
  } catch {
    throw new WrongPin();
  }
  await setDeviceValue("wrong_pins", 0);
}

async function wrap(raw: Uint8Array<ArrayBuffer>, pin: string, made: Omit<Vault, "wrapped">): Promise<Sealed> {
  const inner = await close(await pinKey(pin, made.salt, made.rounds), raw, "vault");
  const both = new Uint8Array(12 + inner.data.byteLength);
  both.set(inner.iv);
  both.set(new Uint8Array(inner.data), 12);
  return close(made.anchor, both, "vault");
}

async function pinKey(pin: string, salt: Uint8Array<ArrayBuffer>, rounds: number): Promise<CryptoKey> {
  const material = await crypto.subtle.importKey("raw", new TextEncoder().encode(pin), "PBKDF2", false, ["deriveKey"]);
  const how = { name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds };
  return crypto.subtle.deriveKey(how, material, { name: AES, length: 256 }, false, ["encrypt", "decrypt"]);
}

function dataKey(raw: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, AES, false, ["encrypt", "decrypt"]);
}

async function close(by: CryptoKey, data: Uint8Array<ArrayBuffer>, context: string): Promise<Sealed> {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const additionalData = new TextEncoder().encode(context);
  return { iv, data: await crypto.subtle.encrypt({ name: AES, iv, additionalData }, by, data) };
}

async function open(by: CryptoKey, sealed: Sealed, context: string): Promise<Uint8Array<ArrayBuffer>> {
  const additionalData = new TextEncoder().encode(context);
  return new Uint8Array(await crypto.subtle.decrypt({ name: AES, iv: sealed.iv, additionalData }, by, sealed.data));
}

/** Seal bytes for the place `context`; they open nowhere else. Raises Locked. */
export async function sealBytes(data: Uint8Array<ArrayBuffer>, context: string): Promise<Sealed> {
  if (!key) throw new Locked();
  return close(key, data, context);
}

export async function openBytes(sealed: Sealed, context: string): Promise<Uint8Array<ArrayBuffer>> {
  if (!key) throw new Locked();
  return open(key, sealed, context);
}

export async function seal(value: unknown, context: string): Promise<Sealed> {
  return sealBytes(new TextEncoder().encode(JSON.stringify(value)), context);
}

export async function unseal<T>(sealed: Sealed, context: string): Promise<T> {
  return JSON.parse(new TextDecoder().decode(await openBytes(sealed, context))) as T;
}

/** A sealed value of the device store, such as the roster; undefined when there is none. */
export async function sealedValue<T>(name: string): Promise<T | undefined> {
  const found = await deviceValue<Sealed>(name);
  return found && unseal<T>(found, name);
}

export async function setSealedValue(name: string, value: unknown): Promise<void> {
  await setDeviceValue(name, value === undefined ? undefined : await seal(value, name));
}
