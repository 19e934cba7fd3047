"""How the replay's liaisons and office work an evening's gaps: told in time, then excused or found elsewhere."""

from datetime import timedelta

from parkkeeper.demo.invent import SourcePark
from parkkeeper.demo.invent.events import EveningPlan
from parkkeeper.demo.register import Register, moment
from parkkeeper.sampling.actions.gaps import excuse, record_elsewhere, tell_liaison
from parkkeeper.sampling.models import Due, Result, Round

TELLING, WORKING = 20 * 60 + 45, 21 * 60 + 10  # minutes of the day
PLACES = ("云桥医院发热门诊外采样点", "居住地社区采样点", "市民中心便民采样点")
UNWELL = "发热待查，已嘱就诊，暂缓到点采样"


class Gaps:
    """Works the gaps of one evening after the other."""

    def __init__(self, register: Register) -> None:
        self.register = register

    def work(self, round: Round, plan: EveningPlan, park: SourcePark, until: int | None) -> None:
        """Tell the liaisons who is missing; then they write down what they know, until second `until`."""
        people = self.register.people
        missing = [one for one in plan.missing if one.person in people]
        on_list = set(
            Due.objects.filter(round=round, person__in=[people[one.person] for one in missing]).values_list(
                "person_id", flat=True
            )
        )
        missing = [one for one in missing if people[one.person].pk in on_list]
        office = self.register.office
        if missing:
            tell_liaison(round, [people[one.person] for one in missing], by=office, at=moment(plan.day, minute=TELLING))
        liaisons = {key: post.person for post in reversed(park.posts) if post.first <= plan.day for key in post.covers}
        for number, one in enumerate(missing):
            second = WORKING * 60 + 25 * number
            if one.reason not in ("unwell", "sampled_elsewhere") or (until and second > until):
                continue
            person, at = people[one.person], moment(plan.day, second)
            by = people[liaisons[key]] if (key := park.person[one.person].enterprise) in liaisons else office
            if one.reason == "unwell":
                excuse(round, person, reason=UNWELL, by=by, at=at)
            else:
                taken = at - timedelta(hours=4)
                place = PLACES[number % len(PLACES)]
                record_elsewhere(
                    round, person, place=place, sampled_at=taken, result=Result.Value.NEGATIVE.value, by=by, at=at
                )
