/** The same map where there is no WebGL: ECharts' geo on a canvas. */
import { HeatmapChart, LinesChart } from "echarts/charts";
import { GeoComponent, VisualMapComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { COVERAGE, DENSITY, INK, LINE, NOBODY, SOFT } from "./colours";
import type { Outlines, Told } from "./told";

echarts.use([GeoComponent, HeatmapChart, LinesChart, VisualMapComponent, CanvasRenderer]);

const colour = (rate: number): string => [...COVERAGE].reverse().find(([from]) => rate >= from)?.[1] ?? NOBODY;

export class CanvasMap {
  private readonly chart: echarts.ECharts;

  constructor(box: HTMLElement, outlines: Outlines, told: Told) {
    echarts.registerMap("park", outlines.grids as never);
    this.chart = echarts.init(box, null, { renderer: "canvas", devicePixelRatio: 1 });
    const lines = outlines.roads.features.flatMap((road) => {
      const { geometry } = road;
      const parts = geometry.type === "LineString" ? [geometry.coordinates] : geometry.type === "MultiLineString" ? geometry.coordinates : [];
      return parts.map((coords) => ({ coords, lineStyle: { width: road.properties?.arterial ? 3 : 1 } }));
    });
    this.chart.setOption({
      animation: false,
      geo: { map: "park", silent: true, roam: false, left: 40, right: 40, top: 40, bottom: 40, aspectScale: 0.86, preserveAspect: true,
        label: { show: true, color: INK, fontSize: 20 }, itemStyle: { areaColor: SOFT, borderColor: LINE, borderWidth: 3 } },
      visualMap: { show: false, min: 0, max: 1, inRange: { color: DENSITY.slice(1).map(([, one]) => one) }, seriesIndex: 0 },
      series: [
        { type: "heatmap", coordinateSystem: "geo", data: [], pointSize: 26, blurSize: 34, silent: true },
        { type: "lines", coordinateSystem: "geo", polyline: true, silent: true, data: lines as never, lineStyle: { color: SOFT, opacity: 0.6 } },
      ],
    });
    box.dataset.map = "canvas";
    this.show(told);
  }

  show(told: Told): void {
    const most = Math.max(1, ...told.points.map((one) => one[3]));
    this.chart.setOption({
      geo: { regions: told.grids.map((grid) => ({ name: grid.name, itemStyle: { areaColor: colour(grid.due ? grid.sampled / grid.due : -1) } })) },
      series: [{ data: told.points.map(([x, y, , sampled]) => [x, y, sampled / most]) }, {}],
    });
  }

  close(): void {
    this.chart.dispose();
  }
}
