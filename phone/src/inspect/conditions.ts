/**
 * Conditions of survey forms, worked out as the park does (parkkeeper/kernel/expressions.py): it sends each as a tree of
 * plain lists, so that no text is read here and nothing is run as code. tests/kernel/conditions.json holds both to one answer.
 */

export type Tree = [kind: string, ...rest: unknown[]];
type Value = string | number | boolean;

export interface Asked {
  /** What was answered, by the item's code; several choices with spaces between. */
  answers: ReadonlyMap<string, string>;
  /** What "." stands for. */
  own: string;
  /** YYYY-MM-DD. */
  today: string;
}

/** What parts texts for the park too, which browsers and it do not agree upon by themselves. */
const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const NUMBER = /^[\t-\r ]*-?\d{1,15}(\.\d{1,15})?[\t-\r ]*$/;

/** Whether the condition holds. Raises Error for what only a newer park knows. */
export function holds(tree: Tree, asked: Asked): boolean {
  return truth(worth(tree, asked));
}

function worth(tree: Tree, asked: Asked): Value {
  const [kind, first] = tree;
  switch (kind) {
    case "num":
    case "str":
      return first as Value;
    case "ref":
      return asked.answers.get(first as string) ?? "";
    case "self":
      return asked.own;
    case "call":
      return called(first as string, tree[2] as Tree[], asked);
    case "op":
      return operated(first as string, tree[2] as Tree, tree[3] as Tree, asked);
    default:
      throw new Error(`unknown ${kind}`);
  }
}

function operated(operator: string, one: Tree, other: Tree, asked: Asked): Value {
  const left = worth(one, asked);
  if (operator === "and" || operator === "or") {
    return truth(left) === (operator === "or") ? operator === "or" : truth(worth(other, asked));
  }
  const right = worth(other, asked);
  if (operator === "=" || operator === "!=") return same(left, right) === (operator === "=");
  return reckoned(operator, left, right);
}

function reckoned(operator: string, left: Value, right: Value): Value {
  const [a, b] = [numeric(left), numeric(right)];
  // days as 2022-05-10: their order is that of their letters
  const texts = typeof left === "string" && typeof right === "string" && (Number.isNaN(a) || Number.isNaN(b));
  switch (operator) {
    case "<":
      return texts ? inOrder(left, right, -1) : a < b;
    case "<=":
      return texts ? inOrder(left, right, -1, 0) : a <= b;
    case ">":
      return texts ? inOrder(left, right, 1) : a > b;
    case ">=":
      return texts ? inOrder(left, right, 1, 0) : a >= b;
    case "+":
      return a + b;
    case "-":
      return a - b;
    case "*":
      return a * b;
    case "div":
    case "mod":
      if (b === 0 || !Number.isFinite(a) || !Number.isFinite(b)) return NaN;
      return operator === "div" ? a / b : a % b;
    default:
      throw new Error(`unknown ${operator}`);
  }
}

/** Whether the first of two texts comes before (-1), with (0) or after (1) the second; never when one is empty. */
function inOrder(left: string, right: string, ...wanted: number[]): boolean {
  if (!left || !right) return false;
  const [one, other] = [[...left], [...right]];
  const place = one.findIndex((character, at) => character !== other[at]);
  const [a, b] = place < 0 ? [one.length, other.length] : [one[place]!.codePointAt(0)!, other[place]?.codePointAt(0) ?? -1];
  return wanted.includes(Math.sign(a - b));
}

function called(name: string, parts: Tree[], asked: Asked): Value {
  if (name === "if") return worth(parts[truth(worth(parts[0]!, asked)) ? 1 : 2]!, asked);
  const told = parts.map((part) => worth(part, asked));
  const numbers = told.map(numeric);
  switch (name) {
    case "true":
    case "false":
      return name === "true";
    case "today":
      return asked.today;
    case "not":
      return !truth(told[0]!);
    case "selected":
      return words(told[0]!).includes(text(told[1]!));
    case "count-selected":
      return words(told[0]!).length;
    case "string-length":
      return [...text(told[0] ?? asked.own)].length;
    case "coalesce":
      return text(told[0]!) ? told[0]! : told[1]!;
    case "min":
      return Math.min(...numbers);
    case "max":
      return Math.max(...numbers);
    case "number":
      return numbers[0]!;
    case "int":
      return Number.isFinite(numbers[0]) ? Math.trunc(numbers[0]!) + 0 : numbers[0]!; // no -0
    case "round":
      return rounded(numbers[0]!, numbers[1] ?? 0);
    default:
      throw new Error(`unknown ${name}()`);
  }
}

function rounded(value: number, places: number): number {
  if (!Number.isFinite(value) || !Number.isFinite(places)) return value;
  const digits = Math.trunc(Math.max(-15, Math.min(15, places)));
  const scale = Number(`1e${Math.abs(digits)}`); // exact, as a power need not be
  const moved = digits >= 0 ? value * scale : value / scale;
  if (!Number.isFinite(moved)) return value;
  const whole = Math.floor(moved);
  const up = moved - whole >= 0.5 ? whole + 1 : whole;
  return digits >= 0 ? up / scale : up * scale;
}

function numeric(value: Value): number {
  if (typeof value === "string") return NUMBER.test(value) ? Number(value) : NaN;
  return Number(value);
}

function text(value: Value): string {
  if (typeof value !== "number" || !Number.isFinite(value)) return String(value);
  if (Number.isInteger(value)) return BigInt(value).toString(); // in full, also where a browser would write 1e+21
  return Math.abs(value) < 1e-4 ? value.toExponential().replace(/e-(\d)$/, "e-0$1") : String(value);
}

function words(value: Value): string[] {
  return text(value).split(SPACES).filter(Boolean);
}

function same(left: Value, right: Value): boolean {
  if (typeof left === "boolean" || typeof right === "boolean") return truth(left) === truth(right);
  if (typeof left === "string" && typeof right === "string") return left === right;
  return numeric(left) === numeric(right);
}

function truth(value: Value): boolean {
  return typeof value === "number" ? value !== 0 && !Number.isNaN(value) : Boolean(value);
}
