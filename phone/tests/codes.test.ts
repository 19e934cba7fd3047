import { expect, test } from "vitest";
import { checkCharacter, read, residentCheck, tidyCode } from "../src/kernel/codes";
import { uuid7 } from "../src/kernel/ids";
import { withOffset } from "../src/kernel/moment";
import { Trouble } from "../src/sync/api";
import { pause } from "../src/sync/backoff";

test("a tube is a tube, and a slip in its code makes it nothing else", () => {
  const body = "TYQ00000007";
  const code = body + checkCharacter(body);
  expect(code).toBe("TYQ00000007Q");
  expect(read(` ${code.toLowerCase()} `)).toEqual({ is: "tube", text: code });
  for (let place = 0; place < code.length; place++) {
    for (const wrong of "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*") {
      if (wrong === code[place]) continue;
      const slip = read(code.slice(0, place) + wrong + code.slice(place + 1));
      expect(slip.is === "tube" || slip.is === "box" || slip.is === "resident").toBe(false);
    }
  }
});

test("two neighbours swapped are noticed", () => {
  expect(read("TYQ00000070Q")).toMatchObject({ is: "wrong", why: "check_character" });
});

test("a part of a code is no code", () => {
  expect(read("TYQ0000000")).toMatchObject({ is: "wrong", why: "length" });
  expect(read("99999919900101")).toMatchObject({ is: "wrong", why: "length" });
});

test("a resident ID card has the right check digit and a day that exists", () => {
  const digits = "99999919900101001";
  const number = digits + residentCheck(digits);
  expect(read(number)).toEqual({ is: "resident", text: number });
  const wrong = digits + (number.endsWith("X") ? "1" : "X");
  expect(read(wrong)).toMatchObject({ is: "wrong", why: "check_digit" });
  const noDay = "99999919900231001";
  expect(read(noDay + residentCheck(noDay))).toMatchObject({ is: "wrong", why: "check_digit" });
});

test("full-width and dashes are forgiven", () => {
  expect(tidyCode(" Ｗ０００７－a ")).toBe("W0007A");
  expect(read("张伟")).toEqual({ is: "text", text: "张伟" });
});

test("an enrolment's address gives its code", () => {
  expect(read("https://park.example/field/#enrol=F7K2M-9PQRS")).toEqual({ is: "enrolment", text: "F7K2M9PQRS" });
});

test("ids of later moments sort after earlier ones, and no two are the same", () => {
  const made = Array.from({ length: 200 }, (_none, place) => uuid7(1_650_000_000_000 + place));
  expect(made.toSorted()).toEqual(made);
  expect(new Set(Array.from({ length: 1000 }, () => uuid7(5))).size).toBe(1000);
  expect(made[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("times carry their offset and mean the same moment", () => {
  const moment = new Date(1_652_176_800_123);
  expect(Date.parse(withOffset(moment))).toBe(moment.getTime());
  expect(withOffset(moment)).toMatch(/\.123[+-]\d\d:\d\d$/);
});

test("a phone comes again later and later, at most 300 seconds and a half, and never before it was told to", () => {
  expect([1, 2, 3, 9, 50].map((failures) => pause(failures, undefined, () => 0) / 1000)).toEqual([2, 4, 8, 300, 300]);
  expect(pause(1, 60, () => 0)).toBe(60_000);
  expect(pause(50, undefined, () => 1)).toBe(450_000);
});

test("a park with its hands full, or older than the app, is waited for; of one that is newer a person is told", () => {
  const refused = (status: number, remedy?: string): Trouble => new Trouble("any", "", status, 60, false, remedy);
  expect([refused(429).busy, refused(503).busy, refused(426, "wait").busy]).toEqual([true, true, true]);
  expect([refused(426, "update").busy, refused(413, "split").busy, refused(400).busy]).toEqual([false, false, false]);
});
