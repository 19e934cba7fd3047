/** How things of inspection are called on the screen. */

import { language, t } from "../texts/language";
import type { ItemWords, Operation, RoundLine, Outcome, VisitEnd, VisitKind } from "../protocol";
import { world } from "../world";

const KINDS: Record<VisitKind, string> = { full: "全面检查", short: "日常巡查", look_back: "复查" };
const ENDS: Record<VisitEnd, string> = { finished: "结束检查", no_access: "未能进入", cancelled: "取消检查" };
const OUTCOMES: Record<Outcome, string> = { fixed: "已整改", partly: "部分整改", not_fixed: "未整改", no_access: "未能查看" };
const BASES: Record<string, string> = { guidance: "园区指导走访", entrusted: "受委托检查", authority: "行政检查", emergency: "应急指挥命令" };
const STATES: Record<string, string> = { "": "未整改", reported: "已自报，待复查", partly: "部分整改", not_fixed: "复查未整改", hung_up: "挂账", reopened: "重新打开" };
const EVIDENCE: Record<string, string> = { Y: "是否", N: "数量", T: "温度", P: "现场照片", D: "文件", R: "抽查记录", S: "扫码", M: "测量", I: "询问" };
const UNITS: Record<string, string> = { hours: "{n} 小时", working_hours: "{n} 个工作小时", working_days: "{n} 个工作日" };

/** The six aspects, and what stands beside them; of a checklist with other aspects those as the park names them. */
export const ASPECTS: { name: string; title: string; of: string[] }[] = [
  { name: "closed_loop", title: "闭环管理", of: ["closed_loop"] },
  { name: "zoning", title: "分区管理", of: ["zoning"] },
  { name: "living", title: "住宿用餐", of: ["lodging", "meals"] },
  { name: "people", title: "人员管理", of: ["people"] },
  { name: "disinfection", title: "环境消杀", of: ["disinfection"] },
  { name: "vehicles", title: "车辆物流", of: ["vehicles"] },
  { name: "resumption_and_supplies", title: "复工与物资", of: ["resumption_and_supplies"] },
];

export const kindWord = (kind: VisitKind): string => t(KINDS[kind]);
export const outcomeWord = (outcome: Outcome): string => t(OUTCOMES[outcome]);
export const findingState = (state: string): string => t(STATES[state] ?? "未整改");
export const evidenceWord = (letter: string): string => t(EVIDENCE[letter] ?? letter);

/** The ground of a visit, in this phone's language where we know it, else as the park says it. */
export function basisWord(basis: string, name = ""): string {
  return BASES[basis] ? t(BASES[basis]) : name || basis;
}

/** "24 小时" of a time limit. */
export function termWord(unit: string, amount: number): string {
  return t(UNITS[unit] ?? "{n} 小时", { n: amount });
}

/** What the park wrote, in this phone's language as far as somebody has written it. */
export function inThisLanguage(chinese: string | undefined, english: string | undefined): string {
  return (language() === "en" && english ? english : chinese || english) ?? "";
}

export const itemText = (item: ItemWords): string => inThisLanguage(item.text, item.text_en);
export const remedyText = (item: ItemWords): string => inThisLanguage(item.remedy, item.remedy_en);

/** Everything that one visit does there: "一次办完：复查 2 项 + 停工巡查". */
export const oneVisit = (line: RoundLine): string => t("一次办完：{all}", { all: (line.purposes ?? []).join(" + ") });

/** One operation in a line. */
export function inspectionWord(operation: Operation): string {
  const { visits, pins, carried } = world.inspecting;
  switch (operation.kind) {
    case "begin_visit":
      return `${kindWord(operation.visit_kind)} ${pins[operation.id]?.name ?? carried?.round.find((one) => one.enterprise === operation.enterprise)?.short_name ?? operation.enterprise}`;
    case "note_finding":
      return t("问题 {item}", { item: `${operation.item} ${operation.area ?? ""}`.trim() });
    case "photo":
      return t("照片");
    case "fix_on_spot":
      return t("当场整改");
    case "look_back":
      return t("复查：{outcome}", { outcome: outcomeWord(operation.outcome) });
    case "end_visit":
      return `${t(ENDS[operation.how])} ${pins[operation.visit]?.name ?? visits.all.get(operation.visit)?.enterprise ?? ""}`;
    default:
      return operation.kind;
  }
}
