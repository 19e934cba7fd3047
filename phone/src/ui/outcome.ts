/** The answer to a reading, in words, with a colour of its own. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import type { Outcome, Stop } from "../desk/desk";
import type { CodeState } from "../desk/personcode";
import { inside } from "../desk/shift";
import { world } from "../world";
import { icon } from "./icons";

const STOPS: Record<Stop, [title: string, remedy: string]> = {
  full: ["这管已满", "请先封管，再扫下一管。"],
  no_tube: ["先扫试管码", "读到的是人员。请先扫或输入试管上的条码。"],
  check_character: ["试管码有误", "末位校验不符，可能抄错或读残。请重扫。"],
  check_digit: ["证件号有误", "校验位或出生日期不符，请逐位核对。"],
  length: ["位数不对", "可能只读到一部分。请重扫。"],
  tube_used: ["这管已用过", "一个试管码只能用一次。请换一支新管，这支交给负责人。"],
  box: ["这是箱码", "请到“交接”页装箱。"],
  enrolment: ["这是登记码", "要登记另一台手机，请在那台手机上扫。"],
  damaged_code: ["人员码没读全", "请再扫一次；仍读不全会照原样记录。"],
  not_saved: ["没有存上！", "这一条没有保存。请腾出手机空间后重试。"],
  answer_first: ["请先处理屏幕上的问题", ""],
};

const UNPROVEN: Partial<Record<CodeState, [title: string, remedy: string]>> = {
  expired: ["人员码已过期", "已记录。请对方刷新人员码。"],
  not_yet: ["人员码未到生效日", "已记录，由办公室核对。"],
  tampered: ["人员码签名不符！", "已照原样记录。请核对证件，留意冒用。"],
  unknown_key: ["人员码暂时无法核实", "已照原样记录，由服务器核实。"],
  foreign_park: ["不是本园区的人员码", "已照原样记录，由办公室核对。"],
  newer_version: ["人员码版本较新", "已照原样记录。请更新本应用。"],
  damaged: ["人员码残缺", "已照原样记录，由办公室核对。"],
};

export function outcomeView(outcome: Outcome | undefined): TemplateResult {
  if (!outcome) return html`<div class="outcome idle" role="status"></div>`;
  return html`<div class="outcome ${outcome.tone}" role=${outcome.tone === "stop" ? "alert" : "status"} data-tone=${outcome.tone}>${body(outcome)}</div>`;
}

function body(outcome: Outcome): TemplateResult {
  switch (outcome.tone) {
    case "tube":
      return html`${icon("tube")}<div><strong>${outcome.tube.code}</strong><span>${t("已开管，可连续扫 {n} 人", { n: outcome.tube.poolSize })}</span>
        ${world.isOurs(outcome.tube.code) ? nothing : html`<em class="mark warn">${t("不是本点领的试管，已记录")}</em>`}</div>`;
    case "sealed":
      return html`${icon("check")}<div><strong>${t("已封管")}</strong><span>${outcome.tube.code} · ${t("{n} 人", { n: inside(outcome.tube).length })}${outcome.difference ? html` · ${t("拭子数不符，已记为异常")}` : nothing}</span></div>`;
    case "undone":
      return html`${icon("undo")}<div><strong>${t("已撤销")}</strong><span>${outcome.member?.name ?? outcome.claimed}</span></div>`;
    case "stop": {
      const [title, remedy] = STOPS[outcome.why];
      return html`${icon("stop")}<div><strong>${t(title)}</strong><span>${remedy ? t(remedy) : ""}${outcome.text ? html` <code>${outcome.text}</code>` : nothing}</span></div>`;
    }
    case "unproven": {
      const [title, remedy] = UNPROVEN[outcome.state] ?? ["人员码残缺", ""];
      return html`${icon("warn")}<div><strong>${outcome.member?.name ?? t(title)}</strong>
        <span>${outcome.member ? html`${outcome.member.enterprise} · ${t(title)}` : nothing}</span><em>${t(remedy)}</em></div>`;
    }
    default:
      return person(outcome);
  }
}

const NOTES = { ok: "", other: "不同单位或不在名单", twice: "本轮已采过，两次都已记录", again: "已在这一管里，没有重复记录" } as const;

function person(outcome: Extract<Outcome, { tone: "ok" | "other" | "twice" | "again" }>): TemplateResult {
  const { member, claimed, tone } = outcome;
  const note = !member && tone !== "again" ? "不在名单上，已按原样记录" : NOTES[tone];
  return html`${icon(tone === "ok" ? "check" : tone === "again" ? "undo" : "flag")}<div>
    <strong>${member?.name ?? claimed}</strong>
    <span>${member ? html`${member.enterprise}${member.tail ? html` · ${t("尾号 {tail}", { tail: member.tail })}` : nothing}` : nothing}</span>
    ${note ? html`<em>${t(note)}</em>` : nothing}
  </div>`;
}
