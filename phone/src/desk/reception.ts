/** A box at the laboratory's door: what is on its list, what was said of each tube, and what a reading means. */

import type { Condition, KnownBox } from "../protocol";
import { read } from "../kernel/codes";
import { toldOf } from "./boxes";
import type { Box, Shift } from "./shift";

export interface Line {
  tube: string;
  /** What was said of it, here or as far as the park has told; undefined: it was not seen yet. */
  condition: Condition | undefined;
  /** Undefined as long as the park has sent no list of the box. */
  listed: boolean | undefined;
}

/** ok: on the list · again: was seen before · twice, unproven: taken, and a person will look at it · stop: not taken. */
export type Arrival =
  | { tone: "ok" | "again"; tube: string; condition: Condition }
  | { tone: "twice"; tube: string; why: "other_box" | "was_missing"; box: string }
  | { tone: "unproven"; tube: string; why: "unlisted" | "no_list" }
  | { tone: "stop"; why: "not_a_tube" | "check_character" | "length"; text: string };

/** The tubes of the box, in the order of their codes, and after them those that were taken with it and are not on its list. */
export function linesOf(box: Box, known: readonly KnownBox[], shift: Shift): Line[] {
  const contents = toldOf(box.code, known)?.contents;
  const here = shift.receptions;
  const listed = (contents ?? []).map(({ tube, condition }): Line => ({ tube, condition: here.get(tube)?.condition ?? condition ?? undefined, listed: true }));
  const on = new Set(listed.map((line) => line.tube));
  const others = [...here].filter(([tube, one]) => !on.has(tube) && (one.box ? one.box === box.id : one.boxCode === box.code));
  return [...listed, ...others.map(([tube, one]): Line => ({ tube, condition: one.condition, listed: contents ? false : undefined }))];
}

/** What was said of the tube so far, in whatever box. */
export function saidOf(tube: string, known: readonly KnownBox[], shift: Shift): Condition | undefined {
  const told = known.flatMap((box) => box.contents ?? []).find((one) => one.tube === tube && one.condition);
  return shift.receptions.get(tube)?.condition ?? told?.condition ?? undefined;
}

/** What a reading means for the box that is open. */
export function arrival(raw: string, box: Box, known: readonly KnownBox[], shift: Shift): Arrival {
  const found = read(raw);
  if (found.is === "wrong" && found.why !== "check_digit") return { tone: "stop", why: found.why, text: found.text };
  if (found.is !== "tube") return { tone: "stop", why: "not_a_tube", text: found.text.slice(0, 40) };
  const tube = found.text;
  const before = saidOf(tube, known, shift);
  if (before === "missing") return { tone: "twice", tube, why: "was_missing", box: box.code };
  if (before) return { tone: "again", tube, condition: before };
  const contents = toldOf(box.code, known)?.contents;
  if (contents?.some((one) => one.tube === tube)) return { tone: "ok", tube, condition: "good" };
  const other = known.find((one) => one.contents?.some((line) => line.tube === tube));
  if (other) return { tone: "twice", tube, why: "other_box", box: other.code };
  return { tone: "unproven", tube, why: contents ? "unlisted" : "no_list" };
}
