/** The look-back: only what was found before and is open, one after the other. */

import { html, nothing, type TemplateResult } from "lit";
import type { OpenFinding, Outcome, Shot } from "../protocol";
import type { Visit } from "../inspect/visits";
import { takenAsSet } from "../store/clock";
import { t } from "../texts/language";
import { world } from "../world";
import { icon } from "./icons";
import { findingState, itemText, outcomeWord, remedyText } from "./inspect-words";
import "./shot-button";
import { define, View } from "./view";

const OUTCOMES: Outcome[] = ["fixed", "partly", "not_fixed", "no_access"];

export class LookAgain extends View {
  declare visit: Visit;
  private problem = "";

  static override properties = { visit: { attribute: false } };

  protected override render(): TemplateResult {
    const findings = world.inspecting.pins[this.visit.id]?.findings ?? [];
    return html`<div class="items">
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
      ${findings.map((finding) => this.one(finding))}
    </div>`;
  }

  private one(finding: OpenFinding): TemplateResult {
    const { item, area, note, state, own, failed } = finding;
    const said = this.visit.looks.get(finding.finding);
    const draft = world.inspecting.answerTo(this.visit.id, key(finding));
    return html`<article class="card item" data-look=${finding.finding}>
      <h2 class="asked"><span class="code">${item.code}</span> ${itemText(item)}</h2>
      <p>${[area, note].filter(Boolean).join(" · ")} <em class="mark warn">${findingState(state)}</em> ${failed ? html`<em class="mark bad">${t("复查不合格 {n} 次", { n: failed })}</em>` : nothing}</p>
      <p class="hint">${t("整改要求：{text}", { text: remedyText(item) })}</p>
      ${own ? html`<p class="note">${icon("warn")} ${t("您记录或处理过这个问题，须由另一位检查人员复查。")}</p>` : nothing}
      ${said
        ? html`<p class="even">${icon("check")} ${t("复查：{outcome}", { outcome: outcomeWord(said) })}</p>`
        : own ? nothing : html`<shot-button .shots=${draft.photos} .camera=${finding.camera} label=${t("拍下现在的样子")} @shots=${(event: CustomEvent<Shot[]>) => void this.keep(finding, event.detail)}></shot-button>
          <div class="outcomes">${OUTCOMES.map((outcome) => html`<button data-outcome=${outcome} @click=${() => void this.tell(finding, outcome, draft.photos)}>${outcomeWord(outcome)}</button>`)}</div>`}
    </article>`;
  }

  private async keep(finding: OpenFinding, photos: Shot[]): Promise<void> {
    await this.guarded(() => world.inspecting.answer(this.visit.id, key(finding), { photos }));
  }

  private async tell({ finding, ...rest }: OpenFinding, outcome: Outcome, photos: Shot[]): Promise<void> {
    await this.guarded(async () => {
      await world.do([
        ...(await takenAsSet(photos)).map(({ sha256, at, place, placeless }) => ({ kind: "photo" as const, finding, of: "look_back" as const, sha256, at, place, ...(place ? {} : { placeless }) })),
        { kind: "look_back", finding, outcome },
      ]);
      await world.inspecting.answer(this.visit.id, key({ finding, ...rest }), { photos: [] });
    });
  }

  private async guarded(what: () => Promise<void>): Promise<void> {
    try {
      await what();
      this.problem = "";
    } catch {
      this.problem = t("没有存上！请腾出手机空间后重试。");
    }
    world.changed();
  }
}

/** Where photos of a look-back wait until its outcome is said; no item has such a code. */
function key({ finding }: OpenFinding): string {
  return `look:${finding}`;
}

define("look-again", LookAgain);
