"""How an amount could have been misread (误读): whether one printed number may be read as another.

A repair must be a likely misreading: one digit for another, a digit lost or doubled, a point or comma lost or
moved, a minus sign lost, a number joined with its neighbour. What needs more than that is no misreading of a good
line; it is flagged, not repaired.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from math import exp

from rapidfuzz.distance import Levenshtein

from cleanup.heard import heard
from cleanup.lexicon import key_of
from document.amounts import parse_amount
from document.types import Cell, Character

IMPOSSIBLE = 9
"""Cost of a change that no misreading makes."""
MAX_CHARACTERS = 40


def misreading_cost(read: str, value: Decimal, decimals: int | None) -> int:
    """How many slips of the recogniser turn the printed ``value`` into the text ``read``; IMPOSSIBLE above 2.

    ``decimals`` is how many digits the table prints after the point. A blank reading costs 2: ink does get lost,
    but rarely.
    """
    got = re.sub(r"[\s,，]", "", read[:MAX_CHARACTERS])
    if not got:
        return 2
    if not value:
        return 1 if len(got) <= 2 else IMPOSSIBLE  # a speck read as a digit; a whole number is no speck
    return min(_slips(got, meant) for meant in {printed(value, decimals), printed(value, None)})


def _slips(got: str, meant: str) -> int:
    if got == meant:
        return 0
    if got.lstrip("-") == meant.lstrip("-") or got.replace(".", "") == meant.replace(".", ""):
        return 1
    if _joined(got, meant):
        return 2
    slips = int(Levenshtein.distance(got, meant, score_cutoff=2))
    return slips if slips <= 2 else IMPOSSIBLE


def is_malformed(read: str, value: Decimal, decimals: int | None) -> bool:
    """Whether the reading is no amount in the table's form, and the form says that ``value`` was printed.

    Two ways: it has the value's digits, and only the point is not where the table has it; or it is a digit or two
    where nothing was printed.
    """
    got = re.sub(r"[\s,，]", "", read[:MAX_CHARACTERS])
    if not decimals or not got or len(got.partition(".")[2]) == decimals:
        return False
    if not value:
        return len(got) <= 2 and got.isdigit()
    return got.replace(".", "") == f"{value:.{decimals}f}".replace(".", "")


def printed(value: Decimal, decimals: int | None) -> str:
    """The value as digits with point and sign, without separators: what a recogniser should read."""
    if decimals is not None and Decimal(text := f"{value:.{decimals}f}") == value:
        return text
    return format(value.normalize(), "f")


def _joined(got: str, meant: str) -> bool:
    """Whether the reading is the number with a neighbour's digits before or after it."""
    return len(meant) >= 4 and len(got) > len(meant) + 1 and (got.startswith(meant) or got.endswith(meant))


def grouped(value: Decimal, like: str, decimals: int | None) -> str:
    """The value as the table prints it: with thousands separators where ``like`` says so."""
    text = printed(value, decimals)
    whole, point, fraction = text.lstrip("-").partition(".")
    if "," in like and len(whole) > 3:
        whole = f"{int(whole):,}"
    return ("-" if text.startswith("-") else "") + whole + point + fraction


def recogniser_values(cell: Cell) -> dict[Decimal, float]:
    """Other numbers the recogniser itself thought of, with the probability it gave the character they turn on."""
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    if not characters or len(characters) > MAX_CHARACTERS:
        return {}
    found: dict[Decimal, float] = {}
    for index, character in enumerate(characters):
        for other, probability in character.alternatives[:6]:
            text = "".join(_with(characters, index, other))
            amount = parse_amount(text)
            if amount is not None and found.get(amount.value, 0.0) < probability:
                found[amount.value] = probability
    return found


def recogniser_likelihood(cell: Cell, value: Decimal, decimals: int | None) -> float:
    """How likely the recogniser's own steps make the value against what it read, 0–1; 0 where it had no doubt."""
    read = key_of("".join(c.text for line in cell.lines for c in line.characters))
    if not read or len(read) > MAX_CHARACTERS or value == 0:
        return 0.0
    forms = tuple(dict.fromkeys(grouped(value, like, decimals) for like in ("", ",")))
    best = max(heard(cell.lines, read, forms).values(), default=-50.0)
    return 1 / (1 + exp(-max(-50.0, min(50.0, best))))


def _with(characters: list[Character], index: int, other: str) -> Iterable[str]:
    return (other if i == index else c.text for i, c in enumerate(characters))
