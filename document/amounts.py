"""Printed numbers (数字) and their value: ``1,614.45`` is 1614.45; the same for clean-up, sums and the review desk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

MINUS = "-－﹣−–—"
"""What is printed for a minus."""
FORM = str.maketrans(
    {
        "，": ",",
        "、": ",",
        "‚": ",",
        "。": ".",
        "．": ".",
        "·": ".",
        "•": ".",
        "％": "%",
        "＋": "+",
        "：": ":",
    }
    | {chr(0xFF10 + d): str(d) for d in range(10)}
    | dict.fromkeys(MINUS, "-")
)
"""Other forms of a number's marks and digits."""
PLAIN = re.compile(r"[-+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?%?")
"""A well-formed number."""
LONGEST = 40
"""Characters of a number at most."""


@dataclass(frozen=True, slots=True)
class Amount:
    """A printed number."""

    value: Decimal
    """As printed: 95 for 95 %."""
    percent: bool = False

    @property
    def decimal_string(self) -> str:
        """The contract's ``amount``: digits, point and sign only."""
        return format(self.value, "f")


def parse_amount(text: str) -> Amount | None:
    """The value of a well-formed printed number, or None: ``1,614.45`` → 1614.45, ``95%`` → 95 percent."""
    compact = re.sub(r"\s+", "", text[: LONGEST + 1]).translate(FORM)
    if len(compact) > LONGEST or not PLAIN.fullmatch(compact):
        return None
    return Amount(Decimal(compact.rstrip("%").replace(",", "")), compact.endswith("%"))
