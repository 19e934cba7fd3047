import { expect, test } from "vitest";
import { EN } from "../src/texts/en";
import { HANT } from "../src/texts/zh-hant";

const SOURCES = import.meta.glob<string>(["../src/**/*.ts", "!../src/texts/*.ts"], { query: "?raw", import: "default", eager: true });
const CODE = Object.entries(SOURCES).map(([file, text]) => [file, text.replace(/\/\*[\s\S]*?\*\/|(?<![:\w])\/\/.*$/gm, "")] as const);
const TEXTS = new Set(CODE.flatMap(([, code]) => [...code.matchAll(/"([^"\n]*[\u3400-\u9fff][^"\n]*)"/g)].map((found) => found[1]!)));

test("there are texts", () => {
  expect(TEXTS.size).toBeGreaterThan(100);
});

test("every Chinese text of the code is one that can be translated", () => {
  const bare = CODE.flatMap(([file, code]) => [...code.replace(/"[^"\n]*"/g, "").matchAll(/.{0,20}[\u3400-\u9fff].{0,20}/g)].map((found) => `${file}: ${found[0]}`));
  expect(bare).toEqual([]);
});

test.each([["English", EN], ["traditional Chinese", HANT]] as const)("%s has every text, and no other", (_name, table) => {
  expect([...TEXTS].filter((text) => !table[text])).toEqual([]);
  expect(Object.keys(table).filter((text) => !TEXTS.has(text))).toEqual([]);
});

test.each([["English", EN], ["traditional Chinese", HANT]] as const)("%s fills the same places", (_name, table) => {
  const places = (text: string): string[] => [...new Set(text.match(/\{\w+\}/g))].toSorted();
  expect(Object.entries(table).filter(([text, said]) => String(places(text)) !== String(places(said)))).toEqual([]);
});

test("English has no Chinese in it", () => {
  expect(Object.values(EN).filter((text) => /[\u3400-\u9fff，。！？：；]/.test(text))).toEqual([]);
});
