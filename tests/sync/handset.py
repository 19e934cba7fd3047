"""A phone of the tests: enrolled through the door, speaks real requests, keeps its own sequence.

phone = enrolled(w.scanner, w.point, by=w.office)
phone.send([phone.op("open_tube", tube=code, pool_size=10)], at=EVENING)
"""

import gzip
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import uuid4

import orjson
from django.http.response import HttpResponseBase
from django.test import Client
from django_pgschemas.schema import Schema, activate, get_current_schema

from parkkeeper.park.models import Grid, Person
from parkkeeper.sampling.models import Point
from parkkeeper.sync.actions import issue_enrolment
from parkkeeper.sync.models import Phone
from tests.world import EVENING, MORNING

REHEARSAL = "token-of-the-tests"


@dataclass
class Handset:
    """The phone's side of the door; `offset` is how many seconds its clock is behind the server's."""

    token: str = ""
    host: str = "testserver"
    language: str = "zh-hans"
    sequence: int = 0
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    @property
    def row(self) -> Phone:
        return Phone.objects.get(token_hash=hashlib.sha256(self.token.encode()).digest())

    def ask(self, method: str, path: str, *, at: datetime = EVENING, data: bytes = b"", **headers: str) -> Any:
        """One request at that moment of the rehearsal; `headers` as Content_Encoding="gzip"."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        sent |= {"Accept-Language": self.language, "Parkkeeper-Rehearsal-Token": REHEARSAL,
                 "Parkkeeper-Rehearsal-Time": at.isoformat()}  # fmt: skip
        here = get_current_schema().schema_name
        media_type = sent.pop("Content-Type", "application/json")
        try:
            return self.client.generic(
                method, f"/phone/v1/{path}", data=data, content_type=media_type, headers=sent, HTTP_HOST=self.host
            )
        finally:
            activate(Schema.create(here))  # the request has left its park; the test goes on in its own

    def op(self, kind: str, *, at: datetime = EVENING, **fields: Any) -> dict[str, Any]:
        """An operation with a new id and the next number of the phone's sequence."""
        self.sequence += 1
        made = {"id": str(uuid4()), "seq": self.sequence, "at": at.isoformat(), "kind": kind, **fields}
        return {name: str(value) if hasattr(value, "hex") and not isinstance(value, float) else value
                for name, value in made.items()}  # fmt: skip

    def send(
        self,
        operations: list[Any],
        *,
        at: datetime = EVENING,
        clock: datetime | None = None,
        number: str = "",
        zipped: bool = False,
    ) -> Any:
        """Send a batch at server time `at`, when the phone's own clock says `clock`."""
        body = batch(operations, sent_at=clock or at, number=number)
        if zipped:
            return self.ask("POST", "batches", at=at, data=gzip.compress(body), Content_Encoding="gzip")
        return self.ask("POST", "batches", at=at, data=body)


def batch(operations: list[Any], *, sent_at: datetime = EVENING, number: str = "") -> bytes:
    """The body of a batch."""
    return orjson.dumps({"id": number or str(uuid4()), "sent_at": sent_at.isoformat(), "operations": operations})


def enrolled(
    holder: Person, point: Point | Grid, *, by: Person, role: str = "scanning_specialist", **more: Any
) -> Handset:
    """A handset that was enrolled with a code of the office."""
    _enrolment, code = issue_enrolment(point, holder, role, by=by, at=MORNING)
    phone = Handset(**more)
    response = phone.ask("POST", "enrol", at=MORNING, data=orjson.dumps({"code": code, "name": "测试机"}))
    assert response.status_code == 201, response.content
    phone.token = json_of(response)["token"]
    return phone


def json_of(response: HttpResponseBase) -> Any:
    """The JSON of an answer, decompressed at need."""
    content: bytes = response.content  # type: ignore[attr-defined]
    if response.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    return orjson.loads(content)


def verdicts(response: HttpResponseBase) -> list[str]:
    """The words of an accepted batch's verdicts, in order."""
    assert response.status_code == 200, response.content  # type: ignore[attr-defined]
    return [verdict["verdict"] for verdict in json_of(response)["verdicts"]]
