"""The fault test (故障试验): damage true tables, and see whether reconciliation repairs or flags every damage.

    python -m benchmarks.faults [--trials N] [--seed S] [TRUTH.json …]

Only cells that some identity covers are damaged. A damaged cell must come out right or flagged; a repair to
anything but the truth is a false repair, also on cells that nobody touched.
"""

from __future__ import annotations

import argparse
import json
import logging
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cleanup.amount_grid import read_grid
from cleanup.equations import Place
from cleanup.identities import find_equations
from cleanup.numbers import clean_numbers
from cleanup.reconcile import reconcile
from cleanup.text import clean_texts
from dictionaries.identities import Identities, load_identities
from dictionaries.loader import load_dictionary
from document.geometry import Box
from document.types import (
    Block,
    BlockKind,
    Cell,
    Document,
    Origin,
    Page,
    Reading,
    Rule,
    Source,
    Table,
    TextBlock,
)

SAMPLES = Path(__file__).parent / "samples"
_BOX = Box(0, 0, 1, 1)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the damage in one or more documents; counts of cells."""

    documents: int = 0
    damaged: int = 0
    repaired: int = 0
    flagged: int = 0
    silent: int = 0
    false_repairs: int = 0
    untouched: int = 0
    """Cells that were not damaged."""
    untouched_flagged: int = 0
    seconds: float = 0.0
    """Longest time for one document."""
    examples: tuple[str, ...] = field(default=())

    def __add__(self, other: Outcome) -> Outcome:
        return Outcome(
            self.documents + other.documents,
            self.damaged + other.damaged,
            self.repaired + other.repaired,
            self.flagged + other.flagged,
            self.silent + other.silent,
            self.false_repairs + other.false_repairs,
            self.untouched + other.untouched,
            self.untouched_flagged + other.untouched_flagged,
            max(self.seconds, other.seconds),
            tuple(sorted(self.examples + other.examples))[:40],
        )

    @property
    def told(self) -> float:
        """Share (0–1) of the damaged cells that were repaired to the truth or flagged."""
        return (self.repaired + self.flagged) / max(1, self.damaged)


def document_of(truth: dict[str, Any]) -> Document:
    """The document that a truth file describes, numbers cleaned, as reconciliation meets it."""
    blocks = tuple(_block(index, data) for index, data in enumerate(truth["blocks"]))
    pages = (Page(1, Origin.SCAN, 595, 842),)
    document = Document(Source("truth", "0" * 64, 1), pages, blocks)
    return clean_numbers(clean_texts(document, load_dictionary()))


def _block(index: int, data: dict[str, Any]) -> Block:
    if data["kind"] != "table":
        return TextBlock(f"b{index}", BlockKind.PARAGRAPH, (1,), _BOX, Reading(data["text"], data["text"]))
    cells = tuple(
        Cell(
            c["row"],
            c["col"],
            1,
            _BOX,
            Reading(c["text"], c["text"]),
            c.get("row_span", 1),
            c.get("col_span", 1),
        )
        for c in data["cells"]
    )
    rows = max(c.row + c.row_span for c in cells)
    columns = max(c.col + c.col_span for c in cells)
    return Table(f"t{index}", (1,), rows, columns, cells, title=data.get("title"))


def covered(document: Document, identities: Identities) -> dict[Place, frozenset[int]]:
    """Cells with a number that some identity covers (its sum not all zeros), each with its equations' numbers."""
    grids = {
        i: (b, grid)
        for i, b in enumerate(document.blocks)
        if isinstance(b, Table) and (grid := read_grid(b)) is not None
    }
    values = {Place(i, *at): a.value for i, (_, g) in grids.items() for at, a in g.amounts.items()}
    found: dict[Place, set[int]] = {}
    for number, equation in enumerate(find_equations(grids, identities)):
        if equation.residual(values) == 0:
            for place in equation.places():
                if values[place]:
                    found.setdefault(place, set()).add(number)
    return {place: frozenset(numbers) for place, numbers in found.items()}


def damage(text: str, kind: str, chance: random.Random) -> str:
    """One number misread: ``digit``, ``digits`` (two to five), ``drop``, ``add`` or ``point``.

    Unchanged where that cannot be.
    """
    digits = [i for i, c in enumerate(text) if c.isdigit()]
    at = chance.choice(digits)
    if kind in ("digit", "digits"):
        count = 1 if kind == "digit" else min(len(digits), chance.randint(2, 5))
        others = {i: chance.choice([d for d in "0123456789" if d != text[i]]) for i in chance.sample(digits, count)}
        return "".join(others.get(i, c) for i, c in enumerate(text))
    if kind == "drop":
        return text[:at] + text[at + 1 :] if len(digits) > 1 else text
    if kind == "add":
        return text[:at] + chance.choice("0123456789") + text[at:]
    return text.replace(".", "", 1)


KINDS = ("digit", "digit", "digit", "digits", "drop", "add", "point", "swap")


def damaged_copy(
    document: Document, covers: Mapping[Place, frozenset[int]], chance: random.Random
) -> tuple[Document, set[Place]]:
    """The document with one to five faults, and the cells whose number is now another.

    Cells are exchanged in a row or column, and only where some identity sums one of the two without the other.
    """
    places = list(covers)
    texts = {Place(i, c.row, c.col): c.reading.text for i, c in _cells(document)}
    new: dict[Place, str] = {}
    for _ in range(chance.randint(1, 5)):
        place, kind = chance.choice(places), chance.choice(KINDS)
        if kind == "swap":
            mates = [
                p
                for p in places
                if p.block == place.block and (p.row == place.row or p.col == place.col) and covers[p] != covers[place]
            ]
            mate = chance.choice(mates) if mates else place
            if place not in new and mate not in new:
                new[place], new[mate] = texts[mate], texts[place]
        elif place not in new:
            new[place] = damage(texts[place], kind, chance)
    changed = {p: t for p, t in new.items() if t.replace(",", "") != texts[p].replace(",", "")}
    return _with_texts(document, changed), set(changed)


def _cells(document: Document) -> Iterable[tuple[int, Cell]]:
    for index, block in enumerate(document.blocks):
        if isinstance(block, Table):
            for cell in block.cells:
                yield index, cell


def _with_texts(document: Document, texts: dict[Place, str]) -> Document:
    blocks = list(document.blocks)
    for index in {p.block for p in texts}:
        table = blocks[index]
        assert isinstance(table, Table)
        cells = tuple(
            replace(c, reading=Reading(t, t), amount=None)
            if (t := texts.get(Place(index, c.row, c.col))) is not None
            else c
            for c in table.cells
        )
        blocks[index] = replace(table, cells=cells)
    return clean_numbers(replace(document, blocks=tuple(blocks)))


def trial(
    document: Document, places: Mapping[Place, frozenset[int]], identities: Identities, chance: random.Random
) -> Outcome:
    """Damage one document and count what reconciliation makes of it."""
    broken, touched = damaged_copy(document, places, chance)
    start = time.process_time()
    result = reconcile(broken, identities)
    seconds = time.process_time() - start
    return replace(_counted(document, broken, result, touched), seconds=seconds)


def _counted(truth: Document, broken: Document, result: Document, touched: set[Place]) -> Outcome:
    counts: Counter[str] = Counter()
    examples: list[str] = []
    for (index, true), (_, bad), (_, got) in zip(_cells(truth), _cells(broken), _cells(result), strict=True):
        place = Place(index, true.row, true.col)
        right = _number(got) == _number(true)
        block = result.blocks[index]
        flag = got.reading.needs_review or (isinstance(block, Table) and block.needs_review)
        changed = any(c.rule is Rule.IDENTITY for c in got.reading.corrections)
        if changed and not right:
            counts["false"] += 1
            examples.append(f"false repair {place}: {true.reading.text} {bad.reading.text} {got.reading.text}")
        if place not in touched:
            counts["untouched"] += 1
            counts["untouched_flagged"] += got.reading.needs_review
            continue
        counts["damaged"] += 1
        kind = "repaired" if right else "flagged" if flag else "silent"
        counts[kind] += 1
        if kind == "silent":
            examples.append(f"silent {place}: {true.reading.text} read {bad.reading.text}")
    return Outcome(
        1,
        counts["damaged"],
        counts["repaired"],
        counts["flagged"],
        counts["silent"],
        counts["false"],
        counts["untouched"],
        counts["untouched_flagged"],
        examples=tuple(examples),
    )


def _number(cell: Cell) -> str:
    return cell.reading.text.replace(",", "")


def run(paths: Sequence[Path], trials: int, seed: int) -> Outcome:
    """``trials`` damaged copies of each truth file."""
    identities, total = load_identities(), Outcome()
    for path in paths:
        document = document_of(json.loads(path.read_text(encoding="utf-8")))
        places = covered(document, identities)
        chance = random.Random(f"{seed} {path.name}")
        for _ in range(trials if places else 0):
            total += trial(document, places, identities, chance)
    return total


def main() -> None:
    """Print the figures as one JSON line; 1 when the target of issue 6 is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("truths", nargs="*", type=Path)
    parser.add_argument("--trials", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=0)
    arguments = parser.parse_args()
    paths = arguments.truths or sorted(SAMPLES.glob("*.truth.json"))
    outcome = run(paths, arguments.trials, arguments.seed)
    figures = {name: getattr(outcome, name) for name in Outcome.__slots__ if name != "examples"}
    figures["told"] = round(outcome.told, 5)
    sys.stdout.write(json.dumps(figures) + "\n")
    for example in outcome.examples[: arguments.examples]:
        sys.stdout.write(example + "\n")
    sys.exit(0 if outcome.told >= 0.99 and not outcome.false_repairs else 1)


if __name__ == "__main__":
    main()
