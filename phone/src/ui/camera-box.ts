/** The camera: what lies in the guide box is read, as long as it is open. Gives an event "code" with the text. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { decode, TwoReads } from "../desk/reader";
import { took } from "../kernel/timing";
import { icon } from "./icons";
import { define, View } from "./view";

const GUIDE = 0.8; // of the shorter side

export class CameraBox extends View {
  private stream: MediaStream | undefined;
  private problem = "";
  private lit = false;
  private open = false;
  private readonly reads = new TwoReads();

  override connectedCallback(): void {
    super.connectedCallback();
    this.open = true;
    void this.begin();
  }

  override disconnectedCallback(): void {
    this.open = false;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = undefined;
    super.disconnectedCallback();
  }

  private async begin(): Promise<void> {
    const video = { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video, audio: false });
      if (!this.open) return stream.getTracks().forEach((track) => track.stop());
      this.stream = stream;
      this.requestUpdate();
      await this.updateComplete;
      const view = this.querySelector("video")!;
      view.srcObject = stream;
      await view.play();
      await this.watch(view);
    } catch (problem) {
      const refused = problem instanceof DOMException && problem.name === "NotAllowedError";
      this.problem = refused ? t("没有相机权限。请在浏览器设置中允许，或用扫码枪、拍照、手工输入。") : t("相机打不开。请改用扫码枪、拍照或手工输入。");
      this.requestUpdate();
    }
  }

  /** One frame is under way at a time; a slow phone reads fewer of them, never late ones. */
  private async watch(view: HTMLVideoElement): Promise<void> {
    while (this.open && this.stream) {
      await nextFrame(view);
      if (!this.open || !view.videoWidth) continue;
      const side = Math.floor(Math.min(view.videoWidth, view.videoHeight) * GUIDE);
      const [x, y] = [Math.floor((view.videoWidth - side) / 2), Math.floor((view.videoHeight - side) / 2)];
      const began = performance.now();
      const { texts } = await decode(await createImageBitmap(view, x, y, side, side));
      took("frame", began, { codes: texts.length });
      // two different codes in the box: nobody can know which is meant
      const text = this.reads.saw(new Set(texts).size === 1 ? texts[0] : undefined, performance.now());
      if (text && this.open) this.dispatchEvent(new CustomEvent("code", { detail: text }));
    }
  }

  private async light(): Promise<void> {
    const [track] = this.stream?.getVideoTracks() ?? [];
    this.lit = !this.lit;
    await track?.applyConstraints({ advanced: [{ torch: this.lit } as MediaTrackConstraintSet] }).catch(() => undefined);
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    if (this.problem) return html`<p class="error" role="alert">${icon("warn")} ${this.problem}</p>`;
    const torch = (this.stream?.getVideoTracks()[0]?.getCapabilities?.() as { torch?: boolean } | undefined)?.torch;
    return html`<div class="camera">
      <video muted playsinline aria-label=${t("相机画面")}></video>
      <div class="guide" aria-hidden="true"></div>
      ${torch ? html`<button class="light" aria-pressed=${this.lit ? "true" : "false"} @click=${this.light} aria-label=${t("照明")}>${icon("light")}</button>` : nothing}
    </div>`;
  }
}

function nextFrame(view: HTMLVideoElement): Promise<void> {
  return new Promise((resolve) => {
    if ("requestVideoFrameCallback" in view) view.requestVideoFrameCallback(() => resolve());
    else setTimeout(resolve, 60);
    setTimeout(resolve, 500); // a paused film gives no frames
  });
}

define("camera-box", CameraBox);

/** The codes in a picture that was taken. */
export async function codesInPhoto(file: File): Promise<string[]> {
  const picture = await createImageBitmap(file).catch(() => undefined);
  return picture ? [...new Set((await decode(picture, true)).texts)] : [];
}
