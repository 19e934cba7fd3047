"""Inspection on every page of the browser tests: a notice with its findings, photos, an extension, a stop of work."""

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

from parkkeeper.inspection.actions import cases, days, debriefs, lookbacks, notices, setup, stopwork
from parkkeeper.inspection.checklistfiles import read_checklist
from parkkeeper.inspection.models import Finding, Photo, Visit
from parkkeeper.inspection.xlsform import item_row, write_rows
from parkkeeper.park.files import store_file
from tests.inspection.kit import Inspector
from tests.inspection.pictures import png
from tests.world import DAY, EVENING, later


def inspected_evening(w: Any) -> dict[str, list[Any]]:
    """Gives for each page of inspection that names a thing the arguments of one that is there."""
    for name, role in (("ann", "team_leader"), ("ben", "team_member"), ("cai", "team_member")):
        person = w.person({"ann": "安组长", "ben": "本组员", "cai": "蔡组员"}[name], w.body, state="away")
        setattr(w, name, w.post(person, role, certified=True, grid=w.grids[0]))
    w.checklist = setup.put_checklist_in_force(
        "nine-grids", "九宫格检查表", read_checklist(), start=date(2022, 4, 16), source="指引", by=w.office, at=EVENING
    )
    setup.file_authorisation("emergency", "区领导小组", "授权书第 1 号", start=date(2022, 4, 16), may_stop_work=True,
                             by=w.office, at=EVENING)  # fmt: skip
    team = Inspector(w, w.ann)
    first, later_one = team.visit(0, second=w.ben.uuid), team.visit(60, second=w.ben.uuid)
    noted = [team.note(first, "B3", area="一号楼"), team.note(first, "C6")]
    team.say(first, *noted, team.photo(noted[0]), _signed(team, first), later_one, team.note(later_one, "F2", 61))
    notice = notices.issue_notice(Visit.objects.get(pk=first.id), by=w.ann, at=later(25))
    notices.serve_notice(notice, "in_person", to="梅联络", by=w.ann, at=later(30))
    notices.ask_extension(notice, 2, reason="等材料", by=w.mei, at=later(40))
    one, danger = (Finding.objects.get(pk=op.id) for op in noted)
    lookbacks.report_fixed(one, note="已修", pictures=[(b"x", "a.png", "image/png")], by=w.mei, at=later(50))
    stop = stopwork.impose_stop_work(danger, extent="line", place="一号线", reason="出口锁闭", conditions="打开出口",
                                     by=w.ann, at=later(55))  # fmt: skip
    return {
        **_practised(w, team),
        "visit": [first.id], "visit_notice": [later_one.id], "finding": [one.pk], "finding_act": [one.pk, "look"],
        "notice": [notice.pk], "notice_act": [notice.pk, "serve"], "stop_work": [stop.pk],
        "stop_act": [stop.pk, "check"], "checklist": [w.checklist.pk],
    }  # fmt: skip


def _signed(team: Inspector, visit: Any) -> Any:
    """The end of a visit with what was looked at; one answer has a picture."""
    shot = {"sha256": sha256(b"x").hexdigest(), "at": later(3).isoformat(), "longitude": 121.6, "latitude": 31.2}
    answers = {"B3": {"ok": False, "value": ""}, "C9": {"ok": True, "value": "36.5", "photos": [shot]},
               "E3": {"ok": None, "value": ""}}  # fmt: skip
    return team.end(visit, signed_by="梅联络", signature="b" * 64, answers=answers)


def _practised(w: Any, team: Inspector) -> dict[str, list[Any]]:
    """A case with its pictures and a reader, a debrief with measures, a signed day, a complaint."""
    visit = team.visit(65, second=w.ben.uuid)
    noted, data = team.note(visit, "D2", 66), png(note=b"place")
    store_file(data, name="a.png", media_type="image/png", by=w.ann, at=later(66))
    photo = team.photo(noted, minutes=67, sha256=sha256(data).hexdigest())
    team.say(visit, noted, photo, team.fix(noted, 70))
    one = Finding.objects.get(pk=noted.id)
    after = team.photo(noted, "on_the_spot", 68, sha256=sha256(data).hexdigest())
    team.say(after)
    case = cases.draft_case(one, title="隔板", text="加装隔板", by=w.ann, at=later(80))
    for op, side in ((photo, "before"), (after, "after")):
        cases.publish_photo(case, Photo.objects.get(pk=op.id), side=side, areas=[(0.1, 0.1, 0.4, 0.4)], by=w.ann,
                            at=later(81))  # fmt: skip
    debriefs.name_cause(one, "rules", by=w.ann, at=later(82))
    _heard_late(w, team)
    meeting = debriefs.hold_debrief(DAY, by=w.office, at=later(90))
    debriefs.decide(meeting, "统一标识", by=w.office, at=later(91))
    measure = debriefs.order_measure(meeting, "补齐标识", owner=w.office, due_on=DAY, by=w.office, at=later(92))
    complaint = days.note_complaint(w.rainbow, source="hotline", text="夜间开工", by=w.ann, at=later(93))
    days.sign_off(w.grids[1], DAY, note="已核", by=w.office, at=later(94))
    return {
        "debrief": [meeting.pk], "debrief_act": [meeting.pk, "decide"], "measure": [measure.pk], "case": [case.pk],
        "case_act": [case.pk, "edit"], "case_mark": [case.pk, photo.id], "complaint_settle": [complaint.pk],
        "day_sign": [w.grids[0].pk, DAY.isoformat()], "checklist_preview": [_uploaded(w)],
    }  # fmt: skip


def _heard_late(w: Any, team: Inspector) -> None:
    """Yesterday's visit, of which a phone told after yesterday's debrief had closed."""
    yesterday = debriefs.hold_debrief(DAY - timedelta(days=1), by=w.office, at=later(-1200))
    debriefs.close_debrief(yesterday, by=w.office, at=later(-1190))
    visit = team.visit(-1500)
    team.say(visit, team.note(visit, "D6", -1499), team.end(visit, minutes=-1470), heard=-30)


def _uploaded(w: Any) -> int:
    """A workbook under preview: the checklist itself, with one thing wrong."""
    rows = [item_row(item) for item in w.checklist.items.order_by("position")]
    rows[3] = replace(rows[3], remedy="")
    book = write_rows(rows, title="九宫格检查表", code="nine-grids", version="2")
    return setup.keep_checklist(book, "检查表.xlsx", by=w.office, at=later(95)).pk
