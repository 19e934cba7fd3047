/** Sampling: tube, then people, one after the other. Whatever comes in goes through the same field. */

import { html, nothing, type TemplateResult } from "lit";
import { repeat } from "lit/directives/repeat.js";
import { uuid7 } from "../kernel/ids";
import { t } from "../texts/language";
import { inside, isFull, type Tube } from "../desk/shift";
import { world } from "../world";
import { icon } from "./icons";
import { outcomeView } from "./outcome";
import { questionView } from "./question";
import "./camera-box";
import { codesInPhoto } from "./camera-box";
import { define, View } from "./view";
import { nameOf, roleWord, stateWord } from "./words";

export class ScanTab extends View {
  private typed = "";
  private byHand = false;
  private camera = false;
  private note = "";
  private readonly absent = new Set<string>();

  protected override render(): TemplateResult {
    const tube = world.shift.current;
    if (!world.shift.session && !tube) return this.beginning();
    return html`<section class="desk">
      ${this.tubeHead(tube)}
      ${this.camera ? html`<camera-box @code=${this.seen}></camera-box>` : nothing} ${world.desk.question ? nothing : outcomeView(world.desk.outcome)}
      ${world.desk.question ? questionView() : nothing}
      <form class="taking" @submit=${this.enter}>
        <label class="sr" for="take">${tube ? t("人员码、工号、证件号或姓名") : t("试管码")}</label>
        <input id="take" name="take" .value=${this.typed} placeholder=${tube ? t("扫人员码，或输入工号 / 姓名") : t("扫试管码，或手工输入")} autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="go"
          inputmode=${this.byHand ? "text" : "none"} @pointerdown=${() => this.hand(true)} @blur=${() => this.hand(false)} @input=${this.input} />
        <button class="primary" aria-label=${t("确定")}>${icon("check")}</button>
      </form>
      <div class="pair">
        <button aria-pressed=${this.camera ? "true" : "false"} @click=${() => this.act(() => (this.camera = !this.camera))}>${icon("camera")} ${this.camera ? t("关相机") : t("相机")}</button>
        <label class="button">${icon("photo")} ${t("拍照识码")}<input class="sr" type="file" accept="image/*" capture="environment" @change=${this.photo} /></label>
      </div>
      ${this.note ? html`<p class="note" role="status">${this.note}</p>` : nothing}
      ${tube ? this.inTube(tube) : nothing}
    </section>`;
  }

  /** Before the first tube: who is on duty. Nobody need be chosen; work is never held up. */
  private beginning(): TemplateResult {
    const specialists = world.people?.roster.specialists ?? [];
    return html`<section class="card">
      <h2>${t("开始值守")}</h2>
      ${specialists.length ? html`<p class="hint">${t("勾选现在在岗的专员：")}</p>` : html`<p class="hint">${t("名单里没有专员信息，可以直接开始。")}</p>`}
      <ul class="rows">${specialists.map((one) => {
        const key = `${one.person} ${one.role}`;
        return html`<li><label class="tick"><input type="checkbox" .checked=${!this.absent.has(key)} @change=${() => { if (!this.absent.delete(key)) this.absent.add(key); }} />
          <span class="who"><b>${one.name}</b><small>${roleWord(one.role)}</small></span></label></li>`;
      })}</ul>
      <div class="buttons"><button class="primary" @click=${this.begin}>${icon("check")} ${t("开始采样")}</button></div>
    </section>`;
  }

  private readonly begin = (): void => {
    const session = uuid7();
    const here = (world.people?.roster.specialists ?? []).filter((one) => !this.absent.has(`${one.person} ${one.role}`));
    void world.do([{ kind: "open_session", id: session }, ...here.map(({ person, role }) => ({ kind: "go_on_duty" as const, session, person, role }))]);
  };

  private readonly seen = (event: CustomEvent<string>): void => {
    void world.desk.take(event.detail);
  };

  private readonly photo = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (!file) return;
    const texts = await codesInPhoto(file);
    input.value = "";
    this.note = texts.length === 1 ? "" : texts.length ? t("照片里有多个码，请只拍一个。") : t("照片里没有读到码，请靠近一些重拍，或手工输入。");
    if (texts.length === 1) await world.desk.take(texts[0]!);
    this.requestUpdate();
  };

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
          <span class="dot ${state}" ></span>
          <span class="who"><b>${nameOf(scan.person, scan.claimed)}</b><small>${member ? member.enterprise : t("不在名单")}</small></span>
          <small class="state ${state}">${scan.undone ? t("已撤销") : stateWord(state)}</small>
          ${scan.undone ? nothing : html`<button class="quiet" @click=${() => void world.desk.undo(scan)} aria-label=${t("撤销 {name}", { name: nameOf(scan.person, scan.claimed) })}>${icon("undo")}</button>`}
        </li>`;
      })}
    </ol>`;
  }

  private act(what: () => void): void {
    what();
    this.requestUpdate();
  }

  /** The field is focused for the scanner without the keyboard on the glass; a finger on it brings the keyboard. */
  private hand(byHand: boolean): void {
    this.byHand = byHand;
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
