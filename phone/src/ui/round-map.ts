/** The team's grid as a picture: its outline and the places of the round, north up; no tiles, no network. */

import { html, nothing, svg, type TemplateResult } from "lit";
import type { Inspection, Place, RoundLine } from "../protocol";
import { t } from "../texts/language";

type Position = [number, number];
const [WIDTH, MARGIN] = [320, 18];

/** Every line of a GeoJSON geometry that encloses an area. */
function rings({ type, coordinates }: Inspection["grid"]["polygon"]): Position[][] {
  if (type === "Polygon") return coordinates as Position[][];
  return type === "MultiPolygon" ? (coordinates as Position[][][]).flat() : [];
}

export function roundMap(carried: Inspection, lines: RoundLine[], own: Place | null, choose: (line: RoundLine) => void): TemplateResult {
  const outline = rings(carried.grid.polygon);
  const all = [...outline.flat(), ...lines.flatMap((line) => line.places)];
  if (!all.length) return html`<p class="empty">${t("没有地图资料。")}</p>`;
  const [west, east] = [Math.min(...all.map(([x]) => x)), Math.max(...all.map(([x]) => x))];
  const [south, north] = [Math.min(...all.map(([, y]) => y)), Math.max(...all.map(([, y]) => y))];
  const narrow = Math.cos((((south + north) / 2) * Math.PI) / 180);
  const scale = (WIDTH - 2 * MARGIN) / Math.max((east - west) * narrow, north - south, 1e-6);
  const at = ([x, y]: Position): Position => [Math.round((MARGIN + (x - west) * narrow * scale) * 10) / 10, Math.round((MARGIN + (north - y) * scale) * 10) / 10];
  const [right, bottom] = at([east, south]);
  const path = outline.map((ring) => `M${ring.map((position) => at(position).join(" ")).join("L")}Z`).join("");
  return html`<svg class="map" viewBox="0 0 ${Math.max(right + MARGIN, 120)} ${Math.max(bottom + MARGIN, 120)}" role="group" aria-label=${t("本组网格的地图，上方为北")}>
    <path class="grid" d=${path}></path>
    ${own ? dot(at([own.longitude, own.latitude])) : nothing}
    ${lines.flatMap((line, place) => line.places.map((position) => mark(line, place + 1, at(position), choose))).reverse()}
  </svg>`;
}

function dot([x, y]: Position): TemplateResult {
  return svg`<circle class="me" cx=${x} cy=${y} r="6"><title>${t("我的位置")}</title></circle>`;
}

function mark(line: RoundLine, number: number, [x, y]: Position, choose: (line: RoundLine) => void): TemplateResult {
  const key = (event: KeyboardEvent): void => {
    if (event.key === "Enter" || event.key === " ") choose(line);
  };
  return svg`<g class="place ${line.full || line.own ? "rest" : line.score >= 30 ? "urgent" : ""}" role="button" tabindex="0" transform="translate(${x} ${y})"
    aria-label="${number} ${line.short_name}" @click=${() => choose(line)} @keydown=${key}>
    <circle r="13"></circle><text y="5">${number}</text></g>`;
}
