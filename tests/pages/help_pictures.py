"""Takes the pictures of the help page anew, of a demo that is being served; run by hand when pages have changed:

./run demo                                   (serves at http://127.0.0.1:8000, prints the log-ins' passwords)
PHONE_PICTURES=/tmp/phone ./run test tests/phone/test_looks.py tests/phone/test_inspection.py
python -m tests.pages.help_pictures http://127.0.0.1:8000 /tmp/phone office=PASSWORD prevention=… team=… lab=… leader=…

only=enterprise,notice takes these alone; then /tmp/phone may be empty, and log-ins that they do not need are left out.
"""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from parkkeeper.kernel.processes import CHECKOUT

TO = CHECKOUT / "parkkeeper" / "board" / "static" / "board" / "help"
LANGUAGES = {"zh-hans": "zh-CN", "zh-hant": "zh-HK", "en": "en-GB"}
SHOTS = {
    "today": ("office", "/"), "missing": ("office", "/missing"),
    "enterprise": ("prevention", "a[href^='/enterprises/']"),
    "work_list": ("team", "/grids/today"), "notice": ("team", "/notices a[href^='/notices/']"),
    "results": ("lab", "/results"), "brief": ("leader", "/brief"), "screen": ("leader", "/screen"),
}  # fmt: skip
"""By the name of the picture: whose log-in, and the address, or a page and the link to follow there."""
PHONE = {"scan": "scan", "inspect": "round"}
"""By the name of the picture: the screen of the phone's tests."""
WIDE, TALL, NARROW, WALL = (1180, 760), (1180, 960), (360, 700), (1920, 1080)
QUALITY = 62


def main(address: str, phone: Path, passwords: dict[str, str], only: list[str]) -> None:
    """Take every picture, or those of these names, in every language."""
    TO.mkdir(exist_ok=True)
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for code, locale in LANGUAGES.items():
            for name, (login, where) in SHOTS.items():
                if only and name not in only:
                    continue
                _office(browser, address, locale, login, passwords[login], where, TO / f"{name}.{code}.jpg")
            for name, screen in PHONE.items():
                if only and name not in only:
                    continue
                [first] = sorted(phone.glob(f"{locale}-*-{screen}.png"))[:1]
                _shrunk(browser, first, TO / f"{name}.{code}.jpg")
        browser.close()


def _office(browser: Browser, address: str, locale: str, login: str, password: str, where: str, to: Path) -> None:
    size = WALL if where == "/screen" else NARROW if where == "/brief" else WIDE
    size = TALL if where.startswith("a[") else size
    page = browser.new_page(viewport={"width": size[0], "height": size[1]}, locale=locale)
    page.goto(f"{address}/login")
    page.fill("[name=username]", login)
    page.fill("[name=password]", password)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")
    _go(page, address, where)
    page.wait_for_timeout(2500)  # maps and curves draw themselves
    page.screenshot(path=to, type="jpeg", quality=QUALITY)
    page.close()


def _go(page: Page, address: str, where: str) -> None:
    start, _space, link = where.partition(" ") if where.startswith("/") else ("/", "", where)
    page.goto(f"{address}{start}")
    if link:
        page.locator(f"main {link}").first.click()
        page.wait_for_load_state()


def _shrunk(browser: Browser, picture: Path, to: Path) -> None:
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(picture.resolve().as_uri())
    page.screenshot(path=to, type="jpeg", quality=QUALITY)
    page.close()


if __name__ == "__main__":
    words = dict(word.split("=", 1) for word in sys.argv[3:])
    main(sys.argv[1], Path(sys.argv[2]), words, [name for name in words.pop("only", "").split(",") if name])
