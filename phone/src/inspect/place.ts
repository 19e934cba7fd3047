/** Where the phone is, or why it does not know: a visit or a photo never waits long for that. */

import type { Place } from "../protocol";

export interface Here {
  place: Place | null;
  /** Why there is none, for the office; "" with a place. */
  placeless: string;
}

const PATIENCE = 5_000;
const FRESH = 30_000; // a place so old is still this place

/** The reasons are written for the office, in its language, whatever this phone's is. */
const REASONS: Record<number, string> = { 1: "没有定位权限", 2: "没有定位信号", 3: "定位超时，可能在室内" };

export function here(): Promise<Here> {
  return new Promise((resolve) => {
    const without = (code: number): void => resolve({ place: null, placeless: REASONS[code] ?? REASONS[2]! });
    if (!navigator.geolocation) return without(2);
    setTimeout(() => without(3), PATIENCE + 500); // some browsers neither ask nor answer
    navigator.geolocation.getCurrentPosition(
      ({ coords: { longitude, latitude, accuracy } }) => resolve({ place: { longitude, latitude, accuracy: Math.round(accuracy) }, placeless: "" }),
      (problem) => without(problem.code),
      { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: FRESH },
    );
  });
}
