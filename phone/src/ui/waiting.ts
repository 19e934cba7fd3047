/** The number that must never be out of sight: how much is on this phone alone, and since when. */

import { html, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { world } from "../world";
import { icon } from "./icons";

/** "4 分钟" of milliseconds. */
export function age(milliseconds: number): string {
  const minutes = Math.floor(Math.max(0, milliseconds) / 60_000);
  if (minutes < 1) return t("不到 1 分钟");
  if (minutes < 60) return t("{n} 分钟", { n: minutes });
  return t("{h} 小时 {n} 分钟", { h: Math.floor(minutes / 60), n: minutes % 60 });
}

export function waitingChip(): TemplateResult {
  const { count, oldest } = world.queue;
  if (!count) {
    return html`<a class="chip settled" href="#/my" data-waiting="0">${icon("cloud")}<span>${t("全部已送达")}</span></a>`;
  }
  const old = oldest !== undefined && Date.now() - oldest > 10 * 60_000;
  return html`<a class="chip ${old ? "old" : world.link === "sending" ? "sent" : "saved"}" href="#/my" data-waiting=${count}>
    ${icon(world.link === "sending" ? "up" : "phone")}
    <span><b>${count}</b> ${t("条待发")}${oldest === undefined ? "" : html`<small>${t("最早 {age}", { age: age(Date.now() - oldest) })}</small>`}</span>
  </a>`;
}
