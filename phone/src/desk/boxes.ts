/** Boxes that were sealed elsewhere: which one a printed code stands for, and how far it has come. */

import type { KnownBox } from "../protocol";
import type { Box, Shift } from "./shift";

export type Leg = "to_courier" | "to_lab";

/** The newest box of a printed code that the park has told of. */
export function toldOf(code: string, known: readonly KnownBox[]): KnownBox | undefined {
  return known.filter((box) => box.code === code).sort((one, other) => Date.parse(other.sealed_at) - Date.parse(one.sealed_at))[0];
}

/** The box of a printed code: one of this phone's, else the newest that the park has told of, else one known by its code alone. */
export function boxOf(code: string, shift: Shift, known: readonly KnownBox[]): Box {
  const here = [...shift.boxes.values()].findLast((box) => box.code === code);
  const told = toldOf(code, known);
  const leg = (at: string | null | undefined) => (at ? { at: Date.parse(at), givenBy: undefined, takenBy: undefined } : undefined);
  if (here) return { ...here, id: here.id ?? told?.box, count: here.count ?? told?.tubes, toCourier: here.toCourier ?? leg(told?.left_at), toLab: here.toLab ?? leg(told?.arrived_at) };
  return {
    id: told?.box, code, tubes: [], count: told?.tubes, place: told?.point ? `${told.point} ${told.place ?? ""}`.trim() : undefined,
    at: told && Date.parse(told.sealed_at), toCourier: leg(told?.left_at), toLab: leg(told?.arrived_at),
  };
}

/** What comes next for the box; a laboratory's phone takes whatever comes to it. */
export function nextLeg(box: Box, role: string): Leg | undefined {
  if (box.toLab) return undefined;
  return box.toCourier || role === "lab_member" ? "to_lab" : "to_courier";
}
