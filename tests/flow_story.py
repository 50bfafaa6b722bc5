"""``fake_story`` for the flows: notes each page that is read, and waits where a test wants to catch a run midway."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import fake_story

from document.types import PageContent
from flows.options import RunOptions
from flows.tasks import Steps
from ocr.engine import Engine


@dataclass(frozen=True, slots=True)
class Plan(fake_story.Plan):
    """Of this module, as those of ``flows/document.py`` are of theirs: only such may lie in a work folder."""


def outline(path: Path, options: RunOptions) -> Plan:
    plan = fake_story.outline(path, options)
    return Plan(plan.path, plan.words, plan.numbers)


def read_page(plan: Plan, number: int, engine: Engine, seen: fake_story.Seen | None = None) -> PageContent:
    """A page; ``wait`` takes as long as there is a file of that name in the folder of the scans."""
    while plan.words[number - 1] == "wait" and (plan.path.parent / "wait").exists():
        time.sleep(0.05)
    with (plan.path.parent / "read.log").open("a", encoding="utf-8") as log:
        log.write(f"{plan.path.name} {number}\n")
    return fake_story.read_page(plan, number, engine, seen)


def noting_steps() -> Steps:
    return Steps(outline, fake_story.look, fake_story.conclude, read_page, fake_story.failed_page, fake_story.finish)
