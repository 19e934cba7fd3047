/** What a scanner or a person gives: told apart by form, so that no tube ever counts as a person. */

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ*";
const LABEL = /^[TB][A-Z]{2}\d{8}[0-9A-Z*]$/;
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const DASHES = /[-‐‑‒–—―−﹣－_\s]/g;
const INVISIBLE = /[\p{Cf}\p{Cc}]/gu;

export type Read =
  | { is: "tube" | "box" | "resident" | "person_code" | "enrolment"; text: string }
  | { is: "wrong"; text: string; why: "check_character" | "check_digit" | "length" }
  | { is: "text"; text: string };

/** Half-width, without invisible characters, single spaces. */
export function tidy(raw: string): string {
  return raw.normalize("NFKC").replace(/[\t\n\r]/g, " ").replace(INVISIBLE, "").replace(/\s+/g, " ").trim();
}

/** A code without spaces and dashes, in capitals. */
export function tidyCode(raw: string): string {
  return tidy(raw).toUpperCase().replace(DASHES, "");
}

/** The ISO 7064 MOD 37,2 check character of digits and capitals; "" for anything else. */
export function checkCharacter(body: string): string {
  let total = 0;
  for (const character of body) {
    const value = ALPHABET.indexOf(character);
    if (value < 0 || value === 36) return "";
    total = ((total + value) * 2) % 37;
  }
  return ALPHABET[(38 - total) % 37]!;
}

/** The last character that the first 17 digits of a resident ID card ask for. */
export function residentCheck(digits: string): string {
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(digits[place]), 0);
  return "10X98765432"[sum % 11]!;
}

/** What kind of thing was read; a label or an ID card with a slip in it is "wrong", never something else. */
export function read(raw: string): Read {
  const enrolment = /#enrol=([^&\s]+)/i.exec(raw);
  if (enrolment) return { is: "enrolment", text: tidyCode(decodeURIComponent(enrolment[1]!)) };
  if (/^\s*PK\d:/.test(raw)) return { is: "person_code", text: raw.trim() };
  const code = tidyCode(raw);
  if (LABEL.test(code)) {
    if (checkCharacter(code.slice(0, -1)) !== code.at(-1)) return { is: "wrong", text: code, why: "check_character" };
    return { is: code.startsWith("T") ? "tube" : "box", text: code };
  }
  if (/^[TB][A-Z]{2}\d{5,11}/.test(code)) return { is: "wrong", text: code, why: "length" };
  if (/^\d{17}[\dX]$/.test(code)) {
    if (residentCheck(code) !== code[17] || !isDay(code.slice(6, 14))) return { is: "wrong", text: code, why: "check_digit" };
    return { is: "resident", text: code };
  }
  if (/^\d{14,20}X?$/.test(code) && code.length !== 15) return { is: "wrong", text: code, why: "length" };
  return { is: "text", text: tidy(raw) };
}

function isDay(digits: string): boolean {
  const [year, month, day] = [Number(digits.slice(0, 4)), Number(digits.slice(4, 6)), Number(digits.slice(6))];
  const made = new Date(Date.UTC(year, month - 1, day));
  return year >= 1880 && year <= 2099 && made.getUTCMonth() === month - 1 && made.getUTCDate() === day;
}
