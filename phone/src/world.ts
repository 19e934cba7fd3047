/** What the app knows, in one place: screens read it and are told when it changes. */

import { Outbox, type Link } from "./sync/outbox";
import { Trouble, ask } from "./sync/api";
import { news } from "./sync/news";
import { type Enrolment, type Member, type Operation, type Reply, type Roster, VERSION } from "./protocol";
import { type OperationRow, deviceValue, setDeviceValue, wipeAll, writing } from "./store/db";
import { Locked, isOpen, lock, makeVault, seal, sealedValue, setSealedValue, unlessLocked, unlock } from "./store/vault";
import { type Told, type Waiting, allOperations, forgetSettled, save, sendAllAgain, waiting } from "./store/queue";
import { keepBallast } from "./store/ballast";
import { beginWatching, clockAsSet, heardClock, parkAhead } from "./store/clock";
import { toHex } from "./kernel/ids";
import { took } from "./kernel/timing";
import { tidyCode } from "./kernel/codes";
import { Desk, type Outcome } from "./desk/desk";
import { People } from "./desk/people";
import { type PersonCode, readPersonCode } from "./desk/personcode";
import { Shift } from "./desk/shift";
import { Inspecting } from "./inspect/inspecting";
import { feel } from "./ui/feel";

export type Phase = "starting" | "enrol" | "locked" | "open";
export interface Entry {
  row: Omit<OperationRow, "body">;
  operation: Operation;
}
type KeptRoster = { roster: Roster; etag: string | undefined; at: number };

const ASK_EVERY = 60_000;
const AFTER_ROUND = 2 * 3600_000; // late work is still possible so long after a round; then the phone forgets it
const CARRIED_ON = 12 * 3600_000; // boxes are on their way, and at the laboratory, into the morning; their lists name nobody
export const IDLE_CHOICES = [5, 10, 20, 60] as const;

class World extends EventTarget {
  phase: Phase = "starting";
  enrolment: Enrolment | undefined;
  people: People | undefined;
  rosterAt = 0;
  shift = new Shift();
  entries = new Map<string, Entry>();
  queue: Waiting = { count: 0, oldest: undefined, kept: 0 };
  link: Link = "idle";
  trouble: Trouble | undefined;
  nextTry = 0;
  idleMinutes = 10;
  private touched = Date.now();
  readonly desk = new Desk(this.surroundings());
  readonly inspecting = new Inspecting((drafts) => this.do(drafts), (at) => this.day(at));
  readonly outbox = new Outbox(() => (isOpen() ? this.enrolment : undefined), {
    link: (state, trouble, again = 0) => this.linked(state, trouble, again),
    sent: (operations) => this.sent(operations),
    settled: (rows) => this.settled(rows),
    answered: (reply) => void this.answered(reply).catch(unlessLocked),
    clock: heardClock,
    wipe: () => void this.wipe(),
  });
  private readonly channel = new BroadcastChannel("parkkeeper");
  private rosterTag: string | undefined;
  private cursor = "";
  private poll: ReturnType<typeof setInterval> | undefined;

  async start(): Promise<void> {
    this.phase = (await deviceValue("vault")) ? "locked" : "enrol";
    this.idleMinutes = (await deviceValue<number>("idle_minutes")) ?? 10;
    await beginWatching();
    this.queue = await waiting();
    this.channel.onmessage = () => void this.reload().catch(unlessLocked);
    addEventListener("online", () => void this.outbox.now());
    for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, () => (this.touched = Date.now()), { passive: true });
    setInterval(() => this.rest(), 10_000);
    // a phone that comes out of a pocket shows no names before it has looked at the clock
    document.addEventListener("visibilitychange", () => (document.hidden ? undefined : this.awake()));
    this.changed();
  }

  private rest(): void {
    if (this.phase === "open" && Date.now() - this.touched > this.idleMinutes * 60_000) void this.lockSoon();
  }

  private awake(): void {
    this.rest();
    this.outbox.wake(0);
    void this.refresh();
  }

  changed(): void {
    this.dispatchEvent(new Event("change"));
  }

  /** Become a phone of the park. Raises Trouble. */
  async enrol(code: string, name: string, pin: string): Promise<void> {
    const nonce = (await deviceValue<string>("nonce")) ?? toHex(crypto.getRandomValues(new Uint8Array(16)));
    await setDeviceValue("nonce", nonce); // an answer that gets lost can be asked for once more
    const json = { code: tidyCode(code), name, app_version: VERSION, nonce };
    const sent = Date.now();
    const { body: enrolment } = await ask<Enrolment>("enrol", { method: "POST", json });
    const vault = isOpen() ? await deviceValue("vault") : await makeVault(pin);
    const sealed = await seal(enrolment, "enrolment");
    await heardClock(Date.parse(enrolment!.server_time) - (sent + Date.now()) / 2);
    const transaction = await writing(["device"]);
    const device = transaction.objectStore("device");
    await Promise.all([
      device.put(vault, "vault"),
      device.put(sealed, "enrolment"),
      device.delete("nonce"),
      transaction.done,
    ]);
    void navigator.storage?.persist?.();
    void keepBallast();
    await this.open();
  }

  /** The park does not know this phone any more: it becomes one again under the same PIN, and keeps what it holds. */
  enrolAgain(): void {
    this.phase = "enrol";
    this.changed();
  }

  /** Raises WrongPin. */
  async unlock(pin: string): Promise<void> {
    await unlock(pin);
    await this.open();
  }

  private async open(): Promise<void> {
    this.enrolment = await sealedValue<Enrolment>("enrolment");
    const kept = await sealedValue<KeptRoster>("roster");
    if (kept) this.useRoster(kept);
    await this.inspecting.load();
    await this.forget();
    await this.reload();
    this.phase = "open";
    this.changed();
    if (!this.queue.count) void keepBallast();
    this.outbox.wake(0);
    void this.refresh();
    clearInterval(this.poll);
    this.poll = setInterval(() => void this.refresh(), ASK_EVERY);
  }

  async setIdle(minutes: number): Promise<void> {
    this.idleMinutes = minutes;
    await setDeviceValue("idle_minutes", minutes);
    this.changed();
  }

  /** Lock, after one more try to send: what is locked up cannot be sent. */
  async lockSoon(): Promise<void> {
    this.phase = "locked";
    this.changed();
    await Promise.race([this.outbox.now(), new Promise((done) => setTimeout(done, 15_000))]);
    if (this.phase === "locked") this.lock();
  }

  private lock(): void {
    clearInterval(this.poll);
    this.outbox.stop();
    lock();
    this.desk.forget();
    this.inspecting.close();
    this.enrolment = this.people = undefined;
    this.shift = new Shift();
    this.entries = new Map();
    this.phase = "locked";
    this.changed();
  }

  /** What another phone held is here now. */
  async takenOver(): Promise<void> {
    await this.reload();
    this.outbox.wake(0);
  }

  /** Read everything anew: another window of this app has done something. */
  private async reload(): Promise<void> {
    if (isOpen()) {
      const [shift, entries] = [new Shift(), new Map<string, Entry>()];
      for (const { row, operation } of await allOperations()) {
        shift.add(operation);
        entries.set(row.id, { row, operation });
      }
      [this.shift, this.entries] = [shift, entries];
      this.inspecting.sumUp([...entries.values()].map((entry) => entry.operation));
    }
    this.queue = await waiting();
    this.changed();
  }

  /** Save what was done. Resolves when it is on the disk; then screens may say so. */
  async do(drafts: Told[]): Promise<void> {
    const [at, readAt] = [Date.now(), this.desk.readAt];
    const operations = await save(drafts);
    if (readAt !== undefined) took("saved", readAt);
    for (const operation of operations) {
      const { id, seq, kind } = operation;
      this.shift.add(operation);
      this.inspecting.visits.add(operation);
      this.entries.set(id, { operation, row: { id, seq, kind, at, state: "saved", batch: "" } });
    }
    this.queue = await waiting();
    this.changed();
    this.channel.postMessage("saved");
    this.outbox.wake();
  }

  private surroundings() {
    const world = this;
    return {
      get shift() { return world.shift; },
      get people() { return world.people; },
      get salt() { return world.enrolment?.salt ?? ""; },
      save: (drafts: Told[]) => this.do(drafts),
      personCode: (text: string) => this.personCode(text),
      told: (outcome: Outcome) => {
        feel(outcome);
        this.changed();
      },
      isDone: (member: Member) => this.isDone(member),
    };
  }

  async personCode(text: string): Promise<PersonCode> {
    const found = await readPersonCode(text, this.people?.roster.codes, this.day());
    const token = this.enrolment?.token;
    if (found.state === "unknown_key" && token) void this.fetchRoster(token).catch(() => undefined); // perhaps the key is new
    return found;
  }

  /** Whether this is the phone of somebody who inspects: it carries the team's round, not a point's list. */
  get inspects(): boolean {
    return Inspecting.does(this.enrolment?.role);
  }

  /** Whether it is the phone of a courier or of a laboratory: boxes, and nobody's name. */
  get carries(): boolean {
    return ["courier", "lab_member"].includes(this.enrolment?.role ?? "");
  }

  /** The park's clock, in milliseconds. */
  now(): number {
    return Date.now() + parkAhead();
  }

  /** The local day of the park, YYYY-MM-DD, at a moment of this phone's clock. */
  day(at = Date.now()): string {
    const timeZone = this.enrolment?.time_zone ?? "Asia/Shanghai";
    return new Intl.DateTimeFormat("sv-SE", { timeZone }).format(at + parkAhead());
  }

  /** Whether the tube is of the rolls that this point was given; unknown counts as yes. */
  isOurs(tube: string): boolean {
    const rolls = this.people?.roster.rolls ?? [];
    const serial = Number(tube.slice(3, 11));
    return !rolls.length || rolls.some((roll) => roll.prefix === tube.slice(1, 3) && roll.from <= serial && serial <= roll.to);
  }

  isDone(member: Member): boolean {
    return member.done || this.shift.scansOf(member.person).length > 0;
  }

  private linked(state: Link, trouble: Trouble | undefined, again: number): void {
    this.link = state;
    this.trouble = trouble;
    this.nextTry = again;
    this.changed();
  }

  private sent(operations: string[]): void {
    for (const id of operations) {
      const entry = this.entries.get(id);
      if (entry) entry.row.state = "sent";
    }
    this.changed();
  }

  private settled(rows: OperationRow[]): void {
    for (const row of rows) {
      const entry = this.entries.get(row.id);
      if (entry) entry.row = row;
    }
    this.channel.postMessage("settled");
    void waiting().then((queue) => {
      this.queue = queue;
      this.changed();
    });
  }

  private async answered(reply: Reply): Promise<void> {
    this.cursor ||= reply.cursor;
    await setDeviceValue("last", reply.batch);
  }

  /** What happened at the point since we last asked; mostly it means: fetch the roster, which is cheap when it is the same. */
  async refresh(): Promise<void> {
    const token = this.enrolment?.token;
    if (!token || document.hidden) return;
    try {
      await this.forget();
      if (await this.outbox.compareClocks()) await this.forget();
      if (this.inspects) {
        await this.inspecting.refresh(token);
        this.changed();
        return;
      }
      if (this.cursor && this.people) {
        const { changes, cursor } = await news(this.cursor, token);
        this.cursor = cursor;
        // boxes of other points tell a courier nothing by way of changes
        if (!this.carries && !changes.length && Date.now() - this.rosterAt < 10 * ASK_EVERY) return;
      }
      await this.fetchRoster(token);
    } catch (problem) {
      if (problem instanceof Locked) return; // locked in the middle of it
      if (!(problem instanceof Trouble)) throw problem;
      await this.refused(problem, token);
    }
  }

  private async refused(trouble: Trouble, token: string): Promise<void> {
    if (trouble.code === "cursor_ahead") {
      // the park was restored from a backup: what it had confirmed since then is gone there, and still here
      await sendAllAgain();
      await this.reload();
      await (this.inspects ? this.inspecting.fetch(token) : this.fetchRoster(token));
      this.outbox.wake(0);
    } else if (trouble.wipe) {
      await this.dropRoster(); // what waits is sent first; the list goes at once
      await this.wipe();
    } else if (trouble.code !== "no_answer" && !trouble.busy) {
      this.trouble = trouble;
      this.changed();
    }
  }

  private async fetchRoster(token: string): Promise<void> {
    const { body: roster, etag } = await ask<Roster>("roster", { token, etag: this.rosterTag });
    this.rosterAt = Date.now();
    if (roster) {
      const kept: KeptRoster = { roster, etag, at: this.rosterAt };
      await setSealedValue("roster", kept);
      this.useRoster(kept);
    }
    this.changed();
  }

  private useRoster(kept: KeptRoster): void {
    this.people = new People(kept.roster);
    this.rosterTag = kept.etag;
    this.rosterAt = kept.at;
    this.cursor = kept.roster.cursor;
  }

  /** After the round its list goes, and what the park has confirmed of it; what it has not stays. */
  private async forget(): Promise<void> {
    if (!(await clockAsSet()).sure) return; // the round may only seem to be over
    if (this.inspects) return this.forgetInspections();
    const { round, antigen } = this.people?.roster ?? {};
    if (!round && antigen && antigen.day < this.day()) return this.dropRoster(); // a morning without an evening
    if (!round || this.now() < Date.parse(round.closes_at) + (this.carries ? CARRIED_ON : AFTER_ROUND)) return;
    await forgetSettled();
    void keepBallast(); // there may be room for it again
    await this.dropRoster();
    await this.reload();
  }

  /** A day after a round its list goes, and what the park has confirmed; never while a visit is under way. */
  private async forgetInspections(): Promise<void> {
    const { carried, visits } = this.inspecting;
    const yesterday = new Date(this.now() - 24 * 3600_000).toISOString().slice(0, 10);
    if (!carried || carried.day >= yesterday || visits.open) return;
    await forgetSettled();
    await this.inspecting.drop();
    await this.reload();
  }

  private async dropRoster(): Promise<void> {
    await this.inspecting.drop();
    await setSealedValue("roster", undefined);
    this.people = undefined;
    this.rosterTag = undefined;
    this.cursor = "";
    this.changed();
  }

  /** Everything of this phone goes; never while something on it is unsent. */
  async wipe(): Promise<void> {
    if ((await waiting()).count > 0) return;
    this.lock();
    await wipeAll();
    this.phase = "enrol";
    this.rosterTag = undefined;
    this.cursor = "";
    this.queue = await waiting();
    this.changed();
  }
}

export const world = new World();
