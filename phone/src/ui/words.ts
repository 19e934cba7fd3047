/** How things are called on the screen. */

import { t } from "../texts/language";
import type { State } from "../store/db";
import type { AntigenValue, Condition, Operation } from "../protocol";
import { world } from "../world";
import { inspectionWord } from "./inspect-words";

const STATES: Record<State, string> = { saved: "已存本机", sent: "已发出", settled: "已送达", kept: "办公室处理中", held: "无法发送" };
const ROLES: Record<string, string> = {
  sampling_specialist: "采样专员",
  scanning_specialist: "扫码专员",
  prevention_specialist: "防疫专员",
  courier: "转运员",
  team_leader: "检查组组长",
  team_member: "检查组成员",
  concierge: "驻企店小二",
  lab_member: "检测机构人员",
};
const DOUBTS: Record<string, string> = {
  unknown_person: "不在名册",
  ambiguous_person: "可能是几个人之一",
  walk_in: "应在别处采样",
  not_on_round: "不在本轮名单",
  not_due: "不应检",
  other_enterprise_slot: "其他企业的时段",
  pooled_though_single: "应单采却混采",
  double_scan_other_tube: "另一管里也有",
  double_scan_same_tube: "同管重复",
  scan_after_seal: "封管后扫码",
  undo_after_seal: "封管后撤销",
  unknown_tube: "管码不在码卷",
  foreign_tube: "其他采样点的管",
  tube_opened_twice: "管开了两次",
  over_full: "超过混采人数",
  name_without_swab: "有人名少拭子",
  swab_without_name: "有拭子少人名",
  late_scan: "很久以后才传到",
  after_close: "本轮时间之外",
  clock_far_off: "手机时钟偏差大",
  no_round: "当天没有轮次",
  code_out_of_date: "人员码过期",
  hand_over_unsigned: "交接缺少签名",
  unknown_box: "封箱记录还没到",
  phone_revoked: "手机登记已撤销",
  visit_without_authorisation: "没有备案的授权",
  visit_conflict_of_interest: "受雇于被检查企业",
  visit_outside_grid: "不在本组网格",
  visit_over_cap: "企业检查已达上限",
  visit_unsigned: "没有签字也没有拒签",
  look_back_of_own_work: "复查本人的工作，不算",
  spot_fix_without_photo: "当场整改没有照片",
  photo_without_place: "照片没有位置",
  visit_answers_break_rules: "回答不符合检查表的条件",
  received_unknown_tube: "签收的管没有采样记录",
  reception_contradicts: "签收说法不一",
  unknown_laboratory: "检测机构不明",
  tube_in_two_boxes: "同一管在两个箱里",
  box_unknown_tube: "箱里的管没有采样记录",
  tube_unsealed_in_box: "箱里的管未封",
};

const VALUES: Record<AntigenValue, string> = { negative: "阴性", positive: "阳性", indeterminate: "可疑", invalid: "无效" };

export function valueWord(value: AntigenValue): string {
  return t(VALUES[value]);
}

const RECEIVED: Record<Condition, string> = { good: "完好", damaged: "破损", leaked: "渗漏", rejected: "拒收", missing: "缺失" };
export const CONDITIONS = Object.keys(RECEIVED) as Condition[];

export function conditionWord(condition: Condition): string {
  return t(RECEIVED[condition]);
}

export function stateWord(state: State): string {
  return t(STATES[state]);
}

export function roleWord(role: string): string {
  return t(ROLES[role] ?? role);
}

export function doubtWord(doubt: string): string {
  return t(DOUBTS[doubt] ?? "有疑问，待人工核对");
}

export function nameOf(person: string | undefined, claimed: string): string {
  const specialist = world.people?.roster.specialists.find((one) => one.person === person);
  const tester = world.people?.roster.antigen?.people.find((one) => one.person === person);
  return world.people?.get(person)?.name ?? specialist?.name ?? tester?.name ?? (claimed.startsWith("PK") ? t("未核实的人员码") : claimed || t("不在名单"));
}

/** One operation in a line. */
export function operationWord(operation: Operation): string {
  switch (operation.kind) {
    case "open_session":
      return t("开始值守");
    case "close_session":
      return t("结束值守");
    case "go_on_duty":
      return t("上岗 {name}", { name: nameOf(operation.person, "") });
    case "open_tube":
      return t("开管 {code}", { code: operation.tube });
    case "scan":
      return t("{name} 入管 {code}", { name: nameOf(operation.person, operation.claimed ?? ""), code: operation.tube.slice(-5) });
    case "undo_scan":
      return t("撤销一人");
    case "seal_tube":
      return t("封管 {code}，拭子 {n}", { code: operation.tube, n: operation.swabs });
    case "seal_box":
      return t("装箱 {code}，{n} 管", { code: operation.box, n: operation.tubes.length });
    case "hand_over_box":
      return operation.leg === "to_courier" ? t("交给转运员") : t("交到实验室");
    case "receive_tube":
      return t("签收 {code}：{condition}", { code: operation.tube, condition: conditionWord(operation.condition) });
    case "antigen":
      return t("抗原 {name}：{value}", { name: nameOf(operation.person, ""), value: valueWord(operation.value) });
    default:
      return inspectionWord(operation);
  }
}
