import { expect, test } from "vitest";
import type { Operation } from "../src/protocol";
import { Visits } from "../src/inspect/visits";

let seq = 0;
function operation(id: string, fields: object): Operation {
  return { id, seq: ++seq, at: "2022-05-10T18:00:00.000+08:00", ...fields } as Operation;
}
const begin = (id: string, enterprise: string): Operation =>
  operation(id, { kind: "begin_visit", enterprise, checklist: 1, visit_kind: "short", basis: "guidance", place: null, placeless: "室内" });

test("a visit is the sum of its operations, and the last begun is under way", () => {
  const visits = new Visits();
  const told = [
    begin("v1", "A"),
    operation("f1", { kind: "note_finding", visit: "v1", item: "B3", area: "一号楼" }),
    operation("p1", { kind: "photo", finding: "f1", of: "on_the_spot", sha256: "a".repeat(64), place: null }),
    operation("x1", { kind: "fix_on_spot", finding: "f1" }),
    operation("l1", { kind: "look_back", finding: "earlier", outcome: "partly" }),
  ];
  for (const one of told) visits.add(one);
  const visit = visits.open!;
  expect([visit.id, visit.findings.length, visit.findings[0]!.fixed, visit.findings[0]!.photos]).toEqual(["v1", 1, true, ["on_the_spot"]]);
  expect(visit.looks.get("earlier")).toBe("partly");
  visits.add(operation("e1", { kind: "end_visit", visit: "v1", how: "finished", answers: {} }));
  visits.add(operation("e2", { kind: "end_visit", visit: "v1", how: "cancelled", answers: {} }));
  expect([visits.open, visits.all.get("v1")!.ended!.how]).toEqual([undefined, "finished"]);
  visits.add(begin("v2", "B"));
  expect(visits.open!.id).toBe("v2");
});

test("what belongs to nothing that is known here is left alone", () => {
  const visits = new Visits();
  visits.add(operation("f9", { kind: "note_finding", visit: "elsewhere", item: "B3" }));
  visits.add(operation("x9", { kind: "fix_on_spot", finding: "elsewhere" }));
  visits.add(operation("l9", { kind: "look_back", finding: "earlier", outcome: "fixed" }));
  visits.add(operation("e9", { kind: "end_visit", visit: "elsewhere", how: "finished", answers: {} }));
  expect([visits.all.size, visits.open]).toEqual([0, undefined]);
});
