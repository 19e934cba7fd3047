"""Tags of the journal's page: what an entry is about, and its facts in words."""

from typing import Any

from django import template

from parkkeeper.park import facts
from parkkeeper.park.models import JournalEntry

register = template.Library()


@register.simple_tag(takes_context=True)
def facts_of(context: dict[str, Any], entry: JournalEntry) -> list[facts.Fact]:
    """The entry's facts in the reader's words, with links to what the reader may open."""
    return list(facts.facts_of(context["request"], entry))


@register.simple_tag(takes_context=True)
def thing_of(context: dict[str, Any], entry: JournalEntry) -> tuple[str, str]:
    """What the entry is about, and the address of its page, "" when there is none."""
    return facts.thing_of(context["request"], entry)
