"""Doubts: what the field's words leave open, as rows that a person settles. Raising one never refuses anything.

A doubt has a key, so that it is raised once whatever is sent again. Doubts that follow from counts and orders are
worked out anew when a late message changes the facts: while nobody has settled them their evidence follows the facts,
and when they no longer hold the evidence says `"holds": false`; only a person settles. What one batch both raises and
explains is no doubt at all.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import connection
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from parkkeeper.kernel.canonical import canonical_json
from parkkeeper.park.models import Post
from parkkeeper.sampling.arrays import moments, plain, texts

OFFICE, PREVENTION = Post.Role.OFFICE, Post.Role.PREVENTION


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of doubt: its title, the role that owns it, the settling actions (keys of HOWS) that are allowed."""

    title: str | Promise
    owner_role: str
    settled_by: tuple[str, ...]


# The ways to settle; what each does is in sampling/actions/settle.py.
HOWS: dict[str, str | Promise] = {
    "accept": _("核实无误，予以确认"),
    "incident": _("登记为差错事件"),
    "assign_person": _("确认是某人"),
    "join_round": _("补入本轮名单"),
    "undo_scan": _("撤销这次扫码"),
    "keep_both": _("两次采样都保留"),
    "apply_undo": _("执行这次撤销"),
    "keep_scan": _("保留扫码，不撤销"),
    "move_to_point": _("试管改归实际使用的采样点"),
    "correct_code": _("更正试管码"),
    "accept_count": _("核对后以扫码人数为准"),
    "attach_round": _("归入当日轮次"),
    "record_session": _("补记场次"),
    "attach_certificate": _("补登上岗证"),
    "end_duty": _("停止当班"),
    "choose_box": _("确认试管所在的转运箱"),
    "complete_signatures": _("补齐交接人"),
    "name_laboratory": _("确认检测机构"),
    "strike_result": _("撤下一条检测结果"),
}

# who settles by which actions; the order is that of the pages
KINDS: dict[str, Kind] = {
    "unknown_person": Kind(_("扫到的人不在名册"), PREVENTION, ("assign_person", "undo_scan", "incident")),
    "ambiguous_person": Kind(_("扫到的人可能是几个人之一"), PREVENTION, ("assign_person", "undo_scan", "incident")),
    "code_out_of_date": Kind(_("出示的个人码不在有效期内"), PREVENTION, ("accept", "undo_scan")),
    "walk_in": Kind(_("应在别处采样的人来到本点"), PREVENTION, ("accept", "undo_scan")),
    "not_on_round": Kind(_("扫到的人不在本轮名单"), PREVENTION, ("join_round", "accept", "undo_scan")),
    "not_due": Kind(_("名单上不应检的人来采样"), PREVENTION, ("accept", "undo_scan")),
    "other_enterprise_slot": Kind(_("在其他企业的时段采样"), PREVENTION, ("accept", "incident")),
    "pooled_though_single": Kind(_("应单采单检的人进了混采管"), OFFICE, ("accept", "undo_scan", "incident")),
    "double_scan_other_tube": Kind(_("同一人在本轮进了两支试管"), OFFICE, ("keep_both", "undo_scan")),
    "double_scan_same_tube": Kind(_("同一人在同一支试管扫了两次"), OFFICE, ("accept",)),
    "scan_after_seal": Kind(_("封管之后扫码"), OFFICE, ("accept", "undo_scan", "incident")),
    "undo_after_seal": Kind(_("封管之后撤销，没有执行"), OFFICE, ("apply_undo", "keep_scan")),
    "undo_unknown": Kind(_("撤销的扫码没有找到"), OFFICE, ("accept", "incident")),
    "unknown_tube": Kind(_("试管码不在任何码卷"), OFFICE, ("correct_code", "accept", "incident")),
    "foreign_tube": Kind(_("用了其他采样点的试管"), OFFICE, ("move_to_point", "correct_code", "incident")),
    "tube_opened_twice": Kind(_("同一支试管开了两次"), OFFICE, ("correct_code", "accept", "incident")),
    "tube_sealed_twice": Kind(_("同一支试管封了两次"), OFFICE, ("accept", "incident")),
    "over_full": Kind(_("试管超过混采人数"), OFFICE, ("accept_count", "incident")),
    "name_without_swab": Kind(_("有人名，少拭子"), PREVENTION, ("undo_scan", "accept_count", "incident")),
    "swab_without_name": Kind(_("有拭子，少人名"), PREVENTION, ("accept_count", "incident")),
    "late_scan": Kind(_("扫码很久以后才传到"), OFFICE, ("accept",)),
    "after_close": Kind(_("在本轮时间之外扫码"), OFFICE, ("accept", "incident")),
    "clock_far_off": Kind(_("手机时钟偏差过大"), OFFICE, ("accept", "incident")),
    "no_round": Kind(_("当天没有核酸轮次"), OFFICE, ("attach_round", "accept")),
    "no_session": Kind(_("采样点没有开场就在扫码"), OFFICE, ("record_session", "accept")),
    "holder_without_post": Kind(_("手机持有人没有在期的岗位"), OFFICE, ("accept", "incident")),
    "duty_without_certificate": Kind(_("无有效上岗证当班"), OFFICE, ("attach_certificate", "end_duty", "incident")),
    "unknown_duty_person": Kind(_("当班的人不在名册"), OFFICE, ("accept", "incident")),
    "tube_in_two_boxes": Kind(_("同一支试管在两个箱里"), OFFICE, ("choose_box", "incident")),
    "tube_unsealed_in_box": Kind(_("没有封管就装箱"), OFFICE, ("accept", "incident")),
    "box_unknown_tube": Kind(_("箱里的试管没有开管也没有扫码"), OFFICE, ("correct_code", "accept", "incident")),
    "received_unknown_tube": Kind(_("签收的试管没有开管也没有扫码"), OFFICE, ("correct_code", "accept", "incident")),
    "reception_contradicts": Kind(_("检测机构对同一支试管说法不一"), OFFICE, ("accept", "incident")),
    "unknown_laboratory": Kind(_("签收的检测机构不明"), OFFICE, ("name_laboratory", "accept")),
    "unknown_box": Kind(_("交接或签收的箱没有封箱记录"), OFFICE, ("accept", "incident")),
    "bad_box_code": Kind(_("箱码有误"), OFFICE, ("accept", "incident")),
    "hand_over_unsigned": Kind(_("交接缺少签名"), OFFICE, ("complete_signatures", "accept")),
    "result_contradicts": Kind(_("同一支试管的检测结果不一致"), OFFICE, ("strike_result", "accept")),
    "result_unknown_tube": Kind(_("检测结果的试管没有开管也没有扫码"), OFFICE, ("strike_result", "accept", "incident")),
    "result_withdrawn": Kind(_("检测机构要求撤回结果"), OFFICE, ("strike_result", "accept")),
    "positive_without_names": Kind(_("阳性试管里有查不到姓名的人"), OFFICE, ("accept", "incident")),
    "antigen_unknown_person": Kind(_("抗原自测的人不在名册"), OFFICE, ("accept", "incident")),
    # raised by the phones' door itself
    "poison_operation": Kind(_("手机发来无法识别的操作"), OFFICE, ("accept", "incident")),
    "unreadable_batch": Kind(_("手机发来无法读取的内容"), OFFICE, ("accept", "incident")),
    "batch_id_reused": Kind(_("同一批次编号发来了不同内容"), OFFICE, ("accept", "incident")),
    "phone_revoked": Kind(_("登记已撤销的手机发来内容"), OFFICE, ("accept", "incident")),
}

# Kinds whose truth is worked out anew whenever a message touches the same tube or scan.
OF_TUBE = (
    "unknown_tube", "over_full", "name_without_swab", "swab_without_name", "tube_in_two_boxes", "tube_unsealed_in_box",
    "box_unknown_tube", "received_unknown_tube", "reception_contradicts",
)  # fmt: skip
OF_PERSON = ("unknown_person", "ambiguous_person", "code_out_of_date", "walk_in", "not_on_round", "not_due")
OF_SCAN = ("pooled_though_single", "scan_after_seal", "double_scan_other_tube", "undo_after_seal")


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt to raise; `key` makes it the same doubt next time. Evidence: ids, codes and counts, no documents."""

    kind: str
    key: str
    happened_at: datetime
    raised_at: datetime
    person_id: int | None = None
    enterprise_id: int | None = None
    site_id: int | None = None
    noun: str = ""
    noun_id: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    owner_role: str = ""


_INSERT = """
INSERT INTO park_anomaly (key, kind, happened_at, raised_at, person_id, enterprise_id, site_id, noun, noun_id,
                          evidence, owner_role, settled_how, settled_reason)
SELECT key, kind, happened_at, raised_at, person_id, enterprise_id, site_id, noun, noun_id, evidence::jsonb, owner_role,
       '', ''
FROM unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::bigint[], %s::bigint[],
            %s::text[], %s::text[], %s::text[], %s::text[])
     AS d(key, kind, happened_at, raised_at, person_id, enterprise_id, site_id, noun, noun_id, evidence, owner_role)
ORDER BY key
"""
_ONCE = _INSERT + "ON CONFLICT (key) DO NOTHING"
_FOLLOW = (
    _INSERT
    + """ON CONFLICT (key) DO UPDATE SET evidence = excluded.evidence
WHERE park_anomaly.settled_at IS NULL AND park_anomaly.evidence IS DISTINCT FROM excluded.evidence"""
)


def raise_doubts(doubts: Iterable[Doubt]) -> None:
    """Raise these doubts, each once for its key, in one statement; in the caller's transaction."""
    _write(_ONCE, doubts)


# Between a key and the mark of its evidence; keys hold no spaces, so it stands in none by itself.
_AGAIN = " ~"


def follow_doubts(doubts: Iterable[Doubt]) -> None:
    """Raise doubts that hold now; where one was raised before and nobody settled it, its evidence becomes today's.

    Somebody's settling stands for the facts that it was about: when other facts hold now, the doubt is raised again.
    """
    rows = list(doubts)
    if rows:
        _write(_FOLLOW, _raised_again(rows))


def _raised_again(doubts: list[Doubt]) -> list[Doubt]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT key, evidence FROM park_anomaly WHERE key = ANY(%s::text[]) AND settled_at IS NOT NULL",
            [texts(d.key for d in doubts)],
        )
        settled = {key: canonical_json(_loaded(evidence)) for key, evidence in cursor.fetchall()}
        if not settled:
            return doubts
        again = []
        for doubt in doubts:
            facts = canonical_json(doubt.evidence)
            if doubt.key in settled and settled[doubt.key] != facts:
                marked = replace(doubt, key=f"{doubt.key}{_AGAIN}{sha256(facts).hexdigest()[:8]}")
                cursor.execute(
                    "UPDATE park_anomaly SET evidence = evidence || '{\"holds\": false}' WHERE settled_at IS NULL "
                    "AND noun = %s AND noun_id = %s AND starts_with(key, %s) AND key <> %s AND NOT evidence ? 'holds'",
                    [doubt.noun, doubt.noun_id, doubt.key + _AGAIN, marked.key],
                )
                again.append(marked)
            elif doubt.key not in settled:
                again.append(doubt)
    return again


def _loaded(evidence: Any) -> Any:
    return json.loads(evidence) if isinstance(evidence, str) else evidence


def lapse_doubts(
    noun: str,
    noun_ids: Collection[str],
    kinds: Collection[str],
    holding: Collection[str],
    *,
    at: datetime | None = None,
) -> None:
    """Mark that open doubts of these kinds about these things no longer hold, except the keys in `holding`.

    Those raised `at` this very moment are dropped instead: one part of a batch (the scans) raised what its next part
    (the undos, the seals) explains, so that nobody ever had reason to doubt.
    """
    if not noun_ids:
        return
    with connection.cursor() as cursor:
        cursor.execute(_LAPSE, [at, noun, texts(noun_ids), texts(kinds), _AGAIN, texts(holding)])


_LAPSE = """
WITH lapsed AS (
    SELECT id, raised_at IS NOT DISTINCT FROM %s::timestamptz AS at_once FROM park_anomaly
    WHERE noun = %s AND noun_id = ANY(%s::text[]) AND kind = ANY(%s::text[]) AND settled_at IS NULL
      AND NOT evidence ? 'holds' AND NOT (split_part(key, %s, 1) = ANY(%s::text[]))
), dropped AS (DELETE FROM park_anomaly WHERE id IN (SELECT id FROM lapsed WHERE at_once))
UPDATE park_anomaly SET evidence = evidence || '{"holds": false}' WHERE id IN (SELECT id FROM lapsed WHERE NOT at_once)
"""


def _write(statement: str, doubts: Iterable[Doubt]) -> None:
    # one statement cannot update one row twice
    rows = list({doubt.key: doubt for doubt in doubts}.values())
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            statement,
            [
                texts(d.key for d in rows),
                texts(d.kind for d in rows),
                moments(d.happened_at for d in rows),
                moments(d.raised_at for d in rows),
                plain(d.person_id for d in rows),
                plain(d.enterprise_id for d in rows),
                plain(d.site_id for d in rows),
                texts(d.noun for d in rows),
                texts(d.noun_id for d in rows),
                texts(canonical_json(d.evidence).decode() for d in rows),
                texts(d.owner_role or KINDS[d.kind].owner_role for d in rows),
            ],
        )
