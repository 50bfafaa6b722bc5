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
_LEARNT, _OFTEN = 0.9, 0.6
"""Weight of a character that was put for one of the phrase's own twice or more, and once."""
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

    def begins_with(self, character: str) -> bool:
        """Whether a character is the phrase's first, or is put for it."""
        return self.costs.substitute(character, self.phrase[0]) <= 1 - _OFTEN

    def ends_with(self, character: str) -> bool:
        """Whether a character is the phrase's last, or is put for it."""
        return self.costs.substitute(character, self.phrase[-1]) <= 1 - _OFTEN

    def stands_for(self, character: str) -> bool:
        """Whether a character is one of the phrase's own, or is put for one."""
        return any(self.costs.substitute(character, own) <= 1 - _OFTEN for own in self.phrase)


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
        learnt = {pair: _LEARNT if n >= 2 else _OFTEN for pair, n in taught.items()}
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


def glued(line: str, family: Family, pairs: Mapping[str, int]) -> tuple[str, ...]:
    """Pieces inside a line that are nearly the whole phrase, with no space around them.

    A misread phrase is one that no sentence says. The phrase itself counts only where the characters on its two sides
    belong together (``pairs``) and neither belongs to it: 基础设|仅供内部审核|施管理.
    """
    found: list[str] = []
    at, size = 0, len(family.phrase)
    while size >= 5 and at + size <= len(line):
        piece = line[at : at + size]
        if not _nearly_whole(piece, family):
            at += 1
            continue
        if piece != family.phrase or _parts_a_word(line, at, at + size, pairs):
            found.append(piece)
        at += size
    return tuple(found)


def _parts_a_word(line: str, start: int, end: int, pairs: Mapping[str, int]) -> bool:
    """Whether the characters around a stretch belong together, and neither, but here, to what stands between them."""
    if not start or end >= len(line):
        return False
    sides = (line[start - 1 : start + 1], line[end - 1 : end + 1])
    return line[start - 1] + line[end] in pairs and all(pairs.get(side, 0) <= 1 for side in sides)


def _nearly_whole(piece: str, family: Family) -> bool:
    """Whether a piece of the phrase's length has its characters in their places, half of them its own."""
    if len(_HAN.findall(piece)) < len(piece):
        return False
    own = sum(a == b for a, b in zip(piece, family.phrase, strict=True))
    cost = sum(family.costs.substitute(a, b) for a, b in zip(piece, family.phrase, strict=True))
    return own >= 0.5 * len(piece) and cost <= 0.2 * len(piece)
