/** The language of this phone: simplified Chinese as written in the code, else a table's. */

import { EN } from "./en";
import { HANT } from "./zh-hant";

export const LANGUAGES = { "zh-Hans": "简体中文", "zh-Hant": "繁體中文", en: "English" } as const;
export type Language = keyof typeof LANGUAGES;

const TABLES: Record<Language, Record<string, string>> = { "zh-Hans": {}, "zh-Hant": HANT, en: EN };
const KEY = "parkkeeper-language";
let chosen: Language = first();

function first(): Language {
  const kept = globalThis.localStorage?.getItem(KEY);
  if (kept && kept in LANGUAGES) return kept as Language;
  for (const wish of globalThis.navigator?.languages ?? []) {
    if (/^zh-(hant|tw|hk|mo)/i.test(wish)) return "zh-Hant";
    if (/^zh/i.test(wish)) return "zh-Hans";
    if (/^en/i.test(wish)) return "en";
  }
  return "zh-Hans";
}

export function language(): Language {
  return chosen;
}

export function setLanguage(language: Language): void {
  chosen = language;
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
}

/** `text` in the chosen language, with its {named} places filled; "one|many" is chosen by the place {n}. */
export function t(text: string, places: Record<string, string | number> = {}): string {
  const [one, many] = (TABLES[chosen][text] ?? text).split("|") as [string, string?];
  const said = many !== undefined && places["n"] !== 1 ? many : one;
  return said.replace(/\{(\w+)\}/g, (whole, name: string) => String(places[name] ?? whole));
}
