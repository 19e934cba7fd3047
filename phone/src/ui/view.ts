/** A screen: drawn in the page itself (no shadow), drawn again whenever what the app knows changes. */

import { LitElement } from "lit";
import { world } from "../world";

export class View extends LitElement {
  private readonly redraw = (): void => this.requestUpdate();

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    world.addEventListener("change", this.redraw);
  }

  override disconnectedCallback(): void {
    world.removeEventListener("change", this.redraw);
    super.disconnectedCallback();
  }
}

export function define(name: string, view: CustomElementConstructor): void {
  if (!customElements.get(name)) customElements.define(name, view);
}
