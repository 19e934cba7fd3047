import { expect, test } from "vitest";
import PROTOCOL from "../../docs/protocol.md?raw";
import { fromBase45, toBase45 } from "../src/kernel/base45";
import type { Codes } from "../src/protocol";
import { readPersonCode } from "../src/desk/personcode";

const CODES = JSON.parse(`{${/^"codes": .*$/m.exec(PROTOCOL)![0]}}`).codes as Codes;
const VECTORS = [...PROTOCOL.matchAll(/^\{"state": .*\}$/gm)].map((found) => JSON.parse(found[0]) as Record<string, string>);

test("the protocol has vectors of every state", () => {
  expect(new Set(VECTORS.map((vector) => vector.state)).size).toBe(9);
});

test.each(VECTORS)("$state: $text", async ({ state, day, text, person, label, first, last }) => {
  const read = await readPersonCode(text!, CODES, day!);
  expect(read.state).toBe(state);
  if (person) expect(read).toMatchObject({ person, label, first, last });
  else expect(read.person).toBeUndefined(); // what is not proven is not told
});

test("base45 goes there and back, and refuses what is none", () => {
  for (let length = 0; length < 40; length++) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    expect(fromBase45(toBase45(bytes))).toEqual(bytes);
  }
  expect(fromBase45("A")).toBeUndefined();
  expect(fromBase45("a00")).toBeUndefined();
  expect(fromBase45(":::")).toBeUndefined();
});
