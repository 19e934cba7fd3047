/** The desk: one code or name after the other goes in, and each gets an answer that eye, ear and hand understand. */

import type { Draft, How, Member } from "../protocol";
import { read } from "../kernel/codes";
import { uuid7 } from "../kernel/ids";
import type { CodeState, PersonCode } from "./personcode";
import type { People } from "./people";
import { inside, isFull, type Scan, type Shift, type Tube } from "./shift";

export type Stop =
  | "full" | "no_tube" | "check_character" | "check_digit" | "length" | "tube_used" | "box" | "enrolment"
  | "damaged_code" | "not_saved" | "answer_first";

/** ok: green · other: another enterprise or off the roster, blue · twice, unproven: amber · stop: red. */
export type Outcome =
  | { tone: "tube"; tube: Tube }
  | { tone: "ok" | "other" | "twice" | "again"; member: Member | undefined; claimed: string; scan: Scan | undefined }
  | { tone: "unproven"; state: CodeState; member: Member | undefined }
  | { tone: "sealed"; tube: Tube; difference: number }
  | { tone: "undone"; member: Member | undefined; claimed: string }
  | { tone: "stop"; why: Stop; text: string };

export type Question =
  | { ask: "seal"; tube: Tube; next: string | undefined }
  | { ask: "single"; member: Member; how: How }
  | { ask: "pick"; text: string; members: Member[] };

export interface Surroundings {
  readonly shift: Shift;
  readonly people: People | undefined;
  readonly salt: string;
  /** Save, and only then go on. Rejects when the phone could not save. */
  save(drafts: (Draft & { id?: string })[]): Promise<void>;
  personCode(text: string): Promise<PersonCode>;
  told(outcome: Outcome): void;
  /** The person was scanned in this round, here or as far as the park has told. */
  isDone(member: Member): boolean;
}

/** Who a reading stands for: a person of the roster, one whom a code proves, or only what was read. */
interface Who {
  member: Member | undefined;
  claimed: string;
  how: How;
  person?: string | undefined;
  unproven?: CodeState;
}

const CLAIM = 200; // characters: a person code that nobody here can check is the longest

export class Desk {
  outcome: Outcome | undefined;
  question: Question | undefined;
  /** The next tube is for one person alone, who is waiting for it. */
  single: { member: Member; how: How } | undefined;
  /** When the reading came that is being dealt with, on the clock of `performance`. */
  readAt: number | undefined;
  private readonly around: Surroundings;
  private damaged = "";
  private turn: Promise<void> = Promise.resolve();

  constructor(around: Surroundings) {
    this.around = around;
  }

  /** Take what was read or typed. Readings are dealt with one after the other. */
  take(raw: string, typed = false): Promise<void> {
    const now = performance.now();
    this.turn = this.turn
      .then(() => this.takeNow(raw, typed, now))
      .catch(() => this.stop("not_saved", ""))
      .finally(() => (this.readAt = undefined));
    return this.turn;
  }

  private async takeNow(raw: string, typed: boolean, at: number): Promise<void> {
    this.readAt = at;
    const found = read(raw);
    if (!found.text) return;
    if (this.question && !typed) return this.stop("answer_first", "");
    this.question = undefined;
    switch (found.is) {
      case "wrong":
        return this.stop(found.why, found.text);
      case "enrolment":
      case "box":
        return this.stop(found.is, found.text);
      case "tube":
        return this.tube(found.text);
      case "person_code":
        return this.coded(found.text);
      case "resident":
        return this.person(await this.around.people?.withDocument(found.text, this.around.salt), found.text, "document");
      case "text":
        return this.typedText(found.text, typed);
    }
  }

  private async tube(code: string): Promise<void> {
    const { shift, people } = this.around;
    const known = shift.tubes.get(code);
    const current = shift.current;
    if (known && known === current) return this.tell({ tone: "tube", tube: known });
    if (known) return this.stop("tube_used", code);
    if (current && !this.single) {
      this.question = { ask: "seal", tube: current, next: code };
      return;
    }
    await this.open(code, this.single ? 1 : (people?.roster.round?.pool_size ?? 10));
  }

  private async open(code: string, poolSize: number): Promise<void> {
    const session = this.around.shift.session?.id ?? uuid7();
    const begin = this.around.shift.session ? [] : [{ kind: "open_session" as const, id: session }];
    await this.around.save([...begin, { kind: "open_tube", tube: code, pool_size: poolSize, session }]);
    this.tell({ tone: "tube", tube: this.around.shift.tubes.get(code)! });
    const waiting = this.single;
    this.single = undefined;
    if (waiting) await this.person(waiting.member, "", waiting.how);
  }

  private async coded(text: string): Promise<void> {
    const code = await this.around.personCode(text);
    const again = this.damaged === text;
    this.damaged = code.state === "damaged" ? text : "";
    if (code.state === "damaged" && !again) return this.stop("damaged_code", "");
    const member = this.around.people?.get(code.person);
    if (code.state === "good") return this.scan({ member, claimed: member ? "" : (code.label ?? ""), how: "code", person: code.person });
    // whatever is wrong with a code, its swab is in the tube: the park reads the text again and a person settles the doubt
    await this.scan({ member, claimed: text, how: "code", unproven: code.state });
  }

  private async typedText(text: string, typed: boolean): Promise<void> {
    const people = this.around.people;
    const exact = people?.withStaffNumber(text) ?? [];
    if (exact.length === 1) return this.person(exact[0], "", "staff_number");
    const members = exact.length ? exact : typed ? (people?.search(text) ?? []) : [];
    this.question = { ask: "pick", text, members };
  }

  /** One of the candidates was chosen, or (undefined) what was typed stands as it is. */
  async pick(member: Member | undefined): Promise<void> {
    const question = this.question;
    if (question?.ask !== "pick") return;
    this.question = undefined;
    await this.person(member, question.text, "search");
  }

  private async person(member: Member | undefined, claimed: string, how: How): Promise<void> {
    await this.scan({ member, claimed: member ? "" : claimed, how, person: member?.person });
  }

  private async scan(who: Who, anyway = false): Promise<void> {
    const { shift } = this.around;
    const { member, claimed, how, person, unproven } = who;
    const tube = shift.current;
    if (!tube) return this.stop("no_tube", member?.name ?? "");
    const before = inside(tube);
    const same = before.find((scan) => (person ? scan.person === person : !scan.person && scan.claimed === claimed));
    if (same) return this.tell({ tone: "again", member, claimed, scan: same });
    if (isFull(tube)) return this.stop("full", tube.code);
    if (member?.single && tube.poolSize > 1 && !anyway) {
      this.question = { ask: "single", member, how };
      this.around.told({ tone: "stop", why: "answer_first", text: "" });
      return;
    }
    const done = member ? this.around.isDone(member) : false;
    const company = before.map((scan) => this.around.people?.get(scan.person)?.enterprise).find(Boolean);
    const other = !member || (company !== undefined && company !== member.enterprise);
    const id = uuid7();
    await this.around.save([{ kind: "scan", id, tube: tube.code, how, ...(person ? { person } : { claimed: claimed.slice(0, CLAIM) }) }]);
    if (unproven) this.tell({ tone: "unproven", state: unproven, member });
    else this.tell({ tone: done ? "twice" : other ? "other" : "ok", member, claimed, scan: shift.scans.get(id) });
  }

  /** Someone who is not to be pooled goes into the pool all the same: the park makes an exception of it. */
  async poolAnyway(): Promise<void> {
    if (this.question?.ask !== "single") return;
    const { member, how } = this.question;
    this.question = undefined;
    await this.scan({ member, claimed: "", how, person: member.person }, true);
  }

  /** The next tube is that person's alone. */
  takeSingle(): void {
    if (this.question?.ask !== "single") return;
    this.single = this.question;
    this.question = undefined;
  }

  dismiss(): void {
    this.question = undefined;
    this.single = undefined;
  }

  /** The phone is locked: no name stays on the screen. */
  forget(): void {
    this.dismiss();
    this.outcome = undefined;
  }

  askSeal(): void {
    const tube = this.around.shift.current;
    if (tube) this.question = { ask: "seal", tube, next: undefined };
  }

  async seal(swabs: number): Promise<void> {
    if (this.question?.ask !== "seal") return;
    const { tube, next } = this.question;
    await this.around.save([{ kind: "seal_tube", tube: tube.code, swabs }]);
    this.question = undefined;
    this.tell({ tone: "sealed", tube, difference: swabs - inside(tube).length });
    if (next) await this.tube(next);
  }

  async undo(scan: Scan): Promise<void> {
    const tube = this.around.shift.tubes.get(scan.tube);
    if (scan.undone || !tube || tube.sealed) return;
    await this.around.save([{ kind: "undo_scan", scan: scan.id }]);
    this.tell({ tone: "undone", member: this.around.people?.get(scan.person), claimed: scan.claimed });
  }

  private stop(why: Stop, text: string): void {
    this.tell({ tone: "stop", why, text });
  }

  private tell(outcome: Outcome): void {
    this.outcome = outcome;
    this.around.told(outcome);
  }
}
