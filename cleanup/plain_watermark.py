"""The watermark in text without pictures (纯文本里的水印): a family of misreadings, learnt from the text.

Somebody else's OCR reads the same phrase in many ways (又供内部軍核, 风烘内部铺林). Lines that stand alone and are
nearly the phrase teach which characters are taken for which; what they teach finds the rest. No geometry is
left here, so a line must stand alone, or a piece be set off, to count.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from cleanup.similarity import EditCosts, piece_similarity

_WHITE = re.compile(r"\s+")
_HAN = re.compile(r"[\u3400-\u9fff]")
_ROUNDS = 3
_LONGEST = 16
_SUPPORT = 3
"""Lines alone that must nearly be the phrase before it counts as this text's watermark."""
_LEARNT = 0.9
ALIKE = 0.5
"""Likeness to a piece of the phrase from which a line alone belongs to the family."""


@dataclass(frozen=True, slots=True)
class Family:
    """A watermark phrase, with the characters that this text puts for its own."""

    phrase: str
    costs: EditCosts

    def likeness(self, text: str) -> float:
        """How well ``text`` (without its white space) is a piece of the phrase, 0–1."""
        return piece_similarity(_WHITE.sub("", text), self.phrase, self.costs)


@dataclass(frozen=True, slots=True)
class Unit:
    """Lines that stand together between blank ones, without cells: a watermark may be stacked on three."""

    first: int
    """0-based number of the first line."""
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """All of it, without white space."""
        return _WHITE.sub("", "".join(self.lines))


def units_alone(lines: Sequence[str]) -> tuple[Unit, ...]:
    """The short units of the text: at most ``_LONGEST`` characters, no digits, no cells."""
    found: list[Unit] = []
    start = 0
    for i in range(len(lines) + 1):
        if i == len(lines) or not lines[i].strip():
            block = tuple(lines[start:i])
            unit = Unit(start, block)
            if block and not any("\t" in x for x in block) and _is_short(unit.text):
                found.append(unit)
            start = i + 1
    return tuple(found)


def _is_short(text: str) -> bool:
    return 2 <= len(text) <= _LONGEST and not any(c.isdigit() for c in text)


def stacked(lines: Sequence[str], phrase: str) -> frozenset[int]:
    """Numbers of lines that say the phrase in pieces on two to six lines, one under the other."""
    found: set[int] = set()
    for i in range(len(lines)):
        text = ""
        for j in range(i, min(i + 6, len(lines))):
            text += lines[j].strip()
            if not lines[j].strip() or not phrase.startswith(text):
                break
            if text == phrase and j > i:
                found.update(range(i, j + 1))
    return frozenset(found)


def find_family(
    lines: Sequence[str], phrases: Iterable[str], look_alikes: Mapping[tuple[str, str], float]
) -> Family | None:
    """The watermark that the text shows most often on lines of its own, or None."""
    short = [unit.text for unit in units_alone(lines)]
    wanted = [p for p in (_WHITE.sub("", q) for q in phrases) if len(p) >= 4 and _HAN.search(p)]
    best: tuple[float, str] = (0.0, "")
    for phrase in dict.fromkeys(wanted):
        plain = Family(phrase, _towards(phrase, look_alikes))
        near = [plain.likeness(x) for x in short if abs(len(x) - len(phrase)) <= 1]
        near = [n for n in near if n >= ALIKE]
        shown = len(stacked(lines, phrase)) / 2
        if len(near) + shown >= _SUPPORT:
            best = max(best, (sum(near) + shown, phrase))
    return _learnt(best[1], short, look_alikes) if best[1] else None


def _towards(phrase: str, look_alikes: Mapping[tuple[str, str], float]) -> EditCosts:
    return EditCosts({pair: w for pair, w in look_alikes.items() if pair[1] in phrase})


def _learnt(phrase: str, alone: Sequence[str], look_alikes: Mapping[tuple[str, str], float]) -> Family:
    """The family after a few rounds of learning which characters stand for the phrase's own."""
    family = Family(phrase, _towards(phrase, look_alikes))
    weights = family.costs.look_alikes
    for _ in range(_ROUNDS):
        taught = Counter(
            (a, b)
            for text in alone
            if len(text) == len(phrase) and family.likeness(text) >= ALIKE
            for a, b in zip(text, phrase, strict=True)
            if a != b
        )
        learnt = {pair: _LEARNT if n >= 2 else 0.6 for pair, n in taught.items()}
        family = Family(phrase, EditCosts({**weights, **learnt}))
    return family


def fragments(line: str, family: Family, keep: Iterable[str]) -> tuple[str, ...]:
    """Pieces of a line, set off by spaces, that are the phrase or most of it; never one of ``keep``."""
    kept = frozenset(keep)
    return tuple(
        token
        for token in line.split(" ")
        if len(token) >= 3
        and token not in kept
        and len(_HAN.findall(token)) >= 3
        and len(token) <= len(family.phrase) + 2
        and family.likeness(token) >= 0.6
        and _has_its_own(token, family)
    )


def _has_its_own(token: str, family: Family) -> bool:
    """Whether at least two of the characters are the phrase's own, not only learnt ones."""
    return sum(c in family.phrase for c in token) >= 2
