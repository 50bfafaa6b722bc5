"""A document's way without pictures, for tests of the machinery around it.

The "scan" is a text file with a word per page: what shall become of it.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from document.exceptions import EncryptedError, NotADocument
from document.geometry import Box
from document.types import BlockKind, Document, Origin, Page, PageContent, Reading, Source, TextBlock
from flows.options import RunOptions, chosen_pages
from flows.outputs import file_hash
from flows.tasks import Steps
from ocr.engine import Engine


@dataclass(frozen=True, slots=True)
class Plan:
    path: Path
    words: tuple[str, ...]
    numbers: tuple[int, ...]

    @property
    def sample(self) -> tuple[int, ...]:
        """Every second page."""
        return self.numbers[::2]


@dataclass(frozen=True, slots=True)
class Seen:
    """What a page shows."""

    shown: str
    as_read: bool = True


def outline(path: Path, options: RunOptions) -> Plan:
    words = tuple(path.read_text(encoding="utf-8").split())
    match words[:1]:
        case ():
            raise NotADocument(f"{path}: the file is empty. Fetch it again.")
        case ("encrypted",):
            raise EncryptedError(f"{path}: encrypted. Take the password off first.")
        case ("kill-open",):
            os.kill(os.getpid(), signal.SIGKILL)
    return Plan(path, words, chosen_pages(options.pages, len(words)))


def look(plan: Plan, number: int) -> Seen | None:
    word = plan.words[number - 1]
    match word:
        case "kill-look":
            os.kill(os.getpid(), signal.SIGKILL)
        case "raise-look":
            raise RuntimeError("a defect")
        case "nothing":
            return None
    return Seen(word)


def conclude(plan: Plan, sample: Sequence[Seen | None], engine: Engine) -> Plan:
    if "kill-conclude" in plan.words:
        os.kill(os.getpid(), signal.SIGKILL)
    expected = [None if word in {"kill-look", "raise-look", "nothing"} else word for word in plan.words]
    assert [seen and seen.shown for seen in sample] == [expected[n - 1] for n in plan.sample]
    return plan


def read_page(plan: Plan, number: int, engine: Engine, seen: Seen | None = None) -> PageContent:
    word = plan.words[number - 1]
    assert seen is None or seen.shown == word
    match word:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "hang":
            time.sleep(600)
        case "raise":
            raise RuntimeError("a defect")
        case "fail":
            return failed_page(number, "too large")
        case "engine":
            assert engine.version
    block = TextBlock(f"b{number}", BlockKind.PARAGRAPH, (number,), Box(0, 0, 10, 10), Reading(word, word))
    return PageContent(Page(number, Origin.SCAN, 595, 842), (block,))


def failed_page(number: int, error: str) -> PageContent:
    return PageContent(Page(number, Origin.FAILED, 0, 0, error=error))


def finish(plan: Plan, pages: Sequence[PageContent]) -> Document:
    if "kill-finish" in plan.words:
        os.kill(os.getpid(), signal.SIGKILL)
    return Document(
        Source(plan.path.name, file_hash(plan.path), len(plan.words)),
        tuple(p.page for p in pages),
        tuple(block for p in pages for block in p.blocks),
    )


def fake_steps() -> Steps:
    return Steps(outline, look, conclude, read_page, failed_page, finish)
