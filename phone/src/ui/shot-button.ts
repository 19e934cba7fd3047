/** Takes photos: each is on this phone and hashed before it is shown. Gives an event "shots" with all of them. */

import { html, nothing, type TemplateResult } from "lit";
import { keepShot, NoPicture, NotFresh, PICTURES } from "../inspect/camera";
import type { Shot } from "../protocol";
import { NoRoom } from "../store/files";
import { t } from "../texts/language";
import { icon } from "./icons";
import { define, View } from "./view";

const MOST = 5;

export class ShotButton extends View {
  declare shots: Shot[];
  declare camera: boolean;
  declare label: string;
  private problem = "";
  private busy = false;

  static override properties = { shots: { attribute: false }, camera: { attribute: false }, label: { attribute: "label" } };

  protected override render(): TemplateResult {
    const full = this.shots.length >= MOST;
    const input = this.camera
      ? html`<input class="sr" type="file" accept=${PICTURES} capture="environment" ?disabled=${this.busy || full} @change=${this.take} />`
      : html`<input class="sr" type="file" accept=${PICTURES} ?disabled=${this.busy || full} @change=${this.take} />`;
    return html`<div class="shots">
      <label class="button">${icon(this.camera ? "camera" : "photo")} ${this.busy ? t("正在保存…") : this.label}${input}</label>
      ${this.shots.map((shot) => html`<small class="shot" data-shot=${shot.sha256}>${icon("check")} <code>${shot.sha256.slice(0, 8)}</code> ${shot.place ? t("误差 {n} 米", { n: shot.place.accuracy ?? "?" }) : t("无定位：{why}", { why: t(shot.placeless) })}</small>`)}
      ${this.problem ? html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>` : nothing}
    </div>`;
  }

  private readonly take = async (event: Event): Promise<void> => {
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (!file) return;
    this.busy = true;
    this.problem = "";
    this.requestUpdate();
    try {
      const shot = await keepShot(file, this.camera);
      if (!this.shots.some((one) => one.sha256 === shot.sha256)) this.dispatchEvent(new CustomEvent("shots", { detail: [...this.shots, shot] }));
    } catch (problem) {
      this.problem = said(problem);
    } finally {
      this.busy = false;
      input.value = "";
      this.requestUpdate();
    }
  };
}

function said(problem: unknown): string {
  if (problem instanceof NotFresh) return t("这一项只收现场拍的照片，不收相册里的。请用相机重拍。");
  if (problem instanceof NoPicture) return t("这不是照片，请重拍。");
  if (problem instanceof NoRoom) return t("手机快满，照片没有存上。问题可以先不带照片记录。");
  return t("没有存上！请腾出手机空间后重试。");
}

define("shot-button", ShotButton);
