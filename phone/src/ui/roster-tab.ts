/** The point's list, offline: who is still to come, who is done. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { Member } from "../protocol";
import { t } from "../texts/language";
import { world } from "../world";
import "./antigen-list";
import { icon } from "./icons";
import { define, View } from "./view";
import { age } from "./waiting";

type Part = "missing" | "done" | "all";
const MOST = 400; // rows on the screen at once; the search finds the others

export class RosterTab extends View {
  private shown: Part = "missing";
  private text = "";
  private test: "pcr" | "antigen" = "pcr";

  protected override render(): TemplateResult {
    const people = world.people;
    if (!people) return html`<p class="empty">${icon("list")} ${t("还没有名单。连上网络后自动取得；没有名单也能采样。")}</p>`;
    const antigen = people.roster.antigen;
    if (antigen && (this.test === "antigen" || !people.roster.round)) {
      return html`<section class="roster">${people.roster.round ? this.tests() : nothing}<antigen-list></antigen-list>
        <p class="hint">${t("名单取于 {age} 前", { age: age(Date.now() - world.rosterAt) })} · ${antigen.day}</p></section>`;
    }
    if (!people.roster.round) return html`<p class="empty">${icon("list")} ${t("今天没有开放的轮次。")}</p>`;
    const due = people.roster.people.filter((member) => member.due);
    const done = due.filter((member) => world.isDone(member));
    return html`<section class="roster">
      ${antigen ? this.tests() : nothing}
      <dl class="sums">
        <div><dt>${t("应采")}</dt><dd data-sum="due">${due.length}</dd></div>
        <div class="ok"><dt>${t("已采")}</dt><dd data-sum="done">${done.length}</dd></div>
        <div class="warn"><dt>${t("未采")}</dt><dd data-sum="missing">${due.length - done.length}</dd></div>
      </dl>
      <label class="sr" for="find">${t("查找")}</label>
      <input id="find" type="search" placeholder=${t("姓名、拼音首字母、工号、尾号")} autocomplete="off" autocapitalize="off" spellcheck="false" .value=${this.text} @input=${this.find} />
      ${this.text ? nothing : this.parts()}
      ${this.list()}
      <p class="hint">${t("名单取于 {age} 前", { age: age(Date.now() - world.rosterAt) })} · ${people.roster.round.day}</p>
    </section>`;
  }

  /** On a morning with both, which list. */
  private tests(): TemplateResult {
    const titles = { pcr: "核酸", antigen: "抗原自测" } as const;
    return html`<div class="choice tests" role="group" aria-label=${t("哪种检测")}>
      ${(["pcr", "antigen"] as const).map((test) => html`<button aria-pressed=${this.test === test ? "true" : "false"} @click=${() => { this.test = test; this.requestUpdate(); }}>${t(titles[test])}</button>`)}
    </div>`;
  }

  private parts(): TemplateResult {
    const titles: Record<Part, string> = { missing: "未采", done: "已采", all: "全部" };
    return html`<div class="choice" role="group" aria-label=${t("显示")}>
      ${Object.entries(titles).map(([part, title]) => html`<button aria-pressed=${this.shown === part ? "true" : "false"} @click=${() => this.show(part as Part)}>${t(title)}</button>`)}
    </div>`;
  }

  private list(): TemplateResult {
    const people = world.people!;
    const wanted = (member: Member): boolean => this.shown === "all" || (member.due && world.isDone(member) === (this.shown === "done"));
    const found = this.text ? people.search(this.text, 30) : people.roster.people.filter(wanted);
    if (!found.length) return html`<p class="empty">${this.text ? t("名单里没有“{text}”", { text: this.text }) : t("没有人")}</p>`;
    return html`<ul class="rows">${repeat(found.slice(0, MOST), (member) => member.person, (member) => this.row(member))}</ul>
      ${found.length > MOST ? html`<p class="hint">${t("还有 {n} 人，请用查找。", { n: found.length - MOST })}</p>` : nothing}`;
  }

  private row(member: Member): TemplateResult {
    const done = world.isDone(member);
    return html`<li>
      <span class="slot">${member.slot === null ? "" : `${String(Math.floor(member.slot / 60)).padStart(2, "0")}:${String(member.slot % 60).padStart(2, "0")}`}</span>
      <span class="who"><b>${member.name}</b><small>${member.enterprise} · ${member.staff_number}${member.tail ? ` · ${t("尾号 {tail}", { tail: member.tail })}` : ""}</small></span>
      ${member.single ? html`<em class="mark bad">${t("单采")}</em>` : nothing}
      ${done ? html`<em class="mark ok">${t("已采")}</em>` : member.due ? html`<em class="mark warn">${t("未采")}</em>` : html`<em class="mark other">${t("不应采")}</em>`}
    </li>`;
  }

  private show(part: Part): void {
    this.shown = part;
    this.requestUpdate();
  }

  private find(event: InputEvent): void {
    this.text = (event.target as HTMLInputElement).value;
    this.requestUpdate();
  }
}

define("roster-tab", RosterTab);
