/** One code: by a scanner that types and ends with Enter, by hand, by the camera, or off a photo. Gives an event "code". */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { codesInPhoto } from "./camera-box";
import { icon } from "./icons";
import { define, View } from "./view";

export class CodeField extends View {
  declare label: string;
  declare placeholder: string;
  /** For one code after the other: the camera stays open, and the field is empty again. */
  declare steady: boolean;
  private camera = false;
  private note = "";

  static override properties = { label: { attribute: "label" }, placeholder: { attribute: "placeholder" }, steady: { type: Boolean } };

  get value(): string {
    return this.querySelector<HTMLInputElement>("input:not([type=file])")?.value ?? "";
  }

  protected override render(): TemplateResult {
    return html`<div class="code-field">
      <label class="sr" for="${this.id}-code">${this.label}</label>
      <div class="taking">
        <input id="${this.id}-code" autocomplete="off" autocapitalize="characters" spellcheck="false" enterkeyhint="go" placeholder=${this.placeholder}
          @keydown=${this.key} @change=${() => this.tell(this.value)} />
        <button type="button" aria-pressed=${this.camera ? "true" : "false"} aria-label=${this.camera ? t("关相机") : t("相机")} @click=${this.toggle}>${icon("camera")}</button>
        <label class="button">${icon("photo")}<span class="sr">${t("拍照识码")}</span><input class="sr" type="file" accept="image/*" capture="environment" @change=${this.photo} /></label>
      </div>
      ${this.camera ? html`<camera-box @code=${this.seen}></camera-box>` : nothing}
      ${this.note ? html`<p class="note" role="status">${this.note}</p>` : nothing}
    </div>`;
  }

  private tell(text: string): void {
    if (text.trim()) this.dispatchEvent(new CustomEvent("code", { detail: text }));
    if (this.steady) this.field.value = "";
  }

  private get field(): HTMLInputElement {
    return this.querySelector<HTMLInputElement>("input:not([type=file])")!;
  }

  private put(text: string): void {
    this.field.value = text;
    this.camera &&= this.steady;
    this.note = "";
    this.requestUpdate();
    this.tell(text);
  }

  /** A scanner's Enter ends this field, not the form around it. */
  private key(event: KeyboardEvent): void {
    if (event.key !== "Enter") return;
    event.preventDefault();
    this.field.blur();
    if (this.steady) this.field.focus();
  }

  private readonly toggle = (): void => {
    this.camera = !this.camera;
    this.requestUpdate();
  };

  private readonly seen = (event: CustomEvent<string>): void => {
    event.stopPropagation();
    this.put(event.detail);
  };

  private readonly photo = async (event: Event): Promise<void> => {
    event.stopPropagation();
    const input = event.target as HTMLInputElement;
    const [file] = input.files ?? [];
    if (!file) return;
    const texts = await codesInPhoto(file);
    input.value = "";
    if (texts.length === 1) return this.put(texts[0]!);
    this.note = texts.length ? t("照片里有多个码，请只拍一个。") : t("照片里没有读到码，请靠近一些重拍，或手工输入。");
    this.requestUpdate();
  };
}

define("code-field", CodeField);
