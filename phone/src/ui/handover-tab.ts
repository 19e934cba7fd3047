/** Boxes: sealed tubes go in, and whoever gives and whoever takes signs on the glass. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { boxOf, type Leg, nextLeg } from "../desk/boxes";
import { linesOf } from "../desk/reception";
import { read } from "../kernel/codes";
import { clockOf } from "../kernel/moment";
import { keepFile, NoRoom } from "../store/files";
import { inside, type Box, type Tube } from "../desk/shift";
import { world } from "../world";
import { icon } from "./icons";
import type { CodeField } from "./code-field";
import "./code-field";
import "./reception-view";
import type { SignaturePad } from "./signature-pad";
import "./signature-pad";
import { define, View } from "./view";

/** Somebody at one end of a hand-over: chosen from those who are known here, or proved by a person code. */
interface Party {
  person: string;
  name: string;
}

interface Giving {
  box: Box;
  leg: Leg;
  /** By their codes; a side whose person this phone knows has none. */
  given: Party | undefined;
  taken: Party | undefined;
}

const CARRIERS = ["courier", "lab_member"];

export class HandoverTab extends View {
  private readonly left = new Set<string>();
  private problem = "";
  private unread = "";
  private giving: Giving | undefined;
  /** The code of the box whose tubes the laboratory takes one by one. */
  private receiving: string | undefined;
  private busy = false;

  protected override render(): TemplateResult {
    if (this.receiving) return html`<reception-view .code=${this.receiving} @leave=${() => this.receive(undefined)}></reception-view>`;
    if (this.giving) return this.sheet(this.giving);
    const carrier = CARRIERS.includes(world.enrolment?.role ?? "");
    return html`<section class="handover">
      ${carrier ? this.elsewhere() : this.packing()}
      ${[...world.shift.boxes.values()].reverse().map((box) => this.box(boxOf(box.code, world.shift, this.known)))}
      ${carrier ? this.underWay() : this.elsewhere()}
      ${this.isLab ? this.arrived() : nothing}
    </section>`;
  }

  private get known() {
    return world.people?.roster.boxes ?? [];
  }

  private packing(): TemplateResult {
    const tubes = world.shift.unboxed;
    const open = world.shift.open;
    return html`${open.length ? html`<p class="note">${icon("tube")} ${t("还有 {n} 管未封，不能装箱。", { n: open.length })}</p>` : nothing}
      <form class="card" @submit=${this.pack}>
        <h2>${t("待装箱")} <output class="mark other">${tubes.length}</output></h2>
        ${tubes.length ? html`<ul class="rows">${tubes.map((tube) => this.tube(tube))}</ul>` : html`<p class="hint">${t("封好的试管会出现在这里。")}</p>`}
        ${tubes.length ? html`<code-field id="box" label=${t("箱码")} placeholder=${t("扫箱码或输入")}></code-field>
          ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
          <button class="primary">${icon("box")} ${t("{n} 管装箱并封箱", { n: tubes.filter((tube) => !this.left.has(tube.code)).length })}</button>` : nothing}
      </form>`;
  }

  /** A box that was sealed on another phone: whoever holds it has only what is printed on it. */
  private elsewhere(): TemplateResult {
    return html`<section class="card">
      <h2>${this.isLab ? t("接收转运箱") : t("交接其他手机封的箱")}</h2>
      <p class="hint">${this.isLab ? t("扫箱码：签交接，已到的箱逐管签收。没有网络也可以。") : t("扫箱码就能签交接，没有网络也可以。")}</p>
      <code-field id="carried" label=${t("箱码")} placeholder=${t("扫箱码或输入")} @code=${this.carried}></code-field>
      ${this.unread ? html`<p class="error" role="alert">${icon("warn")} ${this.unread}</p>` : nothing}
    </section>`;
  }

  /** What the park knows to be on its way and has not been in this phone's hands. */
  private underWay(): TemplateResult {
    const here = new Set([...world.shift.boxes.values()].map((box) => box.code));
    const boxes = this.known.filter((box) => !here.has(box.code) && !box.arrived_at);
    return html`<section class="card">
      <h2>${t("在途的箱")} <output class="mark other">${boxes.length}</output></h2>
      ${boxes.length ? html`<ul class="rows">${boxes.slice(0, 200).map((box) => html`<li><button type="button" class="line" @click=${() => this.give(boxOf(box.code, world.shift, this.known))}>
        <span class="who"><b class="code">${box.code}</b><small>${box.point} ${box.place} · ${t("{n} 管", { n: box.tubes })} · ${t("封箱")} ${clockOf(Date.parse(box.sealed_at))}</small></span>
        <em class="mark ${box.left_at ? "ok" : "warn"}">${box.left_at ? t("转运中") : t("在采样点")}</em></button></li>`)}</ul>` : html`<p class="hint">${t("没有在途的箱。")}</p>`}
    </section>`;
  }

  /** What is at the laboratory: each is opened to take its tubes. */
  private arrived(): TemplateResult {
    const here = new Set([...world.shift.boxes.values()].map((box) => box.code));
    const boxes = this.known.filter((box) => !here.has(box.code) && box.arrived_at);
    return html`<section class="card">
      <h2>${t("已到的箱")} <output class="mark other">${boxes.length}</output></h2>
      ${boxes.length ? html`<ul class="rows">${boxes.slice(0, 200).map((box) => html`<li><button type="button" class="line" @click=${() => this.receive(box.code)}>
        <span class="who"><b class="code">${box.code}</b><small>${box.point} ${box.place} · ${t("到达")} ${clockOf(Date.parse(box.arrived_at!))}</small></span>
        ${this.progress(boxOf(box.code, world.shift, this.known))}</button></li>`)}</ul>` : html`<p class="hint">${t("还没有箱到达。")}</p>`}
    </section>`;
  }

  /** How many of the box's tubes came, of how many on its list. */
  private progress(box: Box): TemplateResult {
    const lines = linesOf(box, this.known, world.shift).filter((line) => line.listed);
    const [came, said] = [lines.filter((line) => line.condition && line.condition !== "missing").length, lines.filter((line) => line.condition).length];
    return html`<em class="mark ${lines.length && said === lines.length ? (came === said ? "ok" : "bad") : "warn"}" data-came=${came}>${came} / ${lines.length || "?"}</em>`;
  }

  private get isLab(): boolean {
    return world.enrolment?.role === "lab_member";
  }

  private receive(code: string | undefined): void {
    [this.receiving, this.giving, this.unread] = [code, undefined, ""];
    this.requestUpdate();
  }

  private readonly carried = (event: CustomEvent<string>): void => {
    const found = read(event.detail);
    this.unread = found.is === "box" ? "" : t("这不是有效的箱码，请重扫。");
    if (found.is === "box") this.give(boxOf(found.text, world.shift, this.known));
    this.requestUpdate();
  };

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
    const next = nextLeg(box, world.enrolment?.role ?? "");
    return html`<article class="card">
      <h2>${icon("box")} <span class="code">${box.code}</span> ${count(box)}</h2>
      <ol class="steps">
        <li class="done">${t("封箱")} ${box.at === undefined ? "" : clockOf(box.at)}</li>
        <li class=${box.toCourier ? "done" : ""}>${t("交给转运员")} ${box.toCourier ? clockOf(box.toCourier.at) : ""}</li>
        <li class=${box.toLab ? "done" : ""}>${t("交到实验室")} ${box.toLab ? clockOf(box.toLab.at) : ""}</li>
      </ol>
      ${this.isLab && box.toLab ? html`<button class="primary" @click=${() => this.receive(box.code)}>${icon("tube")} ${t("逐管签收")} ${this.progress(box)}</button>` : nothing}
      ${next ? html`<button class=${next === "to_courier" ? "primary" : ""} @click=${() => this.give(box)}>${next === "to_courier" ? t("交给转运员") : t("交到实验室")}</button>` : nothing}
    </article>`;
  }

  private sheet(giving: Giving): TemplateResult {
    const { box, leg } = giving;
    const [giver, receiver] = leg === "to_courier" ? [t("交出人（采样点）"), t("转运员")] : [t("转运员"), t("接收人（实验室）")];
    return html`<form class="card sheet" @submit=${this.sign} @signed=${() => this.requestUpdate()}>
      <h2>${leg === "to_courier" ? t("交给转运员") : t("交到实验室")}</h2>
      <p class="hint"><span class="code">${box.code}</span> ${count(box)} ${box.place ?? ""}</p>
      ${box.id ? nothing : html`<p class="note">${t("园区还没有这个箱的封箱记录，先照箱码记录，封箱记录送达后自动对上。")}</p>`}
      ${this.legs(giving)}
      <h3>${giver}</h3>
      ${this.party("given", giver, giving)}
      <signature-pad id="given" label=${t("{who} 签名", { who: giver })}></signature-pad>
      <h3>${receiver}</h3>
      ${this.party("taken", receiver, giving)}
      <signature-pad id="taken" label=${t("{who} 签名", { who: receiver })}></signature-pad>
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      <div class="buttons">
        <button class="primary" ?disabled=${this.busy}>${icon("check")} ${t("确认交接")}</button>
        ${this.isLab ? html`<button type="button" @click=${() => this.receive(box.code)}>${icon("tube")} ${t("已交接过，直接逐管签收")}</button>` : nothing}
        <button type="button" class="quiet" @click=${() => this.leave()}>${t("取消")}</button>
      </div>
    </form>`;
  }

  /** Which way it goes is plain for a box whose way is known; otherwise who holds it says it. */
  private legs(giving: Giving): TemplateResult | typeof nothing {
    const { box } = giving;
    if (box.at !== undefined && !CARRIERS.includes(world.enrolment?.role ?? "")) return nothing;
    const titles: Record<Leg, string> = { to_courier: "交给转运员", to_lab: "交到实验室" };
    return html`<div class="choice" role="group" aria-label=${t("交接环节")}>${Object.entries(titles).map(([leg, title]) => html`<button type="button"
      aria-pressed=${giving.leg === leg ? "true" : "false"} @click=${() => { [giving.leg, giving.given, giving.taken] = [leg as Leg, undefined, undefined]; this.requestUpdate(); }}>${t(title)}</button>`)}</div>`;
  }

  /** Whether the holder of this phone stands at this end, because the post says so. */
  private isHolder(end: "given" | "taken", leg: Leg): boolean {
    const role = world.enrolment!.role;
    if (role === "courier") return end === (leg === "to_lab" ? "given" : "taken");
    return role === "lab_member" && leg === "to_lab" && end === "taken";
  }

  /** Who stands at this end: the holder of this phone, one of the point's specialists, or whoever shows a person code. */
  private party(end: "given" | "taken", title: string, { leg, given, taken }: Giving): TemplateResult {
    const { holder, role } = world.enrolment!;
    if (this.isHolder(end, leg)) return html`<p class="even">${icon("check")} ${holder.name}</p>`;
    if (!CARRIERS.includes(role) && leg === "to_courier" && end === "given") {
      const others = (world.people?.roster.specialists ?? []).filter((one) => one.person !== holder.person);
      return html`<label class="sr" for="giver">${title}</label><select id="giver" name="giver">
        <option value=${holder.person}>${holder.name}</option>${others.map((one) => html`<option value=${one.person}>${one.name}</option>`)}
      </select>`;
    }
    const party = end === "given" ? given : taken;
    return html`<code-field id=${end === "given" ? "giver-code" : "taker-code"} label=${t("{who}的人员码（可不填）", { who: title })} placeholder=${t("扫人员码（可不填）")}
        @code=${(event: CustomEvent<string>) => void this.shown(end, event.detail)}></code-field>
      ${party ? html`<p class="even">${icon("check")} ${party.name}</p>` : nothing}`;
  }

  private give(box: Box): void {
    const leg = nextLeg(box, world.enrolment?.role ?? "");
    if (!leg && this.isLab) return this.receive(box.code);
    this.problem = "";
    this.unread = leg ? "" : t("箱 {code} 已交到实验室。", { code: box.code });
    this.giving = leg && { box, leg, given: undefined, taken: undefined };
    this.requestUpdate();
  }

  private leave(): void {
    this.giving = undefined;
    this.problem = "";
    this.requestUpdate();
  }

  private async shown(end: "given" | "taken", text: string): Promise<void> {
    const code = await world.personCode(text);
    if (!this.giving) return;
    this.problem = code.person ? "" : t("人员码无法核实，可以不填。");
    this.giving[end] = code.person ? { person: code.person, name: code.label || t("已核实") } : undefined;
    this.requestUpdate();
  }

  /** The id of who stands at this end, as far as it is known. */
  private at(end: "given" | "taken"): string | undefined {
    const { leg } = this.giving!;
    if (this.isHolder(end, leg)) return world.enrolment!.holder.person;
    const chosen = end === "given" ? this.querySelector<HTMLSelectElement>("#giver") : null;
    return chosen?.value ?? this.giving![end]?.person;
  }

  private async pack(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const found = read(this.querySelector<CodeField>("#box")!.value);
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
    if (this.busy) return; // a second tap while the first is at work
    this.busy = true;
    const { box, leg } = this.giving!;
    const [given, taken] = await Promise.all(["given", "taken"].map((id) => this.querySelector<SignaturePad>(`#${id}`)!.picture()));
    this.problem = given && taken ? "" : t("双方都要在屏幕上签名。");
    this.busy = !this.problem;
    this.requestUpdate();
    if (this.problem) return;
    try {
      const signatures = await this.keep(given!, taken!);
      const [giver, taker] = [this.at("given"), this.at("taken")];
      const named = { ...(giver ? { given_by: giver } : {}), ...(taker ? { taken_by: taker } : {}) };
      const which = { ...(box.id ? { box: box.id } : {}), ...(box.tubes.length ? {} : { box_code: box.code }) };
      await world.do([{ kind: "hand_over_box", ...which, leg, ...named, ...signatures }]);
      this.leave();
      if (this.isLab && leg === "to_lab") this.receive(box.code);
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

function count(box: Box): TemplateResult | typeof nothing {
  return box.count === undefined ? nothing : html`<span class="mark other">${t("{n} 管", { n: box.count })}</span>`;
}

define("handover-tab", HandoverTab);
