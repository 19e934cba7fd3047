/** Mine: what waits, item by item; this phone; who is on duty; language; lock and leave. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../texts/language";
import { clockOf, secondOf } from "../kernel/moment";
import { room, type Room } from "../store/ballast";
import { parkAhead } from "../store/clock";
import { VERSION } from "../protocol";
import { type Entry, IDLE_CHOICES, world } from "../world";
import { icon } from "./icons";
import { languages } from "./languages";
import "./transfer-view";
import { define, View } from "./view";
import { age } from "./waiting";
import { doubtWord, nameOf, operationWord, roleWord, stateWord } from "./words";

const MOST = 300;

export class MyTab extends View {
  private space: Room | undefined;
  private everything = false;
  private leaving = false;

  override connectedCallback(): void {
    super.connectedCallback();
    void room().then((space) => {
      this.space = space;
      this.requestUpdate();
    });
  }

  protected override render(): TemplateResult {
    return html`${this.queue()}${this.items()}<transfer-view></transfer-view>${world.inspects ? nothing : this.duty()}${this.phone()}${this.settings()}`;
  }

  private queue(): TemplateResult {
    const { count, oldest } = world.queue;
    return html`<section class="card queue ${count ? "some" : "none"}">
      <h2>${count ? html`<b class="huge">${count}</b> ${t("条只在这台手机上")}` : html`${icon("cloud")} ${t("全部已送达园区")}`}</h2>
      ${oldest === undefined ? nothing : html`<p>${t("最早 {age} 前", { age: age(Date.now() - oldest) })}</p>`}
      <p class="link" role="status">${this.link()}</p>
      ${world.trouble?.code === "unknown_token" ? html`<p class="error">${t("这台手机的登记已失效。请向办公室要新的登记码，内容都会保留。")}</p>
        <button @click=${() => world.enrolAgain()}>${t("重新登记")}</button>` : nothing}
      ${count ? html`<button class="primary" @click=${() => void world.outbox.now()}>${icon("up")} ${t("立即发送")}</button>` : nothing}
    </section>`;
  }

  private link(): string {
    const { link, trouble, nextTry } = world;
    const again = nextTry > Date.now() ? t("，{n} 秒后再试", { n: Math.ceil((nextTry - Date.now()) / 1000) }) : "";
    switch (link) {
      case "sending":
        return t("正在发送…");
      case "waits":
        return t("等候园区：{time} 自动再发。采样照常进行。", { time: secondOf(nextTry) });
      case "no_answer":
        return t("连不上园区服务器{again}。采样照常进行。", { again });
      case "refused":
        return (trouble?.message || t("服务器暂时不收{again}。", { again })) + again;
      case "update":
        return t("需要更新应用；未发送的内容会保留。");
      case "idle":
        return trouble?.message ?? "";
    }
  }

  private items(): TemplateResult {
    const open = [...world.entries.values()].filter((entry) => this.everything || entry.row.state !== "settled");
    const shown = open.sort((one, other) => other.row.seq - one.row.seq).slice(0, MOST);
    return html`<section class="card">
      <h2>${this.everything ? t("本机全部操作") : t("未送达")} <span class="mark other">${open.length}</span></h2>
      ${shown.length ? html`<ul class="rows items">${repeat(shown, (entry) => entry.row.id, (entry) => this.item(entry))}</ul>` : html`<p class="hint">${t("没有。")}</p>`}
      <button class="quiet" aria-pressed=${this.everything ? "true" : "false"} @click=${() => { this.everything = !this.everything; this.requestUpdate(); }}>${this.everything ? t("只看未送达") : t("也看已送达")}</button>
    </section>`;
  }

  private item({ row, operation }: Entry): TemplateResult {
    return html`<li data-state=${row.state}>
      <span class="dot ${row.state}"></span>
      <span class="who"><b>${operationWord(operation)}</b><small>${clockOf(row.at)}${row.doubts?.length ? ` · ${row.doubts.map(doubtWord).join("、")}` : ""}${row.message ? ` · ${row.message}` : ""}</small></span>
      <small class="state ${row.state}">${stateWord(row.state)}</small>
    </li>`;
  }

  private duty(): TemplateResult {
    const session = world.shift.session;
    return html`<section class="card">
      <h2>${t("值守")}</h2>
      ${session
        ? html`<p>${t("{time} 开始", { time: clockOf(session.at) })}</p>
            <ul class="plain">${session.duties.map((duty) => html`<li>${nameOf(duty.person, "")} · ${roleWord(duty.role)}</li>`)}</ul>
            <button ?disabled=${world.shift.open.length > 0} @click=${() => void world.do([{ kind: "close_session", session: session.id }])}>${t("结束值守")}</button>
            ${world.shift.open.length ? html`<p class="hint">${t("还有 {n} 管未封。", { n: world.shift.open.length })}</p>` : nothing}`
        : html`<p class="hint">${t("未开始。到“采样”页开始。")}</p>`}
    </section>`;
  }

  private phone(): TemplateResult {
    const drift = parkAhead();
    const space = this.space;
    return html`<section class="card">
      <h2>${t("这台手机")}</h2>
      <dl class="facts">
        <dt>${t("登记人")}</dt><dd>${world.enrolment?.holder.name} · ${roleWord(world.enrolment?.role ?? "")}</dd>
        <dt>${t("园区")}</dt><dd>${world.enrolment?.park}</dd>
        <dt>${t("存储")}</dt><dd>${space ? html`${megabytes(space.used)} / ${megabytes(space.quota)} · ${space.persisted ? t("浏览器不会清除") : html`<em class="mark warn">${t("浏览器可能清除，请尽快发送")}</em>`}${space.full ? html` <em class="mark bad">${t("快满：不再存照片")}</em>` : nothing}` : "…"}</dd>
        <dt>${t("时钟")}</dt><dd>${Math.abs(drift) < 60_000 ? t("与园区一致") : t(drift > 0 ? "慢 {age}，已自动校正" : "快 {age}，已自动校正", { age: age(Math.abs(drift)) })}</dd>
        <dt>${t("版本")}</dt><dd>${VERSION}</dd>
      </dl>
    </section>`;
  }

  private settings(): TemplateResult {
    const { count, kept } = world.queue;
    return html`<section class="card">
      <h2>${t("设置")}</h2>
      ${languages()}
      <label for="idle">${t("多久不用就锁定")}</label>
      <select id="idle" @change=${(event: Event) => void world.setIdle(Number((event.target as HTMLSelectElement).value))}>
        ${IDLE_CHOICES.map((minutes) => html`<option value=${minutes} ?selected=${minutes === world.idleMinutes}>${t("{n} 分钟", { n: minutes })}</option>`)}
      </select>
      <div class="buttons">
        <button @click=${() => void world.lockSoon()}>${icon("lock")} ${t("现在锁定")}</button>
        <button class="danger" ?disabled=${count > 0} aria-describedby="leave-why" @click=${() => { this.leaving = true; this.requestUpdate(); }}>${t("退出登记并清除本机")}</button>
        <p class="hint" id="leave-why">${count ? t("还有 {n} 条未送达，送达后才能退出。", { n: count }) : kept ? t("有 {n} 条由办公室处理中，已在服务器保存。", { n: kept }) : t("清除名单、密钥和记录；再用需要新的登记码。")}</p>
      </div>
      ${this.leaving && !count ? html`<div class="question danger" role="alertdialog" aria-label=${t("确认退出")}>
        <h2>${t("清除本机全部内容？")}</h2>
        <div class="buttons">
          <button class="danger" @click=${() => void world.wipe()}>${t("清除并退出")}</button>
          <button class="quiet" @click=${() => { this.leaving = false; this.requestUpdate(); }}>${t("取消")}</button>
        </div>
      </div>` : nothing}
    </section>`;
  }
}

function megabytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

define("my-tab", MyTab);
