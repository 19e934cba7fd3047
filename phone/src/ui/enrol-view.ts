/** Become a phone of a point: the one-time code of the office, a name for the phone, a PIN that opens it. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { Trouble } from "../sync/api";
import { world } from "../world";
import { icon } from "./icons";
import { languages } from "./languages";
import { define, View } from "./view";

export class EnrolView extends View {
  private problem = "";
  private busy = false;
  private code = "";

  override connectedCallback(): void {
    super.connectedCallback();
    const told = /#enrol=([^&]+)/.exec(location.hash);
    if (!told) return;
    this.code = decodeURIComponent(told[1]!);
    history.replaceState(null, "", location.pathname); // the code stays in no history
  }

  protected override render(): TemplateResult {
    return html`<main class="door">
      <div class="brand">${icon("tube")}<div><h1>${t("守园人 · 现场")}</h1><p>${t("登记后，没有网络也能工作一整班。")}</p></div></div>
      <form @submit=${this.submit}>
        <label for="code">${t("登记码")}</label>
        <p class="hint" id="code-hint">${t("园区办公室给出的 10 位一次性登记码")}</p>
        <input id="code" name="code" class="big" autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="code-hint" .value=${this.code} required />
        <label for="name">${t("手机名称")}</label>
        <input id="name" name="name" autocomplete="off" maxlength="80" .value=${t("采样手机")} required />
        ${world.enrolment ? nothing : this.pins()}
        ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("正在登记…") : t("登记这台手机")}</button>
      </form>
      ${languages(() => this.requestUpdate())}
    </main>`;
  }

  private pins(): TemplateResult {
    return html`<label for="pin">${t("解锁密码")}</label>
        <p class="hint" id="pin-hint">${t("自己定 6 位数字。手机上的名单用它加密；忘记后未发送的内容无法读出。")}</p>
        <input id="pin" name="pin" class="big" type="password" inputmode="numeric" pattern="[0-9]{6,12}" autocomplete="new-password" aria-describedby="pin-hint" required />
        <label for="again">${t("再输一次")}</label>
        <input id="again" name="again" class="big" type="password" inputmode="numeric" pattern="[0-9]{6,12}" autocomplete="new-password" required />`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.target as HTMLFormElement);
    const [code, name, pin, again] = ["code", "name", "pin", "again"].map((field) => String(form.get(field) ?? ""));
    this.problem = pin === again ? "" : t("两次输入的密码不同。");
    const token = world.enrolment?.token;
    this.busy = !this.problem;
    this.requestUpdate();
    if (this.problem) return;
    try {
      await world.enrol(code!, name!, pin!);
      location.hash = token ? "#/my" : "#/scan";
    } catch (problem) {
      if (!(problem instanceof Trouble)) throw problem;
      this.problem = problem.message || t("连不上园区服务器。请检查网络后再试；登记码仍然有效。");
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }
}

define("enrol-view", EnrolView);
