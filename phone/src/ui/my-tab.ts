/** Mine: what waits, item by item; this phone; language; leave. */

import { html, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { world } from "../world";
import { icon } from "./icons";
import { languages } from "./languages";
import { define, View } from "./view";

export class MyTab extends View {
  protected override render(): TemplateResult {
    return html`<section class="card">
      <h2>${t("待发送")}</h2>
      <p>${world.queue.count}</p>
      <button class="primary" @click=${() => void world.outbox.now()}>${icon("up")} ${t("立即发送")}</button>
    </section>${languages()}`;
  }
}

define("my-tab", MyTab);
