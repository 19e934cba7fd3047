/** What an inspector's phone knows: the team's round, and of each visit what it began with and what was answered. */

import type { Answer, Checklist, Draft, Inspection, OpenFinding, Operation, Repeat } from "../protocol";
import { uuid7 } from "../kernel/ids";
import { takenAsSet } from "../store/clock";
import type { Told } from "../store/queue";
import type { Drafts } from "../store/transfer";
import { sealedValue, setSealedValue } from "../store/vault";
import { ask } from "../sync/api";
import { news } from "../sync/news";
import { type Standing, standing } from "./asking";
import type { Here } from "./place";
import { Visits, type Visit } from "./visits";

const INSPECTING = new Set(["team_leader", "team_member", "concierge"]);
const ASK_AGAIN = 10 * 60_000;
const LONGEST = 500; // characters of an answer that the park takes

/** What a visit began with: a new version of the checklist or another state of the park does not change it in mid-visit. */
export interface Pinned {
  name: string;
  sheet: Checklist;
  findings: OpenFinding[];
  repeats: Repeat[];
  orders: boolean;
  paper: string;
  rules: Inspection["rules"];
}

interface Kept {
  carried: Inspection;
  etag: string | undefined;
  at: number;
}

export interface Entry extends Here {
  enterprise: string;
  checklist: Checklist;
  kind: Visit["kind"];
  basis: string;
  second: string;
}

const BLANK: Answer = { ok: undefined, value: "", photos: [] };
type Save = (drafts: Told[]) => Promise<void>;

export class Inspecting {
  carried: Inspection | undefined;
  visits = new Visits();
  pins: Record<string, Pinned> = {};
  answers: Record<string, Record<string, Answer>> = {};
  private at = 0;
  private etag: string | undefined;
  private cursor = "";
  private turn: Promise<void> = Promise.resolve();
  private readonly save: Save;
  /** The park's local day of a moment of this phone's clock. */
  private readonly dayOf: (at: number) => string;
  private readonly standings = new WeakMap<object, Standing>();

  constructor(save: Save, dayOf: (at: number) => string) {
    [this.save, this.dayOf] = [save, dayOf];
  }

  static does(role: string | undefined): boolean {
    return INSPECTING.has(role ?? "");
  }

  /** Read what lies sealed on the phone. Raises Locked. */
  async load(): Promise<void> {
    const kept = await sealedValue<Kept>("inspection");
    if (kept) this.use(kept);
    this.pins = (await sealedValue<Record<string, Pinned>>("visit-pins")) ?? {};
    this.answers = (await sealedValue<Record<string, Record<string, Answer>>>("visit-answers")) ?? {};
  }

  /** Forget what is in memory; what is sealed stays. */
  close(): void {
    this.carried = undefined;
    this.visits = new Visits();
    [this.pins, this.answers] = [{}, {}];
    [this.etag, this.cursor] = [undefined, ""];
  }

  sumUp(operations: Iterable<Operation>): void {
    this.visits = new Visits();
    for (const operation of operations) this.visits.add(operation);
  }

  private use({ carried, etag, at }: Kept): void {
    [this.carried, this.etag, this.at, this.cursor] = [carried, etag, at, carried.cursor];
  }

  /** Ask for the round when something in it may have changed. Raises Trouble, Locked. */
  async refresh(token: string): Promise<void> {
    if (this.carried && this.cursor) {
      const { changes, cursor } = await news(this.cursor, token);
      this.cursor = cursor;
      if (!changes.length && Date.now() - this.at < ASK_AGAIN) return;
    }
    await this.fetch(token);
  }

  async fetch(token: string): Promise<void> {
    const { body: carried, etag } = await ask<Inspection>("inspection", { token, etag: this.etag });
    this.at = Date.now();
    if (!carried) return;
    const kept: Kept = { carried, etag, at: this.at };
    await setSealedValue("inspection", kept);
    this.use(kept);
  }

  /** The round goes; of visits only what nobody needs any more. Raises Locked. */
  async drop(): Promise<void> {
    const open = this.visits.open?.id;
    const ofOpen = <Value>(all: Record<string, Value>): Record<string, Value> => Object.fromEntries(Object.entries(all).filter(([visit]) => visit === open));
    await setSealedValue("inspection", undefined);
    [this.carried, this.etag, this.cursor] = [undefined, undefined, ""];
    [this.pins, this.answers] = [ofOpen(this.pins), ofOpen(this.answers)];
    await setSealedValue("visit-pins", this.pins);
    await setSealedValue("visit-answers", this.answers);
  }

  /** Enter an enterprise: what the visit will ask by is kept first, so that no visit is ever without it. */
  async begin({ enterprise, checklist, kind, basis, second, place, placeless }: Entry): Promise<string> {
    const carried = this.carried!;
    const id = uuid7();
    const ground = carried.bases.find((one) => one.basis === basis);
    this.pins[id] = {
      name: carried.round.find((line) => line.enterprise === enterprise)?.short_name ?? enterprise,
      sheet: checklist,
      findings: carried.findings.filter((one) => one.enterprise === enterprise),
      repeats: carried.repeats.filter((one) => one.enterprise === enterprise),
      orders: ground?.orders ?? false,
      paper: [ground?.name, ground?.body, ground?.paper].filter(Boolean).join(" · "),
      rules: carried.rules,
    };
    await setSealedValue("visit-pins", this.pins);
    const told = place ? { place } : { place: null, placeless };
    await this.save([{ kind: "begin_visit", id, enterprise, checklist: checklist.id, visit_kind: kind, basis, ...(second ? { second } : {}), ...told }]);
    return id;
  }

  answerTo(visit: string, item: string): Answer {
    const answer = this.answers[visit]?.[item] ?? BLANK;
    // the draft of a problem that was recorded on another phone, and came here by its queue, is none any more
    const recorded = answer.draft?.id && this.visits.all.get(visit)?.findings.some((one) => one.id === answer.draft!.id);
    return recorded ? { ...answer, draft: undefined } : answer;
  }

  /** Visits that are under way here, for another phone to go on with. */
  drafts(): Drafts {
    const open = [...this.visits.all.values()].filter((visit) => !visit.ended && this.pins[visit.id]);
    return Object.fromEntries(open.map(({ id }) => [id, { pin: this.pins[id]!, answers: this.answers[id] ?? {} }]));
  }

  /** Go on with visits of another phone; what was answered here already stands. Raises Locked. */
  async takeOver(drafts: Drafts): Promise<void> {
    for (const [visit, { pin, answers }] of Object.entries(drafts)) {
      if (this.visits.all.get(visit)?.ended) continue;
      this.pins[visit] ??= pin;
      this.answers[visit] = { ...answers, ...this.answers[visit] };
    }
    await setSealedValue("visit-pins", this.pins);
    await setSealedValue("visit-answers", this.answers);
  }

  /** Write down an answer; resolves when it is on the disk. Raises Locked. */
  async answer(visit: string, item: string, change: Partial<Answer>): Promise<void> {
    const answer = { ...this.answerTo(visit, item), ...change };
    this.answers[visit] = { ...this.answers[visit], [item]: answer };
    // one after the other: an earlier answer that is sealed more slowly must not end on top of a later one
    const written = this.turn.then(() => setSealedValue("visit-answers", this.answers));
    this.turn = written.catch(() => undefined);
    await written;
  }

  /** The items that this visit asks, in the order of the checklist; a look-back asks none of them. */
  itemsOf(visit: Visit): Checklist["items"] {
    const items = this.pins[visit.id]?.sheet.items ?? [];
    return visit.kind === "full" ? items : visit.kind === "short" ? items.filter((item) => item.short) : [];
  }

  /** What the form's conditions make of the answers so far; worked out once for each state of them. */
  standing(visit: Visit): Standing {
    const answers = (this.answers[visit.id] ??= {});
    const known = this.standings.get(answers) ?? standing(this.itemsOf(visit), answers, this.dayOf(visit.at));
    this.standings.set(answers, known);
    return known;
  }

  /** The items that are asked as the answers stand. */
  asked(visit: Visit): Checklist["items"] {
    const { asked } = this.standing(visit);
    return this.itemsOf(visit).filter((item) => asked.has(item.code));
  }

  /** What is not asked goes in as not applicable, whatever was answered before it came to that. */
  async end(visit: Visit, end: Omit<Extract<Draft, { kind: "end_visit" }>, "kind" | "visit" | "answers">): Promise<void> {
    const answers: Extract<Draft, { kind: "end_visit" }>["answers"] = {};
    for (const [item, { ok, value, photos, refused }] of Object.entries(this.answers[visit.id] ?? {})) {
      if (item.includes(":") || (ok === undefined && !value && !photos.length)) continue;
      answers[item] = { ok: ok ?? null, value: value.slice(0, LONGEST), ...(photos.length ? { photos: await takenAsSet(photos) } : {}), ...(refused === undefined ? {} : { refused }) };
    }
    const { asked } = this.standing(visit);
    const others = end.how === "finished" ? this.itemsOf(visit).filter((item) => !asked.has(item.code)) : [];
    for (const { code } of others) {
      const photos = answers[code]?.photos;
      answers[code] = { ok: null, value: "", ...(photos ? { photos } : {}) };
    }
    await this.save([{ kind: "end_visit", visit: visit.id, answers, ...end }]);
  }
}
