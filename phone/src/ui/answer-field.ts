/**
 * What is typed, counted, measured or chosen for an item. A value against the form's condition is shown the form's words
 * and held back until the inspector says that it is so; then it is kept as it is. Gives an event "value".
 */

import { html, nothing, type TemplateResult } from "lit";
import { fits, isAsYesOrNo, type Standing } from "../inspect/asking";
import type { Item } from "../protocol";
import { t } from "../texts/language";
import "./camera-box";
import { icon } from "./icons";
import { inThisLanguage } from "./inspect-words";
import { define, View } from "./view";

const COUNTED = /[NTMRS]/;
const TYPED = new Set(["integer", "decimal", "text", "date"]);
const MOST = 60;
const MOST_OF_TEXT = 500;

export class AnswerField extends View {
  declare item: Item;
  declare value: string;
  declare now: Standing;
  private held: string | undefined;
  private scanning = false;
  private readonly scanned = new Set<string>();
  /** What was counted otherwise; `value` comes back later than the next code may. */
  private besides = 0;

  static override properties = { item: { attribute: false }, value: { attribute: false }, now: { attribute: false } };

  protected override render(): TemplateResult | typeof nothing {
    const { item } = this;
    const { question } = item;
    const control = question?.choices?.length && !isAsYesOrNo(question) ? this.choices() : COUNTED.test(item.evidence) || TYPED.has(question?.type ?? "") ? this.input() : nothing;
    return html`${control}${this.told()}`;
  }

  /** What the form says of a value that does not fit. */
  private told(): TemplateResult | typeof nothing {
    const { item, held, now } = this;
    const words = inThisLanguage(item.question?.message, item.question?.message_en) || t("不符合这道题的条件。");
    if (held !== undefined) {
      return html`<div class="refused" role="alert"><p class="error">${icon("warn")} ${words}</p>
        <button type="button" @click=${() => this.give(held)}>${t("情况属实，照实保存")}</button></div>`;
    }
    if (fits(item, now.told.get(item.code) ?? "", now)) return nothing;
    return html`<p class="uneven" role="status" data-unfit>${words} ${t("已照实保存，办公室会核对。")}</p>`;
  }

  /** A number with its limits, degrees, a sample ("wrong/of"), scanned codes counted; a text or a day of a form. */
  private input(): TemplateResult {
    const { item } = this;
    const id = `value-${item.code}`;
    const value = this.held ?? this.value;
    const type = item.question?.type;
    const number = /[NT]/.test(item.evidence) || type === "integer" || type === "decimal";
    const limits = [item.least === null ? "" : t("不低于 {n}", { n: item.least }), item.most === null ? "" : t("不高于 {n}", { n: item.most })].filter(Boolean).join("，");
    const outside = isOutside(item, value);
    const wrong = outside || this.held !== undefined;
    return html`<label for=${id}>${this.label(number)}${limits ? html` <small>${limits}</small>` : nothing}</label>
      <div class="taking">${type === "date"
        ? html`<input id=${id} type="date" .value=${value} aria-invalid=${wrong ? "true" : "false"} @change=${this.typed} />`
        : html`<input id=${id} .value=${value} maxlength=${type === "text" ? MOST_OF_TEXT : MOST} inputmode=${number ? "decimal" : "text"} autocomplete="off" aria-invalid=${wrong ? "true" : "false"} @change=${this.typed} />`}
        ${item.evidence.includes("S") ? html`<button type="button" aria-pressed=${this.scanning ? "true" : "false"} aria-label=${t("扫码")} @click=${() => { this.scanning = !this.scanning; this.takeUp(this.value); this.requestUpdate(); }}>${icon("scan")}</button>` : nothing}</div>
      ${this.scanning ? html`<camera-box @code=${(event: CustomEvent<string>) => this.count(event.detail)}></camera-box>` : nothing}
      ${outside ? html`<p class="uneven" role="status">${t("超出限值，按不合格记录；如有误请改。")}</p>` : nothing}`;
  }

  private label(number: boolean): string {
    const { evidence, question } = this.item;
    if (question?.type === "text") return t("回答");
    if (question?.type === "date") return t("日期");
    if (evidence.includes("T")) return t("温度（℃）");
    if (number && !evidence.includes("M")) return t("数量");
    return evidence.includes("M") ? t("测量值") : evidence.includes("S") ? t("已扫码数") : t("抽查数和不合格数");
  }

  private choices(): TemplateResult {
    const { item, held, value } = this;
    const { type, choices } = item.question!;
    const several = type === "select_multiple";
    const chosen = new Set((held ?? value).split(" ").filter(Boolean));
    const toggle = (name: string): void => {
      if (!several) return this.take(chosen.has(name) ? "" : name);
      if (!chosen.delete(name)) chosen.add(name);
      this.take(choices!.map((one) => one.name).filter((one) => chosen.has(one)).join(" "));
    };
    return html`<div class="outcomes" role="group" aria-label=${several ? t("可选多项") : t("选一项")}>${choices!.map((one) => html`<button type="button" data-choice=${one.name}
      aria-pressed=${chosen.has(one.name) ? "true" : "false"} @click=${() => toggle(one.name)}>${inThisLanguage(one.label, one.label_en)}</button>`)}</div>`;
  }

  /** Each code counts once; what it says of somebody stays on no phone. */
  private count(code: string): void {
    if (this.scanned.has(code)) return;
    this.scanned.add(code);
    this.take(String(this.besides + this.scanned.size));
  }

  private takeUp(value: string): void {
    this.besides = (Number(value) || 0) - this.scanned.size;
  }

  private readonly typed = (event: Event): void => {
    const value = (event.target as HTMLInputElement).value.normalize("NFKC").trim();
    this.takeUp(value);
    this.take(value);
  };

  private take(value: string): void {
    if (fits(this.item, value, this.now)) return this.give(value);
    this.held = value;
    this.requestUpdate();
  }

  private give(value: string): void {
    this.held = undefined;
    this.requestUpdate();
    this.dispatchEvent(new CustomEvent("value", { detail: value }));
  }
}

/** Beyond the limits of what is counted or measured. */
export function isOutside({ least, most }: Item, value: string): boolean {
  const number = Number.parseFloat(value.replace(",", "."));
  return Number.isFinite(number) && ((least !== null && number < least) || (most !== null && number > most));
}

define("answer-field", AnswerField);
