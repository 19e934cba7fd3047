/** Sends what waits, one batch after the other, and never gives up. Of several open windows, one sends. */

import { type Enrolment, type Reply } from "../protocol";
import { withOffset } from "../kernel/moment";
import { dissolve, nextBatch, operationOf, settle } from "../store/queue";
import { isDoubtful, jumpsSince, lookAtClock } from "../store/clock";
import type { OperationRow } from "../store/db";
import { Locked } from "../store/vault";
import { Trouble, ask } from "./api";
import { pause } from "./backoff";
import { nextFile, settleFile } from "../store/files";
import { upload } from "./upload";

const MOST = 500;
const UNREADABLE = new Set(["bad_gzip", "empty_body", "not_utf8", "bad_json", "bad_batch"]);

export type Link = "idle" | "sending" | "waits" | "no_answer" | "refused" | "update";

export interface Hears {
  /** How the line stands; `trouble` when it does not stand well. */
  link(state: Link, trouble?: Trouble, again?: number): void;
  sent(operations: string[]): void;
  settled(rows: OperationRow[]): void;
  answered(reply: Reply): void;
  /** The park's clock minus ours, in milliseconds. */
  clock(offset: number): Promise<void>;
  wipe(): void;
}

export class Outbox {
  private readonly enrolment: () => Enrolment | undefined;
  private readonly hears: Hears;
  private failures = 0;
  private most = MOST;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private notBefore = 0;
  private running = false;
  private again = false;
  private revoked = false;

  constructor(enrolment: () => Enrolment | undefined, hears: Hears) {
    this.enrolment = enrolment;
    this.hears = hears;
  }

  /** Something new waits; it is sent soon, together with what comes right after it. */
  wake(after = 400): void {
    const when = Math.max(Date.now() + after, this.notBefore);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), when - Date.now());
  }

  /** A person does not want to wait. */
  async now(): Promise<void> {
    this.notBefore = 0;
    clearTimeout(this.timer);
    await this.run();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private async run(): Promise<void> {
    if (this.running) {
      this.again = true;
      return;
    }
    this.running = true;
    try {
      await navigator.locks.request("parkkeeper-outbox", async () => {
        do {
          this.again = false;
          while (await this.step());
        } while (this.again);
      });
    } finally {
      this.running = false;
    }
  }

  /** Send one thing. True: there may be more. */
  private async step(): Promise<boolean> {
    const enrolment = this.enrolment();
    if (!enrolment) return false;
    try {
      if (await this.sendFile(enrolment)) return true;
      return await this.sendBatch(enrolment);
    } catch (problem) {
      if (problem instanceof Locked) return false;
      if (!(problem instanceof Trouble)) throw problem;
      this.failed(problem);
      return false;
    }
  }

  private async sendFile(enrolment: Enrolment): Promise<boolean> {
    const file = await nextFile();
    if (!file) return false;
    this.hears.link("sending");
    const { sha256, type, bytes } = file;
    try {
      await upload(enrolment.token, sha256, type, bytes);
    } catch (problem) {
      const forGood = problem instanceof Trouble && [413, 415].includes(problem.status);
      if (!forGood) throw problem;
      await settleFile(sha256, "kept"); // a picture that the park cannot take holds nothing else up
      return true;
    }
    await settleFile(sha256, "settled");
    return true;
  }

  private async sendBatch(enrolment: Enrolment): Promise<boolean> {
    const next = await nextBatch(this.most);
    if (!next) {
      this.hears.link("idle");
      if (this.revoked) this.hears.wipe(); // nothing waits any more
      return false;
    }
    this.hears.link("sending");
    const { batch, rows } = next;
    const operations = await Promise.all(rows.map(operationOf));
    this.hears.sent(batch.operations);
    await this.compareClocks();
    const jumps = await jumpsSince(Math.min(...rows.map((row) => row.seq)));
    const sent = Date.now();
    try {
      const json = { id: batch.id, sent_at: withOffset(new Date(sent)), operations, ...(jumps.length ? { jumps } : {}) };
      const { body: reply, repeated } = await ask<Reply>("batches", { method: "POST", token: enrolment.token, json });
      this.failures = 0;
      this.hears.settled(await settle(batch, reply!.verdicts));
      if (!repeated) await this.heard(reply!.server_time, sent);
      this.hears.answered(reply!);
      this.revoked ||= reply!.wipe === true;
      return true;
    } catch (problem) {
      if (!(problem instanceof Trouble)) throw problem;
      const tooBig = problem.code === "too_big";
      if (!tooBig && !UNREADABLE.has(problem.code)) throw problem;
      const alone = rows.length <= 1;
      await dissolve(batch, alone ? { code: problem.code, message: problem.message } : undefined);
      this.most = alone ? MOST : Math.max(1, Math.floor(rows.length / 2)); // halve to find the one that cannot be read
      return true;
    }
  }

  /** How far this phone's clock was set, when it may have been: only the park's tells. True: it did. Raises Trouble. */
  async compareClocks(): Promise<boolean> {
    await lookAtClock();
    if (!(await isDoubtful())) return false;
    const sent = Date.now();
    const { body } = await ask<{ server_time: string }>("hello");
    await this.heard(body!.server_time, sent);
    return true;
  }

  private heard(serverTime: string, sent: number): Promise<void> {
    return this.hears.clock(Date.parse(serverTime) - (sent + Date.now()) / 2);
  }

  private failed(trouble: Trouble): void {
    this.failures += 1;
    const wait = pause(this.failures, trouble.retryAfter);
    this.notBefore = Date.now() + wait;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.run(), wait);
    this.hears.link(linkAfter(trouble), trouble, this.notBefore);
  }
}

function linkAfter(trouble: Trouble): Link {
  if (trouble.busy) return "waits";
  if (trouble.code === "no_answer") return "no_answer";
  return trouble.status === 426 ? "update" : "refused";
}
