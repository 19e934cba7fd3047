/** What the desk must be told before it goes on: who is meant, how many swabs, whether to pool. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import type { Member } from "../protocol";
import type { Question } from "../desk/desk";
import { inside } from "../desk/shift";
import { world } from "../world";
import { icon } from "./icons";

let swabs: { tube: string; count: number } | undefined;

export function questionView(): TemplateResult {
  const question = world.desk.question!;
  switch (question.ask) {
    case "pick":
      return pick(question);
    case "single":
      return single(question);
    case "seal":
      return seal(question);
  }
}

function done(what: Promise<void> | void): void {
  void Promise.resolve(what).then(() => world.changed());
}

function dismiss(): void {
  world.desk.dismiss();
  world.changed();
}

function pick({ text, members }: Extract<Question, { ask: "pick" }>): TemplateResult {
  return html`<div class="question" role="dialog" aria-label=${t("选择人员")}>
    <h2>${members.length ? t("是哪一位？") : t("名单里没有“{text}”", { text })}</h2>
    <ul class="people">${members.map((member) => html`<li><button @click=${() => done(world.desk.pick(member))}>${line(member)}</button></li>`)}</ul>
    <div class="buttons">
      <button @click=${() => done(world.desk.pick(undefined))}>${icon("flag")} ${t("不在名单，照“{text}”记录", { text })}</button>
      <button class="quiet" @click=${dismiss}>${t("取消")}</button>
    </div>
  </div>`;
}

export function line(member: Member): TemplateResult {
  return html`<b>${member.name}</b><span>${member.enterprise} · ${member.staff_number}${member.tail ? ` · ${t("尾号 {tail}", { tail: member.tail })}` : ""}</span>
    ${member.single ? html`<em class="mark bad">${t("单采")}</em>` : nothing}${world.isDone(member) ? html`<em class="mark ok">${t("已采")}</em>` : nothing}`;
}

function single({ member }: Extract<Question, { ask: "single" }>): TemplateResult {
  return html`<div class="question danger" role="alertdialog" aria-label=${t("不得混采")}>
    <h2>${icon("stop")} ${t("{name} 不得混采", { name: member.name })}</h2>
    <p>${t("此人有未结的单管复采，必须单人单管。")}</p>
    <div class="buttons">
      <button class="primary" @click=${() => { world.desk.takeSingle(); world.changed(); }}>${icon("tube")} ${t("另开单管")}</button>
      <button class="danger" @click=${() => done(world.desk.poolAnyway())}>${t("仍然混采（记为异常）")}</button>
      <button class="quiet" @click=${dismiss}>${t("取消")}</button>
    </div>
  </div>`;
}

function seal({ tube }: Extract<Question, { ask: "seal" }>): TemplateResult {
  const people = inside(tube).length;
  if (swabs?.tube !== tube.code) swabs = { tube: tube.code, count: people };
  const count = swabs.count;
  const set = (value: number): void => {
    swabs = { tube: tube.code, count: Math.min(1000, Math.max(0, value || 0)) };
    world.changed();
  };
  return html`<div class="question" role="dialog" aria-label=${t("封管")}>
    <h2>${t("封管 {code}", { code: tube.code })}</h2>
    <p>${t("数一数管里的拭子：")}</p>
    <div class="stepper">
      <button @click=${() => set(count - 1)} aria-label=${t("少一支")}>−</button>
      <input inputmode="numeric" aria-label=${t("拭子数")} .value=${String(count)} @change=${(event: Event) => set(Number((event.target as HTMLInputElement).value))} />
      <button @click=${() => set(count + 1)} aria-label=${t("多一支")}>+</button>
    </div>
    <p class=${count === people ? "even" : "uneven"}>${t("名单 {n} 人", { n: people })}${count === people ? ` · ${t("相符")}` : ` · ${count > people ? t("多 {n} 支拭子没有姓名", { n: count - people }) : t("有 {n} 个姓名没有拭子", { n: people - count })}`}</p>
    <div class="buttons">
      <button class="primary" @click=${() => done(world.desk.seal(count))}>${icon("check")} ${t("封管")}</button>
      <button class="quiet" @click=${dismiss}>${t("返回")}</button>
    </div>
  </div>`;
}
