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


def prepare(path: Path, options: RunOptions, engine: Engine) -> Plan:
    words = tuple(path.read_text(encoding="utf-8").split())
    match words[:1]:
        case ():
            raise NotADocument(f"{path}: the file is empty. Fetch it again.")
        case ("encrypted",):
            raise EncryptedError(f"{path}: encrypted. Take the password off first.")
        case ("kill-prepare",):
            os.kill(os.getpid(), signal.SIGKILL)
    return Plan(path, words, chosen_pages(options.pages, len(words)))


def read_page(plan: Plan, number: int, engine: Engine) -> PageContent:
    word = plan.words[number - 1]
    match word:
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "hang":
            time.sleep(600)
        case "slow":
            time.sleep(0.3)
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
    return Steps(prepare, read_page, failed_page, finish)
