/** Visits as a plain sum of the operations; knows neither database nor network. */

import type { Operation, Outcome, Place, PhotoOf, VisitEnd, VisitKind } from "../protocol";

const WEEK = 7 * 24 * 3_600_000;

export interface Found {
  id: string;
  item: string;
  area: string;
  note: string;
  at: number;
  fixed: boolean;
  photos: PhotoOf[];
}

export interface Visit {
  id: string;
  enterprise: string;
  checklist: number;
  kind: VisitKind;
  basis: string;
  second: string | undefined;
  place: Place | null;
  at: number;
  findings: Found[];
  /** What a second look at earlier findings found, by finding. */
  looks: Map<string, Outcome>;
  ended: { how: VisitEnd; at: number } | undefined;
}

export class Visits {
  readonly all = new Map<string, Visit>();
  private readonly findings = new Map<string, Found>();
  private readonly lookPhotos = new Map<string, number>();

  add(operation: Operation): void {
    const at = Date.parse(operation.at);
    switch (operation.kind) {
      case "begin_visit": {
        const { id, enterprise, checklist, visit_kind: kind, basis, second, place } = operation;
        this.all.set(id, { id, enterprise, checklist, kind, basis, second, place, at, findings: [], looks: new Map(), ended: undefined });
        break;
      }
      case "note_finding": {
        const found: Found = { id: operation.id, item: operation.item, area: operation.area ?? "", note: operation.note ?? "", at, fixed: false, photos: [] };
        this.findings.set(operation.id, found);
        this.all.get(operation.visit)?.findings.push(found);
        break;
      }
      case "photo":
        this.findings.get(operation.finding)?.photos.push(operation.of);
        if (operation.of === "look_back") this.lookPhotos.set(operation.finding, this.photosOfLook(operation.finding) + 1);
        break;
      case "fix_on_spot": {
        const found = this.findings.get(operation.finding);
        if (found) found.fixed = true;
        break;
      }
      case "look_back":
        // a look-back is told during a visit: the one that is open when it is told
        this.open?.looks.set(operation.finding, operation.outcome);
        break;
      case "end_visit": {
        const visit = this.all.get(operation.visit);
        if (visit && !visit.ended) visit.ended = { how: operation.how, at };
        break;
      }
    }
  }

  /** The visit that is under way, the last begun. */
  get open(): Visit | undefined {
    return [...this.all.values()].reverse().find((visit) => !visit.ended);
  }

  /** How many began here at the enterprise after `last`, which the park knew of when it told; within the week alone. */
  burdening(enterprise: string, last: string | null, now: number): number {
    const after = Math.max(last ? Date.parse(last) : 0, now - WEEK);
    return [...this.all.values()].filter((visit) => visit.enterprise === enterprise && visit.at > after).length;
  }

  photosOfLook(finding: string): number {
    return this.lookPhotos.get(finding) ?? 0;
  }
}
