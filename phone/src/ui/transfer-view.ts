/** Give the queue to another phone, or take one over: a sealed file, or QR pictures from screen to camera. */

import { html, nothing, svg, type TemplateResult } from "lit";
import { encode } from "uqr";
import { t } from "../texts/language";
import { BadTransfer, Collecting, pack, pieces, transferCode, unpack } from "../store/transfer";
import { world } from "../world";
import "./camera-box";
import { icon } from "./icons";
import { define, View } from "./view";

export class TransferView extends View {
  private mode: "" | "give" | "pictures" | "take" | "camera" = "";
  private code = "";
  private packed: Uint8Array<ArrayBuffer> | undefined;
  private without = 0;
  private texts: string[] = [];
  private at = 0;
  private timer: ReturnType<typeof setInterval> | undefined;
  private collecting = new Collecting();
  private said = "";
  private bad = false;

  override disconnectedCallback(): void {
    clearInterval(this.timer);
    super.disconnectedCallback();
  }

  protected override render(): TemplateResult {
    return html`<section class="card transfer">
      <h2>${t("转到另一台手机")}</h2>
      <p class="hint">${t("没电、没网或换手机时：把未送达的内容加密交给另一台已登记的手机发送。重复发送不会重复记录。")}</p>
      ${this.mode === "" ? html`<div class="pair">
        <button ?disabled=${!world.queue.count && !world.inspecting.visits.open} @click=${this.give}>${icon("up")} ${t("交出")}</button>
        <button @click=${() => this.go("take")}>${icon("phone")} ${t("接收")}</button>
      </div>` : nothing}
      ${this.mode === "give" || this.mode === "pictures" ? this.giving() : nothing}
      ${this.mode === "take" || this.mode === "camera" ? this.taking() : nothing}
      ${this.said ? html`<p class=${this.bad ? "error" : "even"} role=${this.bad ? "alert" : "status"}>${this.said}</p>` : nothing}
    </section>`;
  }

  private go(mode: TransferView["mode"]): void {
    clearInterval(this.timer);
    [this.mode, this.said, this.bad] = [mode, "", false];
    this.requestUpdate();
  }

  private giving(): TemplateResult {
    const code = `${this.code.slice(0, 5)}-${this.code.slice(5)}`;
    return html`${world.inspecting.visits.open ? html`<p class="note">${icon("warn")} ${t("进行中的检查会一起转移。请只在接收的手机上继续。")}</p>` : nothing}
      <p>${t("转移码（告诉接收的人）：")}</p><p class="secret" data-code=${this.code}>${code}</p>
      ${this.mode === "pictures" ? html`<div class="qr" data-text=${this.texts[this.at] ?? ""}>${qr(this.texts[this.at]!)}</div><p class="hint">${t("第 {n} / {of} 张，自动轮换", { n: this.at + 1, of: this.texts.length })}</p>` : nothing}
      ${this.without ? html`<p class="note" data-without=${this.without}>${icon("warn")} ${t("二维码不带照片（{n} 张）。要带照片请存为文件；不带的照片由这台手机以后送出。", { n: this.without })}</p>` : nothing}
      <div class="buttons">
        <button @click=${this.download}>${t("存为文件")}</button>
        ${this.mode === "pictures" ? nothing : html`<button @click=${this.show}>${icon("scan")} ${t("显示二维码（{n} 张）", { n: this.texts.length })}</button>`}
        <button class="quiet" @click=${() => this.go("")}>${t("完成")}</button>
      </div>`;
  }

  private taking(): TemplateResult {
    const { parts, of } = this.collecting;
    return html`<label for="transfer-code">${t("转移码")}</label>
      <input id="transfer-code" class="big" autocomplete="off" autocapitalize="characters" spellcheck="false" />
      ${this.mode === "camera" ? html`<camera-box @code=${this.seen}></camera-box><p class="hint" role="status">${t("已读 {n} / {of} 张", { n: parts.size, of: of || "?" })}</p>` : nothing}
      <label for="transfer-file">${t("选择文件")}</label>
      <input id="transfer-file" type="file" accept=".pkq" @change=${this.file} />
      <div class="buttons">
        ${this.mode === "camera" ? nothing : html`<button @click=${() => this.go("camera")}>${icon("camera")} ${t("用相机扫二维码")}</button>`}
        <button class="quiet" @click=${() => this.go("")}>${t("返回")}</button>
      </div>`;
  }

  private readonly give = async (): Promise<void> => {
    this.code = transferCode();
    const holding = { holder: world.enrolment!.holder.person, drafts: world.inspecting.drafts() };
    const file = await pack(this.code, holding, "file");
    const pictures = await pack(this.code, holding, "pictures");
    [this.packed, this.without, this.texts] = [file.bytes, pictures.without, pieces(pictures.bytes)];
    this.go("give");
  };

  private readonly show = (): void => {
    this.at = 0;
    this.go("pictures");
    this.timer = setInterval(() => {
      this.at = (this.at + 1) % this.texts.length;
      this.requestUpdate();
    }, 700);
  };

  private readonly download = (): void => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([this.packed!], { type: "application/octet-stream" }));
    link.download = `${(world.enrolment!.point ?? world.enrolment!.grid)!.code}-${world.day()}.pkq`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };

  private readonly file = async (event: Event): Promise<void> => {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (file) await this.take(new Uint8Array(await file.arrayBuffer()));
  };

  private readonly seen = async (event: CustomEvent<string>): Promise<void> => {
    this.collecting.take(event.detail);
    this.requestUpdate();
    const whole = this.collecting.whole;
    if (whole) await this.take(whole);
  };

  private async take(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const code = this.querySelector<HTMLInputElement>("#transfer-code")!.value;
    try {
      const fresh = await unpack(bytes, code, (drafts) => world.inspecting.takeOver(drafts));
      await world.takenOver();
      this.collecting = new Collecting();
      this.go("");
      this.said = t("已接收 {n} 条，正在发送。", { n: fresh });
    } catch (problem) {
      if (!(problem instanceof BadTransfer)) throw problem;
      this.said = t("打不开：转移码不对，或文件不完整。");
      this.bad = true;
    }
    this.requestUpdate();
  }
}

/** A QR picture of the text, dark on white with its quiet zone. */
export function qr(text: string): TemplateResult {
  const { data, size } = encode(text, { ecc: "L", border: 3 });
  const dark = data.flatMap((row, y) => row.flatMap((on, x) => (on ? [`M${x} ${y}h1v1h-1z`] : []))).join("");
  return html`<svg viewBox="0 0 ${size} ${size}" role="img" aria-label=${t("二维码")} shape-rendering="crispEdges">${svg`<rect width=${size} height=${size} fill="#fff"/><path d=${dark}/>`}</svg>`;
}

define("transfer-view", TransferView);
