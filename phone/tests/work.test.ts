import { expect, test } from "vitest";
import type { KnownBox, Operation } from "../src/protocol";
import { boxOf, nextLeg } from "../src/desk/boxes";
import { arrival, linesOf } from "../src/desk/reception";
import { Collecting, pieces, transferCode } from "../src/store/transfer";
import { TwoReads } from "../src/desk/reader";
import { inside, isFull, Shift } from "../src/desk/shift";

let seq = 0;
function operation(fields: object): Operation {
  return { id: `id-${++seq}`, seq, at: "2022-05-10T18:00:00.000+08:00", ...fields } as Operation;
}

test("a shift is the sum of its operations", () => {
  const shift = new Shift();
  const scans = ["a", "b"].map((person) => operation({ kind: "scan", tube: "T1", how: "code", person }));
  const all = [operation({ kind: "open_tube", tube: "T1", pool_size: 2 }), ...scans];
  for (const one of all) shift.add(one);
  const tube = shift.current!;
  expect([inside(tube).length, isFull(tube)]).toEqual([2, true]);
  shift.add(operation({ kind: "undo_scan", scan: scans[0]!.id }));
  expect([inside(tube).length, isFull(tube), shift.scansOf("a").length]).toEqual([1, false, 0]);
  shift.add(operation({ kind: "seal_tube", tube: "T1", swabs: 1 }));
  expect([shift.current, shift.unboxed.length]).toEqual([undefined, 1]);
  shift.add(operation({ kind: "seal_box", box: "B1", tubes: ["T1"] }));
  expect(shift.unboxed).toEqual([]);
});

test("two equal reads make a code, once, until it has been away", () => {
  const reads = new TwoReads(2000);
  const at = (text: string | undefined, now: number): string | undefined => reads.saw(text, now);
  expect([at("A", 0), at("A", 100), at("A", 200)]).toEqual([undefined, "A", undefined]);
  expect([at("B", 300), at("C", 400), at("B", 500)]).toEqual([undefined, undefined, undefined]); // never two in a row
  expect([at("B", 600), at(undefined, 700), at("B", 800), at("B", 900)]).toEqual(["B", undefined, undefined, undefined]);
  expect([at("B", 5000), at("B", 5100)]).toEqual(["B", undefined]);
});

test("QR pictures of a queue come together in any order, and a stranger's series begins anew", () => {
  const bytes = crypto.getRandomValues(new Uint8Array(2000));
  const texts = pieces(bytes);
  expect(texts.length).toBe(4);
  const collecting = new Collecting();
  expect(collecting.take("W0007")).toBe(false);
  collecting.take(pieces(new Uint8Array(1300))[1]!);
  for (const text of texts.toReversed()) {
    expect(collecting.whole).toBeUndefined();
    collecting.take(text);
    collecting.take(text);
  }
  expect(collecting.whole).toEqual(bytes);
});

test("a transfer code is read out without a slip", () => {
  for (let turn = 0; turn < 50; turn++) expect(transferCode()).toMatch(/^[2-9A-HJKMNP-TV-Z]{10}$/);
});

const known = (fields: object): KnownBox =>
  ({ box: "id-of-park", code: "B1", point: "P01", place: "彩虹厂区", sealed_at: "2022-05-10T18:00:00Z", tubes: 3, left_at: null, arrived_at: null, ...fields });

test("a printed code is this phone's box first, then the newest that the park knows, then itself", () => {
  const shift = new Shift();
  const told = [known({}), known({ box: "older", sealed_at: "2022-05-09T18:00:00Z" })];
  expect(boxOf("B1", shift, []).id).toBeUndefined();
  expect(boxOf("B1", shift, told)).toMatchObject({ id: "id-of-park", count: 3, place: "P01 彩虹厂区" });
  shift.add(operation({ kind: "seal_box", box: "B1", tubes: ["T1"] }));
  expect(boxOf("B1", shift, told)).toMatchObject({ id: [...shift.boxes.keys()][0], count: 1, place: undefined });
});

test("a box goes to the courier first, then to the laboratory, wherever its way was told", () => {
  const [shift, far] = [new Shift(), { left_at: "2022-05-10T18:30:00Z" }];
  expect(nextLeg(boxOf("B1", shift, [known({})]), "courier")).toBe("to_courier");
  expect(nextLeg(boxOf("B1", shift, [known(far)]), "courier")).toBe("to_lab");
  expect(nextLeg(boxOf("B1", shift, [known({ ...far, arrived_at: "2022-05-10T19:00:00Z" })]), "courier")).toBeUndefined();
  expect(nextLeg(boxOf("B2", shift, []), "lab_member")).toBe("to_lab");
  shift.add(operation({ kind: "hand_over_box", box_code: "B2", leg: "to_courier" }));
  expect(nextLeg(boxOf("B2", shift, []), "courier")).toBe("to_lab");
});

test("of several self-tests of somebody the last that was taken down stands", () => {
  const shift = new Shift();
  for (const value of ["negative", "positive"]) shift.add(operation({ kind: "antigen", person: "a", value }));
  expect(shift.selfTests.get("a")?.value).toBe("positive");
});

test("at the laboratory a reading is on the list, on another's, on none, or was there before", () => {
  const shift = new Shift();
  const tubes = ["TYQ00000007Q", "TYQ00000008O", "TYQ00000009M"];
  const told = [
    known({ contents: [{ tube: tubes[0], condition: null }, { tube: tubes[1], condition: "missing" }] }),
    known({ box: "other", code: "B2", contents: [{ tube: tubes[2], condition: null }] }),
  ];
  const box = boxOf("B1", shift, told);
  const tone = (text: string): string => arrival(text, box, told, shift).tone;
  expect([...tubes.map(tone), tone("TYQ00000011Y"), tone("TYQ000000110"), tone("W0007")]).toEqual(["ok", "twice", "twice", "unproven", "stop", "stop"]);
  shift.add(operation({ kind: "receive_tube", tube: tubes[0], condition: "leaked", laboratory: "L", box: box.id }));
  shift.add(operation({ kind: "receive_tube", tube: tubes[2], condition: "good", laboratory: "L", box: box.id }));
  expect(tone(tubes[0]!)).toBe("again");
  expect(linesOf(box, told, shift).map((line) => [line.condition, line.listed])).toEqual([["leaked", true], ["missing", true], ["good", false]]);
  expect(arrival(tubes[0]!, boxOf("B9", shift, []), [], new Shift())).toMatchObject({ tone: "unproven", why: "no_list" });
  shift.add(operation({ kind: "receive_tube", tube: "TYQ00000012W", condition: "good", laboratory: "L", box_code: "B9" }));
  for (const [code, lines] of [["B9", ["TYQ00000012W"]], ["B8", []]] as const) {
    expect(linesOf(boxOf(code, shift, []), [], shift).map((line) => line.tube)).toEqual(lines);
  }
});
