"""Filters and tags that every template has."""

from django import template

register = template.Library()


@register.filter
def share(part: int, whole: int) -> str:
    """A rate as n/N with its percentage: "15,681/18,893 (83.0%)"; "–" when there is nobody."""
    if not whole:
        return "–"
    return f"{part:,}/{whole:,} ({100 * part / whole:.1f}%)"
