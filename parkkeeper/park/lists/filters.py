"""Filters of a list: what the reader may choose, and what that does to the rows. A wrong value is told, not guessed."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from parkkeeper.park.errors import Refused

Words = str | Promise
Choices = Iterable[tuple[Any, Words]]
Apply = str | Callable[[Any, Any], Any]


def _narrow(rows: Any, apply: Apply, value: Any) -> Any:
    return apply(rows, value) if callable(apply) else rows.filter(**{apply: value})


def _wrong(label: Words, value: str) -> Refused:
    return Refused(
        _("筛选条件“%(label)s”的值“%(value)s”无效，已不作筛选。请重新选择。") % {"label": label, "value": value[:40]}
    )


def begin_with(request: HttpRequest, **defaults: str) -> None:
    """Let the address say what it does not say itself, so that the page's fields show what the page shows."""
    query = request.GET.copy()
    for key, value in defaults.items():
        if not query.get(key):
            query[key] = value
    request.GET = query  # type: ignore[assignment]
    request.__dict__.setdefault("_begins_with", {}).update(defaults)


def begins_with(request: HttpRequest) -> dict[str, str]:
    """What the page begins with when nobody chooses anything (`begin_with`)."""
    found: dict[str, str] = request.__dict__.get("_begins_with", {})
    return found


@dataclass(frozen=True)
class Filter:
    """Base of filters: `name` is the key in the address, `apply` an ORM lookup or a function (rows, value) -> rows."""

    name: str
    label: Words
    apply: Apply = ""
    default: str = ""

    kind = "text"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        """(value, title) of what may be chosen, without the empty choice."""
        return []

    def read(self, text: str, request: HttpRequest) -> Any:
        """The value that `text` of the address means. Raises Refused, in the user's language, when it means none."""
        return text

    def narrow(self, rows: Any, value: Any) -> Any:
        """The rows that the value leaves; unchanged when `apply` is left out (the view's own query reads the value)."""
        return _narrow(rows, self.apply, value) if self.apply else rows

    def title_of(self, text: str, request: HttpRequest) -> str:
        """What the chosen value is called."""
        return dict(self.options(request)).get(text, text)

    def words_of(self, text: str) -> str:
        """What a value is called that somebody chose once; as it is written when that depends on who asks."""
        return text


@dataclass(frozen=True)
class Choice(Filter):
    """One of some: `choices` are pairs (value, title), or a function of the request that gives them (one query)."""

    choices: Choices | Callable[[HttpRequest], Choices] = ()
    none: Words = ""

    kind = "choice"

    def options(self, request: HttpRequest) -> list[tuple[str, str]]:
        kept: dict[int, list[tuple[str, str]]] = request.__dict__.setdefault("_choices", {})
        if id(self) not in kept:
            found = self.choices(request) if callable(self.choices) else self.choices
            kept[id(self)] = [(str(value), str(title)) for value, title in found]
        return kept[id(self)]

    def words_of(self, text: str) -> str:
        found = {} if callable(self.choices) else {str(value): str(title) for value, title in self.choices}
        return found.get(text, text)

    def read(self, text: str, request: HttpRequest) -> str:
        if text not in dict(self.options(request)):
            raise _wrong(self.label, text)
        return text


@dataclass(frozen=True)
class Day(Filter):
    """A local day, written 2022-05-19; `apply` gets a date."""

    kind = "day"

    def read(self, text: str, request: HttpRequest) -> date:
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise _wrong(self.label, text) from None


@dataclass(frozen=True)
class Only(Filter):
    """A narrowing that links bring (?enterprise=12): shown as a mark that can be taken off, not as a field.

    `say` turns the value into its title, with one query at most; it returns "" for a value that is nothing.
    """

    say: Callable[[str], str] = str

    kind = "only"

    def read(self, text: str, request: HttpRequest) -> str:
        try:
            title = self.say(text)
        except (ValueError, TypeError):
            title = ""
        if not title:
            raise _wrong(self.label, text)
        request.__dict__.setdefault("_only", {})[self.name] = title
        return text

    def title_of(self, text: str, request: HttpRequest) -> str:
        found: str = request.__dict__.get("_only", {}).get(self.name, text)
        return found
