/** A visit under way: the aspects with their items, earlier findings to look at again, and the way out. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { clockOf } from "../kernel/moment";
import type { Item } from "../protocol";
import { isAnswered, isNote } from "../inspect/asking";
import type { Visit } from "../inspect/visits";
import { t } from "../texts/language";
import { world } from "../world";
import "./closing-view";
import { icon } from "./icons";
import { ASPECTS, basisWord, kindWord } from "./inspect-words";
import "./item-view";
import "./look-again";
import { define, View } from "./view";

const LOOK = "look_back";

export class VisitView extends View {
  declare visit: Visit;
  private aspect = "";
  private closing = false;
  private leaving = false;

  static override properties = { visit: { attribute: false } };

  protected override render(): TemplateResult {
    const { visit } = this;
    const pinned = world.inspecting.pins[visit.id];
    if (!pinned) return this.unknown();
    if (this.closing) return html`<closing-view .visit=${visit} @leave=${() => { this.closing = false; this.requestUpdate(); }}></closing-view>`;
    const groups = this.groups(world.inspecting.asked(visit));
    const shown = groups.find((one) => one.name === this.aspect) ?? groups[0];
    return html`<section class="visit">
      <header class="holder"><div><strong class="firm">${pinned.name}</strong>
        <span>${kindWord(visit.kind)} · ${clockOf(visit.at)} · ${pinned.sheet.name} v${pinned.sheet.version}</span>
        <span class="ground">${basisWord(visit.basis)}${pinned.orders ? "" : ` · ${t("只能提建议")}`}</span></div>
        <output class="count" aria-label=${t("已答 {n} 项，共 {of} 项", this.sums())}><b>${this.sums().n}</b>/${this.sums().of}</output></header>
      ${groups.length > 1 ? html`<nav class="aspects" aria-label=${t("检查方面")}>${groups.map((one) => html`<button aria-pressed=${one === shown ? "true" : "false"} @click=${() => this.go(one.name)}>${one.title} <small>${one.done}/${one.of}</small>${one.bad ? html`<span class="badge">${one.bad}</span>` : nothing}</button>`)}</nav>` : nothing}
      ${shown?.name === LOOK ? html`<look-again .visit=${visit}></look-again>` : html`<div class="items">${repeat(shown?.items ?? [], (item) => item.code, (item) => html`<item-view .visit=${visit} .item=${item}></item-view>`)}</div>`}
      <div class="buttons">
        <button class="primary" @click=${() => { this.closing = true; this.requestUpdate(); }}>${icon("check")} ${t("结束检查，看整改通知书草稿")}</button>
        <button class="quiet" @click=${() => { this.leaving = !this.leaving; this.requestUpdate(); }}>${t("取消检查")}</button>
      </div>
      ${this.leaving ? html`<div class="question danger" role="alertdialog" aria-label=${t("取消这次检查？")}>
        <h2>${t("取消这次检查？")}</h2><p>${t("已经记录的问题会保留。")}</p>
        <div class="buttons"><button class="danger" @click=${() => void world.inspecting.end(visit, { how: "cancelled" })}>${t("取消检查")}</button>
          <button class="quiet" @click=${() => { this.leaving = false; this.requestUpdate(); }}>${t("返回")}</button></div>
      </div>` : nothing}
    </section>`;
  }

  /** Begun on another phone whose queue was carried here: it goes in, but what it asks by stayed there. */
  private unknown(): TemplateResult {
    const { visit } = this;
    return html`<section class="card"><h2>${visit.enterprise}</h2><p class="note">${icon("warn")} ${t("这次检查是在另一台手机上开始的，请在那台手机上继续，或在这里结束。")}</p>
      <div class="buttons"><button @click=${() => void world.inspecting.end(visit, { how: "cancelled" })}>${t("取消检查")}</button></div></section>`;
  }

  private go(aspect: string): void {
    this.aspect = aspect;
    this.requestUpdate();
    scrollTo({ top: 0 });
  }

  private sums(): { n: number; of: number } {
    const groups = this.groups(world.inspecting.asked(this.visit));
    return { n: groups.reduce((sum, one) => sum + one.done, 0), of: groups.reduce((sum, one) => sum + one.of, 0) };
  }

  private groups(items: Item[]): { name: string; title: string; items: Item[]; done: number; of: number; bad: number }[] {
    const { visit } = this;
    const { inspecting } = world;
    const known = new Set(ASPECTS.flatMap((one) => one.of));
    const others = [...new Set(items.map((item) => item.aspect).filter((aspect) => !known.has(aspect)))];
    const all = [...ASPECTS.map((one) => ({ ...one, title: t(one.title) })), ...others.map((name) => ({ name, title: inspecting.carried?.aspects[name] ?? name, of: [name] }))];
    const found = all.map(({ name, title, of }) => {
      const own = items.filter((item) => of.includes(item.aspect));
      const answers = own.filter((item) => !isNote(item)).map((item) => ({ item, answer: inspecting.answerTo(visit.id, item.code) }));
      const [done, bad] = [answers.filter(({ item, answer }) => isAnswered(item, answer)), answers.filter(({ answer }) => answer.ok === false)];
      return { name, title, items: own, done: done.length, of: answers.length, bad: bad.length };
    });
    const before = inspecting.pins[visit.id]?.findings ?? [];
    const looked = before.filter((one) => visit.looks.has(one.finding)).length;
    if (before.length) found.push({ name: LOOK, title: t("复查"), items: [], done: looked, of: before.length, bad: 0 });
    return found.filter((one) => one.of > 0 || one.items.length);
  }
}

define("visit-view", VisitView);
