"""What happens to the invented park: the evenings' arrivals, the laboratories' trouble, the antigen mornings.

Frozen dataclasses for whoever replays the weeks. How to replay an evening: for each `PointEvening`, each desk is one
phone; take its `arrivals` in order of `second`, ten names to a tube, each turned into a scan operation at that device
time; do what `fate` and the point's `peculiarities` say; seal the tubes; send.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal

Reading = Literal["code", "document", "staff_number"]
Fate = Literal["kept", "undone", "same_tube_again", "other_tube_again", "unknown"]
PeculiarityKind = Literal[
    "walk_in",
    "same_tube_again",
    "other_tube_again",
    "two_phones",
    "undo",
    "swab_without_name",
    "name_without_swab",
    "unknown_code",
    "foreign_tube",
    "overfull_tube",
    "duplicate_batch",
    "late_phone",
    "clock_skew",
    "duty_without_certificate",
]
MissingReason = Literal["overtime", "forgot", "unwell", "refused", "sampled_elsewhere", "antigen_positive"]
LabTrouble = Literal["positive", "indeterminate", "damaged", "lost"]


@dataclass(frozen=True, slots=True)
class Arrival:
    """One reading at a desk.

    `second` is the device's true local time in seconds from midnight (a skewed phone adds its error itself);
    `desk` counts from 1; `person` is None exactly when `fate` is `unknown`, and `raw` then holds what was read.
    `reading` says how the person was recognised. Fates:

    * `kept`: the ordinary case. Each person sampled in an evening has at least one `kept` arrival in the park.
    * `undone`: the wrong person's code was read; undo it before the next reading.
    * `same_tube_again`: the person is read once more into the tube that holds them already; to be ignored with a tone.
    * `other_tube_again`: the person is read again later into another tube, at this point or another; keep both, flag.
    * `unknown`: a code that belongs to nobody of the register.
    """

    second: int
    desk: int
    person: str | None
    fate: Fate = "kept"
    reading: Reading = "code"
    raw: str = ""

    @property
    def minute(self) -> int:
        """Minutes from local midnight."""
        return self.second // 60


@dataclass(frozen=True, slots=True)
class Peculiarity:
    """Something out of the ordinary at a desk. `person` marks the place: the arrival (or the tube) of that person.

    kind: what `other` and `count` hold —
    walk_in: `other` = point where the person is expected ·
    same_tube_again, unknown_code: neither ·
    other_tube_again, two_phones: `other` = point of the first scan (another one for two_phones) ·
    undo: `other` = the person who was read by mistake (fate `undone`), just before `person` ·
    swab_without_name, name_without_swab: `count` = how many swabs more, fewer than names when the tube is sealed ·
    foreign_tube: `other` = point whose roll the tube of `person` comes from ·
    overfull_tube: `count` = names read into the tube of `person` ·
    duplicate_batch: the phone sends its batches `count` times, `person` None ·
    late_phone: the phone sends the whole evening `count` seconds after its last arrival, `person` None ·
    clock_skew: the phone's clock runs `count` seconds ahead (negative: behind), `person` None ·
    duty_without_certificate: `person` = specialist put on the duty list without a certificate in date.
    """

    kind: PeculiarityKind
    point: str
    desk: int
    person: str | None = None
    other: str | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Duty:
    """Who serves a point for an evening; person keys. One scanner a desk, in the order of the desks."""

    prevention: str
    scanning: tuple[str, ...]
    sampling: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """A person of the evening who was due at `point` and has no kept arrival anywhere, with the true reason."""

    person: str
    point: str
    reason: MissingReason


@dataclass(frozen=True, slots=True)
class PointEvening:
    """One point's evening, `arrivals` in order of (`second`, `desk`).

    `silent` people come in the last slot, to tubes of their own: they are in their silent period, so not on post, and
    follow their own rule (at the same desks; late comers of `arrivals` may come among them). `courier` (person) takes
    the box away at minute `collected`.
    """

    point: str
    opens: int
    closes: int
    duty: Duty
    arrivals: tuple[Arrival, ...]
    silent: tuple[Arrival, ...]
    peculiarities: tuple[Peculiarity, ...]
    courier: str
    collected: int


@dataclass(frozen=True, slots=True)
class EveningPlan:
    """The evening round of a day: its points in order of key and the people who stayed away."""

    day: date
    points: tuple[PointEvening, ...]
    missing: tuple[Missing, ...]

    def sampled(self, kind_of_point: dict[str, str], kind: str) -> set[str]:
        """People with a kept arrival at points of `kind`, given each point's kind; people in silent period left out."""
        return {
            arrival.person
            for point in self.points
            if kind_of_point[point.point] == kind
            for arrival in point.arrivals
            if arrival.person is not None and arrival.fate == "kept"
        }


@dataclass(frozen=True, slots=True)
class LabIncident:
    """A tube that did not come back negative: the one with `person`'s kept arrival at `point` on the evening of `day`.

    positive: every member is tested again singly on `retest_on`; `truly_positive` is the one (or None) whose single
    tube is positive. indeterminate, damaged, lost: every member is sampled again on `retest_on`, negative.
    """

    key: str
    trouble: LabTrouble
    day: date
    point: str
    person: str
    retest_on: date
    truly_positive: str | None


@dataclass(frozen=True, slots=True)
class AntigenPositive:
    """A positive self-test in the morning of `day`; the single test of the same day says whether it is `confirmed`."""

    key: str
    day: date
    person: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class EnterpriseMorning:
    """One enterprise's antigen self-tests: the people whose negative test the liaison reports, at `second` of the day.

    `channel`: by the liaison's list, a file, or the people's own pages. People in their silent period are in `negative`
    too. `unreported` are people due whom nobody reported. `liaison` is None before the first one is appointed.
    """

    enterprise: str
    liaison: str | None
    channel: Literal["list", "file", "own_page"]
    second: int
    negative: tuple[str, ...]
    positive: tuple[str, ...]
    unreported: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MorningPlan:
    """The antigen morning of a day, enterprises in order of key."""

    day: date
    enterprises: tuple[EnterpriseMorning, ...]
