/** What this phone knows of its shift: a plain sum of what was done on it. Saving and sending are elsewhere. */

import type { AntigenValue, Condition, How, Operation } from "../protocol";

export interface Scan {
  id: string;
  tube: string;
  how: How;
  person: string | undefined;
  claimed: string;
  at: number;
  undone: boolean;
}

export interface Tube {
  code: string;
  poolSize: number;
  openedAt: number;
  scans: Scan[];
  sealed: { at: number; swabs: number } | undefined;
  box: string | undefined;
}

export interface Leg {
  at: number;
  givenBy: string | undefined;
  takenBy: string | undefined;
}

export interface Box {
  /** Undefined for a box of another phone of which only the printed code is known. */
  id: string | undefined;
  code: string;
  tubes: string[];
  count: number | undefined;
  /** The point that sealed it, as far as it is another phone's. */
  place: string | undefined;
  at: number | undefined;
  toCourier: Leg | undefined;
  toLab: Leg | undefined;
}

export interface SelfTest {
  id: string;
  value: AntigenValue;
  at: number;
  photo: string | undefined;
}

/** What a laboratory said of a tube at its door. */
export interface Received {
  condition: Condition;
  at: number;
  box: string | undefined;
  /** What was printed on the box, when its id was not known. */
  boxCode: string | undefined;
}

export interface Duty {
  person: string;
  role: string;
}

export class Shift {
  readonly tubes = new Map<string, Tube>();
  readonly scans = new Map<string, Scan>();
  readonly boxes = new Map<string, Box>();
  /** The last self-test that was taken down of each person. */
  readonly selfTests = new Map<string, SelfTest>();
  /** The last word on each tube that came to this laboratory. */
  readonly receptions = new Map<string, Received>();
  session: { id: string; at: number; duties: Duty[] } | undefined;

  add(operation: Operation): void {
    const at = Date.parse(operation.at);
    switch (operation.kind) {
      case "open_session":
        this.session = { id: operation.id, at, duties: [] };
        break;
      case "close_session":
        if (this.session?.id === operation.session) this.session = undefined;
        break;
      case "go_on_duty":
        if (this.session?.id === operation.session) this.session.duties.push({ person: operation.person, role: operation.role });
        break;
      case "open_tube":
        if (this.tubes.has(operation.tube)) break;
        this.tubes.set(operation.tube, { code: operation.tube, poolSize: operation.pool_size, openedAt: at, scans: [], sealed: undefined, box: undefined });
        break;
      case "scan": {
        const { id, tube, how, person, claimed = "" } = operation;
        const scan: Scan = { id, tube, how, person, claimed, at, undone: false };
        this.scans.set(id, scan);
        this.tubes.get(tube)?.scans.push(scan);
        break;
      }
      case "undo_scan": {
        const scan = this.scans.get(operation.scan);
        if (scan) scan.undone = true;
        break;
      }
      case "seal_tube": {
        const tube = this.tubes.get(operation.tube);
        if (tube) tube.sealed = { at, swabs: operation.swabs };
        break;
      }
      case "seal_box":
        this.boxes.set(operation.id, {
          id: operation.id, code: operation.box, tubes: operation.tubes, count: operation.tubes.length, place: undefined, at, toCourier: undefined, toLab: undefined,
        });
        for (const code of operation.tubes) {
          const tube = this.tubes.get(code);
          if (tube) tube.box = operation.id;
        }
        break;
      case "hand_over_box": {
        const box = this.handed(operation.box, operation.box_code);
        const leg: Leg = { at, givenBy: operation.given_by, takenBy: operation.taken_by };
        if (box && operation.leg === "to_courier") box.toCourier = leg;
        if (box && operation.leg === "to_lab") box.toLab = leg;
        break;
      }
      case "receive_tube":
        this.receptions.set(operation.tube, { condition: operation.condition, at, box: operation.box, boxCode: operation.box_code });
        break;
      case "antigen":
        this.selfTests.set(operation.person, { id: operation.id, value: operation.value, at, photo: operation.photo });
        break;
    }
  }

  /** The box of a hand-over; one that was sealed elsewhere is known by it from then on. */
  private handed(id: string | undefined, code: string | undefined): Box | undefined {
    const known = id ? this.boxes.get(id) : [...this.boxes.values()].findLast((box) => box.code === code);
    if (known || !code) return known;
    const box: Box = { id, code, tubes: [], count: undefined, place: undefined, at: undefined, toCourier: undefined, toLab: undefined };
    this.boxes.set(id ?? code, box);
    return box;
  }

  /** Tubes that are open, the one that is being filled last: a single retest may come between. */
  get open(): Tube[] {
    return [...this.tubes.values()].filter((tube) => !tube.sealed);
  }

  get current(): Tube | undefined {
    return this.open.at(-1);
  }

  get unboxed(): Tube[] {
    return [...this.tubes.values()].filter((tube) => tube.sealed && !tube.box);
  }

  /** The person's live scans on this phone. */
  scansOf(person: string): Scan[] {
    return [...this.scans.values()].filter((scan) => scan.person === person && !scan.undone);
  }
}

/** Who is in the tube: scans that were not undone. */
export function inside(tube: Tube): Scan[] {
  return tube.scans.filter((scan) => !scan.undone);
}

export function isFull(tube: Tube): boolean {
  return inside(tube).length >= tube.poolSize;
}
