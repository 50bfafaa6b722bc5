"""Scores ``qingzhang clean`` on text as a bad OCR leaves it (被识别坏的文本), garbled from drawn documents.

    python -m benchmarks.garbled 71 72 73

Each seed draws a document, writes it as text with tabs, and damages it: lines and pieces of a misread watermark, debris
in cells and at the edges of tables, split decimals, commas for points, confused characters, blurred contents. Every
line keeps its truth, so that each damaged cell counts as mended, left or made something else, and each sound one as
kept or spoiled.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from benchmarks.draw import Plan, draw
from benchmarks.papers import Paper, Table, Text
from cleanup.lexicon import key_of
from cleanup.plain_text import CleanText, clean_text
from dictionaries.loader import load_dictionary
from dictionaries.types import Dictionary

PHRASES = ("仅供内部审核", "内部资料请勿外传", "征求意见稿", "仅限内部使用", "未经许可不得转载", "预算审核专用")
PARTS: Mapping[Literal["budget", "account"], tuple[str, ...]] = {
    "account": (
        "contents",
        "duties",
        "overview",
        "receipts",
        "payments",
        "fiscal",
        "three_public",
        "explanation",
        "terms",
    ),
    "budget": ("contents", "duties", "overview", "receipts", "payments", "economic", "three_public", "explanation"),
}
_STRANGE_SCRIPTS = ("لکید", "Н", "ᄑᆇ", "だ", "$\\overline{z}$", "<u>'L')</u>")
_LATIN = "ABEHIKLMNPRTVXY"
_NUMBER = re.compile(r"\d[\d,]*\.\d{2}")


Wrong = tuple[str, str, str, str]
"""Kind of damage, the cell as read, as made, as printed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line: as the bad OCR has it, as it is printed (None: no print at all), and how it was damaged."""

    text: str
    truth: str | None
    kind: str = "sound"


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the cells of one kind of damage."""

    right: int = 0
    left: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        """Cells of this kind."""
        return self.right + self.left + self.other


@dataclass(frozen=True, slots=True)
class Damage:
    """How much of what is damaged: shares (0–1) of the cells or lines that could be."""

    mark_lines: float = 0.12
    fragments: float = 0.15
    cells: float = 0.02
    edges: float = 0.12
    numbers: float = 0.3
    characters: float = 0.04
    contents: float = 0.5


class Spoiler:
    """Draws damage from a seed; the same watermark character is misread in the same few ways, as by a real OCR."""

    def __init__(self, seed: int, phrase: str, dictionary: Dictionary, damage: Damage) -> None:
        self.rng = random.Random(f"garbled {seed}")
        self.phrase, self.damage = phrase, damage
        alike: dict[str, list[str]] = defaultdict(list)
        for (read, meant), weight in sorted(dictionary.look_alikes.items()):
            if weight >= 0.7 and read.isalpha() and meant.isalpha():
                alike[meant].append(read)
        self.alike = alike
        self.slips = {c: self.rng.sample((*alike.get(c, ()), *self._han(3)), 2) for c in phrase}

    def _han(self, count: int) -> list[str]:
        return [
            bytes((self.rng.randrange(0xB0, 0xF7), self.rng.randrange(0xA1, 0xFE))).decode("gb2312")
            for _ in range(count)
        ]

    def hit(self, share: float) -> bool:
        """Whether a thing with this share is damaged."""
        return self.rng.random() < share

    def mark(self) -> str:
        """The watermark as it is misread: most of its characters right, one perhaps lost."""
        read = [self.rng.choice(self.slips[c]) if self.hit(0.33) else c for c in self.phrase]
        if self.hit(0.15):
            read.pop(self.rng.randrange(len(read)))
        return "".join(read)

    def piece(self) -> str:
        """Three or more characters of it."""
        mark = self.mark()
        length = self.rng.randint(3, len(mark))
        start = self.rng.randint(0, len(mark) - length)
        return mark[start : start + length]

    def debris(self) -> str:
        """What strokes of it become in a narrow cell: Latin capitals, other scripts, slashes, a strange word."""
        kind = self.rng.random()
        if kind < 0.4:
            words = ("".join(self.rng.choices(_LATIN, k=self.rng.randint(1, 5))) for _ in range(self.rng.randint(1, 3)))
            return self.rng.choice((" ", ".", ". ")).join(words) + self.rng.choice(("", "."))
        if kind < 0.5:
            return self.rng.choice(_STRANGE_SCRIPTS)
        if kind < 0.65:
            return self.rng.choice(("*", "\\", "~ *", "1/1/2", "15/", "_", "•)", ", V", "***"))
        if kind < 0.8:
            return "".join(self._han(self.rng.randint(2, 3)))
        return self.piece()

    def number(self, text: str) -> str | None:
        """820.66 as 820. 66, 820 .66 or 820,66."""
        if not _NUMBER.fullmatch(text) or not self.hit(self.damage.numbers):
            return None
        way = self.rng.random()
        if way < 0.7:
            return text.replace(".", ". ")
        if way < 0.85:
            return text.replace(".", " .")
        return ",".join(text.rsplit(".", 1))

    def confused(self, text: str) -> str | None:
        """The text with one character taken for another that looks alike."""
        places = [i for i, c in enumerate(text) if self.alike.get(c)]
        if len(text) < 5 or not places or any(c.isdigit() for c in text) or not self.hit(self.damage.characters):
            return None
        at = self.rng.choice(places)
        return text[:at] + self.rng.choice(self.alike[text[at]]) + text[at + 1 :]


def lines_of(paper: Paper) -> Iterator[list[str]]:
    """The clean text, block by block."""
    for block in paper.blocks:
        if isinstance(block, Table):
            rows = [[""] * block.n_cols for _ in range(block.n_rows)]
            for cell in block.cells:
                rows[cell.row][cell.col] = cell.text.replace("\n", "")
            yield ["\t".join(row) for row in rows]
        else:
            yield [block.text.replace("\n", "") + (f"\t{block.page}" if block.page else "")]


def garble(paper: Paper, spoiler: Spoiler) -> list[Line]:
    """The document's lines, damaged."""
    found: list[Line] = []
    for number, (block, lines) in enumerate(zip(paper.blocks, lines_of(paper), strict=True)):
        if isinstance(block, Table):
            found += _table(lines, spoiler)
        elif block.kind == "toc":
            found.append(_contents(block, lines[0], spoiler))
            continue
        else:
            found.append(_prose(lines[0], spoiler))
        found.append(Line("", ""))
        while number < 3 or spoiler.hit(spoiler.damage.mark_lines * 3):
            found += [Line(spoiler.mark(), None, "mark_line"), Line("", "")]
            if spoiler.hit(0.6):
                break
    return found


def _prose(text: str, spoiler: Spoiler) -> Line:
    if len(text) > 40 and spoiler.hit(spoiler.damage.fragments * 3):
        at = spoiler.rng.randint(10, len(text) - 10)
        while text[at - 1 : at + 1].isascii():
            at += 1
        return Line(f"{text[:at]} {spoiler.mark()} {text[at:]}", text, "mark_fragment")
    return Line(text, text)


def _contents(block: Text, text: str, spoiler: Spoiler) -> Line:
    title, page = block.text, block.page
    if page is None or len(title) < 10 or not spoiler.hit(spoiler.damage.contents):
        return Line(text, text)
    at = spoiler.rng.randint(7, len(title) - 2)
    stray = spoiler.rng.choice(spoiler.alike.get(title[at - 1]) or [title[at - 1]])
    return Line(f"{title[:at]}\t{stray}{title[at:]}{page}", text, "contents")


def _table(rows: Sequence[str], spoiler: Spoiler) -> list[Line]:
    before, after = spoiler.hit(0.5), spoiler.hit(0.5)
    found = []
    for row in rows:
        truth: list[str] = []
        read: list[str] = []
        if before:
            truth.append("")
            read.append(spoiler.debris() if spoiler.hit(spoiler.damage.edges) else "")
        for cell in row.split("\t"):
            truth.append(cell)
            read.append(_cell(cell, spoiler))
        if after:
            truth.append("")
            read.append(spoiler.debris() if spoiler.hit(spoiler.damage.edges) else "")
        found.append(Line("\t".join(read), "\t".join(truth)))
    return found


def _cell(cell: str, spoiler: Spoiler) -> str:
    if not cell:
        return spoiler.debris() if spoiler.hit(spoiler.damage.cells) else ""
    return spoiler.number(cell) or spoiler.confused(cell) or cell


def _kind(damaged: str, truth: str) -> str:
    """What kind of damage a cell of a table has."""
    if not truth:
        return "debris"
    if any(c.isdigit() for c in truth) and not any("一" <= c <= "龥" for c in truth):
        return "number_comma" if damaged.count(",") > truth.count(",") else "number_space"
    return "character"


def _same(found: str, truth: str) -> bool:
    """Whether two cells say the same; within a number white space counts."""
    digits = any(c.isdigit() for c in truth) and not any("一" <= c <= "龥" for c in truth)
    return found.strip() == truth.strip() if digits else key_of(found) == key_of(truth)


def score(lines: Sequence[Line], cleaned: CleanText) -> tuple[dict[str, Tally], list[Wrong]]:
    """Tallies by kind ("sound": right = kept, other = spoiled), and the cells not right: kind, read, made, printed."""
    made: dict[int, list[str]] = defaultdict(list)
    for number, text in zip(cleaned.numbers, cleaned.text.split("\n"), strict=True):
        made[number].append(text)
    tallies: Counter[tuple[str, str]] = Counter()
    wrong: list[Wrong] = []
    for number, line in enumerate(lines, start=1):
        result = made.get(number)
        for kind, read, got, truth in _cells(line, None if result is None else "\n".join(result)):
            state = "right" if _same(got, truth) else "left" if got == read else "other"
            tallies[kind, state] += 1
            if state != "right":
                wrong.append((kind, read, got, truth))
    kinds = sorted({kind for kind, _ in tallies})
    return {k: Tally(tallies[k, "right"], tallies[k, "left"], tallies[k, "other"]) for k in kinds}, wrong


def _cells(line: Line, got: str | None) -> Iterator[Wrong]:
    """Kind, as read, as made, as printed, for each cell of a line, or the line where cells cannot be told apart."""
    if line.truth is None:
        yield line.kind, line.text, got or "", ""
        return
    if line.kind in ("contents", "mark_fragment") or "\t" not in line.text:
        yield line.kind, line.text, (got or "").replace("\t", ""), line.truth.replace("\t", "")
        return
    cells = ((got or "").split("\t") + [""] * 40)[: line.text.count("\t") + 1]
    for read, made, truth in zip(line.text.split("\t"), cells, line.truth.split("\t"), strict=True):
        kind = "sound" if read == truth else _kind(read, truth)
        if read or truth:
            yield kind, read, made, truth


def document(seed: int) -> Paper:
    """The drawn document of a seed."""
    kind: Literal["budget", "account"] = "budget" if seed % 2 else "account"
    return draw(Plan(seed=seed, kind=kind, parts=PARTS[kind], size=16)).paper


def measure(seeds: Iterable[int], damage: Damage | None = None) -> Iterator[tuple[int, dict[str, Tally], list[Wrong]]]:
    """For each seed the tallies and the cells that did not come right."""
    dictionary = load_dictionary()
    for seed in seeds:
        spoiler = Spoiler(seed, PHRASES[seed % len(PHRASES)], dictionary, damage or Damage())
        lines = garble(document(seed), spoiler)
        yield seed, *score(lines, clean_text("\n".join(x.text for x in lines), dictionary))


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tallies of some seeds, and with -v every cell that did not come right."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.garbled", description="Score qingzhang clean.")
    parser.add_argument("seeds", type=int, nargs="+")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the cells that did not come right")
    given = parser.parse_args(arguments)
    sys.stdout.write("| seed | kind | cells | right | left | made other |\n|---|---|---|---|---|---|\n")
    for seed, tallies, wrong in measure(given.seeds):
        for kind, tally in tallies.items():
            sys.stdout.write(f"| {seed} | {kind} | {tally.total} | {tally.right} | {tally.left} | {tally.other} |\n")
        if given.verbose:
            for kind, read, made, printed in wrong:
                sys.stdout.write(f"  {kind}: {read!r} -> {made!r}, printed {printed!r}\n")


if __name__ == "__main__":
    main()
