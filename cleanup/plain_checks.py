"""Doubts that the text itself raises: percentages against their numbers, spellings of one name."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal

from rapidfuzz.distance import Levenshtein

_SHARE = re.compile(
    r"年初预算(?:数|为)?([\d,]{1,15}(?:\.\d{1,4})?)万元[，,]\s?(?:支出)?决算(?:数|为)?([\d,]{1,15}(?:\.\d{1,4})?)万元"
    r"[，,]\s?完成年初预算的\s?([\d.]{1,8})%"
)
_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_TOLERANCE = Decimal("0.02")
_TELLING = 6
"""Characters from which a text beside two names says that they are one person's."""
_ROLES, _MUCH_COMMONER = 2, 3
"""Shorter texts that must stand beside both (组长, 主任), and how much commoner the one name must be then."""
_MOST_NAMES = 3000
"""Distinct short cells looked at: bounds the work."""

_ROW_PIECE = re.compile(r"[235]\d{2}(?:\d{2}){0,2}|\d[\d,]*\.\d{2}")
_TABLE = 2
"""Tabs a row must have: the contents have one, and titles that are much alike."""
_DIGITS = re.compile(r"\d+")
_ROWS = 6
"""Codes and amounts between words in one cell from which it has swallowed rows of its table."""
_LONG, _SAME = 30, 0.85
"""Characters of a cell, and likeness to the one above it, from which it may have been read twice."""
_SHOWN = 40
"""Characters of a long cell that are named in a doubt."""

Doubt = tuple[int, str, str]
"""Line, the piece in doubt, the reason in Chinese."""


def doubtful_shares(lines: Mapping[int, str]) -> Iterator[Doubt]:
    """Percentages of 完成年初预算 that their two numbers contradict, by line number."""
    for number, text in lines.items():
        for match in _SHARE.finditer(text):
            planned, spent = (Decimal(g.replace(",", "") or "0") for g in match.groups()[:2])
            said = match.group(3)
            if planned == 0 or said.count(".") > 1 or said.startswith("."):
                continue
            true = (spent / planned * 100).quantize(Decimal("0.01"))
            if abs(true - Decimal(said.rstrip("."))) > _TOLERANCE:
                yield number, f"{said}%", f"与预算、决算数不符（应为{true}%），无法确定"


def doubtful_repeats(lines: Mapping[int, str]) -> Iterator[Doubt]:
    """Cells that hold whole rows of their table, and long ones that are nearly, not quite, the cell above them."""
    for number, text in lines.items():
        above = lines.get(number - 1, "").split("\t")
        for column, cell in enumerate(text.split("\t") if text.count("\t") >= _TABLE else ()):
            pieces = sum(_ROW_PIECE.fullmatch(piece) is not None for piece in cell.split())
            if pieces >= _ROWS:
                yield number, cell[:_SHOWN], "一格里读进了表中的许多行，可能重复"
            elif column < len(above) and _is_read_twice(above[column], cell):
                yield number, cell[:_SHOWN], "与上一行同列的文字几乎相同，可能重复识别"


def _is_read_twice(above: str, cell: str) -> bool:
    """Whether a long text is nearly, not quite, another, and what differs says no other number."""
    if len(cell) < _LONG or cell == above or _DIGITS.findall(cell) != _DIGITS.findall(above):
        return False
    return Levenshtein.normalized_similarity(cell, above) >= _SAME


def doubtful_names(lines: Mapping[int, str], is_known: Callable[[str], bool]) -> Iterator[Doubt]:
    """Names in cells (three characters, no entries) that differ by one from a commoner one."""
    places: dict[str, list[int]] = defaultdict(list)
    beside: dict[str, set[str]] = defaultdict(set)
    for number, text in lines.items():
        cells = [c.strip() for c in text.split("\t")]
        for i, cell in enumerate(cells):
            if len(cells) > 1 and _NAME.fullmatch(cell) and len(cell) == 3 and not is_known(cell):
                places[cell].append(number)
                beside[cell].update(c for c in cells[:i] + cells[i + 1 :] if len(c) > 1)
    whole = "\n".join(lines.values())
    counts = Counter({name: whole.count(name) for name in list(places)[:_MOST_NAMES]})
    names = [n for n, _ in counts.most_common()]
    for rare, common in _near_pairs(names):
        shared = beside[rare] & beside[common]
        often = counts[common] >= _MUCH_COMMONER * counts[rare]
        same = rare[1:] == common[1:] or any(len(c) > _TELLING for c in shared) or (often and len(shared) >= _ROLES)
        if counts[rare] <= 2 and counts[common] > counts[rare] and same:
            for number in places[rare]:
                yield number, rare, f"与“{common}”只差一字，可能是同一姓名，无法确定"


def _near_pairs(names: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of three-character names that differ in one place, the rarer first."""
    masks: dict[str, list[str]] = defaultdict(list)
    for name in names:
        for i in range(len(name)):
            masks[f"{name[:i]}*{name[i + 1 :]}"].append(name)
    for group in masks.values():
        for rare in group[1:]:
            yield rare, group[0]
