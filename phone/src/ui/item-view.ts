/** One item: what is asked, what was counted or measured, how it was found; what is wrong is written down right here. */

import { html, nothing, type TemplateResult } from "lit";
import type { Answer, FindingDraft, Item, Shot } from "../protocol";
import { isNote } from "../inspect/asking";
import type { Visit } from "../inspect/visits";
import { uuid7 } from "../kernel/ids";
import { takenAsSet } from "../store/clock";
import { t } from "../texts/language";
import { world } from "../world";
import { isOutside } from "./answer-field";
import { icon } from "./icons";
import { evidenceWord, inThisLanguage, itemText, remedyText } from "./inspect-words";
import "./shot-button";
import { define, View } from "./view";

const EMPTY: FindingDraft = { area: "", note: "", photos: [], fixed: [] };

export class ItemView extends View {
  declare visit: Visit;
  declare item: Item;
  private problem = "";
  private busy = false;

  static override properties = { visit: { attribute: false }, item: { attribute: false } };

  protected override render(): TemplateResult {
    const { item, visit } = this;
    const answer = world.inspecting.answerTo(visit.id, item.code);
    const found = visit.findings.filter((one) => one.item === item.code);
    const { question } = item;
    const hint = inThisLanguage(question?.hint, question?.hint_en);
    if (isNote(item)) return html`<article class="card item" data-item=${item.code}><h2 class="asked">${itemText(item)}</h2>${hint ? html`<p class="hint">${hint}</p>` : nothing}</article>`;
    return html`<article class="card item ${answer.ok === false ? "wrong" : ""}" data-item=${item.code}>
      <h2 class="asked"><span class="code">${item.code}</span> ${itemText(item)}</h2>
      ${hint ? html`<p class="hint">${hint}</p>` : nothing}
      <p class="asks">${[...item.evidence].map((letter) => html`<span class="mark other">${evidenceWord(letter)}</span> `)}${item.sample ? html`<span class="mark other">${item.sample}</span> ` : nothing}
        ${question?.required ? html`<em class="mark warn">${t("必填")}</em> ` : nothing}${item.severity === "!!" ? html`<em class="mark bad">${t("紧急")}</em>` : item.severity === "!" ? html`<em class="mark warn">${t("重要")}</em>` : nothing}</p>
      <answer-field .item=${item} .value=${answer.value} .now=${world.inspecting.standing(visit)} @value=${(event: CustomEvent<string>) => void this.put(isOutside(item, event.detail) ? { value: event.detail, ok: false, refused: undefined } : { value: event.detail })}></answer-field>
      <div class="choice verdict" role="group" aria-label=${`${item.code} ${itemText(item)}`}>
        ${this.verdict(answer, true, t("合格"))}${this.verdict(answer, false, t("不合格"))}${this.verdict(answer, null, t("不涉及"))}
        <button type="button" aria-pressed=${answer.refused === undefined ? "false" : "true"} data-ok="refused" @click=${() => void this.put({ ok: null, refused: answer.refused ?? "" })}>${t("拒绝检查")}</button>
      </div>
      ${answer.refused === undefined ? nothing : html`<label for="refused-${item.code}">${t("谁拒绝、怎么说")}</label><input id="refused-${item.code}" maxlength="120" autocomplete="off" .value=${answer.refused} @change=${(event: Event) => void this.put({ refused: (event.target as HTMLInputElement).value.trim() })} />`}
      ${/[PDR]/.test(item.evidence) && answer.ok !== false ? html`<shot-button .shots=${answer.photos} .camera=${item.camera} label=${item.camera ? t("现场拍照") : t("拍文件")} @shots=${(event: CustomEvent<Shot[]>) => void this.put({ photos: event.detail })}></shot-button>` : nothing}
      ${found.map((one) => html`<p class="found" data-finding=${one.id}>${icon("flag")} <span>${one.area || t("未写区域")}${one.note ? ` · ${one.note}` : ""}</span> ${one.photos.length ? html`<small>${t("照片 {n}", { n: one.photos.length })}</small>` : nothing} ${one.fixed ? html`<em class="mark ok">${t("当场整改")}</em>` : html`<em class="mark warn">${t("未整改")}</em>`}</p>`)}
      ${answer.ok === false && (answer.draft || !found.length) ? this.form(answer.draft ?? EMPTY) : nothing}
      ${answer.ok === false && found.length && !answer.draft ? html`<button @click=${() => void this.put({ draft: EMPTY })}>${icon("flag")} ${t("再记一处")}</button>` : nothing}
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
    </article>`;
  }

  private verdict(answer: Answer, ok: boolean | null, word: string): TemplateResult {
    const pressed = answer.ok === ok && answer.refused === undefined;
    return html`<button type="button" aria-pressed=${pressed ? "true" : "false"} data-ok=${String(ok)} @click=${() => void this.put({ ok, refused: undefined })}>${word}</button>`;
  }

  private async put(change: Partial<Answer>): Promise<void> {
    try {
      await world.inspecting.answer(this.visit.id, this.item.code, change);
      this.problem = "";
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    }
    world.changed();
  }

  private get draft(): FindingDraft {
    return world.inspecting.answerTo(this.visit.id, this.item.code).draft ?? EMPTY;
  }

  private form(draft: FindingDraft): TemplateResult {
    const { item } = this;
    const change = (part: Partial<FindingDraft>): void => void this.put({ draft: { id: uuid7(), fix: uuid7(), ...this.draft, ...part } });
    const text = (event: Event): string => (event.target as HTMLInputElement).value.trim();
    return html`<form class="finding" @submit=${(event: SubmitEvent) => { event.preventDefault(); void this.note(event.target as HTMLFormElement); }}>
      <label for="area-${item.code}">${t("在哪里")}</label>
      <input id="area-${item.code}" name="area" maxlength="60" list="areas-${item.code}" autocomplete="off" .value=${draft.area} @change=${(event: Event) => change({ area: text(event) })} />
      <datalist id="areas-${item.code}">${this.areas().map((area) => html`<option value=${area}></option>`)}</datalist>
      ${this.history(draft.area)}
      <label for="note-${item.code}">${t("情况")}</label>
      <input id="note-${item.code}" name="note" maxlength="300" autocomplete="off" .value=${draft.note} @change=${(event: Event) => change({ note: text(event) })} />
      <shot-button .shots=${draft.photos} .camera=${item.camera} label=${t("拍下问题")} @shots=${(event: CustomEvent<Shot[]>) => change({ photos: event.detail })}></shot-button>
      <p class="hint">${t("整改要求：{text}", { text: remedyText(item) })}</p>
      <shot-button .shots=${draft.fixed} .camera=${true} label=${t("当场整改，拍下结果")} @shots=${(event: CustomEvent<Shot[]>) => change({ fixed: event.detail })}></shot-button>
      <button class="primary" ?disabled=${this.busy}>${icon("flag")} ${draft.fixed.length ? t("记录：已当场整改") : t("记录问题")}</button>
    </form>`;
  }

  /** Areas that were named here before: the same problem again is known by the same words. */
  private areas(): string[] {
    const pinned = world.inspecting.pins[this.visit.id];
    const named = [...this.visit.findings.map((one) => one.area), ...(pinned?.repeats ?? []).map((one) => one.area), ...(pinned?.findings ?? []).map((one) => one.area)];
    return [...new Set(named.filter(Boolean))];
  }

  private history(area: string): TemplateResult | typeof nothing {
    const pinned = world.inspecting.pins[this.visit.id];
    const before = pinned?.repeats.find((one) => one.item === this.item.code && one.area === area);
    const open = pinned?.findings.find((one) => one.item.code === this.item.code && one.area === area);
    if (!before && !open) return nothing;
    return html`<p class="uneven history">${open ? t("这里已有同一问题未办结。") : ""}${before ? t("{days} 天内同一问题已有 {n} 次。", { days: pinned!.rules.repeat_window_days, n: before.times }) : ""}</p>`;
  }

  /** The finding, its photos and that it was put right go in together: all of it or nothing. */
  private async note(form: HTMLFormElement): Promise<void> {
    const [visit, { id: finding = uuid7(), fix = uuid7(), photos, fixed }] = [this.visit.id, this.draft];
    const typed = new FormData(form); // as it stands there: what was typed last may not have been put down yet
    const [area, note] = ["area", "note"].map((name) => String(typed.get(name) ?? "").trim());
    const photo = (of: "found" | "on_the_spot") => ({ sha256, at, place, placeless }: Shot) => ({ kind: "photo" as const, finding, of, sha256, at, place, ...(place ? {} : { placeless }) });
    this.busy = true;
    try {
      await world.do([
        { kind: "note_finding", id: finding, visit, item: this.item.code, ...(area ? { area } : {}), ...(note ? { note } : {}) },
        ...(await takenAsSet(photos)).map(photo("found")),
        ...(await takenAsSet(fixed)).map(photo("on_the_spot")),
        ...(fixed.length ? [{ kind: "fix_on_spot" as const, id: fix, finding }] : []),
      ]);
      await this.put({ draft: undefined });
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }
}

define("item-view", ItemView);
