/** The frame: where we are, how much waits, four tabs. */

import { html, nothing, type TemplateResult } from "lit";
import { t } from "../texts/language";
import { world } from "../world";
import "./enrol-view";
import "./lock-view";
import "./inspect-tab";
import "./scan-tab";
import "./roster-tab";
import "./handover-tab";
import "./my-tab";
import { icon, type Icon } from "./icons";
import { onUpdate, takeUpdate, updateWaits } from "./update";
import { define, View } from "./view";
import { waitingChip } from "./waiting";

interface Tab {
  name: string;
  icon: Icon;
  title: string;
}
const MY: Tab = { name: "my", icon: "me", title: "我的" };
const INSPECTORS: Tab[] = [{ name: "inspect", icon: "look", title: "检查" }, MY];
const TABS: Tab[] = [
  { name: "scan", icon: "scan", title: "采样" },
  { name: "roster", icon: "list", title: "名单" },
  { name: "handover", icon: "box", title: "交接" },
  MY,
];

/** Who only carries boxes scans nobody and has no list. */
const CARRIERS = TABS.filter((tab) => ["handover", "my"].includes(tab.name));

export class FieldApp extends View {
  private tab = "";

  override connectedCallback(): void {
    super.connectedCallback();
    onUpdate(() => this.requestUpdate());
    addEventListener("hashchange", () => this.follow());
    this.follow();
    setInterval(() => this.requestUpdate(), 15_000); // ages on the screen
  }

  private follow(): void {
    this.tab = location.hash.slice(2);
    this.requestUpdate();
  }

  /** What this phone is for; a tab that it has not is the first. */
  private get tabsHere(): Tab[] {
    if (world.carries) return CARRIERS;
    return world.inspects ? INSPECTORS : TABS;
  }

  private get here(): string {
    const tabs = this.tabsHere;
    return (tabs.find((tab) => tab.name === this.tab) ?? tabs[0]!).name;
  }

  protected override render(): TemplateResult {
    switch (world.phase) {
      case "starting":
        return html`<p class="starting">…</p>`;
      case "enrol":
        return html`<enrol-view></enrol-view>`;
      case "locked":
        return html`<lock-view></lock-view>`;
      case "open":
        return html`${this.head()}<main>${updateWaits() ? this.newBuild() : nothing}${this.screen()}</main>${this.tabs()}`;
    }
  }

  private head(): TemplateResult {
    const place = world.people?.roster.point ?? world.enrolment?.point ?? world.enrolment?.grid;
    return html`<header class="head">
      <h1><b>${place?.code}</b> ${place?.name}${world.people?.roster.round?.rehearsal ? html` <span class="rehearsal">${t("演练")}</span>` : nothing}</h1>
      ${waitingChip()}
    </header>`;
  }

  private newBuild(): TemplateResult {
    return html`<button class="banner" @click=${takeUpdate}>${icon("up")} ${t("有新版本。未发送的内容会保留，点此更新")}</button>`;
  }

  private screen(): TemplateResult {
    switch (this.here) {
      case "inspect":
        return html`<inspect-tab></inspect-tab>`;
      case "roster":
        return html`<roster-tab></roster-tab>`;
      case "handover":
        return html`<handover-tab></handover-tab>`;
      case "my":
        return html`<my-tab></my-tab>`;
      default:
        return html`<scan-tab></scan-tab>`;
    }
  }

  /** What a person should look at there: boxes to pack, items that the office must settle. */
  private badge(tab: string): TemplateResult | typeof nothing {
    const count = tab === "handover" ? world.shift.unboxed.length : tab === "my" ? world.queue.kept : 0;
    return count ? html`<span class="badge">${count}</span>` : nothing;
  }

  private tabs(): TemplateResult {
    return html`<nav class="tabs" aria-label=${t("主菜单")}>
      ${this.tabsHere.map((tab) => html`<a href="#/${tab.name}" aria-current=${tab.name === this.here ? "page" : "false"}>${icon(tab.icon)}<span>${t(tab.title)}</span>${this.badge(tab.name)}</a>`)}
    </nav>`;
  }
}

define("field-app", FieldApp);
