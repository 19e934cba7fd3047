/** What the phone and the park say to each other (docs/protocol.md), as types. */

export const PROTOCOL = 1;
export const VERSION = "0.1.0";

export interface Enrolment {
  token: string;
  phone: number;
  role: string;
  holder: { person: string; name: string };
  point: { code: string; name: string };
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
  antigen?: { day: string; people: Tester[] } | null;
  cursor: string;
}

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
}

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
