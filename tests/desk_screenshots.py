"""Draws the desk's pages for the documentation: ``PYTHONPATH=.:tests python tests/desk_screenshots.py docs``."""

from __future__ import annotations

import io
import random
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import uvicorn
from browser import OPTIONS
from desk_site import DOUBTS, PASSWORD, Site, accounts, insight, site, write_output
from PIL import Image
from playwright.sync_api import sync_playwright

from review import service
from review.store import utc_now
from review.types import Action, Order, QueueFilter, Role, User
from review.web.app import create_app

SIZE = {"width": 1366, "height": 768}
COLOURS = 128
NOTE = "三公经费支出5.20万元，比上年减少0.30万元。"
EARLIER = QueueFilter(archive="2023年决算")
PEOPLE = (User("复核甲", Role.OPERATOR), User("审批乙", Role.APPROVER))


def past_work(here: Site) -> None:
    """An archive that two people worked on for a week."""
    chance = random.Random(4)
    names = [f"丹枫市第{n}中学2023年决算" for n in "一二三四五六七八九"]
    for n, name in enumerate(names):
        write_output(here.folder / "earlier" / name, accounts(name, f"{n:064d}", DOUBTS, NOTE))
    folders = [service.Folder(here.folder / "earlier" / n, "2023年决算", str(here.folder / "earlier")) for n in names]
    service.import_folders(here.desk.store, folders, insight, audit=service.AuditOptions(audit_share=0.08))
    at = utc_now() - timedelta(days=6)
    for number in range(92):
        user = PEOPLE[number % 3 == 0]
        claim = service.claim_next(here.desk.store, user, EARLIER, Order.DOCUMENT, now=at)
        if claim is None:
            break
        field = service.field_view(here.desk.store, claim.field_id)
        at += timedelta(seconds=chance.uniform(5, 16))
        first = field.suggestions[0].text
        action = Action.ACCEPT if first == field.text else Action.EDIT
        if field.is_audit and number == 40:
            action, first = Action.EDIT, field.text + "0"
        service.decide(here.desk, user, field.id, action, None if action is Action.ACCEPT else first, now=at)
        if number % 15 == 14:
            at += timedelta(days=1)


@contextmanager
def running(here: Site) -> Iterator[str]:
    """The desk in a thread of this process."""
    server = uvicorn.Server(uvicorn.Config(create_app(here.desk), port=0, log_level="warning"))
    thread = Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            thread.join(0.05)
        yield f"http://localhost:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def shoot(page: Any, file: Path) -> None:
    """A picture of the window with few colours, which keeps it small."""
    image = Image.open(io.BytesIO(page.screenshot()))
    image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def tour(page: Any, url: str, folder: Path) -> None:
    """Each page once."""
    page.goto(f"{url}/login")
    shoot(page, folder / "desk-login.png")
    page.fill("[name=name]", "admin")
    page.fill("[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    page.goto(f"{url}/queue?archive=2024年决算")
    shoot(page, folder / "desk-queue.png")
    page.goto(f"{url}/work?archive=2024年决算")
    page.wait_for_selector(".crop[aria-busy=false]")
    shoot(page, folder / "desk-field.png")
    page.keyboard.press("?")
    shoot(page, folder / "desk-keys.png")
    page.keyboard.press("Escape")
    page.goto(f"{url}/work?archive=2024年决算&reason=dictionary")
    page.wait_for_selector(".crop[aria-busy=false]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#offer:not([hidden])")
    page.keyboard.press("a")
    page.wait_for_selector("#similar[open]")
    shoot(page, folder / "desk-similar.png")
    page.goto(f"{url}/documents")
    shoot(page, folder / "desk-documents.png")
    page.goto(f"{url}/documents/1")
    page.wait_for_selector("rect.here")
    page.wait_for_load_state("networkidle")
    shoot(page, folder / "desk-page.png")
    for name in ("dashboard", "proposals", "users"):
        page.goto(f"{url}/{name}")
        shoot(page, folder / f"desk-{name}.png")


def main(folder: Path) -> None:
    """All pictures into a folder."""
    with (
        tempfile.TemporaryDirectory() as temporary,
        site(Path(temporary), NOTE) as here,
        sync_playwright() as playwright,
    ):
        here = replace(here, desk=replace(here.desk, dictionaries=Path(temporary) / "words"))
        past_work(here)
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*OPTIONS])
        with running(here) as url:
            tour(browser.new_context(viewport=SIZE, locale="zh-CN").new_page(), url, folder)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
