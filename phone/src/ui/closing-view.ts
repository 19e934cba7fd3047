/** Before the team leaves: the draft of the notice with what was there before, then a signature or why there is none. */

import { html, nothing, type TemplateResult } from "lit";
import type { Item } from "../protocol";
import { fits, isAnswered, isMissed, isNote } from "../inspect/asking";
import type { Found, Visit } from "../inspect/visits";
import { keepFile, NoRoom } from "../store/files";
import { t } from "../texts/language";
import { world } from "../world";
import { icon } from "./icons";
import { itemText, remedyText, termWord } from "./inspect-words";
import type { SignaturePad } from "./signature-pad";
import "./signature-pad";
import { define, View } from "./view";

export class ClosingView extends View {
  declare visit: Visit;
  private refused = false;
  private problem = "";
  private busy = false;

  static override properties = { visit: { attribute: false } };

  protected override render(): TemplateResult {
    const { inspecting } = world;
    const { visit } = this;
    const pinned = inspecting.pins[visit.id]!;
    const now = inspecting.standing(visit);
    const items = inspecting.asked(visit);
    const left = items.filter((item) => !isNote(item) && !isAnswered(item, inspecting.answerTo(visit.id, item.code))).length;
    const refused = items.filter((item) => inspecting.answerTo(visit.id, item.code).refused !== undefined);
    const missed = items.filter((item) => isMissed(item, now) && !refused.includes(item));
    const unfit = items.filter((item) => !fits(item, now.told.get(item.code) ?? "", now));
    const unwritten = items.filter((item) => inspecting.answerTo(visit.id, item.code).ok === false && !visit.findings.some((one) => one.item === item.code));
    const open = visit.findings.filter((one) => !one.fixed);
    const fixed = visit.findings.filter((one) => one.fixed);
    return html`<form class="card sheet closing" @submit=${this.end} @signed=${() => this.requestUpdate()}>
      <h2>${pinned.orders ? t("责令整改通知书（草稿）") : t("整改建议书（草稿）")}</h2>
      <p class="hint">${pinned.name} · ${pinned.paper}</p>
      ${left ? html`<p class="note">${icon("warn")} ${t("还有 {n} 项没有查，可以返回补查，也可以就此结束。", { n: left })}</p>` : nothing}
      ${unwritten.length ? html`<p class="note">${icon("warn")} ${t("{items} 不合格，但还没有记录问题。", { items: codes(unwritten) })}</p>` : nothing}
      ${refused.length ? html`<p class="note" data-refused>${icon("warn")} ${t("拒绝检查：{items}", { items: codes(refused) })}</p>` : nothing}
      ${missed.length ? html`<p class="note" data-missed>${icon("warn")} ${t("{items} 是必填项，还没有回答。", { items: codes(missed) })}</p>` : nothing}
      ${unfit.length ? html`<p class="note" data-unfit>${icon("warn")} ${t("{items} 的回答不符合表里的条件，会照实保存，请办公室核对。", { items: codes(unfit) })}</p>` : nothing}
      ${open.length ? html`<ol class="draft">${open.map((one) => this.line(one))}</ol><p data-term>${t("期限：{term}", { term: this.term(open) })}</p>` : html`<p class="even">${icon("check")} ${t("没有需要开通知书的问题。")}</p>`}
      ${open.length ? html`<p class="hint">${t("编号和正式文本由办公系统开具，须两名检查人员签发。")}</p>` : nothing}
      ${fixed.length ? html`<p>${t("当场整改 {n} 处：{items}", { n: fixed.length, items: fixed.map((one) => one.item).join("、") })}</p>` : nothing}
      <div class="choice"><button type="button" aria-pressed=${this.refused ? "false" : "true"} @click=${() => this.sign(false)}>${t("企业签字")}</button><button type="button" aria-pressed=${this.refused ? "true" : "false"} @click=${() => this.sign(true)}>${t("拒绝签字")}</button></div>
      ${this.refused
        ? html`<label for="refusal">${t("拒签的情况")}</label><input id="refusal" maxlength="200" required autocomplete="off" />`
        : html`<label for="signer">${t("签字人")}</label><input id="signer" maxlength="60" required autocomplete="off" />
          <signature-pad id="glass" label=${t("{who} 签名", { who: t("企业") })}></signature-pad>`}
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      <div class="buttons">
        <button class="primary" ?disabled=${this.busy}>${icon("check")} ${t("结束检查")}</button>
        <button type="button" class="quiet" @click=${() => this.dispatchEvent(new Event("leave"))}>${t("返回检查")}</button>
      </div>
    </form>`;
  }

  private line(found: Found): TemplateResult {
    const pinned = world.inspecting.pins[this.visit.id]!;
    const item = pinned.sheet.items.find((one) => one.code === found.item);
    const before = pinned.repeats.find((one) => one.item === found.item && one.area === found.area);
    const again = pinned.findings.find((one) => one.item.code === found.item && one.area === found.area);
    return html`<li data-draft=${found.item}><b>${found.item} ${item ? itemText(item) : ""}</b>
      <span>${[found.area, found.note].filter(Boolean).join(" · ")}</span>
      ${item ? html`<span>${t("整改要求：{text}", { text: remedyText(item) })}</span>` : nothing}
      ${before ? html`<span class="uneven history">${t("{days} 天内同一问题已有 {n} 次。", { days: pinned.rules.repeat_window_days, n: before.times })}${pinned.orders && before.times >= pinned.rules.repeats_to_stop_work ? t("可提请停工。") : ""}</span>` : nothing}
      ${again ? html`<span class="uneven history">${t("这里已有同一问题未办结。")}</span>` : nothing}</li>`;
  }

  /** As the park will issue it: one time for all of the notice, the shortest that one of its items sets. */
  private term(open: Found[]): string {
    const { sheet, rules } = world.inspecting.pins[this.visit.id]!;
    const set = open.flatMap((one) => sheet.items.find((item) => item.code === one.item)?.hours || []);
    return set.length ? termWord("hours", Math.min(...set)) : termWord(rules.term.unit, rules.term.amount);
  }

  private sign(refused: boolean): void {
    [this.refused, this.problem] = [refused, ""];
    this.requestUpdate();
  }

  private readonly end = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    if (this.busy) return; // a second tap while the first is at work
    this.busy = true;
    const { refused } = this;
    const text = this.querySelector<HTMLInputElement>(refused ? "#refusal" : "#signer")!.value.trim();
    const glass = refused ? undefined : await this.querySelector<SignaturePad>("#glass")!.picture();
    this.problem = refused || glass ? "" : t("请在屏幕上签名，或选“拒绝签字”。");
    this.busy = !this.problem;
    this.requestUpdate();
    if (this.problem) return;
    try {
      await world.inspecting.end(this.visit, { how: "finished", ...(refused ? { refusal: text } : { signed_by: text, ...(await this.keep(glass!)) }) });
      this.dispatchEvent(new Event("leave"));
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  };

  /** A phone too full for pictures still ends the visit: who signed is written down by name. */
  private async keep(glass: Blob): Promise<{ signature?: string }> {
    try {
      return { signature: await keepFile(glass) };
    } catch (problem) {
      if (problem instanceof NoRoom) return {};
      throw problem;
    }
  }
}

function codes(items: Item[]): string {
  return items.map((item) => item.code).join("、");
}

define("closing-view", ClosingView);
