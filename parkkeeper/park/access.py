"""Who may do what, where: roles of posts against verbs and pages. What is not in these tables is denied.

A right comes from a Post of the person that is in date: its role, and the place that it names. PARK reaches the
whole park; POST reaches only what the post's own place covers (grid, enterprise, site).
"""

from datetime import date, datetime
from enum import Enum

import orjson
from django.utils import timezone

from parkkeeper.park.errors import Forbidden
from parkkeeper.park.models import Person, Post
from parkkeeper.park.scope import Placed, Scope
from parkkeeper.park.statements import run

Role = Post.Role


class Reach(Enum):
    PARK = "park"
    POST = "post"


PARK, POST = Reach.PARK, Reach.POST
_OFFICE = {Role.OFFICE: PARK}
_READERS = {Role.OFFICE: PARK, Role.LEADER: PARK}
_GRID = {Role.TEAM_LEADER: POST, Role.TEAM_MEMBER: POST, Role.CONCIERGE: POST}
_LIAISON = {Role.PREVENTION: POST}
_AT_POINT = {Role.SAMPLING: POST, Role.SCANNING: POST, Role.PREVENTION: POST}

GRANTS: dict[str, dict[Role, Reach]] = {
    # reading
    "see_bulletin": _READERS,
    "see_screen": {**_READERS, Role.SCREEN: PARK},
    "see_counts": {**_READERS, **_GRID, **_LIAISON},
    "see_people": {**_OFFICE, **_GRID, **_LIAISON},
    "see_results": {**_OFFICE, **_GRID},
    # who must isolate and be sampled alone: the liaison is told to see to it, so she must see whom
    "see_owed": {**_OFFICE, **_GRID, **_LIAISON},
    "see_tubes": {**_OFFICE, Role.LAB: PARK},
    "see_anomalies": {**_OFFICE, **_GRID, **_LIAISON},
    "see_rulebook": {**_READERS, **_GRID, **_LIAISON, Role.LAB: PARK},
    "see_journal": _OFFICE,
    # a wall has no own business: its log-in opens the big screen and can change its password, nothing else
    "see_own": dict.fromkeys((role for role in Role if role != Role.SCREEN), PARK),
    "keep_account": dict.fromkeys(Role, PARK),
    "see_files": _OFFICE,
    "export_people": {**_OFFICE, **_LIAISON},
    "print_cards": {**_OFFICE, **_LIAISON},
    "issue_own_link": {**_OFFICE, **_LIAISON},
    # the register
    "administer": _OFFICE,
    "import_tables": _OFFICE,
    "change_register": _OFFICE,
    "declare_emergency": _OFFICE,
    "change_rulebook": _OFFICE,
    "order_destruction": _OFFICE,
    "hold_destruction": _OFFICE,
    "change_presence": {**_OFFICE, **_LIAISON},
    # sampling
    "plan_sampling": _OFFICE,
    "open_round": _OFFICE,
    "close_round": _OFFICE,
    "work_gaps": {**_OFFICE, **_LIAISON},
    "join_round": {**_OFFICE, **_LIAISON},
    "work_point": {**_OFFICE, **_AT_POINT},
    "carry_boxes": {**_OFFICE, **_AT_POINT, Role.COURIER: PARK, Role.LAB: PARK},
    "receive_tubes": {**_OFFICE, Role.LAB: PARK},
    "report_results": {**_OFFICE, Role.LAB: PARK},
    "strike_result": _OFFICE,
    "release_case": _OFFICE,
    "order_single_retest": _OFFICE,
    "lower_flag": _OFFICE,
    "report_antigen": {**_OFFICE, **_LIAISON},
    "settle_anomaly": {**_OFFICE, **_LIAISON},
    # inspection
    "see_inspections": {**_READERS, **_GRID, **_LIAISON},
    "inspect": {**_OFFICE, **_GRID},
    "issue_notice": {**_OFFICE, Role.TEAM_LEADER: POST, Role.TEAM_MEMBER: POST},
    "approve_extension": {**_OFFICE, Role.TEAM_LEADER: POST},
    "report_fixed": _LIAISON,
    "check_oneself": {**_OFFICE, **_LIAISON},  # the office for who told it on paper
    # leaving a problem out of the rates: asked by inspectors, granted by those whom no team answers to
    "approve_exclusion": _READERS,
    "decide_stop_work": {Role.LEADER: PARK},
    "manage_inspection": _OFFICE,
    "see_debriefs": {**_READERS, Role.TEAM_LEADER: PARK, Role.TEAM_MEMBER: PARK, Role.CONCIERGE: PARK},
    "hold_debrief": _READERS,
    "sign_off": {**_OFFICE, Role.TEAM_LEADER: POST, Role.TEAM_MEMBER: POST},
    "write_case": {**_OFFICE, **_GRID},
    "answer_case": _LIAISON,
    "publish_case": _OFFICE,
    # phones
    "enrol_phone": _OFFICE,
}

# Pages by the name of their address; the verb decides who may open them and what they show.
PAGES: dict[str, str] = {
    "today": "see_own",
    "help": "see_own",
    "bulletin": "see_bulletin",
    "bulletin_list": "see_bulletin",
    "brief": "see_bulletin",
    "screen": "see_screen",
    "screen_data": "see_screen",
    "screen_map": "see_screen",
    "starfield": "see_counts",
    "enterprises": "see_counts",
    "enterprise": "see_counts",
    "people": "see_people",
    "person": "see_people",
    "person_document": "see_people",
    "cards": "print_cards",
    "gate_card": "print_cards",
    "own_link": "issue_own_link",
    "code_keys": "administer",
    "messages": "see_own",
    "password": "keep_account",
    "imports": "import_tables",
    "import": "import_tables",
    "import_new": "import_tables",
    "import_template": "import_tables",
    "import_columns": "import_tables",
    "import_apply": "import_tables",
    "import_step": "import_tables",
    "import_abandon": "import_tables",
    "import_problems": "import_tables",
    "import_row": "import_tables",
    "import_settle": "import_tables",
    "export": "export_people",
    "file": "see_own",
    "rulebook": "see_rulebook",
    "rule": "see_rulebook",
    "rule_change": "change_rulebook",
    "journal": "see_journal",
    "journal_verify": "see_journal",
    "settings": "administer",
    "phones": "enrol_phone",
    "phone": "enrol_phone",
    "phone_new": "enrol_phone",
    "phone_kept": "enrol_phone",
    "accounts": "administer",
    "account": "administer",
    "account_new": "administer",
    "posts": "change_register",
    "post": "change_register",
    "post_new": "change_register",
    "certificates": "change_register",
    "certificate": "change_register",
    "certificate_new": "change_register",
    "emergency": "declare_emergency",
    "emergency_end": "declare_emergency",
    "retention": "administer",
    "retention_propose": "order_destruction",
    "retention_approve": "order_destruction",
    "retention_withdraw": "order_destruction",
    "retention_hold": "hold_destruction",
    "retention_lift": "hold_destruction",
    "areas": "plan_sampling",
    "calendar": "change_rulebook",
    "park_data": "administer",
    "rounds": "see_counts",
    "round": "see_counts",
    "round_open": "open_round",
    "round_close": "close_round",
    "programmes": "plan_sampling",
    "programme_new": "plan_sampling",
    "programme_end": "plan_sampling",
    "points": "see_counts",
    "point": "see_counts",
    "point_new": "plan_sampling",
    "point_change": "plan_sampling",
    "point_close": "plan_sampling",
    "slot_new": "plan_sampling",
    "slot_end": "plan_sampling",
    "roll_new": "plan_sampling",
    "session_open": "work_point",
    "session_close": "work_point",
    "duty_new": "work_point",
    "duty_end": "work_point",
    "duty_resume": "work_point",
    "missing": "see_people",
    "missing_groups": "see_people",
    "missing_calls": "see_people",
    "gap_work": "work_gaps",
    "gap_withdraw": "work_gaps",
    "workbook": "work_point",
    "workbook_file": "work_point",
    "tubes": "see_tubes",
    "tube": "see_tubes",
    "tube_receive": "receive_tubes",
    "boxes": "carry_boxes",
    "box": "carry_boxes",
    "box_receive": "receive_tubes",
    "box_hand_over": "carry_boxes",
    "box_lost": "carry_boxes",
    "results": "see_tubes",
    "lab_reports": "see_tubes",
    "lab_report": "see_tubes",
    "lab_file": "report_results",
    "lab_file_check": "report_results",
    "hl7_new": "report_results",
    "result_new": "report_results",
    "result_strike": "strike_result",
    "positives": "see_owed",
    "case_release": "release_case",
    "flag_lower": "lower_flag",
    "retest_order": "order_single_retest",
    "antigen": "report_antigen",
    "antigen_tests": "report_antigen",
    "antigen_list": "report_antigen",
    "antigen_file": "report_antigen",
    "antigen_file_check": "report_antigen",
    "anomalies": "see_anomalies",
    "anomaly": "see_anomalies",
    "anomaly_settle": "settle_anomaly",
    "anomaly_reopen": "settle_anomaly",
    "grids": "see_inspections",
    "work_list": "inspect",
    "visits": "see_inspections",
    "visit": "see_inspections",
    "visit_notice": "issue_notice",
    "findings": "see_inspections",
    "finding": "see_inspections",
    "finding_act": "see_inspections",
    "finding_photo": "see_inspections",
    "visit_photo": "see_inspections",
    "notices": "see_inspections",
    "notice": "see_inspections",
    "notice_act": "see_inspections",
    "notice_paper": "see_inspections",
    "stop_paper": "see_inspections",
    "stop_works": "see_inspections",
    "stop_work": "see_inspections",
    "stop_act": "see_inspections",
    "debriefs": "see_debriefs",
    "debrief": "see_debriefs",
    "debrief_new": "hold_debrief",
    "debrief_act": "hold_debrief",
    "debrief_minutes": "see_debriefs",
    "measures": "see_debriefs",
    "measure": "see_own",
    "cases": "see_inspections",
    "case": "see_inspections",
    "case_act": "see_inspections",
    "case_mark": "write_case",
    "case_drop": "write_case",
    "case_photo": "see_inspections",
    "day_check": "see_inspections",
    "day_sign": "sign_off",
    "self_checks": "see_inspections",
    "self_check_new": "check_oneself",
    "complaints": "inspect",
    "complaint_new": "inspect",
    "complaint_settle": "inspect",
    "inspection_setup": "manage_inspection",
    "checklist": "see_inspections",
    "checklist_new": "manage_inspection",
    "checklist_upload": "manage_inspection",
    "checklist_preview": "manage_inspection",
    "checklist_file": "see_inspections",
    "authorisation_new": "manage_inspection",
}
# Open to everybody (log-in, language, health), or guarded by a phone's own token (parkkeeper/sync/door.py).
OPEN_PAGES = {"login", "logout", "language", "health", "verify"}
PHONE_PAGES = {
    "phone-hello", "phone-enrol", "phone-roster", "phone-inspection", "phone-batches", "phone-changes", "phone-file",
}  # fmt: skip
# A person's own page: its shell is the same for everybody, its data are guarded by the own token or log-in
# (parkkeeper/board/views/own.py).
OWN_PAGES = {"me", "me_worker", "me_manifest", "me_words", "me_open", "me_self"}


_POST_FIELDS = [column.attname for column in Post._meta.concrete_fields]
_POSTS = f"""
SELECT {", ".join(str(column.column) for column in Post._meta.concrete_fields)} FROM park_post
WHERE person_id = %s::bigint AND during @> %s::date ORDER BY id
"""
_TOLD = [name for name in _POST_FIELDS if name != "during"]
POSTS_TOLD = f"""(SELECT jsonb_agg(jsonb_build_array({", ".join(f"o.{name}" for name in _TOLD)}) ORDER BY o.id)
  FROM park_post o WHERE o.person_id = {{person}} AND o.during @> {{day}})"""
"""A column of a statement that reads a person anyway: their posts of a local day, for `remember_posts`."""


def posts_of(person: Person, at: datetime) -> list[Post]:
    """The person's posts in date on the local day of `at`; remembered on the object for that day."""
    day = timezone.localdate(at)
    remembered: dict[object, list[Post]] = person.__dict__.setdefault("_posts_by_day", {})
    if day not in remembered:
        rows = run(_POSTS, [person.pk, day])
        remembered[day] = [Post.from_db("default", _POST_FIELDS, row) for row in rows]
    return remembered[day]


def remember_posts(person: Person, day: date, told: str | None) -> None:
    """Let `posts_of` on this local day give what POSTS_TOLD told, and ask nothing."""
    posts = [Post.from_db("default", _TOLD, row) for row in orjson.loads(told)] if told else []
    person.__dict__.setdefault("_posts_by_day", {})[day] = posts


def scopes(person: Person, verb: str, *, at: datetime) -> list[Scope] | None:
    """Where the person may do `verb`: None is the whole park, [] nowhere. Raises KeyError for an unknown verb."""
    grants = GRANTS[verb]
    found: list[Scope] = []
    for post in posts_of(person, at):
        reach = grants.get(Role(post.role))
        if reach is Reach.PARK:
            return None
        # a post without a place reaches nothing: an empty scope would cover the whole park
        if reach is Reach.POST and post.scope() != Scope():
            found.append(post.scope())
    return found


def may(person: Person, verb: str, *, at: datetime, on: Placed | None = None) -> bool:
    """Whether the person may do `verb` on that thing; without a thing: anywhere at all."""
    reached = scopes(person, verb, at=at)
    if reached is None:
        return True
    if on is None:
        return bool(reached)
    place = on.scope()
    return any(scope.covers(place) for scope in reached)


def require(person: Person, verb: str, *, at: datetime, on: Placed | None = None) -> None:
    """Raise Forbidden unless the person may do `verb` on that thing at that time."""
    if not may(person, verb, at=at, on=on):
        raise Forbidden(verb)
