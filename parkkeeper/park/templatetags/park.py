"""Filters and tags that every template has (builtins: no {% load %}). docs/pages.md shows them in use."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from parkkeeper.kernel import clock
from parkkeeper.park import words
from parkkeeper.park.icons import PATHS
from parkkeeper.park.words import joined, say_message, say_verb

register = template.Library()
TONES = {"ok", "wait", "warn", "bad", "info", "plain"}


@register.filter
def share(part: int, whole: int) -> str:
    """A rate as n/N with its percentage: "15,681/18,893 (83.0%)"; "–" when there is nobody."""
    if not whole:
        return "–"
    return f"{part:,}/{whole:,} ({100 * part / whole:.1f}%)"


@register.filter
def percent(part: int | None, whole: int | None) -> str:
    """Only the percentage of a rate: "83.0%"; "–" when there is nobody. Show n/N beside it."""
    return f"{100 * (part or 0) / whole:.1f}%" if whole else "–"


@register.simple_tag
def rate(part: int | None, whole: int | None) -> SafeString:
    """A rate with its percentage first and n/N beside it, so that no percentage ever stands alone."""
    return format_html(
        '<span class="rate"><b>{}</b> <span>{:s}/{:s}</span></span>',
        percent(part, whole),
        f"{part or 0:,}",
        f"{whole or 0:,}",
    )


@register.filter
def number(value: float | None) -> str:
    """A count with thousands separators; "–" for None."""
    return "–" if value is None else f"{value:,}"


def _local(moment: datetime) -> datetime:
    return timezone.localtime(moment) if timezone.is_aware(moment) else moment


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """A moment in the park's time zone, "05-19 20:40", with its year when that is not this year; "–" for None."""
    if moment is None:
        return "–"
    local = _local(moment)
    form = "%m-%d %H:%M" if local.year == timezone.localtime(clock.now()).year else "%Y-%m-%d %H:%M"
    return format_html('<time datetime="{}">{}</time>', local.isoformat(timespec="seconds"), local.strftime(form))


@register.filter
def exactly(moment: datetime | None) -> str:
    """A moment to the second in the park's time zone, "2022-05-19 20:40:03"; "–" for None."""
    return _local(moment).strftime("%Y-%m-%d %H:%M:%S") if moment else "–"


@register.filter
def day(value: date | datetime | None) -> str:
    """A local day, "2022-05-19"; "–" for None."""
    if value is None:
        return "–"
    return (_local(value).date() if isinstance(value, datetime) else value).isoformat()


@register.filter
def o_clock(minutes: int | None) -> str:
    """A minute of the local day as the clock shows it: 1020 is "17:00"; "–" for None."""
    return "–" if minutes is None else f"{minutes // 60:02d}:{minutes % 60:02d}"


@register.filter
def hours(span: Any) -> str:
    """A range of minutes of the local day: "17:00–21:00" (a psycopg range or a pair)."""
    if span is None:
        return "–"
    lower, upper = (span.lower, span.upper) if hasattr(span, "lower") else span
    return f"{o_clock(lower)}–{o_clock(upper)}"


@register.filter
def dates(span: Any) -> str:
    """A range of local days whose end is exclusive, shown with the last day that counts; open ends say so."""
    if span is None:
        return "–"
    lower = span.lower.isoformat() if span.lower else "…"
    if span.upper is None:
        return _("%(start)s 起") % {"start": lower}
    return f"{lower} – {date.fromordinal(span.upper.toordinal() - 1).isoformat()}"


@register.filter
def moments(span: Any) -> SafeString:
    """A range of moments in the park's time zone; an open end says so."""
    start = when(span.lower) if span and span.lower else "…"
    return format_html("{} – {}", start, when(span.upper)) if span and span.upper else format_html(_("{} 起"), start)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """One of park/icons.py, inline. With a label it speaks for itself, else it is decoration."""
    title = format_html("<title>{}</title>", label) if label else ""
    spoken = mark_safe('role="img"') if label else mark_safe('aria-hidden="true"')
    return format_html(
        '<svg class="icon" viewBox="0 0 20 20" {}>{}<path d="{}"/></svg>', spoken, title, PATHS.get(name, PATHS["info"])
    )


@register.simple_tag
def badge(text: object, tone: str = "plain") -> SafeString:
    """A state as a word on a tinted ground. Tones: ok, wait, warn, bad, info, plain; the word must say it all."""
    return format_html('<span class="badge {}">{}</span>', tone if tone in TONES else "plain", text)


@register.simple_tag
def bar(part: int | None, whole: int | None, label: str = "") -> SafeString:
    """A progress bar with its spoken value; empty when there is nobody."""
    spoken = f"{label} {share(part or 0, whole or 0)}".strip()
    return format_html(
        '<progress class="bar" max="{}" value="{}" aria-label="{}"></progress>', whole or 1, part or 0, spoken
    )


@register.simple_tag
def stack(parts: Iterable[tuple[str, int, str]], label: str = "") -> SafeString:
    """A stacked bar of (title, count, tone): widths are SVG attributes, since the page allows no inline styles."""
    shown = [(str(title), count, tone) for title, count, tone in parts if count]
    total = sum(count for _title, count, _tone in shown) or 1
    pieces, left = [], 0.0
    for title, count, tone in shown:
        width = 100 * count / total
        pieces.append((f"tone-{tone}", f"{left:.3f}%", f"{width:.3f}%", f"{title} {count:,}"))
        left += width
    rects = format_html_join("", '<rect class="{}" x="{}" width="{}" height="100%"><title>{}</title></rect>', pieces)
    spoken = f"{label} " + joined((f"{title} {count:,}" for title, count, _tone in shown), "，")
    return format_html('<svg class="stack" role="img" aria-label="{}">{}</svg>', spoken.strip(), rects)


@register.simple_tag
def spark(values: Sequence[float], label: str = "", top: float | None = None) -> SafeString:
    """A small line of values from left to right, from 0 to the highest (or `top`); for the curve of an evening."""
    highest = top or max(values, default=0) or 1
    step = 200 / max(len(values) - 1, 1)
    points = " ".join(f"{n * step:.1f},{48 - 46 * min(value / highest, 1):.1f}" for n, value in enumerate(values))
    area = f"0,48 {points} 200,48" if values else ""
    return format_html(
        '<svg class="spark" viewBox="0 0 200 50" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<polygon points="{}"/><polyline points="{}"/></svg>',
        label, area, points,
    )  # fmt: skip


@register.inclusion_tag("park/parts/stat.html")
def stat(
    label: str,
    value: object,
    href: str = "",
    part: int | None = None,
    whole: int | None = None,
    note: str = "",
    tone: str = "",
) -> dict[str, Any]:
    """A card with one key number; it links to the list that it counts. With `whole` it is a rate and shows n/N."""
    return {"label": label, "value": value, "href": href, "part": part, "whole": whole, "note": note, "tone": tone}


@register.filter
def say_kind(message: Any) -> str:
    """What a message (Message row) says, in the reader's language."""
    return say_message(message.kind, message.params)


@register.filter
def verb_title(verb: str) -> str:
    """What a journal verb is called, in the reader's language; the verb itself when it has no title yet."""
    return say_verb(verb)


@register.filter
def named(park: Any) -> str:
    """The park's name: in English its English one, when it has one."""
    return str((get_language() == "en" and park.name_en) or park.name)


@register.filter
def counted(pairs: Iterable[tuple[object, int]]) -> str:
    """Pairs (title, count) as one text: "重复扫码 2，超时 1"."""
    return joined((f"{title} {count:,}" for title, count in pairs), "，")


@register.filter
def labelled(label: object, value: object) -> str:
    """A label and what stands under it, with the reader's own colon between them (plain text)."""
    return words.labelled(label, value)


@register.filter
def aside(text: object, more: object) -> str:
    """A text with something in the reader's own brackets after it (plain text)."""
    return words.aside(text, more)


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: Any) -> str:
    """The query string of this page with some keys changed (None takes one off), beginning with "?"."""
    query = context["request"].GET.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    return f"?{query.urlencode()}"


@register.simple_tag(takes_context=True)
def without_query(context: dict[str, Any], name: str) -> str:
    """The address of this page without one key of its query (and on its first page)."""
    query = context["request"].GET.copy()
    query.pop(name, None)
    query.pop("page", None)
    path: str = context["request"].path
    return f"{path}?{query.urlencode()}"
