/** The phone's own database. What names a person lies in it sealed (vault.ts); ids, states and counts lie open. */

import { type DBSchema, type IDBPDatabase, openDB } from "idb";

export interface Sealed {
  iv: Uint8Array<ArrayBuffer>;
  data: ArrayBuffer;
}

/** saved: on this phone · sent: under way, no answer yet · settled: the park has it · kept: the park asks a person. */
export type State = "saved" | "sent" | "settled" | "kept" | "held";

export interface OperationRow {
  id: string;
  seq: number;
  at: number;
  kind: string;
  state: State;
  batch: string;
  body: Sealed;
  doubts?: string[];
  code?: string;
  message?: string;
}

export interface BatchRow {
  id: string;
  operations: string[];
  made: number;
}

export interface FileRow {
  sha256: string;
  type: string;
  size: number;
  at: number;
  state: State;
  body: Sealed;
}

export interface Vault {
  salt: Uint8Array<ArrayBuffer>;
  rounds: number;
  anchor: CryptoKey;
  wrapped: Sealed;
}

interface Schema extends DBSchema {
  device: { key: string; value: unknown };
  operations: { key: string; value: OperationRow; indexes: { seq: number; state: State; batch: string } };
  batches: { key: string; value: BatchRow };
  files: { key: string; value: FileRow; indexes: { state: State } };
}

export type Stores = ("device" | "operations" | "batches" | "files")[];
const VERSION = 1;
let opened: Promise<IDBPDatabase<Schema>> | undefined;

export function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>("parkkeeper", VERSION, {
    upgrade(db, from) {
      if (from < 1) {
        db.createObjectStore("device");
        const operations = db.createObjectStore("operations", { keyPath: "id" });
        operations.createIndex("seq", "seq", { unique: true });
        operations.createIndex("state", "state");
        operations.createIndex("batch", "batch");
        db.createObjectStore("batches", { keyPath: "id" });
        db.createObjectStore("files", { keyPath: "sha256" }).createIndex("state", "state");
      }
    },
    blocking(_now, _next, event) {
      // a newer build wants to change the tables: let it, the page asks to be loaded again
      (event.target as IDBDatabase).close();
      opened = undefined;
      dispatchEvent(new Event("database-changed"));
    },
    terminated() {
      opened = undefined;
    },
  });
  return opened;
}

/** A transaction that has ended has reached the disk: only then may anybody be told "saved". */
export async function writing<Name extends Stores>(stores: Name) {
  return (await database()).transaction(stores, "readwrite", { durability: "strict" });
}

export async function deviceValue<T>(key: string): Promise<T | undefined> {
  return (await (await database()).get("device", key)) as T | undefined;
}

export async function setDeviceValue(key: string, value: unknown): Promise<void> {
  const transaction = await writing(["device"]);
  const store = transaction.objectStore("device");
  await Promise.all([value === undefined ? store.delete(key) : store.put(value, key), transaction.done]);
}

/** Everything of this phone goes, the tables stay. Only for a phone without unsent work. */
export async function wipeAll(): Promise<void> {
  const transaction = await writing(["device", "operations", "batches", "files"]);
  await Promise.all([
    transaction.objectStore("device").clear(),
    transaction.objectStore("operations").clear(),
    transaction.objectStore("batches").clear(),
    transaction.objectStore("files").clear(),
    transaction.done,
  ]);
}
