/** At the gate: who is visited and why, on what ground, by which checklist. Then the team enters, or is not let in. */

import { html, nothing, type TemplateResult } from "lit";
import type { RoundLine, VisitKind } from "../protocol";
import { here, type Here } from "../inspect/place";
import { t } from "../texts/language";
import { world } from "../world";
import { icon } from "./icons";
import { basisWord, findingState, itemText, kindWord, oneVisit } from "./inspect-words";
import { define, View } from "./view";

const KINDS: VisitKind[] = ["full", "short", "look_back"];

export class EntryView extends View {
  declare line: RoundLine;
  private kind: VisitKind | undefined;
  private basis = "";
  private where: Here | undefined;
  private problem = "";
  private busy = false;

  static override properties = { line: { attribute: false } };

  override connectedCallback(): void {
    super.connectedCallback();
    void here().then((found) => {
      this.where = found;
      this.requestUpdate();
    });
  }

  protected override render(): TemplateResult | typeof nothing {
    const carried = world.inspecting.carried;
    if (!carried) return nothing;
    const { line } = this;
    const findings = carried.findings.filter((one) => one.enterprise === line.enterprise);
    const notices = carried.notices.filter((one) => one.enterprise === line.enterprise);
    this.kind ??= line.full && findings.length ? "look_back" : "short";
    // the ground of the last visit, else the weakest: an order is chosen, never slipped into
    const before = [...world.inspecting.visits.all.values()].at(-1)?.basis;
    this.basis ||= (carried.bases.find((one) => one.basis === before) ?? carried.bases[0])?.basis ?? "";
    const basis = carried.bases.find((one) => one.basis === this.basis);
    const stranger = !carried.round.includes(line);
    return html`<form class="card sheet" @submit=${this.enter}>
      <h2>${line.name}</h2>
      ${stranger ? html`<p class="note">${icon("warn")} ${t("不在本组今天的名单里，照样可以检查，会请办公室核对。")}</p>` : nothing}
      ${line.own ? html`<p class="note">${icon("warn")} ${t("您受雇于这家企业，请由别人检查。")}</p>` : nothing}
      ${line.stopped ? html`<p class="note">${icon("stop")} ${t("停工中")}</p>` : nothing}
      ${line.reasons.length ? html`<p class="hint">${line.reasons.join("；")}</p>` : nothing}
      ${line.purposes?.length ? html`<p class="todo">${oneVisit(line)}</p>` : nothing}
      ${line.avoid?.length ? html`<p class="note">${icon("me")} ${t("这里的复查须避开原检查人员：{names}", { names: line.avoid.join("、") })}</p>` : nothing}
      ${stranger ? nothing : this.burden(carried.cap)}
      ${notices.map((one) => html`<p class="due">${icon("flag")} <span>${one.number} ${one.due_at ? t("到期 {time}", { time: moment(one.due_at) }) : t("计时中止")}</span>${one.lapsed ? html` <em class="mark bad">${t("逾期未复查")}</em>` : nothing}${one.second ? html` <em class="mark warn">${one.talked_at ? t("第二次通知书，{time} 已约谈", { time: moment(one.talked_at) }) : t("第二次通知书，尚未约谈")}</em>` : nothing}</p>`)}
      ${findings.length ? html`<ul class="plain">${findings.map((one) => html`<li>${one.item.code} ${itemText(one.item)}${one.area ? ` · ${one.area}` : ""} · ${findingState(one.state)}</li>`)}</ul>` : nothing}
      <h3>${t("依据")}</h3>
      <div class="grounds" role="radiogroup" aria-label=${t("依据")}>${carried.bases.map((one) => html`<label class="tick"><input type="radio" name="basis" value=${one.basis} .checked=${one.basis === this.basis} @change=${() => { this.basis = one.basis; this.requestUpdate(); }} />
        <span class="who"><b>${basisWord(one.basis, one.name)}</b><small>${[one.body, one.paper].filter(Boolean).join(" · ") || t("没有授权文件也可以")}</small></span></label>`)}</div>
      <p class=${basis?.orders ? "uneven" : "even"} data-orders=${basis?.orders ? "1" : "0"}>${basis?.orders ? t("可以责令整改；进门时出示授权文件。") : t("只作指导，只能提整改建议。")}</p>
      <h3>${t("方式")}</h3>
      <div class="choice kinds">${KINDS.map((kind) => html`<button type="button" aria-pressed=${kind === this.kind ? "true" : "false"} ?disabled=${kind === "look_back" && !findings.length} @click=${() => { this.kind = kind; this.requestUpdate(); }}>${kindWord(kind)}</button>`)}</div>
      ${carried.checklists.length > 1 ? html`<label for="sheet">${t("检查表")}</label><select id="sheet">${carried.checklists.map((one) => html`<option value=${one.id}>${one.name} v${one.version}</option>`)}</select>` : nothing}
      <label for="second">${t("另一名检查人员")}</label>
      <select id="second"><option value="">${t("没有")}</option>${carried.team.map((one) => html`<option value=${one.person}>${one.name}</option>`)}</select>
      ${this.place()}
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      <div class="buttons">
        <button class="primary" ?disabled=${this.busy}>${icon("check")} ${t("进入企业")}</button>
        <button type="button" ?disabled=${this.busy} @click=${() => void this.begin(false)}>${icon("stop")} ${t("未能进入")}</button>
        <button type="button" class="quiet" @click=${() => this.dispatchEvent(new Event("leave"))}>${t("返回")}</button>
      </div>
    </form>`;
  }

  /** What the week's visits have cost the enterprise, those of this phone too that the park did not know when it told. */
  private burden(cap: number): TemplateResult {
    const { line } = this;
    const visits = line.visits + world.inspecting.visits.burdening(line.enterprise, line.last, world.now());
    const over = visits >= cap && this.kind !== "look_back" && !line.stopped;
    return html`<p class="hint" data-visits=${visits}>${t("近 7 天已查 {n} 次，上限 {cap} 次，共 {minutes} 分钟", { n: visits, cap, minutes: line.minutes ?? 0 })}</p>
      ${over ? html`<p class="note" data-over>${icon("warn")} ${t("已达上限，只应复查；仍以这种方式进入的，会请办公室核实。")}</p>` : nothing}`;
  }

  private place(): TemplateResult {
    const { where } = this;
    if (!where) return html`<p class="hint">${t("正在定位…")}</p>`;
    if (where.place) return html`<p class="even">${icon("map")} ${t("已定位，误差 {n} 米", { n: where.place.accuracy ?? "?" })}</p>`;
    return html`<label for="placeless">${t("没有定位，请写明原因")}</label><input id="placeless" maxlength="120" .value=${t(where.placeless)} required />`;
  }

  private readonly enter = (event: SubmitEvent): void => {
    event.preventDefault();
    void this.begin(true);
  };

  private async begin(entered: boolean): Promise<void> {
    const { inspecting } = world;
    const sheets = inspecting.carried!.checklists;
    const checklist = sheets.find((one) => String(one.id) === this.querySelector<HTMLSelectElement>("#sheet")?.value) ?? sheets[0];
    this.problem = checklist ? "" : t("没有有效的检查表，请联系办公室。");
    this.busy = !this.problem;
    this.requestUpdate();
    if (!checklist) return;
    const where = this.where ?? (await here());
    const typed = this.querySelector<HTMLInputElement>("#placeless")?.value.trim();
    const second = this.querySelector<HTMLSelectElement>("#second")!.value;
    try {
      const id = await inspecting.begin({ enterprise: this.line.enterprise, checklist, kind: this.kind!, basis: this.basis, second, place: where.place, placeless: typed || where.placeless });
      const visit = inspecting.visits.all.get(id)!;
      if (!entered) await inspecting.end(visit, { how: "no_access" });
      this.dispatchEvent(new Event("leave"));
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }
}

/** "05-11 18:30" in this phone's own time. */
function moment(text: string): string {
  const date = new Date(text);
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

define("entry-view", EntryView);
