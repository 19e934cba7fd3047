"""What a verb may answer instead of doing: a refusal that a person can act on."""

from django.core.exceptions import PermissionDenied


class Refused(Exception):
    """A rule forbids it now. The text says what to do, in the user's language; nothing was written."""


class Forbidden(PermissionDenied):
    """The person has no post that allows it here."""

    def __init__(self, verb: str) -> None:
        super().__init__(verb)
        self.verb = verb
