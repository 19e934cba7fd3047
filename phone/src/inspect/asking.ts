/** What the conditions of a survey form make of a visit's answers: which items are asked, and which answers do not fit. */

import type { Answer, Item, Question } from "../protocol";
import { holds, type Tree } from "./conditions";

export interface Standing {
  /** Codes of the items that are asked now. */
  asked: ReadonlySet<string>;
  /** What was answered to those, as conditions read it. */
  told: ReadonlyMap<string, string>;
  /** The local day on which the visit began. */
  today: string;
}

/** An answer that is taken off an item which is not asked any more may take others off: until nothing changes. */
export function standing(items: readonly Item[], answers: Readonly<Record<string, Answer>>, today: string): Standing {
  let now: Standing = { asked: new Set(items.map((item) => item.code)), told: new Map(), today };
  for (let turn = 0; turn <= items.length; turn++) {
    const told = new Map(items.filter((item) => now.asked.has(item.code)).map((item) => [item.code, said(answers[item.code])]));
    const asked = new Set(items.filter((item) => keeps(item.question?.relevant, { told, today }, told.get(item.code))).map((item) => item.code));
    const same = asked.size === now.asked.size && [...asked].every((code) => now.asked.has(code));
    now = { asked, told, today };
    if (same) break;
  }
  return now;
}

/** What was typed or chosen, else whether it passed: yes or no; "" for nothing. */
export function said(answer: Answer | undefined): string {
  return answer?.value || (answer?.ok === true ? "yes" : answer?.ok === false ? "no" : "");
}

/** Whether the item's condition takes this value; none at all is not against it. */
export function fits(item: Item, value: string, now: Standing): boolean {
  return !value || keeps(item.question?.constraint, now, value);
}

/** Required and not answered. */
export function isMissed(item: Item, now: Standing): boolean {
  return Boolean(item.question?.required) && now.asked.has(item.code) && !now.told.get(item.code);
}

/** Something to answer was given; a note asks nothing. */
export function isAnswered(item: Item, answer: Answer): boolean {
  return answer.ok !== undefined || Boolean(item.question && answer.value);
}

/** Its choices are what every item can be answered with anyway. */
export function isAsYesOrNo(question: Question): boolean {
  return question.type === "select_one" && question.choices?.map((one) => one.name).sort().join() === "no,yes";
}

export function isNote(item: Item): boolean {
  return item.question?.type === "note";
}

function keeps(tree: Tree | undefined, { told, today }: Pick<Standing, "told" | "today">, own = ""): boolean {
  try {
    return !tree || holds(tree, { answers: told, own, today });
  } catch {
    return true; // of a newer park: what this app cannot work out, it does not hold against anybody
  }
}
