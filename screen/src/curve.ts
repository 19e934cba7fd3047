/** The coverage curve of the evening, against the line of those due. */
import { LineChart } from "echarts/charts";
import { GridComponent, MarkLineComponent } from "echarts/components";
import * as echarts from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { INK, LINE, SOFT, TEAL } from "./colours";
import type { Told } from "./told";

echarts.use([LineChart, GridComponent, MarkLineComponent, CanvasRenderer]);

const hour = (moment: number): string => new Date(moment).toLocaleTimeString("zh-CN", { hour: "2-digit", minute: "2-digit", hour12: false });

export class Curve {
  private readonly chart: echarts.ECharts;

  constructor(box: HTMLElement) {
    this.chart = echarts.init(box, null, { renderer: "canvas", devicePixelRatio: 1 });
    this.chart.setOption({
      animation: false,
      grid: { left: 70, right: 30, top: 24, bottom: 34 },
      xAxis: { type: "time", axisLabel: { color: SOFT, fontSize: 16, formatter: hour }, axisLine: { lineStyle: { color: LINE } }, splitLine: { show: false } },
      yAxis: { type: "value", axisLabel: { color: SOFT, fontSize: 16 }, splitLine: { lineStyle: { color: LINE } } },
      series: [{
        type: "line", showSymbol: false, data: [], lineStyle: { color: TEAL, width: 4 }, areaStyle: { color: TEAL, opacity: 0.18 },
        markLine: { silent: true, symbol: "none", data: [], lineStyle: { color: INK, type: "dashed" }, label: { color: INK, fontSize: 16, position: "insideStartTop" } },
      }],
    });
  }

  show(told: Told): void {
    const { round, words } = told;
    this.chart.setOption({
      xAxis: round ? { min: Math.min(round.opens, round.curve[0]?.[0] ?? round.opens), max: Math.max(round.closes, round.curve.at(-1)?.[0] ?? 0) } : {},
      yAxis: { max: round ? Math.ceil((Math.max(round.due, round.sampled, 1) * 1.1) / 10) * 10 : undefined },
      series: [{
        data: round?.curve ?? [],
        markLine: { data: round ? [{ yAxis: round.due, label: { formatter: `${words.due} ${round.due}` } }] : [] },
      }],
    });
  }
}
