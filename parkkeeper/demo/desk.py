"""A virtual browser: somebody of the office or of a laboratory, logged in, who fills in the same pages as people do."""

from collections.abc import Mapping
from datetime import datetime
from html import unescape
from http.cookies import SimpleCookie
from re import DOTALL, search, sub
from urllib.parse import urlencode

from parkkeeper.demo.phones import Door, DoorError

BOUNDARY = "----parkkeeper-demo-desk"


class Desk:
    """One account's session at the park's pages; every request bears its moment of the rehearsal."""

    def __init__(self, door: Door, username: str, password: str) -> None:
        self.door, self.username, self._password = door, username, password
        self._cookies: dict[str, str] = {}

    def log_in(self, *, at: datetime) -> None:
        """Log in as a person does: fetch the page, send its form. Raises DoorError when it is refused."""
        self._ask("GET", "/login", at=at)
        self.post("/login", {"username": self.username, "password": self._password}, at=at)
        if "sessionid" not in self._cookies:
            raise DoorError(f"{self.username} could not log in.")

    def post(self, path: str, fields: Mapping[str, str], *, at: datetime, file: tuple[str, bytes] | None = None) -> str:
        """Send a form, with `file` (name, content) as its field "file"; returns where the page leads, "" for nowhere.

        Raises DoorError with what the page says when it is refused.
        """
        if file is None:
            body, media_type = urlencode(fields).encode(), "application/x-www-form-urlencoded"
        else:
            body, media_type = _multipart(fields, *file), f"multipart/form-data; boundary={BOUNDARY}"
        return self._ask("POST", path, at=at, body=body, media_type=media_type)

    def _ask(self, method: str, path: str, *, at: datetime, body: bytes = b"", media_type: str = "") -> str:
        headers = {
            **self.door.moment(at), "Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items()),
            "X-CSRFToken": self._cookies.get("csrftoken", ""), "Accept-Language": "zh-hans",
        }  # fmt: skip
        if media_type:
            headers["Content-Type"] = media_type
        status, answered, content = self.door.exchange(method, path, body, headers)
        for line in answered.get_all("Set-Cookie") or ():
            self._cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        if status not in (200, 302):
            raise DoorError(f"{self.username}: {method} {path} at {at.isoformat()}: {status} {_said(content)}")
        return answered.get("Location") or ""


def _multipart(fields: Mapping[str, str], name: str, data: bytes) -> bytes:
    parts = [
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    return b"".join([*parts, head.encode(), data, f"\r\n--{BOUNDARY}--\r\n".encode()])


def _said(page: bytes) -> str:
    """What a page says in its main part, as far as it helps somebody who reads a terminal."""
    text = page.decode(errors="replace")
    main = search(r"<main.*?</main>", text, DOTALL)
    return " ".join(unescape(sub(r"<[^>]+>", " ", main.group() if main else text)).split())[:600]
