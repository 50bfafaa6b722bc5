"""Draws a disclosure from a seed: a born-digital PDF, and its truth.

    python -m benchmarks.draw budget 7 cover contents overview -o drawn/

What is printed and what the truth says come from the same parts (``benchmarks.forms``).
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pymupdf
from pydantic import BaseModel, ConfigDict, Field

from benchmarks import forms_account, forms_budget
from benchmarks.accounts import Accounts, Kind, Unit, invent
from benchmarks.forms import Part, Style, truth_blocks
from benchmarks.layout import face, print_parts
from benchmarks.papers import Paper, truth_json
from benchmarks.wording import SECTIONS, heading


class Plan(BaseModel):
    """What one drawn disclosure contains, and how it looks."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(ge=0, description="everything invented follows from it")
    kind: Kind = Field(description="budget (部门预算公开) or account (部门决算公开)")
    parts: tuple[str, ...] = Field(description="sections (benchmarks.wording) and forms, in printed order")
    unit: Unit = Field("万元", description="what amounts are counted in")
    size: int = Field(12, ge=5, le=40, description="about the number of 项")
    style: Style = Style()
    font_file: str | None = Field(None, description="a Chinese font; None for PyMuPDF's own")


@dataclass(frozen=True, slots=True)
class Drawing:
    """A drawn disclosure."""

    pdf: bytes
    paper: Paper
    """The truth; profile, watermark and seal are the scanner's to add."""


def parts_of(plan: Plan) -> tuple[Part, ...]:
    """The printed parts that the plan names; ValueError for a name that its kind of disclosure lacks."""
    accounts = invent(plan.seed, plan.kind, plan.unit, plan.size)
    forms = forms_budget.FORMS if plan.kind == "budget" else forms_account.FORMS
    unknown = [p for p in plan.parts if p not in forms and p not in SECTIONS]
    if unknown:
        raise ValueError(f"a {plan.kind} has no {unknown}; it has {sorted({*forms, *SECTIONS})}")
    rng = random.Random(f"wording/{plan.seed}")
    parts: list[Part] = []
    for name in plan.parts:
        parts += forms[name](accounts, plan.style) if name in forms else SECTIONS[name](accounts, plan.style, rng)
    return tuple(parts)


def _title(accounts: Accounts) -> str:
    return accounts.entity + heading(accounts)


def draw(plan: Plan) -> Drawing:
    """The disclosure that the plan describes."""
    parts = parts_of(plan)
    pdf = print_parts(parts, plan.style, face(plan.style.latin, plan.font_file))
    with pymupdf.open(stream=pdf, filetype="pdf") as opened:
        pages = len(opened)
    title = _title(invent(plan.seed, plan.kind, plan.unit, plan.size))
    return Drawing(pdf, Paper(truth_blocks(parts), pages, title, plan.kind, profile="digital"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw one disclosure and write PDF and truth."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.draw", description="Draw one disclosure.")
    parser.add_argument("kind", choices=("budget", "account"))
    parser.add_argument("seed", type=int)
    parser.add_argument("parts", nargs="+", help="sections and forms, in printed order")
    parser.add_argument("-o", "--out", type=Path, default=Path())
    given = parser.parse_args(arguments)
    drawing = draw(Plan(seed=given.seed, kind=given.kind, parts=tuple(given.parts)))
    given.out.mkdir(parents=True, exist_ok=True)
    stem = f"{given.kind}-{given.seed}"
    (given.out / f"{stem}.pdf").write_bytes(drawing.pdf)
    (given.out / f"{stem}.truth.json").write_text(truth_json(drawing.paper), encoding="utf-8")


if __name__ == "__main__":
    main()
