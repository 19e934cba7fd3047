/** Boxes: sealed tubes go in, and whoever gives and whoever takes signs on the glass. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { read } from "../kernel/codes";
import { clockOf } from "../kernel/moment";
import { keepFile, NoRoom } from "../store/files";
import { inside, type Box, type Tube } from "../desk/shift";
import { world } from "../world";
import { icon } from "./icons";
import type { SignaturePad } from "./signature-pad";
import "./signature-pad";
import { define, View } from "./view";

type Leg = "to_courier" | "to_lab";

export class HandoverTab extends View {
  private readonly left = new Set<string>();
  private problem = "";
  private giving: { box: Box; leg: Leg; taker: string; takerName: string } | undefined;
  private busy = false;

  protected override render(): TemplateResult {
    if (this.giving) return this.sheet(this.giving);
    const tubes = world.shift.unboxed;
    const open = world.shift.open;
    return html`<section class="handover">
      ${open.length ? html`<p class="note">${icon("tube")} ${t("还有 {n} 管未封，不能装箱。", { n: open.length })}</p>` : nothing}
      <form class="card" @submit=${this.pack}>
        <h2>${t("待装箱")} <output class="mark other">${tubes.length}</output></h2>
        ${tubes.length ? html`<ul class="rows">${tubes.map((tube) => this.tube(tube))}</ul>` : html`<p class="hint">${t("封好的试管会出现在这里。")}</p>`}
        ${tubes.length ? html`<label for="box">${t("箱码")}</label>
          <input id="box" name="box" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder=${t("扫箱码，或手工输入")} required />
          ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
          <button class="primary">${icon("box")} ${t("{n} 管装箱并封箱", { n: tubes.filter((tube) => !this.left.has(tube.code)).length })}</button>` : nothing}
      </form>
      ${[...world.shift.boxes.values()].reverse().map((box) => this.box(box))}
    </section>`;
  }

  private tube(tube: Tube): TemplateResult {
    const toggle = (): void => {
      if (!this.left.delete(tube.code)) this.left.add(tube.code);
      this.requestUpdate();
    };
    const uneven = tube.sealed!.swabs !== inside(tube).length;
    return html`<li><label class="tick"><input type="checkbox" .checked=${!this.left.has(tube.code)} @change=${toggle} />
      <span class="who"><b class="code">${tube.code}</b><small>${t("{n} 人", { n: inside(tube).length })} · ${clockOf(tube.sealed!.at)}</small></span></label>
      ${uneven ? html`<em class="mark warn">${t("拭子 {n}", { n: tube.sealed!.swabs })}</em>` : nothing}</li>`;
  }

  private box(box: Box): TemplateResult {
    const next: Leg | undefined = !box.toCourier ? "to_courier" : !box.toLab ? "to_lab" : undefined;
    return html`<article class="card">
      <h2>${icon("box")} <span class="code">${box.code}</span> <span class="mark other">${t("{n} 管", { n: box.tubes.length })}</span></h2>
      <ol class="steps">
        <li class="done">${t("封箱")} ${clockOf(box.at)}</li>
        <li class=${box.toCourier ? "done" : ""}>${t("交给转运员")} ${box.toCourier ? clockOf(box.toCourier.at) : ""}</li>
        <li class=${box.toLab ? "done" : ""}>${t("交到实验室")} ${box.toLab ? clockOf(box.toLab.at) : ""}</li>
      </ol>
      ${next ? html`<button class=${next === "to_courier" ? "primary" : ""} @click=${() => this.give(box, next)}>${next === "to_courier" ? t("交给转运员") : t("交到实验室")}</button>` : nothing}
    </article>`;
  }

  private sheet({ box, leg, taker, takerName }: NonNullable<HandoverTab["giving"]>): TemplateResult {
    const specialists = world.people?.roster.specialists ?? [];
    const [giver, receiver] = leg === "to_courier" ? [t("交出人（采样点）"), t("转运员")] : [t("转运员"), t("接收人（实验室）")];
    return html`<form class="card sheet" @submit=${this.sign} @signed=${() => this.requestUpdate()}>
      <h2>${leg === "to_courier" ? t("交给转运员") : t("交到实验室")}</h2>
      <p class="hint"><span class="code">${box.code}</span> · ${t("{n} 管", { n: box.tubes.length })}</p>
      <h3>${giver}</h3>
      ${leg === "to_courier" ? html`<label class="sr" for="giver">${giver}</label><select id="giver" name="giver">
        <option value=${world.enrolment!.holder.person}>${world.enrolment!.holder.name}</option>
        ${specialists.filter((one) => one.person !== world.enrolment!.holder.person).map((one) => html`<option value=${one.person}>${one.name}</option>`)}
      </select>` : nothing}
      <signature-pad id="given" label=${t("{who} 签名", { who: giver })}></signature-pad>
      <h3>${receiver}</h3>
      ${leg === "to_courier" ? html`<label class="sr" for="taker">${t("转运员的人员码（可不填）")}</label>
        <input id="taker" autocomplete="off" placeholder=${t("扫转运员的人员码（可不填）")} @change=${this.taker} />
        ${taker ? html`<p class="even">${icon("check")} ${takerName}</p>` : nothing}` : nothing}
      <signature-pad id="taken" label=${t("{who} 签名", { who: receiver })}></signature-pad>
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      <div class="buttons">
        <button class="primary" ?disabled=${this.busy}>${icon("check")} ${t("确认交接")}</button>
        <button type="button" class="quiet" @click=${() => this.leave()}>${t("取消")}</button>
      </div>
    </form>`;
  }

  private give(box: Box, leg: Leg): void {
    this.giving = { box, leg, taker: "", takerName: "" };
    this.problem = "";
    this.requestUpdate();
  }

  private leave(): void {
    this.giving = undefined;
    this.problem = "";
    this.requestUpdate();
  }

  private async taker(event: Event): Promise<void> {
    const code = await world.personCode((event.target as HTMLInputElement).value);
    if (!this.giving) return;
    this.problem = code.person ? "" : t("人员码无法核实，可以不填。");
    this.giving.taker = code.person ?? "";
    this.giving.takerName = code.label || t("已核实");
    this.requestUpdate();
  }

  private async pack(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    const found = read(String(new FormData(form).get("box")));
    const tubes = world.shift.unboxed.map((tube) => tube.code).filter((code) => !this.left.has(code));
    const used = [...world.shift.boxes.values()].some((box) => box.code === found.text);
    this.problem = found.is !== "box" ? t("这不是有效的箱码，请重扫。") : used ? t("这个箱码已用过，请换一个箱子。") : tubes.length ? "" : t("至少勾选一管。");
    this.requestUpdate();
    if (this.problem) return;
    await world.do([{ kind: "seal_box", box: found.text, tubes }]);
    this.left.clear();
    this.requestUpdate();
  }

  private async sign(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const { box, leg, taker } = this.giving!;
    const [given, taken] = await Promise.all(["given", "taken"].map((id) => this.querySelector<SignaturePad>(`#${id}`)!.picture()));
    this.problem = given && taken ? "" : t("双方都要在屏幕上签名。");
    this.busy = !this.problem;
    this.requestUpdate();
    if (this.problem) return;
    try {
      const signatures = await this.keep(given!, taken!);
      const giver = this.querySelector<HTMLSelectElement>("#giver")?.value;
      await world.do([{ kind: "hand_over_box", box: box.id, leg, ...(giver ? { given_by: giver } : {}), ...(taker ? { taken_by: taker } : {}), ...signatures }]);
      this.leave();
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }

  /** A phone too full for pictures still hands the box over: the time and the people are what counts. */
  private async keep(given: Blob, taken: Blob): Promise<{ given_signature?: string; taken_signature?: string }> {
    try {
      return { given_signature: await keepFile(given), taken_signature: await keepFile(taken) };
    } catch (problem) {
      if (problem instanceof NoRoom) return {};
      throw problem;
    }
  }
}

define("handover-tab", HandoverTab);
