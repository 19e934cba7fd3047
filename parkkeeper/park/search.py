"""Finding people and enterprises by what somebody types: name, pinyin, initials, staff number, phone, document."""

from typing import Any

from django.db.models import Q

from parkkeeper.kernel.text import tidy, tidy_code
from parkkeeper.park.vault import document_index

_DOCUMENT_LENGTH = 7


def people_matching(text: str, prefix: str = "") -> Q:
    """The people whom `text` may mean, as a condition on Person (or, with prefix "person__", on what points to one).

    Names by part, pinyin from its start ("zhang w") or by initials ("zw"), staff number from its start, the phone, the
    whole document or its last four characters.
    """
    words, code = tidy(text), tidy_code(text)

    def on(**lookups: Any) -> Q:
        return Q(**{prefix + key: value for key, value in lookups.items()})

    found = on(name__contains=words) | on(staff_number__istartswith=words)
    if words.isascii() and words.replace(" ", "").isalpha():
        low = words.lower()
        # people type "zhangwei" as well as "zhang wei": a space may stand between any two letters of the key
        found |= on(pinyin__regex="^" + " ?".join(low.replace(" ", ""))) | on(pinyin__endswith=f" {low}")
    if code.isascii() and len(code) == 4:
        found |= on(document_tail=code)
    if code.isascii() and len(code) >= _DOCUMENT_LENGTH:
        found |= on(phone=code)
        index = document_index(code)
        if index is not None:
            found |= on(document_index=index)
    return found


def enterprises_matching(text: str, prefix: str = "") -> Q:
    """The enterprises that `text` may mean: name by part, pinyin from its start, credit code from its start."""
    words = tidy(text)
    found = Q(**{f"{prefix}name__icontains": words}) | Q(**{f"{prefix}short_name__icontains": words})
    found |= Q(**{f"{prefix}credit_code__istartswith": tidy_code(text)})
    if words.isascii():
        found |= Q(**{f"{prefix}pinyin__startswith": words.lower()})
    return found
