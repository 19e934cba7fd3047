/** Sampling: tube, then people, one after the other. Whatever comes in goes through the same field. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { t } from "../texts/language";
import { inside, isFull, type Tube } from "../work/shift";
import { world } from "../world";
import { icon } from "./icons";
import { outcomeView } from "./outcome";
import { questionView } from "./question";
import { define, View } from "./view";

const STATES = { saved: "已存本机", sent: "已发出", settled: "已送达", kept: "待办公室处理", held: "无法发送" } as const;

export class ScanTab extends View {
  private typed = "";

  protected override render(): TemplateResult {
    const tube = world.shift.current;
    return html`<section class="desk">
      ${this.tubeHead(tube)} ${outcomeView(world.desk.outcome)}
      ${world.desk.question ? questionView() : nothing}
      <form class="taking" @submit=${this.enter}>
        <label class="sr" for="take">${tube ? t("人员码、工号、证件号或姓名") : t("试管码")}</label>
        <input id="take" name="take" .value=${this.typed} placeholder=${tube ? t("扫人员码，或输入工号 / 姓名") : t("扫试管码，或手工输入")} autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go" @input=${this.input} />
        <button class="primary" aria-label=${t("确定")}>${icon("check")}</button>
      </form>
      ${tube ? this.inTube(tube) : nothing}
    </section>`;
  }

  protected override updated(): void {
    if (!world.desk.question && document.activeElement === document.body) this.querySelector<HTMLInputElement>("#take")?.focus();
  }

  private tubeHead(tube: Tube | undefined): TemplateResult {
    if (!tube) return html`<div class="holder none">${icon("tube")}<div><strong>${t("未开管")}</strong><span>${t("先扫试管码，再连续扫人")}</span></div></div>`;
    const count = inside(tube).length;
    return html`<div class="holder ${isFull(tube) ? "full" : ""}">
      ${icon("tube")}
      <div><strong>${tube.code}</strong><span>${tube.poolSize === 1 ? t("单人单管") : t("{n} 人混采", { n: tube.poolSize })}</span></div>
      <output class="count"><b>${count}</b>/${tube.poolSize}</output>
      <button class="primary" @click=${() => this.act(() => world.desk.askSeal())}>${t("封管")}</button>
    </div>`;
  }

  private inTube(tube: Tube): TemplateResult {
    const scans = tube.scans.toReversed();
    return html`<ol class="scans" aria-label=${t("管内人员")}>
      ${repeat(scans, (scan) => scan.id, (scan) => {
        const member = world.people?.get(scan.person);
        const state = world.entries.get(scan.id)?.row.state ?? "saved";
        return html`<li class=${scan.undone ? "undone" : ""}>
          <span class="dot ${state}" title=${t(STATES[state])}></span>
          <span class="who"><b>${member?.name ?? scan.claimed}</b><small>${member ? member.enterprise : t("不在名单")}</small></span>
          <small class="state ${state}">${scan.undone ? t("已撤销") : t(STATES[state])}</small>
          ${scan.undone ? nothing : html`<button class="quiet" @click=${() => void world.desk.undo(scan)} aria-label=${t("撤销 {name}", { name: member?.name ?? scan.claimed })}>${icon("undo")}</button>`}
        </li>`;
      })}
    </ol>`;
  }

  private act(what: () => void): void {
    what();
    this.requestUpdate();
  }

  private input(event: InputEvent): void {
    this.typed = (event.target as HTMLInputElement).value;
    this.requestUpdate();
  }

  private async enter(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const text = this.typed;
    this.typed = "";
    this.requestUpdate();
    await world.desk.take(text, true);
    this.requestUpdate();
  }
}

define("scan-tab", ScanTab);
