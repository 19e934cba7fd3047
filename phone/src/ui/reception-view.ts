/** A box at the laboratory: each tube is read and taken, what is not in order is said, what did not come is missing. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { boxOf } from "../desk/boxes";
import { type Arrival, arrival, type Line, linesOf, saidOf } from "../desk/reception";
import type { Box } from "../desk/shift";
import type { Condition } from "../protocol";
import { deviceValue, setDeviceValue } from "../store/db";
import { t } from "../texts/language";
import { world } from "../world";
import "./code-field";
import { feel } from "./feel";
import { icon } from "./icons";
import { define, View } from "./view";
import { CONDITIONS, conditionWord } from "./words";

const CHOSEN = "laboratory"; // where the phone keeps for which laboratory it speaks
const STOPS = { not_a_tube: "这不是试管码，请重扫。", check_character: "末位校验不符，可能抄错或读残。请重扫。", length: "可能只读到一部分。请重扫。" } as const;

export class ReceptionView extends View {
  declare code: string;
  private outcome: Arrival | undefined;
  private asking: { tube: string } | "missing" | undefined;
  private laboratory = "";
  private problem = "";
  private turn: Promise<void> = Promise.resolve();

  static override properties = { code: { attribute: false } };

  override connectedCallback(): void {
    super.connectedCallback();
    void deviceValue<string>(CHOSEN).then((code) => {
      this.laboratory = code ?? "";
      this.requestUpdate();
    });
  }

  private get known() {
    return world.people?.roster.boxes ?? [];
  }

  private get box(): Box {
    return boxOf(this.code, world.shift, this.known);
  }

  /** For which laboratory: the chosen one, else the only one; without any the office settles it. */
  private get speaksFor(): string {
    const all = world.people?.roster.laboratories ?? [];
    return (all.find((one) => one.code === this.laboratory) ?? all[0])?.code ?? "?";
  }

  protected override render(): TemplateResult {
    const { box } = this;
    const lines = linesOf(box, this.known, world.shift);
    const listed = lines.filter((line) => line.listed);
    const [came, gone, left] = [(line: Line) => line.condition && line.condition !== "missing", (line: Line) => line.condition === "missing", (line: Line) => !line.condition].map((is) => listed.filter(is).length);
    return html`<section class="desk reception">
      <div class="holder">${icon("box")}<div><strong>${box.code}</strong><span>${box.place ?? ""}</span></div>
        <output class="count" aria-label=${t("已到 {n} 管，共 {of} 管", { n: came!, of: listed.length })}><b>${came}</b>/${listed.length || "?"}</output>
        <button class="quiet" @click=${() => this.dispatchEvent(new Event("leave"))}>${t("完成")}</button></div>
      ${this.asking ? this.question(this.asking, left!) : this.told()}
      <code-field id="tube" steady label=${t("试管码")} placeholder=${t("逐管扫码或输入")} @code=${(event: CustomEvent<string>) => this.take(event.detail)}></code-field>
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      ${listed.length
        ? html`<p class=${left || gone ? "uneven" : "even"} role="status" data-left=${left!}>${left ? t("已到 {n} / {of} 管，还差 {left} 管。", { n: came!, of: listed.length, left }) : gone ? t("已到 {n} / {of} 管，缺失 {left} 管。", { n: came!, of: listed.length, left: gone! }) : t("{n} 管全部到齐。", { n: came! })}</p>`
        : html`<p class="note">${icon("warn")} ${t("园区还没有送来这个箱的清单。照样逐管扫，清单送达后自动核对。")}</p>`}
      ${this.laboratories()}
      <ul class="rows card">${repeat([...lines].sort((one, other) => Number(Boolean(one.condition)) - Number(Boolean(other.condition))), (line) => line.tube, (line) => this.line(line))}</ul>
      ${left ? html`<button @click=${() => this.ask("missing")}>${icon("flag")} ${t("没有别的了：其余 {n} 管记为缺失", { n: left })}</button>` : nothing}
    </section>`;
  }

  private laboratories(): TemplateResult | typeof nothing {
    const all = world.people?.roster.laboratories ?? [];
    if (all.length < 2) return nothing;
    return html`<label for="laboratory">${t("检测机构")}</label><select id="laboratory" @change=${(event: Event) => this.choose((event.target as HTMLSelectElement).value)}>
      ${all.map((one) => html`<option value=${one.code} ?selected=${one.code === this.speaksFor}>${one.name}</option>`)}</select>`;
  }

  private choose(code: string): void {
    this.laboratory = code;
    void setDeviceValue(CHOSEN, code);
    this.requestUpdate();
  }

  private line({ tube, condition, listed }: Line): TemplateResult {
    return html`<li data-tube=${tube} data-condition=${condition ?? ""}><button type="button" class="line" @click=${() => this.ask({ tube })}>
      <span class="who"><b class="code">${tube}</b>${listed === false ? html`<small>${t("不在这个箱的清单上")}</small>` : nothing}</span>
      <em class="mark ${condition === "good" ? "ok" : condition ? "bad" : "warn"}">${condition ? conditionWord(condition) : t("未到")}</em></button></li>`;
  }

  private told(): TemplateResult | typeof nothing {
    const { outcome } = this;
    if (!outcome) return nothing;
    const { tone } = outcome;
    return html`<div class="outcome ${tone}" role=${tone === "stop" ? "alert" : "status"} data-tone=${tone}>
      ${icon(tone === "ok" ? "check" : tone === "again" ? "undo" : tone === "stop" ? "stop" : "flag")}<div>${this.words(outcome)}</div></div>
      ${tone === "stop" ? nothing : html`<button @click=${() => this.ask({ tube: outcome.tube })}>${t("这管不完好？改状态")}</button>`}`;
  }

  private words(outcome: Arrival): TemplateResult {
    if (outcome.tone === "stop") return html`<strong>${t(STOPS[outcome.why])}</strong><span><code>${outcome.text}</code></span>`;
    const { tube } = outcome;
    const said = saidOf(tube, this.known, world.shift);
    return html`<strong class="code">${tube}</strong><span>${said ? conditionWord(said) : ""}</span><em>${this.note(outcome)}</em>`;
  }

  private note(outcome: Exclude<Arrival, { tone: "stop" }>): string {
    switch (outcome.tone) {
      case "ok":
        return "";
      case "again":
        return t("先前已签收，没有重复记录。");
      case "twice":
        return outcome.why === "other_box" ? t("清单上它在箱 {box}。已按在本箱收到记录。", { box: outcome.box }) : t("先前记为缺失。已记录，办公室会核对。");
      case "unproven":
        return outcome.why === "unlisted" ? t("不在任何箱的清单上。已记录，办公室会核对。") : t("已记录，等清单送达后核对。");
    }
  }

  private question(asking: { tube: string } | "missing", left: number): TemplateResult {
    const leave = html`<button class="quiet" @click=${() => this.ask(undefined)}>${t("返回")}</button>`;
    if (asking === "missing") {
      return html`<div class="question danger" role="alertdialog" aria-label=${t("记为缺失")}><h2>${t("其余 {n} 管都没有到？", { n: left })}</h2>
        <div class="buttons"><button class="danger" @click=${() => void this.missing()}>${t("{n} 管记为缺失", { n: left })}</button>${leave}</div></div>`;
    }
    return html`<div class="question" role="dialog" aria-label=${t("试管状态")}><h2>${t("试管 {code}", { code: asking.tube })}</h2>
      <div class="values">${CONDITIONS.map((one) => html`<button class=${one === "good" ? "ok" : "bad"} data-say=${one} @click=${() => void this.say(asking.tube, one)}>${conditionWord(one)}</button>`)}</div>
      <div class="buttons">${leave}</div></div>`;
  }

  private ask(asking: ReceptionView["asking"]): void {
    this.asking = asking;
    this.requestUpdate();
  }

  /** Readings are dealt with one after the other. */
  private take(raw: string): void {
    this.turn = this.turn.then(() => this.taken(raw));
  }

  private async taken(raw: string): Promise<void> {
    const found = arrival(raw, this.box, this.known, world.shift);
    const stays = found.tone === "stop" || found.tone === "again";
    if (!stays && !(await this.store([found.tube], "good"))) return;
    this.tell(found);
  }

  private async say(tube: string, condition: Condition): Promise<void> {
    this.asking = undefined;
    if (saidOf(tube, this.known, world.shift) === condition || !(await this.store([tube], condition))) return this.requestUpdate();
    this.outcome = undefined;
    feel({ tone: condition === "good" ? "ok" : "other" });
    this.requestUpdate();
  }

  private async missing(): Promise<void> {
    this.asking = undefined;
    const left = linesOf(this.box, this.known, world.shift).filter((line) => !line.condition);
    if (await this.store(left.map((line) => line.tube), "missing")) feel({ tone: "twice" });
    this.requestUpdate();
  }

  /** True when it is on the disk. */
  private async store(tubes: string[], condition: Condition): Promise<boolean> {
    const { id, code } = this.box;
    const [laboratory, box] = [this.speaksFor, id ? { box: id } : { box_code: code }];
    try {
      await world.do(tubes.map((tube) => ({ kind: "receive_tube", tube, condition, laboratory, ...box })));
      this.problem = "";
      return true;
    } catch {
      [this.problem, this.outcome] = [t("没有存上！请腾出手机空间后重试。"), undefined];
      feel({ tone: "stop" });
      this.requestUpdate();
      return false;
    }
  }

  private tell(outcome: Arrival): void {
    this.outcome = outcome;
    feel(outcome);
    this.requestUpdate();
  }
}

define("reception-view", ReceptionView);
