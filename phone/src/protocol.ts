/** What the phone and the park say to each other (docs/protocol.md), as types. */

import type { Tree } from "./inspect/conditions";

export const PROTOCOL = 1;
export const VERSION = "0.1.0";

export interface Enrolment {
  token: string;
  phone: number;
  role: string;
  holder: { person: string; name: string };
  /** A phone is of a point, or of a team's grid; of an earlier park there is no grid. */
  point: { code: string; name: string } | null;
  grid?: { code: string; name: string } | null;
  salt: string;
  park: string;
  time_zone: string;
  server_time: string;
}

export interface Member {
  person: string;
  name: string;
  initials: string;
  staff_number: string;
  enterprise: string;
  document_hash: string;
  tail: string;
  slot: number | null;
  due: boolean;
  single: boolean;
  done: boolean;
}

export interface Round {
  id: string;
  day: string;
  opens_at: string;
  closes_at: string;
  pool_size: number;
  rehearsal: boolean;
}

/** The park's mark and the public keys of its person codes; null as long as it has made none. */
export interface Codes {
  park: string;
  keys: { number: number; public: string; until: string | null }[];
}

export interface Roster {
  round: Round | null;
  point: { code: string; name: string; desks: number };
  people: Member[];
  specialists: { person: string; name: string; role: string }[];
  rolls: { prefix: string; from: number; to: number }[];
  codes?: Codes | null;
  boxes?: KnownBox[];
  /** On a laboratory's phone: whose word it may send. */
  laboratories?: { code: string; name: string }[];
  antigen?: { day: string; people: Tester[] } | null;
  cursor: string;
}

export interface Place {
  longitude: number;
  latitude: number;
  accuracy?: number;
}

export interface ItemWords {
  code: string;
  text: string;
  text_en: string;
  severity: "" | "!" | "!!";
  remedy: string;
  remedy_en: string;
}

/** How a survey form (XLSForm) asks an item. */
export interface Question {
  type: string;
  required?: boolean;
  hint?: string;
  hint_en?: string;
  /** What is said of a value that is against `constraint`. */
  message?: string;
  message_en?: string;
  choices?: { name: string; label: string; label_en: string }[];
  relevant?: Tree;
  constraint?: Tree;
}

export interface Item extends ItemWords {
  aspect: string;
  evidence: string;
  sample: string;
  hours: number | null;
  short: boolean;
  least: number | null;
  most: number | null;
  camera: boolean;
  question?: Question;
}

export interface Checklist {
  id: number;
  code: string;
  version: number;
  name: string;
  items: Item[];
}

export interface RoundLine {
  enterprise: string;
  name: string;
  short_name: string;
  initials: string;
  reasons: string[];
  score: number;
  visits: number;
  last: string | null;
  full: boolean;
  own: boolean;
  drawn: boolean;
  stopped: boolean;
  places: [number, number][];
  /** What one visit there does, all of it; who may not look back there; minutes of the week's visits. A round kept from before has none. */
  purposes?: string[];
  avoid?: string[];
  minutes?: number;
}

export interface OpenFinding {
  finding: string;
  enterprise: string;
  item: ItemWords;
  camera: boolean;
  area: string;
  note: string;
  noted_at: string;
  state: string;
  failed: number;
  own: boolean;
}

export interface OpenNotice {
  number: string;
  enterprise: string;
  wording: "order" | "advice";
  issued_at: string;
  due_at: string | null;
  lapsed: boolean;
  second: boolean;
  /** When the talk that goes with a second notice was held; a round fetched before the park told so has none. */
  talked_at?: string | null;
  findings: string[];
}

export interface Repeat {
  enterprise: string;
  item: string;
  area: string;
  times: number;
  last: string;
}

export interface Basis {
  basis: string;
  name: string;
  orders: boolean;
  body: string;
  paper: string;
}

/** GET inspection: the team's round of the day, and what a visit needs without network. */
export interface Inspection {
  day: string;
  grid: { code: string; name: string; polygon: { type: string; coordinates: unknown } };
  seed: string;
  cap: number;
  rules: { term: { unit: string; amount: number }; repeat_window_days: number; repeats_to_stop_work: number };
  bases: Basis[];
  team: { person: string; name: string }[];
  aspects: Record<string, string>;
  checklists: Checklist[];
  round: RoundLine[];
  findings: OpenFinding[];
  notices: OpenNotice[];
  repeats: Repeat[];
  codes?: Codes | null;
  cursor: string;
}

/** A picture that was taken, by the hash of its bytes. */
export interface Shot {
  sha256: string;
  at: string;
  /** Its place among the operations: which settings of the clock came after it. The park is not told. */
  seq?: number;
  place: Place | null;
  placeless: string;
}

/** A problem that is being written down and is not recorded yet. */
export interface FindingDraft {
  /** Ids of the finding and of its being put right: the same on every phone to which the draft is carried. */
  id?: string;
  fix?: string;
  area: string;
  note: string;
  photos: Shot[];
  fixed: Shot[];
}

/** What was looked at: undefined not yet, null does not apply. */
export interface Answer {
  ok: boolean | null | undefined;
  value: string;
  photos: Shot[];
  draft?: FindingDraft | undefined;
  /** The enterprise would not show it: who said so, in what words, perhaps none. */
  refused?: string | undefined;
}

export type VisitKind = "full" | "short" | "look_back";
export type VisitEnd = "finished" | "no_access" | "cancelled";
export type PhotoOf = "found" | "on_the_spot" | "look_back";
export type Outcome = "fixed" | "partly" | "not_fixed" | "no_access";

/** A box under way, as the park knows it. */
export interface KnownBox {
  box: string;
  code: string;
  point: string | null;
  place: string | null;
  sealed_at: string;
  tubes: number;
  left_at: string | null;
  arrived_at: string | null;
  /** On a laboratory's phone: its list, with what was said of each tube (null: nothing yet). */
  contents?: { tube: string; condition: Condition | null }[];
}

export type Condition = "good" | "damaged" | "leaked" | "missing" | "rejected";

export type AntigenValue = "negative" | "positive" | "indeterminate" | "invalid";

/** Somebody who owes a self-test this morning; the value is what the park knows of it. */
export interface Tester {
  person: string;
  name: string;
  initials: string;
  staff_number: string;
  enterprise: string;
  tail: string;
  value: AntigenValue | null;
}

export type How = "code" | "document" | "staff_number" | "search" | "paper";

/** What is done, before it has an id, a place in the sequence and a time. */
export type Draft =
  | { kind: "open_session" }
  | { kind: "close_session"; session: string }
  | { kind: "go_on_duty"; session: string; person: string; role: string }
  | { kind: "open_tube"; tube: string; pool_size: number; session?: string }
  | { kind: "scan"; tube: string; how: How; person?: string; claimed?: string; by?: string }
  | { kind: "undo_scan"; scan: string }
  | { kind: "seal_tube"; tube: string; swabs: number }
  | { kind: "seal_box"; box: string; tubes: string[] }
  | {
      kind: "hand_over_box";
      /** The id; on a phone that did not seal the box perhaps only what is printed on it. */
      box?: string;
      box_code?: string;
      leg: "to_courier" | "to_lab";
      given_by?: string;
      taken_by?: string;
      given_signature?: string;
      taken_signature?: string;
    }
  | { kind: "receive_tube"; tube: string; condition: Condition; laboratory: string; box?: string; box_code?: string }
  | { kind: "begin_visit"; enterprise: string; checklist: number; visit_kind: VisitKind; basis: string; second?: string; place: Place | null; placeless?: string }
  | { kind: "note_finding"; visit: string; item: string; area?: string; note?: string }
  | { kind: "photo"; finding: string; of: PhotoOf; sha256: string; place: Place | null; placeless?: string }
  | { kind: "fix_on_spot"; finding: string }
  | { kind: "look_back"; finding: string; outcome: Outcome; note?: string }
  | {
      kind: "end_visit";
      visit: string;
      how: VisitEnd;
      answers: Record<string, { ok: boolean | null; value: string; photos?: Shot[]; refused?: string }>;
      signed_by?: string;
      signature?: string;
      refusal?: string;
    }
  | { kind: "antigen"; person: string; value: AntigenValue; photo?: string };

export type Operation = Draft & { id: string; seq: number; at: string };

export interface Verdict {
  id: string;
  verdict: "stored" | "known" | "kept";
  doubts?: string[];
  code?: string;
  message?: string;
}

export interface Reply {
  batch: string;
  server_time: string;
  cursor: string;
  verdicts: Verdict[];
  warnings?: string[];
  wipe?: boolean;
}
