"""What must add up (勾稽), as the desk needs it: sums over fields, recomputed when a person changes one of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, TypeVar

from document.amounts import LONGEST, PLAIN, parse_amount

Key = TypeVar("Key", bound=Hashable)
NOUGHT = Decimal(0)


@dataclass(frozen=True, slots=True)
class Sum(Generic[Key]):
    """``total = Σ sign · term`` over fields."""

    name: str
    """The identity's name."""
    total: Key
    terms: tuple[tuple[Key, int], ...]
    """The summands with their signs, +1 or -1."""
    decimals: int = 2
    """Digits behind the point that the table prints."""
    tolerance: Decimal = NOUGHT
    """The difference that rounding explains, in a document whose sums are off by it (尾数误差); else 0."""

    def keys(self) -> tuple[Key, ...]:
        """All fields that take part, the total first."""
        return (self.total, *(key for key, _ in self.terms))

    def difference(self, values: Mapping[Key, Decimal]) -> Decimal:
        """Sum of the terms minus the total."""
        return sum((sign * values.get(key, NOUGHT) for key, sign in self.terms), -values.get(self.total, NOUGHT))

    def fails(self, values: Mapping[Key, Decimal]) -> bool:
        """Whether the difference is more than rounding."""
        return abs(self.difference(values)) > self.tolerance

    def vouches(self, key: Key, values: Mapping[Key, Decimal]) -> bool:
        """Whether it holds to the last digit in a way that proves this field: zeros alone prove no zero."""
        if self.difference(values) != 0:
            return False
        return bool(values.get(key)) or any(values.get(other) for other in self.keys() if other != key)

    def should_be(self, key: Key, values: Mapping[Key, Decimal]) -> Decimal:
        """The value of ``key`` with which the sum holds, all others as they are."""
        difference = self.difference(values)
        if key == self.total:
            return values.get(key, NOUGHT) + difference
        sign = next(sign for other, sign in self.terms if other == key)
        return values.get(key, NOUGHT) - sign * difference


def value_of(text: str) -> Decimal:
    """What a field counts as in a sum: its amount; 0 for a blank, a dash, a percentage and what is no number."""
    amount = parse_amount(text)
    return amount.value if amount is not None and not amount.percent else NOUGHT


def is_amount(text: str) -> bool:
    """Whether the text is a well-formed number."""
    return len(text) <= LONGEST and parse_amount(text) is not None


def by_field(sums: Iterable[Sum[Key]]) -> dict[Key, tuple[Sum[Key], ...]]:
    """The sums that each field is part of."""
    found: dict[Key, list[Sum[Key]]] = defaultdict(list)
    for item in sums:
        for key in item.keys():  # noqa: SIM118 - no dictionary
            found[key].append(item)
    return {key: tuple(items) for key, items in found.items()}


def is_vouched(key: Key, sums: Collection[Sum[Key]], values: Mapping[Key, Decimal]) -> bool:
    """Whether the field's sums put it beyond doubt: at least one vouches for it and none fails."""
    return any(s.vouches(key, values) for s in sums) and not any(s.fails(values) for s in sums)


def in_words(name: str, label: str, total: Decimal, summed: Decimal) -> str:
    """The sum for an operator, as ``cleanup.reconcile`` writes it: …与合计…不符（差 0.30）, or 相符."""
    called = f"“{label}”{total:f}"
    if total == summed:
        return f"{name}：{called}相符"
    return f"{name}：{called}与合计{summed:f}不符（差 {abs(summed - total):f}）"


def printed(value: Decimal, decimals: int, like: str) -> str:
    """An amount as its table prints it: ``like`` is some of the table's numbers, with or without separators."""
    fixed = f"{value:.{decimals}f}"
    text = fixed if Decimal(fixed) == value else f"{value.normalize():f}"
    whole, point, fraction = text.lstrip("-").partition(".")
    if "," in like:
        whole = f"{int(whole):,}"
    return ("-" if text.startswith("-") else "") + whole + point + fraction


def well_formed(text: str) -> bool:
    """Whether the text is exactly a printed number, without other widths or white space."""
    return bool(PLAIN.fullmatch(text))
