import { expect, test } from "vitest";
import CASES from "../../tests/kernel/conditions.json?raw";
import { holds, type Tree } from "../src/inspect/conditions";

interface Case {
  text: string;
  answers: Record<string, string>;
  own: string;
  holds: boolean;
  tree: Tree;
}

test.each(JSON.parse(CASES) as Case[])("$text with $answers and $own", ({ answers, own, tree, holds: wanted }) => {
  expect(holds(tree, { answers: new Map(Object.entries(answers)), own, today: "2022-05-10" })).toBe(wanted);
});

test("what only a newer park knows is told, not guessed", () => {
  const asked = { answers: new Map(), own: "", today: "2022-05-10" };
  for (const tree of [["call", "regex", [["self"]]], ["op", "~", ["self"], ["self"]], ["date", 1]] as Tree[]) {
    expect(() => holds(tree, asked)).toThrow("unknown");
  }
});
