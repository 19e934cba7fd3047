"""Tables that somebody looks at before they are taken: kept as they arrived, so that what was seen is what goes in."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from parkkeeper.park.access import require
from parkkeeper.park.errors import Refused
from parkkeeper.park.files import store_file
from parkkeeper.park.journal import record
from parkkeeper.park.models import Person, StoredFile

VERBS = {"lab": "report_results", "antigen": "report_antigen"}


@transaction.atomic
def keep_upload(data: bytes, name: str, *, what: str, by: Person, at: datetime) -> StoredFile:
    """Keep a table of results ("lab") or of self-tests ("antigen") for a preview; nothing of it is taken yet.

    Raises Refused for an empty file, KeyError for another `what`.
    """
    require(by, VERBS[what], at=at)
    if not data:
        raise Refused(_("文件里没有内容。请确认选对了文件，再次上传。"))
    stored = store_file(data, name=name, by=by, at=at)
    record("upload.kept", stored, by=by, at=at, what=what, sha256=stored.sha256, size=stored.size)
    return stored
