/** Inspecting: the team's round as a list and on a map, an enterprise by its code or name, then the visit itself. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { tidyCode } from "../kernel/codes";
import { PICTURES } from "../inspect/camera";
import { here } from "../inspect/place";
import type { Place, RoundLine } from "../protocol";
import { t } from "../texts/language";
import { world } from "../world";
import { codesInPhoto } from "./camera-box";
import "./camera-box";
import "./entry-view";
import { icon } from "./icons";
import { oneVisit } from "./inspect-words";
import { roundMap } from "./round-map";
import { define, View } from "./view";
import "./visit-view";

const CREDIT_CODE = /[0-9A-Z]{18}/;

export class InspectTab extends View {
  private shown: "list" | "map" = "list";
  private text = "";
  private camera = false;
  private note = "";
  private own: Place | null = null;
  private chosen: RoundLine | undefined;

  protected override render(): TemplateResult {
    const { carried, visits } = world.inspecting;
    if (visits.open) return html`<visit-view .visit=${visits.open}></visit-view>`;
    if (!carried) return html`<p class="empty">${icon("list")} ${t("还没有检查任务。连上网络后自动取得。")}</p>`;
    if (this.chosen) return html`<entry-view .line=${this.chosen} @leave=${this.leave}></entry-view>`;
    const lines = this.found(carried.round);
    return html`<section class="round">
      <div class="choice">
        ${(["list", "map"] as const).map((one) => html`<button aria-pressed=${this.shown === one ? "true" : "false"} @click=${() => this.show(one)}>${icon(one === "list" ? "list" : "map")} ${one === "list" ? t("列表") : t("地图")}</button>`)}
      </div>
      ${this.camera ? html`<camera-box @code=${(event: CustomEvent<string>) => this.take(event.detail)}></camera-box>` : nothing}
      <form class="taking" @submit=${this.enter}>
        <label class="sr" for="firm">${t("企业名称、简拼，或扫企业码")}</label>
        <input id="firm" .value=${this.text} placeholder=${t("企业名称、简拼，或扫企业码")} autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go" @input=${this.typed} />
        <button class="primary" aria-label=${t("确定")}>${icon("check")}</button>
      </form>
      <div class="pair">
        <button aria-pressed=${this.camera ? "true" : "false"} @click=${() => { this.camera = !this.camera; this.requestUpdate(); }}>${icon("camera")} ${this.camera ? t("关相机") : t("相机")}</button>
        <label class="button">${icon("photo")} ${t("拍照识码")}<input class="sr" type="file" accept=${PICTURES} capture="environment" @change=${this.photo} /></label>
      </div>
      ${this.note ? html`<p class="note" role="status">${icon("warn")} ${this.note}</p>` : nothing}
      <p class="hint">${t("{day} · {grid} · {n} 家企业", { day: carried.day, grid: carried.grid.name, n: carried.round.length })}</p>
      ${this.shown === "map" ? roundMap(carried, lines, this.own, (line) => this.choose(line)) : nothing}
      <ol class="rows firms">${repeat(lines, (line) => line.enterprise, (line, place) => this.line(line, place))}</ol>
      <p class="hint seed">${t("抽查种子 {seed}", { seed: carried.seed.slice(0, 12) })}</p>
    </section>`;
  }

  private line(line: RoundLine, place: number): TemplateResult {
    const done = [...world.inspecting.visits.all.values()].some((visit) => visit.enterprise === line.enterprise && visit.ended);
    return html`<li><button @click=${() => this.choose(line)}>
      <span class="number">${place + 1}</span>
      <span class="who"><b>${line.short_name}</b><small>${line.reasons.join("；") || t("没有特别事项")}</small>
        ${line.purposes?.length ? html`<small class="todo">${oneVisit(line)}</small>` : nothing}
        ${line.own ? html`<em class="mark warn">${t("本人单位，请换人")}</em>` : nothing}
        ${line.full ? html`<em class="mark other">${t("本周已满 {n} 次，只能复查", { n: world.inspecting.carried!.cap })}</em>` : nothing}
        ${line.stopped ? html`<em class="mark bad">${t("停工中")}</em>` : nothing}
        ${done ? html`<em class="mark ok">${t("已查")}</em>` : nothing}</span>
    </button></li>`;
  }

  private found(lines: RoundLine[]): RoundLine[] {
    const wanted = this.text.trim().toLowerCase();
    if (!wanted) return lines;
    return lines.filter((line) => [line.name, line.short_name, line.initials, line.enterprise].some((text) => text.toLowerCase().includes(wanted)));
  }

  private show(one: "list" | "map"): void {
    this.shown = one;
    if (one === "map") void here().then(({ place }) => { this.own = place; this.requestUpdate(); });
    this.requestUpdate();
  }

  private readonly typed = (event: Event): void => {
    this.text = (event.target as HTMLInputElement).value;
    this.note = "";
    this.requestUpdate();
  };

  private readonly enter = (event: SubmitEvent): void => {
    event.preventDefault();
    this.take(this.text);
  };

  /** What was read or typed: an enterprise's code, alone or in an address, else a name that fits one of the round. */
  private take(raw: string): void {
    const round = world.inspecting.carried!.round;
    const code = tidyCode(raw);
    const known = round.find((line) => code.includes(line.enterprise));
    const named = this.found(round);
    if (known) return this.choose(known);
    const foreign = CREDIT_CODE.exec(code);
    if (foreign) return this.choose(stranger(foreign[0]), t("不在本组今天的名单里，照样可以检查，会请办公室核对。"));
    if (this.text.trim() && named.length === 1) return this.choose(named[0]!);
    this.note = named.length > 1 && this.text.trim() ? t("有 {n} 家，请在下面选一家。", { n: named.length }) : t("这不是企业码，名单里也没有这个名称。");
    this.requestUpdate();
  }

  private readonly photo = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (!file) return;
    const texts = await codesInPhoto(file);
    input.value = "";
    this.note = texts.length === 1 ? "" : texts.length ? t("照片里有多个码，请只拍一个。") : t("照片里没有读到码，请靠近一些重拍，或手工输入。");
    if (texts.length === 1) this.take(texts[0]!);
    this.requestUpdate();
  };

  private choose(line: RoundLine, note = ""): void {
    [this.chosen, this.note, this.camera, this.text] = [line, note, false, ""];
    this.requestUpdate();
  }

  private readonly leave = (): void => {
    [this.chosen, this.note] = [undefined, ""];
    this.requestUpdate();
  };
}

/** An enterprise that is not on the round: nothing is known of it here but its code. */
function stranger(enterprise: string): RoundLine {
  return { enterprise, name: enterprise, short_name: enterprise, initials: "", reasons: [], score: 0, visits: 0, last: null, full: false, own: false, drawn: false, stopped: false, places: [] };
}

define("inspect-tab", InspectTab);
