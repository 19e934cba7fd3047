import { html, type TemplateResult } from "lit";
import { LANGUAGES, type Language, language, setLanguage, t } from "../texts/language";
import { world } from "../world";

/** The choice of language, each under its own name. */
export function languages(then: () => void = () => undefined): TemplateResult {
  const choose = (chosen: Language): void => {
    setLanguage(chosen);
    world.changed();
    then();
  };
  return html`<div class="choice" role="group" aria-label=${t("语言")}>
    ${Object.entries(LANGUAGES).map(([key, name]) => html`<button type="button" lang=${key} aria-pressed=${String(key === language()) as "true"} @click=${() => choose(key as Language)}>${name}</button>`)}
  </div>`;
}
