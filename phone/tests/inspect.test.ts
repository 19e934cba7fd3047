import { expect, test } from "vitest";
import type { Answer, Item, Operation } from "../src/protocol";
import { fits, isAsYesOrNo, isMissed, said, standing } from "../src/inspect/asking";
import type { Tree } from "../src/inspect/conditions";
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

test("the own visits burden an enterprise for a week, and those that the park knew of are not counted twice", () => {
  const visits = new Visits();
  const day = 24 * 3_600_000;
  for (const [id, enterprise] of [["v1", "A"], ["v2", "B"]] as const) visits.add(begin(id, enterprise));
  const at = visits.all.get("v1")!.at;
  const burden = (last: number | null, now: number): number => visits.burdening("A", last === null ? null : new Date(last).toISOString(), now);
  expect([burden(null, at + day), burden(null, at + 8 * day), burden(at - 9 * day, at + 8 * day)]).toEqual([1, 0, 0]);
  expect([burden(at, at + day), burden(at - 1, at + day)]).toEqual([0, 1]);
});

test("what belongs to nothing that is known here is left alone", () => {
  const visits = new Visits();
  visits.add(operation("f9", { kind: "note_finding", visit: "elsewhere", item: "B3" }));
  visits.add(operation("x9", { kind: "fix_on_spot", finding: "elsewhere" }));
  visits.add(operation("l9", { kind: "look_back", finding: "earlier", outcome: "fixed" }));
  visits.add(operation("e9", { kind: "end_visit", visit: "elsewhere", how: "finished", answers: {} }));
  expect([visits.all.size, visits.open]).toEqual([0, undefined]);
});

const item = (code: string, question: object): Item =>
  ({ code, text: code, text_en: "", severity: "", remedy: "", remedy_en: "", aspect: "other", evidence: "Y", sample: "", hours: null, short: false, least: null, most: null, camera: false, question }) as Item;
const answer = (value: string): Answer => ({ ok: undefined, value, photos: [] });
const is = (name: string, value: string): Tree => ["op", "=", ["ref", name], ["str", value]];

test("an answer to what is not asked any more counts for no other question", () => {
  const items = [item("a", {}), item("b", { relevant: is("a", "1") }), item("c", { relevant: is("b", "2"), required: true })];
  const answers = { a: answer("1"), b: answer("2") };
  const asked = standing(items, answers, "2022-05-10");
  expect([[...asked.asked], isMissed(items[2]!, asked)]).toEqual([["a", "b", "c"], true]);
  const after = standing(items, { ...answers, a: answer("0") }, "2022-05-10");
  expect([[...after.asked], isMissed(items[2]!, after)]).toEqual([["a"], false]);
});

test("conditions that go round in a circle come to an end, and an unknown one asks", () => {
  const round = [item("a", { relevant: is("b", "") }), item("b", { relevant: is("a", "") })];
  expect(standing(round, { a: answer("1"), b: answer("1") }, "2022-05-10").asked.size).toBeLessThan(3);
  const strange = item("s", { relevant: ["call", "pulldata", []], constraint: ["call", "regex", []] });
  const now = standing([strange], { s: answer("x") }, "2022-05-10");
  expect([now.asked.has("s"), fits(strange, "x", now)]).toEqual([true, true]);
});

test("yes and no are what the verdict says as long as nothing was typed", () => {
  expect([said(undefined), said({ ok: false, value: "", photos: [] }), said({ ok: true, value: "", photos: [] }), said({ ok: true, value: "7", photos: [] })]).toEqual(["", "no", "yes", "7"]);
  expect(isAsYesOrNo({ type: "select_one", choices: ["no", "yes"].map((name) => ({ name, label: name, label_en: "" })) })).toBe(true);
});
