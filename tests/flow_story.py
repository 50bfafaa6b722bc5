"""``fake_story`` for the flows: notes each page that is read, and waits where a test wants to catch a run midway."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import fake_story

from document.types import PageContent
from flows.options import RunOptions
from flows.tasks import Steps, document_steps
from ocr.engine import Engine


@dataclass(frozen=True, slots=True)
class Plan(fake_story.Plan):
    """Of this module, as those of ``flows/document.py`` are of theirs: only such may lie in a work folder."""


def outline(path: Path, options: RunOptions) -> Plan:
    plan = fake_story.outline(path, options)
    return Plan(plan.path, plan.words, plan.numbers)


def read_page(plan: Plan, number: int, engine: Engine, seen: fake_story.Seen | None = None) -> PageContent:
    """A page; ``wait`` takes as long as there is a file of that name in the folder of the scans."""
    if plan.words[number - 1] == "wait":
        wait_and_note(plan.path, number)
    note(plan.path, number, "read.log")
    return fake_story.read_page(plan, number, engine, seen)


def note(path: Path, number: int, name: str) -> None:
    """Add a page to a list beside the scan."""
    with (path.parent / name).open("a", encoding="utf-8") as log:
        log.write(f"{path.name} {number}\n")


def wait_and_note(path: Path, number: int) -> None:
    """Wait as long as there is a file ``wait`` beside the scan; ``waiting.log`` tells who does."""
    if (path.parent / "wait").exists():
        note(path, number, "waiting.log")
    while (path.parent / "wait").exists():
        time.sleep(0.05)


def noted(folder: Path, name: str) -> list[str]:
    """The pages in such a list."""
    return (folder / name).read_text(encoding="utf-8").splitlines() if (folder / name).exists() else []


def read_real_page(plan: Any, number: int, engine: Engine, seen: Any = None) -> PageContent:
    """A page of a real document; the first waits."""
    if number == 1:
        wait_and_note(plan.path, number)
    note(plan.path, number, "read.log")
    return document_steps().read_page(plan, number, engine, seen)


def patient_steps() -> Steps:
    """The real way of a document, whose first page waits."""
    return replace(document_steps(), read_page=read_real_page)


def noting_steps() -> Steps:
    return Steps(outline, fake_story.look, fake_story.conclude, read_page, fake_story.failed_page, fake_story.finish)
