/** A name written on the glass. `picture()` gives it as a PNG, undefined while nothing is written. */

import { html, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { icon } from "./icons";
import { define, View } from "./view";

const [WIDTH, HEIGHT] = [640, 260];

export class SignaturePad extends View {
  declare label: string;
  private strokes = 0;
  private last: [number, number] | undefined;

  static override properties = { label: { attribute: "label" } };

  get signed(): boolean {
    return this.strokes > 0;
  }

  picture(): Promise<Blob | undefined> {
    const canvas = this.querySelector("canvas")!;
    return new Promise((resolve) => {
      if (this.signed) canvas.toBlob((blob) => resolve(blob ?? undefined), "image/png");
      else resolve(undefined);
    });
  }

  protected override render(): TemplateResult {
    return html`<div class="pad">
      <canvas width=${WIDTH} height=${HEIGHT} role="img" aria-label=${this.label}
        @pointerdown=${this.down} @pointermove=${this.move} @pointerup=${this.up} @pointercancel=${this.up}></canvas>
      <button type="button" class="quiet" @click=${this.clear} aria-label=${t("重写")}>${icon("undo")}</button>
    </div>`;
  }

  private at(event: PointerEvent): [number, number] {
    const box = (event.target as HTMLCanvasElement).getBoundingClientRect();
    return [((event.clientX - box.left) * WIDTH) / box.width, ((event.clientY - box.top) * HEIGHT) / box.height];
  }

  private down(event: PointerEvent): void {
    (event.target as HTMLCanvasElement).setPointerCapture(event.pointerId);
    this.last = this.at(event);
  }

  private move(event: PointerEvent): void {
    if (!this.last) return;
    const pen = (event.target as HTMLCanvasElement).getContext("2d")!;
    const to = this.at(event);
    pen.lineWidth = 6;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#0d1620";
    pen.beginPath();
    pen.moveTo(...this.last);
    pen.lineTo(...to);
    pen.stroke();
    this.last = to;
    this.strokes += 1;
  }

  private up(): void {
    this.last = undefined;
    this.dispatchEvent(new Event("signed", { bubbles: true }));
  }

  private clear(): void {
    this.querySelector("canvas")!.getContext("2d")!.clearRect(0, 0, WIDTH, HEIGHT);
    this.strokes = 0;
    this.dispatchEvent(new Event("signed", { bubbles: true }));
  }
}

define("signature-pad", SignaturePad);
