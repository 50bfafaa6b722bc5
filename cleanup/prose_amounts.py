"""Numbers in prose (情况说明): shares, increases and completion rates against the amounts they are made of.

Each percentage after 占, 增长, 完成年初预算的 … is computed from the amounts before it (and, for shares, from the
totals of the tables). It holds when some reading of the sentence gives it; where none does, the paragraph is flagged
with the sum in words. An amount is repaired only where a table prints another that differs by one slip and with
which the percentage comes out to its last digit.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import permutations

from cleanup.misreadings import grouped, misreading_cost
from dictionaries.identities import Identities, IdentityKind
from document.types import BlockKind, Correction, Document, Reading, Rule, Table, TextBlock

_NUMBER = re.compile(
    r"(?<![\d.,])(\d{1,3}(?:[,，]\d{3})+(?:\.\d{1,4})?|\d{1,15}(?:\.\d{1,4})?)\s?(万元|亿元|千元|元|%|％)"
)
SCALE = {"元": Decimal(1), "千元": Decimal(1000), "万元": Decimal(10_000), "亿元": Decimal(100_000_000)}
"""What one of a unit is in yuan."""
_RATE = re.compile(
    r"([\d,]{1,20}\.?\d{0,6})[/÷]([\d,]{1,20}\.?\d{0,6})[×xX*]100[%％]?[)）]{0,2}\s?=\s?(\d{1,6}\.?\d{0,4})[%％]"
)
_LESS = re.compile(r"减少|下降|降低|减幅|压减")
_KINDS = frozenset({BlockKind.PARAGRAPH, BlockKind.HEADING, BlockKind.NOTE})
MAX_TEXT = 6000
MAX_NUMBERS = 120
"""Numbers of one paragraph that are looked at."""
LOOK_BACK = 12
"""Amounts before a percentage that may be what it is made of."""
MANY_WHOLES = 10
"""Amounts that must be known before a share without its whole in the same sentence is denied."""
BLOCKS_BACK = 8
"""Paragraphs before a share whose amounts may be its whole."""


@dataclass(frozen=True, slots=True)
class ProseNumber:
    """One number with its unit, and where it stands in the text."""

    value: Decimal
    unit: str
    start: int
    end: int
    """Of the digits, without the unit."""
    lead: str
    """The text between the number before and this one."""

    @property
    def yuan(self) -> Decimal:
        """The amount in yuan."""
        return self.value * SCALE[self.unit]

    @property
    def is_amount(self) -> bool:
        """Money, not a percentage."""
        return self.unit in SCALE


@dataclass(frozen=True, slots=True)
class _Claim:
    """A percentage and what it says it is."""

    kind: IdentityKind
    name: str
    percent: ProseNumber
    before: tuple[ProseNumber, ...]
    """Amounts before it, nearest last."""


def check_prose(document: Document, identities: Identities) -> Document:
    """The document with percentages in prose checked against their amounts; see the module."""
    printed = _table_amounts(document)
    earlier: list[tuple[ProseNumber, ...]] = []
    blocks = list(document.blocks)
    for index, block in enumerate(blocks):
        if isinstance(block, Table):
            blocks[index] = _with_rates(block, identities)
        if not isinstance(block, TextBlock) or block.kind not in _KINDS:
            continue
        numbers = prose_numbers(block.reading.text)
        wholes = [n.yuan for past in earlier[-BLOCKS_BACK:] for n in past if n.is_amount]
        reading = _checked(block.reading, numbers, wholes, printed, identities)
        if reading is not block.reading:
            blocks[index] = replace(block, reading=reading)
        if numbers:
            earlier.append(numbers)
    return replace(document, blocks=tuple(blocks))


def _rate_doubt(text: str, identities: Identities) -> str | None:
    """Whether a rate that is written out, （111.40/146×100%）=76.30%, is computed wrong; then the doubt in words."""
    for spent, had, rate in _RATE.findall(text[:MAX_TEXT]):
        a, b, said = (Decimal(x.replace(",", "").rstrip(".") or "0") for x in (spent, had, rate))
        step = Decimal(1).scaleb(int(said.as_tuple().exponent))
        names = [identity.name for identity in identities.of_kind(IdentityKind.RATE)]
        if names and b and abs(100 * a / b - said) > step:
            return f"{names[0]}：{spent}÷{had}为{100 * a / b:.2f}%，不是{rate}%"
    return None


def _with_rates(table: Table, identities: Identities) -> Table:
    doubts = {(c.row, c.col): _rate_doubt(c.reading.text, identities) for c in table.cells if "=" in c.reading.text}
    cells = tuple(
        replace(c, reading=c.reading.doubted(doubt)) if (doubt := doubts.get((c.row, c.col))) else c
        for c in table.cells
    )
    return replace(table, cells=cells)


def prose_numbers(text: str) -> tuple[ProseNumber, ...]:
    """The amounts and percentages of a paragraph, in order."""
    found: list[ProseNumber] = []
    end = 0
    for match in _NUMBER.finditer(text[:MAX_TEXT]):
        value = Decimal(re.sub("[,，]", "", match.group(1)))
        unit = match.group(2).replace("％", "%")
        found.append(ProseNumber(value, unit, match.start(1), match.end(1), text[end : match.start(1)]))
        end = match.end()
        if len(found) == MAX_NUMBERS:
            break
    return tuple(found)


def _table_amounts(document: Document) -> dict[Decimal, bool]:
    """All amounts the tables print, in yuan; True where a sum vouches for one."""
    found: dict[Decimal, bool] = {}
    for table in document.tables:
        scale = SCALE.get((table.unit or "万元").strip(), Decimal(10_000))
        for cell in table.cells:
            if cell.amount is not None and not cell.reading.needs_review:
                value = Decimal(cell.amount) * scale
                found[value] = found.get(value, False) or bool(cell.verified_by)
    return found


def _checked(
    reading: Reading,
    numbers: Sequence[ProseNumber],
    wholes: Sequence[Decimal],
    printed: Mapping[Decimal, bool],
    identities: Identities,
) -> Reading:
    doubts: list[str] = []
    for claim in _claims(numbers, identities):
        candidates = [*wholes, *(v for v, vouched in printed.items() if vouched)]
        if not _can_be_told(claim, candidates) or _holds(claim, claim.before, candidates):
            continue
        mended = _mended(claim, reading.text, candidates, printed)
        if mended is None:
            doubts.append(_in_words(claim))
        elif mended.length == len(reading.text):  # places of later numbers stay
            reading = _with(reading, mended, claim, identities)
    if not doubts:
        return reading
    return reading.doubted(*doubts)


def _claims(numbers: Sequence[ProseNumber], identities: Identities) -> Iterator[_Claim]:
    """Percentages that follow the words of an identity, with the amounts before them."""
    words = [
        (identity.kind, identity.name, label)
        for kind in (IdentityKind.PROSE_DONE, IdentityKind.PROSE_CHANGE, IdentityKind.PROSE_SHARE)
        for identity in identities.of_kind(kind)
        for part in identity.parts
        for label in part.labels
    ]
    for index, number in enumerate(numbers):
        if number.unit != "%" or not number.value:
            continue
        tail = number.lead[-24:]
        found = next(((kind, name) for kind, name, label in words if _follows(label, tail)), None)
        before = tuple(n for n in numbers[max(0, index - LOOK_BACK) : index] if n.is_amount)
        if found is not None and before:
            yield _Claim(*found, number, before)


def _follows(label: str, tail: str) -> bool:
    """Whether the words stand right before the percentage, at most a few words between."""
    at = tail.rfind(label)
    return at >= 0 and not re.search(r"[，。；、]", tail[at:]) and len(tail) - at - len(label) <= 14


def _can_be_told(claim: _Claim, wholes: Sequence[Decimal]) -> bool:
    """Whether what the percentage is made of is stated at all: 完成预算的100% often stands beside one amount."""
    if claim.kind is IdentityKind.PROSE_SHARE:
        return len(claim.before) > 1 or len(wholes) >= MANY_WHOLES
    return len(claim.before) > 1


def _holds(claim: _Claim, before: Sequence[ProseNumber], wholes: Sequence[Decimal]) -> bool:
    """Whether some reading of the sentence gives the percentage."""
    amounts = [n.yuan for n in before]
    return any(_agrees(claim.percent, ratio) for ratio in _ratios(claim, amounts, wholes))


def _ratios(claim: _Claim, amounts: Sequence[Decimal], wholes: Sequence[Decimal]) -> Iterator[Decimal]:
    """The ratios the sentence may mean, as fractions."""
    if claim.kind is IdentityKind.PROSE_SHARE:
        part, *_ = reversed(amounts)
        yield from (part / whole for whole in (*amounts[:-1], *wholes) if whole)
    elif claim.kind is IdentityKind.PROSE_DONE:
        for a, b in permutations(amounts[-5:], 2):
            if b:
                yield a / b
    else:
        change, *_ = reversed(amounts)
        sign = -1 if _LESS.search(claim.percent.lead[-16:]) or _LESS.search(claim.before[-1].lead[-8:]) else 1
        for now in amounts[:-1]:
            last_year = now - sign * change
            if last_year > 0:
                yield change / last_year
            if now == change:
                yield Decimal(1)  # from nothing; printed as 100 %
        for now, then in permutations(amounts[-4:], 2):
            if then:
                yield abs(now - then) / then


def _agrees(percent: ProseNumber, ratio: Decimal) -> bool:
    """Whether a ratio is the percentage to its last printed digit, one unit of it allowed for rounding."""
    step = Decimal(1).scaleb(int(percent.value.as_tuple().exponent))
    return abs(ratio * 100 - percent.value) <= step


@dataclass(frozen=True, slots=True)
class _Mending:
    number: ProseNumber
    text: str
    """What the number must be."""
    length: int
    """Length of the paragraph after it."""


def _mended(claim: _Claim, text: str, wholes: Sequence[Decimal], printed: Mapping[Decimal, bool]) -> _Mending | None:
    """The one amount of the sentence that, put right by one slip to what a table proves, makes it hold."""
    found: list[_Mending] = []
    for index, number in enumerate(claim.before):
        if number.yuan in printed:
            continue
        read = text[number.start : number.end]
        decimals = len(read.partition(".")[2])
        for value in _vouched(printed, number):
            if misreading_cost(read, value, decimals) > 1:
                continue
            changed = [*claim.before]
            changed[index] = replace(number, value=value)
            if _holds(claim, changed, wholes):
                form = grouped(value, read, decimals)
                found.append(_Mending(number, form, len(text) - len(read) + len(form)))
    return found[0] if len(found) == 1 else None


def _vouched(printed: Mapping[Decimal, bool], number: ProseNumber) -> Iterable[Decimal]:
    scale = SCALE[number.unit]
    return (value / scale for value, vouched in printed.items() if vouched and value)


def _with(reading: Reading, mended: _Mending, claim: _Claim, identities: Identities) -> Reading:
    number = mended.number
    text = reading.text[: number.start] + mended.text + reading.text[number.end :]
    before = reading.text[number.start : number.end]
    source = f"{identities.source} {claim.name}：{claim.percent.value}%，表中为{mended.text}"
    record = Correction(before, mended.text, Rule.IDENTITY, 0.99, source)
    return replace(reading, text=text, corrections=(*reading.corrections, record))


def _in_words(claim: _Claim) -> str:
    amounts = "、".join(f"{n.value}{n.unit}" for n in claim.before[-3:])
    return f"{claim.name}：{claim.percent.value}%与{amounts}不符"
