"""Numbers as printed (数字): what OCR does to them undone, and their value.

The text keeps what is printed (``37,188.34`` keeps its comma); the amount is the decimal string
``37188.34``. What cannot be known from the text alone is left and said, never invented.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise

from cleanup.debris import amount_columns, number_in_debris
from cleanup.table_roles import TableRoles, table_roles
from document.amounts import FORM, LONGEST, PLAIN, parse_amount
from document.types import Cell, Correction, Document, Origin, Reading, Rule, Table, TextBlock

_ALIKE = str.maketrans(
    {"O": "0", "o": "0", "〇": "0", "Q": "0", "D": "0", "l": "1", "I": "1", "i": "1", "|": "1", "丨": "1"}
    | {"S": "5", "s": "5", "B": "8", "Z": "2", "z": "2", "b": "6", "g": "9", "q": "9"}
)
_ALLOWED = re.compile(r"[-+一]?[\d,.OoQDlIi|丨SsBZzbgq〇']*\d[\d,.OoQDlIi|丨SsBZzbgq〇']*%?[.,'_]?")
_POINT_AS_COMMA = re.compile(r"([-+]?\d{1,3}(?:[.,]\d{3})+)[.,](\d{2})(%?)")
_COMMA_AS_POINT = re.compile(r"([-+]?\d+),(\d{1,2}|\d{4,})(%?)")
_ENDING_MARK = re.compile(r"(?<=\d)[.,'_]+(%?)$")
_SPECKS = re.compile(r"^[.,'\[\](){}_~*]+(?=\d[\d,]*\.\d)|(?<=\d)[\[\](){}_~*\-]+$")
_COLON = re.compile(r"(?<=\d)[:;](?=\d{2}$)")
_RULE_AT_END = re.compile(r"[-+]?[\d,]+\.\d+[|Il丨]")
_BY_MARK = re.compile(r"(?<=[.,%+\-])\s+|\s+(?=[.,%])")
_INNER_SPACE = re.compile(r"[\dOolI]\s+[\dOolI]")
_ZEROS_FIRST = re.compile(r"0\d+$")
"""041001: the number of a body or project, no amount."""
_OTHER_DECIMALS = "小数位数与同表其他金额不同"
_UNLIKE = re.compile("[SsBZzbgqiDQ]")
"""Letters that are less like their digit than O is like 0: taken for it, and said."""
_BAD_MARKS = "数字的小数点或千分位不合格式，无法确定"
_DATE = re.compile(r"(?:19|20)\d{2}\.\d{1,2}\.\d{1,2}")
_GROUPED_BY_POINT = re.compile(r"[-+]?[1-9]\d{0,2}\.\d{3}")
_GROUPED_BY_BOTH = re.compile(r"[-+]?[1-9]\d{0,2}(?:,\d{3})+\.\d{3}")
"""8,374.800: no disclosure prints thousands apart and three decimals."""
_GROUPED_BY_POINTS = re.compile(r"[-+]?[1-9]\d{0,2}(?:\.\d{3}){2,}")
"""115.300 in a document that writes 115,300."""
_POINT_OR_COMMA = "小数点后有三位，可能是千分位的逗号"
_YUAN_GROUPS = re.compile(r"(?<![\d.,])([1-9]\d{0,2}(?:\.\d{3})+)(?=元)")
"""115.300元: no sum in yuan has three decimals."""
_PROSE_SPLIT = re.compile(r"(?<![\d.,])\d{1,3}(?:,\d{3})* \d{1,4}(?=万元|元|亿元|%|％)")
_IN_PIECES = "数字由两段读成，小数点可能丢失"
_HAN_END = re.compile(r"[\u4e00-\u9fff）)]$")
_SURELY = 0.9
"""Probability of a character from which it is one, not a stroke of a watermark."""
_NOUGHT = 0.01
_ROUNDS = 4
"""One repair may lay another fault bare (.0。1): bounded, and then stable."""
_DAMAGED = re.compile(r"[^\u4e00-\u9fff%≥≤<>/年月日次个]*\d[.,:]\d[^\u4e00-\u9fff%≥≤<>/年月日次个]*")
_PROSE_COMMA = re.compile(r"(?<=\d)，(?=\d{3}(?:\.\d\d?)?(?!\d))")
_PROSE_POINT = re.compile(r"(?<=\d)[．·。](?=\d{1,2}(?:万元|元|亿元|%|％))")
_PROSE_DECIMALS = re.compile(r"(?<=\d),(?=\d{2}(?:万元|亿元))")
_PROSE_SPACE = re.compile(r"(?<=\d)(?: \.|\. )(?=\d{1,2}(?:万元|元|亿元|%|％))")
_PROSE_GROUPS = re.compile(r"(?<![\d.])(\d{1,3}(?:[.,]\d{3})+)\.(\d{2})(?=(?:万元|元|亿元|[^\d.]|$))")
_LATIN = re.compile(r"[A-Za-z|丨〇]")


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a table or document prints its amounts."""

    decimals: int | None = None
    """Digits after the point that nearly all amounts have; None when they differ."""
    separators: bool | None = None
    """Whether thousands are separated by commas; None when nothing tells."""


@dataclass(frozen=True, slots=True)
class NumberText:
    """A number's text after repair of its form; ``doubt`` says in Chinese what cannot be known."""

    text: str
    doubt: str | None = None


def number_style(texts: Iterable[str], share: float = 0.8) -> NumberStyle:
    """What at least ``share`` (0–1) of the well-formed amounts in ``texts`` agree on; needs five of them.

    Whole numbers set no style: a table of counts may hold an amount as well.
    """
    decimals: Counter[int] = Counter()
    separated = plain = 0
    for text in texts:
        compact = re.sub(r"\s+", "", text)
        if len(compact) > LONGEST or not PLAIN.fullmatch(compact) or compact.endswith("%"):
            continue
        whole, _, fraction = compact.lstrip("+-").partition(".")
        decimals[len(fraction)] += 1
        separated += "," in whole
        plain += len(whole) > 3 and "," not in whole
    total = sum(decimals.values())
    commonest, count = decimals.most_common(1)[0] if decimals else (0, 0)
    return NumberStyle(
        commonest if commonest and total >= 5 and count >= share * total else None,
        None if separated + plain < 2 else separated >= share * (separated + plain),
    )


def looks_like_number(text: str) -> bool:
    """Whether a cell's text is a number, or was one before it was misread: mostly digits, nothing else."""
    compact = _bare(text, NumberStyle())
    if not compact or len(compact) > LONGEST or not _ALLOWED.fullmatch(compact):
        return False
    if _DATE.fullmatch(compact):
        return False
    letters = len(_LATIN.findall(compact))
    return letters == 0 or letters <= sum(c.isdigit() for c in compact)


def repair_number(text: str, style: NumberStyle | None = None) -> NumberText | None:
    """The number as it must have been printed, or None when ``text`` is none.

    Only its form is repaired: white space, widths, letters for digits, a comma for the point where the
    table's amounts say so, marks after the end. ``style`` is that of the amounts around it.
    """
    style = style or NumberStyle()
    result = _repaired_once(text, style)
    for _ in range(_ROUNDS):
        again = _repaired_once(result.text, style) if result else None
        if again is None or result is None or again.text == result.text:
            break
        result = NumberText(again.text, result.doubt or again.doubt)
    return result


def _repaired_once(text: str, style: NumberStyle) -> NumberText | None:
    if not looks_like_number(text):
        return None
    spaced = _INNER_SPACE.search(_BY_MARK.sub("", text.strip().translate(FORM)))
    if spaced:
        return _spaced(text.strip(), style)
    compact = _bare(text, style).replace("'", "")
    sign = compact.replace("一", "-", 1) if compact.startswith("一") else compact
    digits = _ENDING_MARK.sub(r"\1", sign.translate(_ALIKE))
    guessed = "字母按形近的数字读，无法确定" if _UNLIKE.search(sign) else None
    if PLAIN.fullmatch(digits):
        known = _pointed_nought(digits, style) or _without_rule(digits, style)
        result = known or NumberText(digits, _doubt_of_form(digits, style))
    else:
        result = _repair_marks(digits, style)
    return NumberText(result.text, guessed or result.doubt)


def _spaced(text: str, style: NumberStyle) -> NumberText:
    """Digits with a space between them: a lost point, a number on two lines, or two numbers; always said."""
    tight = _BY_MARK.sub("", text.translate(FORM))
    if style.decimals and re.fullmatch(rf"[-+]?[\d,]+\s+\d{{{style.decimals}}}", tight):
        return NumberText(re.sub(r"\s+", ".", tight), "小数点可能丢失，按同表金额补上")
    joined = re.sub(r"\s+", "", tight).translate(_ALIKE)
    if style.decimals and PLAIN.fullmatch(joined) and len(joined.partition(".")[2]) == style.decimals:
        return NumberText(joined, "数字中间有空格，已合并")
    return NumberText(text, "数字中间有空格，无法确定")


def _pointed_nought(digits: str, style: NumberStyle) -> NumberText | None:
    """000 among amounts with two decimals is 0.00: no account prints noughts alone, and nothing else has this value."""
    if not style.decimals or digits != "0" * (style.decimals + 1):
        return None
    return NumberText(f"0.{'0' * style.decimals}")


def _without_rule(digits: str, style: NumberStyle) -> NumberText | None:
    """13.941 among amounts with two decimals: the last 1 is most likely the rule beside it; taken off, and said."""
    fraction = digits.partition(".")[2]
    if not style.decimals or len(fraction) != style.decimals + 1 or not fraction.endswith("1"):
        return None
    return NumberText(digits[:-1], "末尾的“1”可能是表格线，已去掉")


def _bare(text: str, style: NumberStyle) -> str:
    """The number without what rules and dust left at its ends: 181.48], ·51.02, 102.70|."""
    compact = _COLON.sub(".", _SPECKS.sub("", re.sub(r"\s+", "", text).translate(FORM)))
    if style.decimals and _RULE_AT_END.fullmatch(compact):
        fraction = compact.partition(".")[2]
        return compact[:-1] if len(fraction) == style.decimals + 1 else compact
    return compact


def _repair_marks(digits: str, style: NumberStyle) -> NumberText:
    """Commas for points and points for commas: repaired where the style decides, else said."""
    grouped = _POINT_AS_COMMA.fullmatch(digits)
    if grouped and style.decimals == 2:
        whole = grouped.group(1).replace(".", ",")
        return NumberText(f"{whole}.{grouped.group(2)}{grouped.group(3)}")
    if _GROUPED_BY_POINTS.fullmatch(digits):
        return NumberText(digits.replace(".", ","), _BAD_MARKS if style.decimals else None)
    single = _COMMA_AS_POINT.fullmatch(digits)
    if single and style.decimals is not None and len(single.group(2)) == style.decimals:
        return NumberText(f"{single.group(1)}.{single.group(2)}{single.group(3)}")
    return NumberText(digits, _BAD_MARKS)


def _doubt_of_form(digits: str, style: NumberStyle) -> str | None:
    if style.decimals != 3 and _GROUPED_BY_BOTH.fullmatch(digits):
        return _POINT_OR_COMMA
    if style.separators and _GROUPED_BY_POINT.fullmatch(digits):
        return _POINT_OR_COMMA
    if style.decimals is None or digits.endswith("%"):
        return None
    whole, _, fraction = digits.partition(".")
    if _ZEROS_FIRST.match(digits):
        return None
    if len(fraction) == style.decimals or (not fraction and whole.lstrip("+-") == "0"):
        return None
    return f"{_OTHER_DECIMALS}（应为{style.decimals}位）"


def repair_prose_numbers(text: str) -> str:
    """Numbers inside running text in printed form; idempotent.

    Full-width marks inside a number, a space after its point, and a point for the comma before thousands
    (2.013.30万元 → 2,013.30万元). Everything else stays: a lone comma may be one of the sentence.
    """
    text = _PROSE_COMMA.sub(",", text)
    text = _PROSE_POINT.sub(".", text)
    text = _PROSE_SPACE.sub(".", text)
    text = _YUAN_GROUPS.sub(lambda m: m.group(1).replace(".", ","), text)
    return _PROSE_GROUPS.sub(lambda m: m.group(1).replace(".", ",") + "." + m.group(2), text)


def clean_numbers(document: Document) -> Document:
    """The document with every number in printed form and the ``amount`` of cells set; doubts are flagged."""
    read = frozenset(p.number for p in document.pages if p.origin is not Origin.TEXT_LAYER)
    swept = tuple(_swept(b, read) if isinstance(b, Table) else b for b in document.blocks)
    texts = [t for b in swept if isinstance(b, Table) for t in _amount_texts(b)]
    usual = NumberStyle(number_style(t for t in texts if "." in t).decimals, number_style(texts).separators)
    blocks = tuple(_clean_table(b, usual) if isinstance(b, Table) else _clean_block(b, usual) for b in swept)
    return replace(document, blocks=blocks)


def _swept(table: Table, scanned: frozenset[int]) -> Table:
    """The table without debris in its columns of amounts, where its pages were read from a picture."""
    if not scanned.intersection(table.pages):
        return table
    roles = table_roles(table)
    columns = amount_columns(table, roles)
    cells = tuple(
        replace(c, reading=_without_debris(c.reading))
        if c.col in columns and c.col_span == 1 and roles.is_amount_place(c)
        else c
        for c in table.cells
    )
    run_over = {(c.row, c.col): word for c in table.cells if c.col in columns and (word := _word_before_number(c))}
    cells = tuple(
        replace(c, reading=c.reading.doubted(f"右邻金额格里的“{word}”可能是本格的文字"))
        if (word := run_over.get((c.row, c.col + c.col_span))) and _HAN_END.search(c.reading.text)
        else c
        for c in cells
    )
    return replace(table, cells=cells)


def _word_before_number(cell: Cell) -> str | None:
    """What was surely read as a word before the number of a cell: more likely its neighbour's end than debris."""
    characters = [c for line in cell.lines for c in line.characters if c.text.strip()]
    if number_in_debris(cell.reading.text) is None or not characters or characters[0].probability < _SURELY:
        return None
    return characters[0].text if _HAN_END.search(characters[0].text) else None


def _without_debris(reading: Reading) -> Reading:
    number = number_in_debris(reading.text)
    if number is None:
        return reading
    record = Correction(reading.text, number, Rule.DEBRIS, 0.95)
    return replace(reading, text=number, corrections=(*reading.corrections, record))


def _clean_block(block: TextBlock, usual: NumberStyle) -> TextBlock:
    reading = _with_prose_numbers(block.reading, usual)
    return block if reading is block.reading else replace(block, reading=reading)


def _with_prose_numbers(reading: Reading, usual: NumberStyle) -> Reading:
    """Running text with its numbers in printed form; a space inside one is said.

    ``usual``: the form of the document's amounts; where they have two decimals, 820,66万元 is 820.66万元.
    """
    text = repair_prose_numbers(reading.text)
    text = _PROSE_DECIMALS.sub(".", text) if usual.decimals == 2 else text
    split = _PROSE_SPLIT.search(text)
    return _with_number(reading, NumberText(text, f"“{split.group()}”中间有空格，小数点可能丢失" if split else None))


def _amount_texts(table: Table) -> list[str]:
    roles = table_roles(table)
    return [c.reading.text for c in table.cells if c.reading.text and roles.is_amount_place(c)]


def _clean_table(table: Table, usual: NumberStyle) -> Table:
    """The table in its own style; where it is too small to have one, ``usual`` decides about marks only."""
    roles = table_roles(table)
    own = number_style(_amount_texts(table))
    style = NumberStyle(own.decimals or usual.decimals, usual.separators if own.separators is None else own.separators)
    cells = tuple(_clean_cell(cell, roles, style, own.decimals is not None) for cell in table.cells)
    return replace(table, cells=cells)


def _clean_cell(cell: Cell, roles: TableRoles, style: NumberStyle, strict: bool) -> Cell:
    """One cell with its number in printed form; codes and line numbers get no amount."""
    if not cell.reading.text or cell.col in roles.code_columns or cell.col in roles.level_columns:
        return cell
    in_amounts = roles.is_amount_place(cell)
    cell = _nought(cell) if in_amounts else cell
    repaired = repair_number(cell.reading.text, style if in_amounts else None)
    if repaired is None:
        if in_amounts and _DAMAGED.fullmatch(cell.reading.text):
            return replace(cell, reading=cell.reading.doubted("应为金额，识别不清"))
        return replace(cell, reading=_with_prose_numbers(cell.reading, style))
    if not strict and repaired.doubt and repaired.doubt.startswith(_OTHER_DECIMALS):
        repaired = replace(repaired, doubt=None)
    if in_amounts and repaired.doubt is None and _is_pieced(cell, repaired.text, style):
        repaired = replace(repaired, doubt=_IN_PIECES)
    reading = _with_number(cell.reading, repaired)
    amount = parse_amount(reading.text) if in_amounts and not _ZEROS_FIRST.match(reading.text) else None
    return replace(cell, reading=reading, amount=amount.decimal_string if amount else None)


def _is_pieced(cell: Cell, text: str, style: NumberStyle) -> bool:
    """Whether a number was read in two pieces that meet without a mark, and has not the form of the amounts around it.

    Between 72 and 37 there may have been a point; a number that its narrow cell breaks ends as the others end.
    """
    parts = [line.text.strip() for line in cell.lines if any(c.isdigit() for c in line.text)]
    meet = any(a[-1:].isdigit() and b[:1].isdigit() for a, b in pairwise(parts))
    return meet and (style.decimals is None or len(text.partition(".")[2]) != style.decimals)


def _nought(cell: Cell) -> Cell:
    """A lone O that the recogniser might have read as 0 is one."""
    characters = [c for line in cell.lines for c in line.characters]
    if cell.reading.text not in ("O", "o", "〇") or len(characters) != 1:
        return cell
    if dict(characters[0].alternatives).get("0", 0.0) < _NOUGHT:
        return cell
    return replace(cell, reading=_with_number(cell.reading, NumberText("0")))


def _with_number(reading: Reading, number: NumberText) -> Reading:
    if number.text != reading.text:
        record = Correction(reading.text, number.text, Rule.NUMBER_FORMAT, 1.0)
        reading = replace(reading, text=number.text, corrections=(*reading.corrections, record))
    return reading.doubted(number.doubt) if number.doubt else reading
