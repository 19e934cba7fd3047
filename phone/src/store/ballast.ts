/**
 * At the browser's quota even a tiny record fails: some room is kept, to be given back when it comes to that. How much
 * there is nobody knows before: browsers tell a quota that is no one's, so that sites cannot recognise a phone by it.
 */

import { database, deviceValue, setDeviceValue } from "./db";

const SIZE = 5 * 1024 * 1024;
const FULL = 0.8;

/** Keep 5 MB of room, of bytes that do not compress; without room for it there is none. */
export async function keepBallast(): Promise<void> {
  if (await deviceValue("ballast")) return;
  const bytes = new Uint8Array(SIZE);
  for (let place = 0; place < SIZE; place += 65_536) crypto.getRandomValues(bytes.subarray(place, place + 65_536));
  await setDeviceValue("ballast", bytes.buffer).catch(() => undefined);
}

/** Give the room back; false when there was none. */
export async function freeBallast(): Promise<boolean> {
  const db = await database();
  if ((await db.count("device", "ballast")) === 0) return false;
  await db.delete("device", "ballast");
  return true;
}

export interface Room {
  used: number;
  quota: number;
  persisted: boolean;
  /** Too full for pictures: the room that is left belongs to scans. */
  full: boolean;
}

export async function room(): Promise<Room> {
  const { usage: used = 0, quota = 0 } = (await navigator.storage?.estimate?.()) ?? {};
  const persisted = (await navigator.storage?.persisted?.()) ?? false;
  const given = (await (await database()).count("device", "ballast")) === 0; // it had to be given back, or never found room
  return { used, quota, persisted, full: given || (quota > 0 && used / quota >= FULL) };
}
