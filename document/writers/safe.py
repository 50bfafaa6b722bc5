"""What a scanned page says is only text: made harmless here once, for every format that people open.

A page may print ``=HYPERLINK(…)``, ``<script>`` or, through a hostile text layer, characters that turn a line
around. Markup is each writer's own business (it escapes); this module sees to characters and numbers.
"""

from __future__ import annotations

import re
from decimal import Decimal

from document.types import Cell, Reading, Rule

_WHITE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029]+")
"""White space and control characters (C0, C1): inside a cell or a paragraph they would be taken for structure."""
_UNSEEN = re.compile(
    r"[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ufffe\uffff\ud800-\udfff\U000e0000-\U000e007f]"
)
"""Characters without ink: zero widths, changes of direction (CVE-2021-42574), tags, halves of surrogate pairs."""
_FORMULA = frozenset("=+-@＝＋－＠")
"""First characters that spreadsheets take for a formula (OWASP, CSV injection), full width ones among them."""
_AMOUNT = re.compile(r"-?\d{1,30}(?:\.\d{1,20})?")
_PERCENT = ("%", "％")
_FORM = frozenset({Rule.WHITE_SPACE, Rule.WIDTH})


def plain(text: str) -> str:
    """The text on one line, without control characters or characters that cannot be seen."""
    return _WHITE.sub(" ", _UNSEEN.sub("", text)).strip()


def is_formula(text: str) -> bool:
    """Whether a spreadsheet could take the text for a formula."""
    return text.lstrip()[:1] in _FORMULA if text.strip() else False


def spreadsheet_text(text: str) -> str:
    """The text for a CSV field: what could be a formula gets an apostrophe before it."""
    cleaned = plain(text)
    return f"'{cleaned}" if is_formula(cleaned) else cleaned


def amount_of(cell: Cell) -> Decimal | None:
    """The cell's amount as printed (95 for 95 %), or None where it holds none that is well formed."""
    return Decimal(cell.amount) if cell.amount is not None and _AMOUNT.fullmatch(cell.amount) else None


def is_percent(reading: Reading) -> bool:
    """Whether the reading is a percentage."""
    return reading.text.rstrip().endswith(_PERCENT)


def notes_on(reading: Reading) -> list[str]:
    """What there is to say of a reading, in words for an operator: doubts, then corrections; empty for most."""
    notes = [f"待复核：{plain(reason)}" for reason in reading.reasons] if reading.needs_review else []
    if reading.needs_review and not notes:
        notes = ["待复核"]
    if is_corrected(reading):
        notes.append(f"原读：{plain(reading.raw) or '（空）'}")
    return notes


def is_corrected(reading: Reading) -> bool:
    """Whether more than the form of the reading was corrected: widths and white space are no news to anybody."""
    return any(correction.rule not in _FORM for correction in reading.corrections)
