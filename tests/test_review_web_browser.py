"""The desk in a real browser: a queue worked off by keyboard, what an operator sees, and what a page can do to it."""

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from browser import OPTIONS, needs_browser
from desk_site import NAMES, PASSWORD, SCRIPT, write_documents
from postgres import free_port

from review import service
from review.store import open_store, sqlite_url
from review.sums import value_of

pytestmark = needs_browser
HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join((str(HERE.parent), str(HERE)))}
SIZE = {"width": 1366, "height": 768}
PATIENCE = 300_000
"""Milliseconds to wait for what must come: how soon it does proves nothing."""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=[*OPTIONS], timeout=PATIENCE)
        yield browser
        browser.close()


@dataclass
class Server:
    """A desk in a process of its own."""

    url: str
    folder: Path


@contextmanager
def serving(folder: Path, *command: str) -> Iterator[Server]:
    """A server process: the command gets a free port as its last argument."""
    port = free_port()
    process = subprocess.Popen([sys.executable, *command, str(port)], env=ENVIRONMENT)
    url = f"http://localhost:{port}"
    try:
        wait_for(url, process)
        yield Server(url, folder)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(300)


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("site")
    with serving(folder, str(HERE / "desk_site.py"), str(folder)) as found:
        with (
            closing(sqlite3.connect(folder / "desk.db")) as live,
            closing(sqlite3.connect(folder / "fresh.db")) as fresh,
        ):
            live.backup(fresh)
        yield found


@pytest.fixture
def server(process: Server) -> Server:
    """The server with its data as they were when it started."""
    folder = process.folder
    with closing(sqlite3.connect(folder / "fresh.db")) as fresh, closing(sqlite3.connect(folder / "desk.db")) as live:
        fresh.backup(live)
    return process


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 300
    while process.poll() is None and time.monotonic() < end:
        try:
            with urllib.request.urlopen(f"{url}/login", timeout=5):
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the desk's server did not come up")


@pytest.fixture
def page(chromium: Any, server: Server) -> Iterator[Any]:
    with visit(chromium, server) as found:
        yield found


@contextmanager
def visit(chromium: Any, server: Server, name: str = "复核甲") -> Iterator[Any]:
    """A new browser window, logged in by keyboard."""
    context = chromium.new_context(viewport=SIZE, base_url=server.url)
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("dialog", lambda dialog: troubles.append(dialog.message))
    page.goto("/")
    page.wait_for_function("document.activeElement.name === 'name'")  # the focus comes after the load
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/queue")
    yield page
    context.close()
    assert not troubles


def ready(page: Any) -> dict[str, Any]:
    """Wait until the field shown can be decided; what the script knows of it."""
    page.wait_for_selector("#work[aria-busy=false] .crop[aria-busy=false]")
    state: dict[str, Any] = page.evaluate("JSON.parse(document.querySelector('[data-state]').dataset.state)")
    return state


def said(page: Any, words: str) -> None:
    """Wait until the status line says so."""
    page.wait_for_function("words => document.getElementById('say').textContent.includes(words)", arg=words)


def press(page: Any, key: str, words: str) -> None:
    """Press a key and wait for what is said."""
    page.keyboard.press(key)
    said(page, words)


# --- the work ------------------------------------------------------------------------------------------------


def test_a_queue_is_cleared_by_keyboard(page: Any, server: Server) -> None:
    page.keyboard.press("Enter")
    first = ready(page)
    assert first["text"] == "129.87"
    press(page, "Enter", "已改正：129.87 → 129.37")
    second = ready(page)
    assert second["id"] != first["id"]

    press(page, "u", "已撤销 1 条")
    assert ready(page)["id"] == first["id"]
    press(page, "1", "已改正：129.87 → 129.37")

    decided, accepted = 1, False
    while page.query_selector(".done") is None:
        state = ready(page)
        decided += 1
        assert decided < 20
        if state["text"] == "事业单位医疗人" and not accepted:
            press(page, "Enter", "另有 2 处同样的识别")
            page.keyboard.press("a")
            page.wait_for_selector("#similar[open]")
            assert page.locator("#similar tbody tr").count() == 2
            assert "是否都改为“事业单位医疗”" in page.locator("#similar-body").inner_text()
            press(page, "Enter", "已采用 2 处")
            accepted = True
        elif state["text"] == SCRIPT:
            press(page, "x", "已标记无法辨认")
        elif state["text"].startswith("2024年度") and decided % 2:
            press(page, "w", "已标记原文有误")
        else:
            page.keyboard.press("Enter")
            page.wait_for_function(
                "id => !document.querySelector('[data-state]')"
                " || JSON.parse(document.querySelector('[data-state]').dataset.state).id !== id",
                arg=state["id"],
            )
    assert accepted
    assert decided >= 10
    store = open_store(sqlite_url(server.folder / "desk.db"))
    try:
        assert service.queue_counts(store).waiting == 0
        for name in NAMES:
            document = service.find_document(store, server.folder / "out" / name)
            view = service.page_view(store, document, 1)
            texts = {(f.row, f.col): f.text for b in view.blocks if b.n_cols for f in b.fields}
            assert texts[(9, 1)] == "事业单位医疗"
    finally:
        store.close()


def test_a_sum_is_recomputed_as_one_types(page: Any) -> None:
    page.goto("/work?reason=sum")
    ready(page)
    assert page.locator(".sum output").first.inner_text() == "差 0.50"
    page.keyboard.press("e")
    page.keyboard.type("129.4")
    assert page.locator(".sum output").first.inner_text() == "差 0.03"
    page.keyboard.type("x")
    assert page.locator(".sum output").first.inner_text() == "不是数字"
    page.keyboard.press("Backspace")
    page.keyboard.press("Backspace")
    page.keyboard.type("37")
    assert set(page.locator(".sum output").all_inner_texts()) == {"相符"}
    assert page.locator(".equation .own").first.inner_text() == "129.37"
    page.keyboard.press("Escape")
    assert page.locator("#value").input_value() == "129.87"
    assert page.evaluate("document.activeElement.id") == "card"


def test_keys_fire_nothing_while_chinese_is_typed_or_a_key_is_held(page: Any) -> None:
    page.goto("/work?kind=label")
    state = ready(page)
    page.keyboard.press("F2")
    session = page.context.new_cdp_session(page)
    session.send("Input.imeSetComposition", {"text": "shi", "selectionStart": 3, "selectionEnd": 3})
    for key in ("Enter", "1", "Escape", "s"):
        page.evaluate(
            "key => document.activeElement.dispatchEvent("
            "new KeyboardEvent('keydown', {key, isComposing: true, bubbles: true, cancelable: true}))",
            key,
        )
    session.send("Input.insertText", {"text": "事业单位医疗"})
    assert page.locator("#value").input_value() == "事业单位医疗"
    assert ready(page)["id"] == state["id"]
    page.keyboard.press("Escape")

    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.down("Enter")
    page.keyboard.up("Enter")
    said(page, "已改正")
    assert ready(page)["id"] != state["id"]
    assert "已复核 1" in inner(page, "/queue?kind=label", ".figures")


def inner(page: Any, path: str, selector: str) -> str:
    """The text of a part of another page, on one line."""
    page.goto(path)
    return " ".join(str(page.locator(selector).inner_text()).split())


def test_nothing_is_decided_before_the_picture_is_there(page: Any) -> None:
    held: list[Any] = []
    slow = [True]
    page.route("**/crop.png*", lambda route: held.append(route) if slow[0] else route.continue_())
    page.goto("/work?reason=dictionary")
    page.wait_for_selector(".crop[aria-busy=true]")
    page.wait_for_selector("#work[aria-busy=false]")
    press(page, "Enter", "图像尚未显示")
    slow[0] = False
    for route in held:
        route.continue_()
    ready(page)
    press(page, "Enter", "已改正")


def test_blank_needs_a_second_enter_and_a_skipped_field_comes_last(page: Any) -> None:
    page.goto("/work?kind=amount")
    state = ready(page)
    press(page, "s", "已跳过")
    assert ready(page)["id"] != state["id"]
    page.keyboard.press("e")
    page.keyboard.press("Delete")
    press(page, "Enter", "确实没有印字时，再按一次回车")
    press(page, "Enter", "已改正")


def test_two_operators_get_different_fields(page: Any, chromium: Any, server: Server) -> None:
    page.keyboard.press("Enter")
    one = ready(page)["id"]
    with visit(chromium, server, "审批乙") as other:
        other.keyboard.press("Enter")
        assert ready(other)["id"] != one
        other.goto(f"/fields/{one}")
        said(other, "正由他人处理")


def test_the_outputs_change_with_a_decision(chromium: Any, tmp_path: Path) -> None:
    """The whole way by the program's own commands: import, a user, serve; ``document.json`` has the person's value."""
    write_documents(tmp_path)
    database = ("--database", f"sqlite:///{tmp_path / 'desk.db'}")

    def review(*arguments: str, typed: str = "") -> None:
        command = [sys.executable, "-m", "commands.main", "review", *arguments, *database]
        subprocess.run(command, input=typed.encode(), env=ENVIRONMENT, check=True, capture_output=True, timeout=600)

    review("import", str(tmp_path / "out"), "--source", str(tmp_path / "scans"), "--audit-share", "0")
    review("user", "add", "复核甲", typed=f"{PASSWORD}\n")
    output = tmp_path / "out" / NAMES[0] / "document.json"
    before = output.read_text(encoding="utf-8")
    assert '"129.87"' in before
    serve = ("-m", "commands.main", "review", "serve", *database, "--port")
    with serving(tmp_path, *serve) as server, visit(chromium, server) as page:
        page.goto("/work?reason=sum")
        while ready(page)["text"] != "129.87":
            press(page, "s", "已跳过")
        page.keyboard.press("e")
        page.keyboard.type("129.37")
        press(page, "Enter", "已改正：129.87 → 129.37")
        end = time.monotonic() + 300
        while output.read_text(encoding="utf-8") == before and time.monotonic() < end:
            time.sleep(0.1)
    cells = next(b for b in json.loads(output.read_text(encoding="utf-8"))["blocks"] if b["kind"] == "table")["cells"]
    cell = next(c for c in cells if (c["row"], c["col"]) == (5, 3))
    assert (cell["text"], cell["raw"], cell["needs_review"]) == ("129.37", "129.87", False)
    assert cell["corrections"][-1]["rule"] == "reviewer"
    assert (output.parent / "decisions.json").exists()


# --- the whole page ------------------------------------------------------------------------------------------


def test_a_whole_page_is_read_and_mended_by_keyboard(page: Any) -> None:
    page.goto("/documents")
    page.get_by_role("link", name=NAMES[0], exact=True).click()
    page.wait_for_selector(".here")
    focused = "document.activeElement.innerText.trim()"
    assert page.evaluate(focused) == "388.72"
    page.keyboard.press("n")
    assert page.evaluate(focused) == "129.87"
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowUp")
    assert page.evaluate(focused) == "258.75"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.wait_for_selector(".cell-input")
    page.keyboard.type("129.37")
    press(page, "Enter", "已改正：129.87 → 129.37")
    assert page.evaluate("document.activeElement.dataset.status") == "decided"
    box = page.locator("rect.here")
    assert box.get_attribute("data-status") == "decided"
    page.locator("rect[data-status=waiting]").last.click()
    assert "alert(1)" in page.evaluate(focused)


def test_a_page_that_says_script_is_only_text(page: Any) -> None:
    page.goto("/documents/1/pages/1")
    page.wait_for_selector(".here")
    assert page.title().startswith(NAMES[0])
    assert page.locator("main script, main img").count() == 0
    page.goto("/queue?reason=other")
    page.get_by_role("link", name="<script>").first.click()
    assert ready(page)["text"] == SCRIPT
    assert "逐条复核" in page.title()
    assert page.locator("#card script, #card img").count() == 0
    assert page.locator("#value").input_value() == SCRIPT


def test_the_policy_stops_inline_scripts(page: Any) -> None:
    page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'document.title = \"inline\"';"
        " document.body.append(s); }"
    )
    assert page.title() != "inline"


# --- all pages -----------------------------------------------------------------------------------------------

PAGES = ("/queue", "/work", "/documents", "/documents/1/pages/1", "/dashboard", "/proposals", "/users", "/password")


def test_names_and_contrast_pass_axe_and_nothing_is_wider_than_the_screen(chromium: Any, server: Server) -> None:
    from axe_core_python.sync_playwright import Axe

    axe = Axe()
    with visit(chromium, server, "admin") as page:
        for language, paths in (("zh", PAGES), ("en", ("/queue", "/work"))):
            for path in paths:
                page.goto(path)
                if path == "/work":
                    ready(page)
                assert_accessible(axe, page, path)
            page.goto("/work")
            ready(page)
            page.keyboard.press("?")
            page.wait_for_selector("#help[open]")
            assert_accessible(axe, page, "help")
            page.keyboard.press("Escape")
            if language == "zh":
                page.get_by_role("button", name="English").click()
                page.wait_for_selector("html[lang=en]")
        page.get_by_role("button", name="Log out").click()
        page.wait_for_url("**/login")
        assert_accessible(axe, page, "login")


def assert_accessible(axe: Any, page: Any, path: str) -> None:
    found = axe.run(page)["violations"]
    assert not found, (path, [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in found])
    wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wider <= 0, path


def test_sums_in_the_browser_are_exact(page: Any) -> None:
    chance = random.Random(8)
    texts = [
        "",
        "-",
        "—",
        "95%",
        "1,614.45",
        "１２．５０",
        "－3,000.10",
        "12,34",
        "abc",
        "0.1",
        "1e3",
        "+7",
        "1.",
        " 5 ",
    ]
    texts += [f"{chance.randint(-(10**15), 10**15) / 100:,.2f}" for _ in range(200)]
    texts += ["".join(chance.choices("0123456789,.-% ，。", k=chance.randint(1, 8))) for _ in range(800)]
    rests = [str(Decimal(chance.randint(-(10**14), 10**14)).scaleb(-chance.randint(0, 4))) for _ in texts]
    got = page.evaluate(
        """async ([texts, rests]) => {
            const sums = await import('/static/sums.js');
            return texts.map((text, i) => {
                const off = sums.difference({ rest: rests[i], own: -1 }, text);
                return off === null ? null : sums.printed(off, 2);
            });
        }""",
        [texts, rests],
    )
    numbers = 0
    for text, rest, shown in zip(texts, rests, got, strict=True):
        expected = Decimal(rest) - value_of(text)
        if shown is None:
            assert value_of(text) == 0, text
        else:
            numbers += 1
            assert Decimal(shown.replace(",", "")) == expected, (text, rest)
            assert shown == f"{expected:,.{max(2, -min(0, expected.normalize().as_tuple().exponent))}f}".replace(
                "-0.00", "0.00"
            )
    assert numbers > 250
