"""Lists in text without pictures (列举): a numeral that its neighbours contradict, an opening bracket that was lost."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cleanup.enumeration import NUMERALS, numeral, value_of
from cleanup.plain_lines import Line
from document.types import Rule

_ITEM = re.compile(rf"(\s*(?:[-•*] )?)([{NUMERALS}]{{1,3}})、(?=\S)")
_UNOPENED = re.compile(rf"([{NUMERALS}]{{1,3}})([)）])\s*\S{{3,}}")
_SCORE = 0.95


def with_counted_items(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with 一、 between 五、 and 七、 as 六、, where the items right before or after count on, too."""
    result = list(lines)
    run: list[int] = []
    for i, line in [*enumerate(lines), (len(lines), Line(0, ""))]:
        if _ITEM.match(line.text) and not line.gone and (not run or run[-1] == i - 1):
            run.append(i)
            continue
        for at, number in _miscounted([lines[j] for j in run]).items():
            result[run[at]] = _with_numeral(lines[run[at]], number)
        run = [i] if _ITEM.match(line.text) and not line.gone else []
    return tuple(result)


def _miscounted(items: Sequence[Line]) -> dict[int, int]:
    """Places of items whose two neighbours on one side and the one on the other agree on another number."""
    said = [value_of(m.group(2)) for x in items if (m := _ITEM.match(x.text))]
    found = {}
    for at in range(1, len(said) - 1):
        before, after = said[at - 1], said[at + 1]
        if before is None or after != before + 2 or said[at] == before + 1:
            continue
        if (at > 1 and said[at - 2] == before - 1) or (at + 2 < len(said) and said[at + 2] == after + 1):
            found[at] = before + 1
    return found


def _with_numeral(line: Line, number: int) -> Line:
    match = _ITEM.match(line.text)
    assert match is not None  # only items are counted
    before = match.group(2)
    text = f"{match.group(1)}{numeral(number)}{line.text[match.end(2) :]}"
    return line.becomes(text, Rule.FIXED_LABEL, _SCORE, f"{before}、", f"{numeral(number)}、")


def with_opened_brackets(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines with 一) as (一), where the text has the next or the last item of such a list with both brackets."""
    whole = "\n".join(x.text for x in lines if not x.gone)
    result = list(lines)
    for i, line in enumerate(lines):
        for c, cell in enumerate(line.text.split("\t") if not line.gone and "\t" in line.text else ()):
            match = _UNOPENED.fullmatch(cell.strip())
            number = value_of(match.group(1)) if match else None
            if match is None or number is None:
                continue
            opening = "(" if match.group(2) == ")" else "（"
            beside = (f"{opening}{numeral(n)}{match.group(2)}" for n in (number - 1, number + 1) if n)
            if any(mark in whole for mark in beside):
                result[i] = result[i].with_cell(c, opening + cell.strip(), Rule.FIXED_LABEL, _SCORE)
    return tuple(result)
