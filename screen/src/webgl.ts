/** The map by MapLibre: grids coloured by coverage, people as density. No tiles, no glyphs: names are elements. */
import { type GeoJSONSource, Map as Chart, Marker, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import worker from "maplibre-gl/dist/maplibre-gl-worker.mjs?worker&url";
import { COVERAGE, DENSITY, LINE, NOBODY, PAPER, SOFT, TEAL } from "./colours";
import { frame, middle } from "./geo";
import { make } from "./parts";
import type { Outlines, Told } from "./told";

setWorkerUrl(worker);

const ramp = (stops: [number, string][]): (number | string)[] => stops.flat();

export function hasWebgl(): boolean {
  const probe = document.createElement("canvas").getContext("webgl2");
  probe?.getExtension("WEBGL_lose_context")?.loseContext();
  return probe !== null;
}

export class WebglMap {
  private readonly chart: Chart;
  private readonly outlines: Outlines;
  private loaded = false;
  private latest: Told;

  constructor(box: HTMLElement, outlines: Outlines, told: Told, lost: () => void) {
    this.outlines = outlines;
    this.latest = told;
    const bounds = frame(outlines.grids, told.points.map((one) => [one[0], one[1]]));
    this.chart = new Chart({
      container: box, interactive: false, attributionControl: false, fadeDuration: 0, pixelRatio: 1,
      ...(bounds ? { bounds: [[bounds[0], bounds[1]], [bounds[2], bounds[3]]] as [[number, number], [number, number]], fitBoundsOptions: { padding: 40 } } : {}),
      style: {
        version: 8,
        sources: {
          grids: { type: "geojson", data: this.coloured(told) },
          roads: { type: "geojson", data: outlines.roads },
          people: { type: "geojson", data: people(told) },
        },
        layers: [
          { id: "ground", type: "background", paint: { "background-color": PAPER } },
          { id: "grids", type: "fill", source: "grids", paint: { "fill-color": ["interpolate", ["linear"], ["get", "rate"], -1, NOBODY, ...ramp(COVERAGE)] as never, "fill-opacity": 0.75 } },
          { id: "roads", type: "line", source: "roads", paint: { "line-color": SOFT, "line-width": ["case", ["get", "arterial"], 3, 1], "line-opacity": 0.6 } },
          { id: "borders", type: "line", source: "grids", paint: { "line-color": LINE, "line-width": 3 } },
          { id: "people", type: "heatmap", source: "people", paint: {
            "heatmap-weight": ["get", "weight"], "heatmap-radius": 46, "heatmap-intensity": 1.1,
            "heatmap-color": ["interpolate", ["linear"], ["heatmap-density"], ...ramp(DENSITY)] as never, "heatmap-opacity": 0.85,
          } },
        ],
      },
    });
    this.chart.once("load", () => {
      this.loaded = true;
      box.dataset.map = "webgl";
      this.show(this.latest);
    });
    box.querySelector("canvas")?.addEventListener("webglcontextlost", lost, { once: true });
    for (const grid of outlines.grids.features)
      new Marker({ element: make("span", "place", String(grid.properties?.name ?? "")) }).setLngLat(middle(grid)).addTo(this.chart);
    box.style.setProperty("--accent", TEAL);
  }

  show(told: Told): void {
    this.latest = told;
    if (!this.loaded) return;
    (this.chart.getSource("grids") as GeoJSONSource).setData(this.coloured(told));
    (this.chart.getSource("people") as GeoJSONSource).setData(people(told));
  }

  close(): void {
    this.chart.remove();
  }

  private coloured(told: Told): GeoJSON.FeatureCollection {
    const rates = new Map(told.grids.map((grid) => [grid.pk, grid.due ? grid.sampled / grid.due : -1]));
    return {
      type: "FeatureCollection",
      features: this.outlines.grids.features.map((one) => ({ ...one, properties: { ...one.properties, rate: rates.get(Number(one.properties?.pk)) ?? -1 } })),
    };
  }
}

function people(told: Told): GeoJSON.FeatureCollection {
  const most = Math.max(1, ...told.points.map((one) => one[3]));
  return {
    type: "FeatureCollection",
    features: told.points.map(([x, y, , sampled]) => ({ type: "Feature", geometry: { type: "Point", coordinates: [x, y] }, properties: { weight: sampled / most } })),
  };
}
