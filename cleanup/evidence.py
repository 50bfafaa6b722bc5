"""What the recogniser itself says of a candidate (证据): log odds that it is what is printed.

A noisy channel: how likely is it that the candidate is printed and was misread as the text, against the text
being printed as read, a variant no dictionary has. The recogniser's own probabilities and alternatives speak
where there are any, look-alike weights beside them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log

from cleanup.lexicon import key_of
from cleanup.similarity import Edit, EditCosts, edits
from document.types import Character, TextLine

_CONTRASTS = (
    "上下本前后去今当",
    "初末始终",
    "年月日季",
    "收支",
    "增减升降",
    "省市县区乡镇村",
    "预决",
    "内外",
    "大中小微",
    "左右",
    "新旧",
    "一二三四五六七八九十",
)
"""Characters that make a different label of the same form: never put for one another without proof."""
_THIN = frozenset("一")
"""Characters so thin that a line without them is still found, and read without them."""
_STROKE = 5e-3
"""Probability that a stroke beside a name is read as one more character."""
_SHORT = {1: 50.0, 2: 20.0, 3: 4.0}
"""Short labels of another meaning lie close together (会计, 合计): times as likely a printed variant."""
_SIDES = {c: i for i, group in enumerate(_CONTRASTS) for c in group}


@dataclass(frozen=True, slots=True)
class Witness:
    """How sure one character of a key is, and what else it could be."""

    probability: float
    alternatives: Mapping[str, float]


def witnesses(lines: Sequence[TextLine], key: str) -> tuple[Witness, ...] | None:
    """One witness for each character of ``key``, or None where lines and key do not fit together."""
    characters = [c for line in lines for c in line.characters]
    flat = [(part, c) for c in characters for part in unicodedata.normalize("NFKC", c.text) if part.strip()]
    read = "".join(part for part, _ in flat)
    if len(read) != len(key) or key_of(read) != key:
        return None
    return tuple(_witness(c) for _, c in flat)


def _witness(character: Character) -> Witness:
    same = key_of(character.text)
    others: dict[str, float] = {}
    for text, chance in character.alternatives:
        others[key_of(text)] = others.get(key_of(text), 0.0) + chance
    return Witness(min(1.0, character.probability + others.pop(same, 0.0)), others)


def log_odds(
    key: str,
    candidate: str,
    seen: Sequence[Witness] | None,
    costs: EditCosts,
    code_agrees: bool = False,
    heard: float | None = None,
) -> float:
    """Natural log of the odds that ``candidate`` is printed where ``key`` was read; 0 for the same text.

    ``code_agrees``: the code in the row says the candidate, which makes a printed variant rarer. ``heard``: natural log
    of how much likelier the candidate is than the key under the recogniser's own steps (``cleanup.heard``). That and
    the look-alikes are two accounts of how it came to be misread; the likelier one is taken.
    """
    changes = edits(key, candidate)
    misreadings = total = 0.0
    short = 1.0 if code_agrees else _SHORT.get(len(key), 1.0)
    for count, change in enumerate(changes):
        misread = _misread(change, key, seen, costs)
        if code_agrees and not change.after and change.position in (0, len(key) - 1):
            misread = max(misread, _STROKE)
        variant = min(0.3, _variant(change, costs, code_agrees) * short) if count == 0 else 0.3
        misreadings += log(misread)
        total -= log(variant)
    if heard is None or not changes:
        return total + misreadings
    return total + max(misreadings, min(0.0, heard))


def _misread(change: Edit, key: str, seen: Sequence[Witness] | None, costs: EditCosts) -> float:
    """Probability that the recogniser makes this difference from what is printed."""
    weight = costs.look_alikes.get((change.before, change.after), 0.0)
    if change.before and change.after and _contrast(change.before, change.after):
        weight = 0.0
    if seen is None:
        return 1e-2 if not change.before and change.after in _THIN else max(weight * 0.01, 2e-4)
    if change.before and change.after:
        at = seen[change.position]
        doubt = 1 - at.probability
        return max(at.alternatives.get(change.after, 0.0), weight * (doubt + 1e-3), doubt * 5e-3, 1e-6)
    if change.before:
        at = seen[change.position]
        return max(at.alternatives.get("", 0.0), (1 - at.probability) * 0.1, 1e-5)
    if change.after in _THIN:
        return 1e-2
    around = seen[max(0, change.position - 1) : change.position + 1]
    doubt = 1 - min((w.probability for w in around), default=1.0)
    at_edge = change.position in (0, len(key))
    return max(doubt * 0.05, 2e-3 if at_edge else 1e-4)


def _variant(change: Edit, costs: EditCosts, code_agrees: bool) -> float:
    """Probability that a printed label differs from an entry in just this way."""
    both = bool(change.before and change.after)
    weight = costs.look_alikes.get((change.before, change.after), 0.0)
    contrast = both and _contrast(change.before, change.after)
    if both and weight >= 0.5 and not contrast:
        plain = 1e-4
    elif both and weight > 0 and not contrast:
        plain = 1e-3
    elif not change.before and change.after in _THIN:
        plain = 1e-4
    elif not change.after and change.before.isdigit():
        plain = 0.3
    elif not change.after and change.before.isascii() and change.before.isalpha():
        plain = 2e-3  # no label is an entry with a Latin letter more
    else:
        plain = 1e-2
    rare = 0.02 if change.before and not _is_common(change.before) else 1.0
    return plain * rare * (0.02 if code_agrees else 1.0)


def _is_common(character: str) -> bool:
    """Whether labels are written with it: anything but Han outside the 3,755 of GB 2312, level 1."""
    try:
        encoded = character.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return len(encoded) == 1 or encoded[0] <= 0xD7


def _contrast(before: str, after: str) -> bool:
    digits = before.isdigit() or after.isdigit()
    return digits or (before in _SIDES and _SIDES[before] == _SIDES.get(after))


def says_otherwise(key: str, candidate: str) -> bool:
    """Whether the two differ only in characters that make another label of the same form: 预算 and 决算."""
    return all(e.before and e.after and _contrast(e.before, e.after) for e in edits(key, candidate))


def guesses(key: str, candidate: str, others: Sequence[str]) -> bool:
    """Whether the candidate fills a gap with one of several: 级指标 may be 一级指标, 二级指标, 三级指标."""
    filled = [e for e in edits(key, candidate) if not e.before and e.after in _SIDES]
    return bool(filled) and any(
        len(e) == 1 and e[0].before and e[0].after and _contrast(e[0].before, e[0].after)
        for e in (edits(candidate, other) for other in others)
    )


def probability(odds: float) -> float:
    """Log odds as a probability, 0–1."""
    return 1 / (1 + exp(-max(-50.0, min(50.0, odds))))
