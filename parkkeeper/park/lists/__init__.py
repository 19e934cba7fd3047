"""Lists of the office: search, filters, order, pages, export, refreshed in place; declared once, ~10 lines a view.

    PEOPLE = List(
        name="people", title=_("人员名单"), people=True,
        columns=(Column("name", _("姓名"), link=lambda p: reverse("person", args=[p.pk]), order="pinyin"), …),
        filters=(Choice("state", _("状态"), choices=Presence.State.choices, apply="presences__state"), …),
        search=lambda rows, text: rows.filter(people_matching(text)), order="name",
    )

    def people(request):
        return PEOPLE.page(request, Person.objects.within(request.scopes).select_related("employer"))

docs/pages.md tells the rest.
"""

from parkkeeper.park.lists.columns import Column
from parkkeeper.park.lists.filters import Choice, Day, Filter, Only, begin_with
from parkkeeper.park.lists.listing import Asked, List

__all__ = ["Asked", "Choice", "Column", "Day", "Filter", "List", "Only", "begin_with"]
