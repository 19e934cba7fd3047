"""Which enterprises a case may help, and who has read it."""

from parkkeeper.inspection.models import CaseOffer, Finding, GoodPractice


def to_be_offered(case: GoodPractice) -> list[Finding]:
    """One open finding of the same item (of any version) at each other enterprise that was not offered the case yet."""
    told = CaseOffer.objects.filter(case=case).values("enterprise")
    item = case.finding.item
    rows = Finding.objects.open().filter(item__code=item.code, item__checklist__code=item.checklist.code)
    rows = rows.exclude(enterprise=case.enterprise_id).exclude(enterprise__in=told)
    first: dict[int, Finding] = {}
    for one in rows.select_related("enterprise", "item").order_by("-noted_at", "-pk"):
        first.setdefault(one.enterprise_id, one)
    return sorted(first.values(), key=lambda one: (one.enterprise.pinyin, one.enterprise_id))
