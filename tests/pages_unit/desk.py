"""Somebody at a desk: asks for pages by their names, in the park's own schema again after each answer."""

import csv
import io
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation
from django_pgschemas.schema import Schema, activate

from parkkeeper.kernel.tables import read_table
from parkkeeper.park.models import Account, Person


class Answer:
    """What came back: `text`, `status`, `href` (where it leads), `content`."""

    def __init__(self, response: Any) -> None:
        self.response, self.status = response, response.status_code
        self.content: bytes = response.content
        self.text = self.content.decode(errors="replace")
        self.href: str = response.get("Location", "")


class Desk:
    """A browser of that person."""

    def __init__(self, person: Person) -> None:
        self.client = Client()
        account, _ = Account.objects.get_or_create(person=person, defaults={"username": f"u{person.pk}"})
        self.client.force_login(account)

    def get(self, page: str, *args: Any, **query: Any) -> Answer:
        return self._home(self.client.get(reverse(page, args=args), query))

    def post(self, page: str, *args: Any, referer: str = "", **data: Any) -> Answer:
        return self._home(self.client.post(reverse(page, args=args), data, headers={"Referer": referer}))

    def follow(self, page: str, *args: Any, **data: Any) -> Answer:
        """Post, and the page to which that leads."""
        return self._home(self.client.post(reverse(page, args=args), data, follow=True))

    def home(self) -> None:
        """The test goes on in its own park, which a request's middleware has left."""
        activate(Schema.create("world"))
        timezone.activate("Asia/Shanghai")
        translation.activate("zh-hans")

    def _home(self, response: Any) -> Answer:
        self.home()
        return Answer(response)


def filled(content: bytes | list[list[Any]], name: str) -> SimpleUploadedFile:
    """A file to upload; rows become a CSV."""
    if isinstance(content, list):
        text = io.StringIO()
        csv.writer(text).writerows(content)
        content = text.getvalue().encode()
    return SimpleUploadedFile(name, content)


def sheet(content: bytes) -> tuple[list[Any], list[list[Any]]]:
    """Headings and rows of a workbook's first sheet."""
    table = read_table(content, "x.xlsx")
    return list(table.headings), [list(row.cells) for row in table.rows]
