/** Locked: nothing is shown but how much waits, until the PIN is given. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { WrongPin } from "../store/vault";
import { world } from "../world";
import { icon } from "./icons";
import { languages } from "./languages";
import { define, View } from "./view";
import { age } from "./waiting";

export class LockView extends View {
  private problem = "";
  private busy = false;

  protected override render(): TemplateResult {
    const { count, oldest } = world.queue;
    return html`<main class="door">
      <div class="brand">${icon("lock")}<div><h1>${t("已锁定")}</h1><p>${t("输入解锁密码继续。已存的内容都在。")}</p></div></div>
      ${count ? html`<p class="note">${icon("phone")} ${t("{n} 条待发，最早 {age}；解锁后自动发送。", { n: count, age: age(Date.now() - (oldest ?? Date.now())) })}</p>` : nothing}
      <form @submit=${this.submit}>
        <label for="pin">${t("解锁密码")}</label>
        <input id="pin" name="pin" class="big" type="password" inputmode="numeric" autocomplete="current-password" required autofocus />
        ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
        <button class="primary" ?disabled=${this.busy}>${this.busy ? t("正在解锁…") : t("解锁")}</button>
      </form>
      ${languages()}
    </main>`;
  }

  private async submit(event: SubmitEvent): Promise<void> {
    event.preventDefault();
    const form = event.target as HTMLFormElement;
    [this.busy, this.problem] = [true, ""];
    this.requestUpdate();
    try {
      await world.unlock(String(new FormData(form).get("pin")));
    } catch (problem) {
      if (!(problem instanceof WrongPin)) throw problem;
      this.problem = t("密码不对。多次输错后要等更久，内容不会因此丢失。");
      form.reset();
    } finally {
      this.busy = false;
      this.requestUpdate();
    }
  }
}

define("lock-view", LockView);
