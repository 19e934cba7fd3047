"""What each way of settling a doubt does. A way that only records a person's word has no effect here."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from parkkeeper.kernel.ids import new_id
from parkkeeper.park.errors import Refused
from parkkeeper.park.models import Anomaly, Certificate, Person
from parkkeeper.sampling.actions.results import strike_result
from parkkeeper.sampling.actions.rounds import join_round
from parkkeeper.sampling.consequences import judge_tubes, share_results
from parkkeeper.sampling.earlier import keep_listings, keep_scans, keep_tubes
from parkkeeper.sampling.models import (
    Box,
    BoxTube,
    Duty,
    HandOver,
    Laboratory,
    Reception,
    Result,
    Round,
    Scan,
    Session,
    Test,
    Tube,
    Undo,
)
from parkkeeper.sampling.scandoubts import judge_scans
from parkkeeper.sampling.tubebook import hear_tubes, place_unopened
from parkkeeper.sampling.tubedoubts import judge_contents
from parkkeeper.sampling.tubemoves import move_all, move_scans


@dataclass(frozen=True, slots=True)
class Settling:
    """One settling: the locked doubt, the word of whoever settles it, and what the way needs besides."""

    anomaly: Anomaly
    reason: str
    by: Person
    at: datetime
    details: dict[str, Any]

    def need(self, name: str, kind: type[Any], ask: str) -> Any:
        """The detail of that name. Raises Refused with `ask`, which says what to give, when it is missing."""
        found = self.details.get(name)
        if not isinstance(found, kind):
            raise Refused(ask)
        return found


Facts = dict[str, Any]


def judge_again(scans: Collection[UUID], tubes: Collection[int], *, at: datetime) -> None:
    """Derive everything about these scans and tubes anew, after a person changed what they say."""
    judge_scans(scans, at=at)
    judge_contents(tubes, at=at)
    judge_tubes(tubes, at=at)


def _scan_of(settling: Settling) -> Scan:
    """The scan that the doubt is about, or the one chosen among those of its tube or person."""
    chosen = settling.details.get("scan")
    if isinstance(chosen, Scan):
        if not _about(settling.anomaly).filter(pk=chosen.pk).exists():
            raise Refused(_("选中的扫码与这条异常无关，请在列出的扫码里选择。"))
        return chosen
    if settling.anomaly.noun != "scan":
        raise Refused(_("请选择要处理的那一次扫码。"))
    return Scan.objects.get(pk=settling.anomaly.noun_id)


def _about(anomaly: Anomaly) -> QuerySet[Scan]:
    if anomaly.noun == "tube":
        return Scan.objects.filter(tube_id=int(anomaly.noun_id))
    named = {anomaly.evidence[key] for key in ("scan", "other_scan") if key in anomaly.evidence}
    return Scan.objects.filter(pk__in=named | {anomaly.noun_id})


def _assign_person(settling: Settling) -> Facts:
    person = settling.need("person", Person, _("请选择扫到的是谁。"))
    share_results()
    scan = Scan.objects.select_for_update(of=("self",)).select_related("person").get(pk=settling.anomaly.noun_id)
    if scan.person is not None:
        raise Refused(_("这次扫码已经确认是 %(name)s。") % {"name": scan.person.name})
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    scan.person, scan.identified_at = person, settling.at
    scan.save(update_fields=["person", "identified_at"])
    judge_again([scan.pk], [scan.tube_id], at=settling.at)
    return {"scan": str(scan.pk), "assigned": person.pk}


def _undo_scan(settling: Settling) -> Facts:
    share_results()
    scan = _scan_of(settling)
    if scan.undone_at is not None:
        raise Refused(_("这次扫码已经撤销，不需要再次撤销。"))
    Undo.objects.create(
        id=new_id(), scan_id=scan.pk, at=settling.at, received_at=settling.at, by=settling.by, ordered=True
    )
    judge_again([scan.pk], [scan.tube_id], at=settling.at)
    return {"scan": str(scan.pk)}


def _join_round(settling: Settling) -> Facts:
    scan = _scan_of(settling)
    if scan.person is None or scan.round is None:
        raise Refused(_("这次扫码还没有确认人员或轮次，不能补入名单。"))
    join_round(scan.round, scan.person, point=scan.point, by=settling.by, at=settling.at)
    return {"round": scan.round_id}


def _move_to_point(settling: Settling) -> Facts:
    tube = Tube.objects.select_for_update(of=("self",)).get(pk=settling.anomaly.noun_id)
    keep_tubes([tube.pk], at=settling.at)
    before, tube.point_id = tube.point_id, settling.anomaly.evidence["point"]
    tube.save(update_fields=["point"])
    return {"tube": tube.code, "from_point": before, "to_point": tube.point_id}


def _correct_code(settling: Settling) -> Facts:
    code = settling.need("code", str, _("请填写试管上正确的试管码。"))
    share_results()
    wrong = Tube.objects.get(pk=settling.anomaly.noun_id)
    right = hear_tubes([code], point_id=wrong.point_id, at=settling.at)[code]
    if right.roll_id is None:
        raise Refused(_("试管码“%(code)s”不在任何码卷，请核对校验位后重新填写。") % {"code": code})
    if right.id == wrong.pk:
        raise Refused(_("填写的试管码与原来的相同，没有可以更正的内容。"))
    chosen = settling.details.get("scans")
    if chosen is None:
        moved = move_all(wrong.pk, right.id, at=settling.at)
    else:
        moved = move_scans(wrong.pk, right.id, [s.pk for s in chosen], at=settling.at)
    tubes = hear_tubes([wrong.code, right.code], point_id=wrong.point_id, at=settling.at)
    place_unopened(tubes.values(), at=settling.at)
    judge_again(moved, [wrong.pk, right.id], at=settling.at)
    return {"wrong": wrong.code, "right": right.code, "scans": len(moved)}


def _day_of(anomaly: Anomaly) -> tuple[date, datetime, datetime]:
    day = date.fromisoformat(anomaly.evidence["day"])
    start = timezone.make_aware(datetime.combine(day, time.min))
    return day, start, start + timedelta(days=1)


def _attach_round(settling: Settling) -> Facts:
    day, start, end = _day_of(settling.anomaly)
    found = Round.objects.filter(test=Test.PCR, day=day).first()
    if found is None:
        raise Refused(_("%(day)s 没有核酸轮次。请先在“轮次”页开轮，再归入。") % {"day": day.isoformat()})
    share_results()
    # a doubt about scans of no point (typed from paper) names none
    here = {"point": settling.anomaly.noun_id or None, "round__isnull": True}
    lost = Scan.objects.filter(**here, scanned_at__gte=start, scanned_at__lt=end)
    scans = list(lost.values_list("pk", flat=True))
    tubes = sorted(set(lost.values_list("tube_id", flat=True)))
    roundless = Tube.objects.filter(pk__in=tubes, round__isnull=True)
    keep_scans(scans, at=settling.at)
    keep_tubes(list(roundless.values_list("pk", flat=True)), at=settling.at)
    lost.update(round=found)
    roundless.update(round=found)
    Box.objects.filter(**here, sealed_at__gte=start, sealed_at__lt=end).update(round=found)
    Session.objects.filter(**here, opened_at__gte=start, opened_at__lt=end).update(round=found)
    judge_again(scans, tubes, at=settling.at)
    return {"round": found.pk, "scans": len(scans), "tubes": len(tubes)}


def _record_session(settling: Settling) -> Facts:
    day, start, end = _day_of(settling.anomaly)
    point = int(settling.anomaly.noun_id)
    known = Session.objects.filter(point_id=point, opened_at__gte=start, opened_at__lt=end).first()
    if known is not None:
        return {"session": str(known.pk)}
    made = Session.objects.create(
        point_id=point, round=Round.objects.filter(test=Test.PCR, day=day).first(), opened_by=settling.by,
        opened_at=settling.anomaly.happened_at, received_at=settling.at,
    )  # fmt: skip
    return {"session": str(made.pk)}


def _attach_certificate(settling: Settling) -> Facts:
    duty = Duty.objects.select_for_update(of=("self",)).select_related("person").get(pk=settling.anomaly.noun_id)
    day = timezone.localdate(duty.began_at)
    valid = [
        c
        for c in Certificate.objects.filter(person=duty.person, role=duty.role, during__contains=day).order_by("pk")
        if c.revoked_at is None or c.revoked_at > duty.began_at
    ]
    if not valid:
        raise Refused(
            _("%(name)s 在 %(day)s 仍没有该岗位的有效上岗证。请先在人员页登记上岗证。")
            % {"name": duty.person.name, "day": day.isoformat()}
        )
    duty.certificate = valid[0]
    duty.save(update_fields=["certificate"])
    return {"certificate": valid[0].pk}


def _end_duty(settling: Settling) -> Facts:
    duty = Duty.objects.select_for_update(of=("self",)).get(pk=settling.anomaly.noun_id)
    if duty.ended_at is None:
        duty.ended_at = max(settling.at, duty.began_at)
        duty.save(update_fields=["ended_at"])
    return {"duty": str(duty.pk), "ended_at": duty.ended_at.isoformat()}


def _choose_box(settling: Settling) -> Facts:
    box = settling.need("box", Box, _("请选择试管实际所在的转运箱。"))
    tube = int(settling.anomaly.noun_id)
    share_results()
    if not BoxTube.objects.filter(tube_id=tube, box=box).exists():
        raise Refused(_("转运箱 %(box)s 的清单里没有这支试管，请在列出的箱里选择。") % {"box": box.code})
    others = BoxTube.objects.filter(tube_id=tube).exclude(box=box)
    removed = [str(pk) for pk in others.order_by("box_id").values_list("box_id", flat=True)]
    keep_listings(tube, but=box.pk, at=settling.at)
    others.delete()
    judge_again([], [tube], at=settling.at)
    return {"box": str(box.pk), "removed_from": removed}


def _complete_signatures(settling: Settling) -> Facts:
    row = HandOver.objects.select_for_update(of=("self",)).get(pk=settling.anomaly.noun_id)
    row.given_by = row.given_by or settling.details.get("given_by")
    row.taken_by = row.taken_by or settling.details.get("taken_by")
    if row.given_by is None or row.taken_by is None:
        raise Refused(_("请补齐交出人和接收人。"))
    row.save(update_fields=["given_by", "taken_by"])
    return {"given_by": row.given_by.pk, "taken_by": row.taken_by.pk}


def _name_laboratory(settling: Settling) -> Facts:
    laboratory = settling.need("laboratory", Laboratory, _("请选择签收的检测机构。"))
    row = Reception.objects.select_for_update(of=("self",)).get(pk=settling.anomaly.noun_id)
    if Reception.objects.filter(tube=row.tube_id, laboratory=laboratory, condition=row.condition).exists():
        raise Refused(_("%(name)s 已有这支试管的同样签收记录，请改用“核实无误”。") % {"name": laboratory.name})
    row.laboratory = laboratory
    row.save(update_fields=["laboratory"])
    return {"laboratory": laboratory.code}


def _strike_result(settling: Settling) -> Facts:
    result = settling.need("result", Result, _("请选择要撤下的检测结果。"))
    strike_result(result, reason=settling.reason, by=settling.by, at=settling.at)
    return {"result": result.pk}


EFFECTS: dict[str, Callable[[Settling], Facts]] = {
    "assign_person": _assign_person,
    "undo_scan": _undo_scan,
    "apply_undo": _undo_scan,
    "join_round": _join_round,
    "move_to_point": _move_to_point,
    "correct_code": _correct_code,
    "attach_round": _attach_round,
    "record_session": _record_session,
    "attach_certificate": _attach_certificate,
    "end_duty": _end_duty,
    "choose_box": _choose_box,
    "complete_signatures": _complete_signatures,
    "name_laboratory": _name_laboratory,
    "strike_result": _strike_result,
}
