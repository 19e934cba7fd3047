/** The morning's self-tests, offline: who has told what; a result is two taps, a photo of the test is optional. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import type { AntigenValue, Tester } from "../protocol";
import { t } from "../texts/language";
import { read, tidy, tidyCode } from "../kernel/codes";
import { keepFile, NoRoom } from "../store/files";
import { smaller } from "../store/picture";
import { world } from "../world";
import "./code-field";
import { feel } from "./feel";
import { icon } from "./icons";
import { define, View } from "./view";
import { stateWord, valueWord } from "./words";

type Part = "missing" | "told" | "all";
const MOST = 400;
const VALUES: AntigenValue[] = ["negative", "positive", "indeterminate", "invalid"];
const TONES: Record<AntigenValue, string> = { negative: "ok", positive: "bad", indeterminate: "warn", invalid: "warn" };

export class AntigenList extends View {
  private shown: Part = "missing";
  private text = "";
  private chosen: Tester | undefined;
  private photo: Blob | undefined;
  private problem = "";
  private said = "";

  private get people(): Tester[] {
    return world.people?.roster.antigen?.people ?? [];
  }

  protected override render(): TemplateResult {
    const told = this.people.filter((one) => valueOf(one)).length;
    const positive = this.people.filter((one) => valueOf(one) === "positive").length;
    return html`<dl class="sums">
        <div class="ok"><dt>${t("已报")}</dt><dd data-sum="told">${told}</dd></div>
        <div class="warn"><dt>${t("未报")}</dt><dd data-sum="untold">${this.people.length - told}</dd></div>
        <div class="bad"><dt>${t("阳性")}</dt><dd data-sum="positive">${positive}</dd></div>
      </dl>
      ${this.chosen ? this.asking(this.chosen) : nothing}
      ${this.said ? html`<p class="even" role="status">${icon("check")} ${this.said}</p>` : nothing}
      <code-field id="tester" label=${t("查找")} placeholder=${t("扫人员码，或姓名")} @input=${this.find} @code=${this.seen}></code-field>
      ${this.text ? nothing : this.parts()}
      ${this.list()}`;
  }

  private parts(): TemplateResult {
    const titles: Record<Part, string> = { missing: "未报", told: "已报", all: "全部" };
    return html`<div class="choice" role="group" aria-label=${t("显示")}>
      ${Object.entries(titles).map(([part, title]) => html`<button aria-pressed=${this.shown === part ? "true" : "false"} @click=${() => { this.shown = part as Part; this.requestUpdate(); }}>${t(title)}</button>`)}
    </div>`;
  }

  private list(): TemplateResult {
    const wanted = (one: Tester): boolean => this.shown === "all" || Boolean(valueOf(one)) === (this.shown === "told");
    const found = this.people.filter(this.text ? (one) => matches(one, this.text) : wanted);
    if (!found.length) return html`<p class="empty">${this.text ? t("名单里没有“{text}”", { text: this.text }) : t("没有人")}</p>`;
    return html`<ul class="rows">${repeat(found.slice(0, MOST), (one) => one.person, (one) => this.row(one))}</ul>
      ${found.length > MOST ? html`<p class="hint">${t("还有 {n} 人，请用查找。", { n: found.length - MOST })}</p>` : nothing}`;
  }

  private row(one: Tester): TemplateResult {
    const value = valueOf(one);
    const here = world.shift.selfTests.get(one.person);
    const state = here && world.entries.get(here.id)?.row.state;
    return html`<li><button type="button" class="line" @click=${() => this.choose(one)}>
      <span class="who"><b>${one.name}</b><small>${one.enterprise} · ${one.staff_number}${one.tail ? ` · ${t("尾号 {tail}", { tail: one.tail })}` : ""}</small></span>
      ${state ? html`<small class="state ${state}">${stateWord(state)}</small>` : nothing}
      ${value ? html`<em class="mark ${TONES[value]}">${valueWord(value)}</em>` : html`<em class="mark warn">${t("未报")}</em>`}</button></li>`;
  }

  private asking(one: Tester): TemplateResult {
    return html`<div class="question" role="dialog" aria-label=${t("抗原结果")}>
      <h2>${one.name}</h2><p>${one.enterprise} · ${one.staff_number}</p>
      <label class="button">${icon("photo")} ${this.photo ? t("已拍照，可重拍") : t("拍下试纸（可不拍）")}<input class="sr" type="file" accept="image/*" capture="environment" @change=${this.took} /></label>
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      <div class="values">${VALUES.map((value) => html`<button type="button" class=${TONES[value]} @click=${() => void this.tell(one, value)}>${valueWord(value)}</button>`)}</div>
      <div class="buttons"><button type="button" class="quiet" @click=${() => this.choose(undefined)}>${t("取消")}</button></div>
    </div>`;
  }

  private choose(one: Tester | undefined): void {
    [this.chosen, this.photo, this.problem, this.said] = [one, undefined, "", ""];
    this.requestUpdate();
    if (one) void this.updateComplete.then(() => this.querySelector(".question")?.scrollIntoView({ block: "start" }));
  }

  private readonly took = async (event: Event): Promise<void> => {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    this.photo = file && (await smaller(file));
    this.problem = file && !this.photo ? t("这张照片打不开，请重拍，或不附照片。") : "";
    this.requestUpdate();
  };

  private async tell(one: Tester, value: AntigenValue): Promise<void> {
    try {
      const photo = this.photo && (await kept(this.photo));
      await world.do([{ kind: "antigen", person: one.person, value, ...(photo ? { photo } : {}) }]);
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
      feel({ tone: "stop", why: "not_saved", text: "" });
      return this.requestUpdate();
    }
    this.choose(undefined);
    this.said = t("{name}：{value}，已存本机", { name: one.name, value: valueWord(value) });
    feel({ tone: value === "negative" ? "ok" : "twice", member: undefined, claimed: "", scan: undefined });
    this.requestUpdate();
  }

  private readonly find = (event: Event): void => {
    const input = event.target as HTMLInputElement;
    if (input.type === "file") return;
    this.text = tidy(input.value);
    this.requestUpdate();
  };

  private readonly seen = async (event: CustomEvent<string>): Promise<void> => {
    const found = read(event.detail);
    const code = found.is === "person_code" ? await world.personCode(found.text) : undefined;
    const exact = code ? this.people.filter((one) => one.person === code.person) : this.people.filter((one) => isExactly(one, found.text));
    if (exact.length === 1) this.choose(exact[0]);
    else if (code) this.said = t("此人不在今早的名单里。");
    this.requestUpdate();
  };
}

/** What is known of the person this morning: the last that was taken down here, else what the park has told. */
function valueOf(one: Tester): AntigenValue | null {
  return world.shift.selfTests.get(one.person)?.value ?? one.value;
}

function isExactly(one: Tester, text: string): boolean {
  return one.name === tidy(text) || (one.staff_number !== "" && tidyCode(one.staff_number) === tidyCode(text));
}

function matches(one: Tester, text: string): boolean {
  const [low, code] = [text.toLowerCase(), tidyCode(text)];
  return one.name.includes(text) || one.initials.startsWith(low) || (code.length > 1 && tidyCode(one.staff_number).includes(code)) || (code.length === 4 && one.tail === code);
}

/** A phone too full for pictures still tells the result. */
async function kept(photo: Blob): Promise<string | undefined> {
  try {
    return await keepFile(photo);
  } catch (problem) {
    if (problem instanceof NoRoom) return undefined;
    throw problem;
  }
}

define("antigen-list", AntigenList);
