"""The small park in its evening, with something on every page: sampled and missing, a box on its way, a positive tube,
a doubt, an import with a wrong row, a phone."""

from typing import Any

from django.conf import settings

from parkkeeper.kernel.crypto import seal
from parkkeeper.kernel.ids import new_id
from parkkeeper.park.actions.accounts import make_account
from parkkeeper.park.models import Account, Anomaly, Certificate, Emergency, Import, ImportRow, Post
from parkkeeper.sampling.actions.gaps import excuse
from parkkeeper.sampling.actions.uploads import keep_upload
from parkkeeper.sampling.models import Flag, LabReport, Obligation, Result, Session, Slot
from parkkeeper.sync.models import Batch, Phone, PoisonOperation
from tests.inspection.evening import inspected_evening
from tests.park.importkit import ROSTER, csv, imported
from tests.sampling.fieldkit import FieldPhone, pcr_round, the_tube
from tests.sampling.results_world import code, report, tube
from tests.world import DAY, EVENING, later

NIGHT = later(330)
MORE = {"received_at": EVENING, "sent_at": EVENING, "offset_ms": 0, "operations": 1, "reply": {}}


def sampled_evening(w: Any, *people: Any) -> Any:
    """A round of these (everybody): three are sampled in two tubes that lie in a sealed box, a third tube is open."""
    due = [(one, "due", w.point) for one in people or (*w.workers, *w.lotus_workers)]
    w.round = pcr_round(w.programme, due, DAY)
    w.phone = phone = FieldPhone(w.scanner, w.point)
    phone.say(phone.open_session())
    said = [phone.open(n) for n in (1, 2, 3)]
    said += [phone.scan(w.workers[0], 1), phone.scan(w.workers[1], 1), phone.scan(w.workers[2], 2)]
    said += [phone.seal(1, 2), phone.seal(2, 1)]
    w.box = phone.box(1, 1, 2)
    phone.say(*said, w.box)
    return w


def full_evening(w: Any) -> dict[str, list[Any]]:
    """Everything of the night; gives for each page that names a thing the arguments of one that is there."""
    sampled_evening(w)
    w.phone.say(w.phone.scan("somebody unheard of", 3, 20))
    excuse(w.round, w.workers[4], reason="出差", by=w.mei, at=later(100))
    report(w, (1, "positive"), (2, "negative"), minutes=300)
    tube(w, 4, w.workers[0], size=1, minutes=305, round=w.round)
    report(w, (4, "positive"), minutes=320)
    batch = imported(w, "roster", csv(ROSTER, ["甲", "1", "", "X1", "莲花电子", "", ""], ["", "", "", "", "", "", ""]))
    phone = Phone.objects.create(name="红米 1", point=w.point, holder=w.scanner, token_hash=b"t" * 32, salt=b"s" * 16,
                                 enrolled_at=EVENING)  # fmt: skip
    kept = PoisonOperation.objects.create(
        batch=Batch.objects.create(id=new_id(), phone=phone, digest=b"d" * 32, **MORE), position=0, code="shape",
        content_sealed=seal('{"kind": "scan"}', settings.KEYS.data, context="sync.poison"), received_at=EVENING,
    )  # fmt: skip
    return {**inspected_evening(w), **_things(w, batch), "phone": [phone.pk], "phone_kept": [kept.pk]}


def _things(w: Any, batch: Import) -> dict[str, list[Any]]:
    make_account(w.mei, "mei", by=w.office, at=EVENING)
    lab = keep_upload(csv(["试管条码", "结果"], [code(2), "阴性"]), "结果.csv", what="lab", by=w.office, at=NIGHT)
    morning = csv(["工号", "姓名", "结果"], [w.workers[0].staff_number, "张伟", "阴性"])
    antigen = keep_upload(morning, "抗原.csv", what="antigen", by=w.office, at=NIGHT)
    session = Session.objects.get()
    case = Obligation.objects.open().get(kind="case")
    one = {
        "enterprise": w.rainbow, "person": w.workers[0], "account": Account.objects.get(username="mei"),
        "own_link": w.workers[0],
        "post": Post.objects.first(), "certificate": Certificate.objects.first(), "round": w.round,
        "emergency_end": Emergency.objects.get(), "retention_propose": Emergency.objects.get(),
        "programme_end": w.programme, "point": w.point,
        "point_change": w.point, "point_close": w.point, "slot_new": w.point, "roll_new": w.point,
        "slot_end": Slot.objects.first(), "duty_new": session, "workbook": w.round, "tube": the_tube(code(1)),
        "box_hand_over": w.box, "box": w.box, "case_release": case, "retest_order": w.workers[5],
        "lab_report": LabReport.objects.first(), "lab_file_check": lab, "antigen_file_check": antigen,
        "result_strike": Result.objects.first(), "flag_lower": Flag.objects.first(), "antigen_list": w.rainbow,
        "anomaly": Anomaly.objects.first(), "import": batch, "import_row": ImportRow.objects.first(),
    }  # fmt: skip
    found: dict[str, list[Any]] = {page: [getattr(thing, "pk", None) or thing.id] for page, thing in one.items()}
    return {**found, "rule": ["result_hours"], "rule_change": ["result_hours"], "import_new": ["roster"],
            "gap_work": ["excuse"], "bulletin_list": ["2022-05-10", "findings"]}  # fmt: skip
