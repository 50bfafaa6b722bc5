"""Text rules (文本规则): white space, widths and traditional look-alikes.

An explicit ordered tuple of small pure rules on a string. Each rule is idempotent, and so is the whole
tuple; each change to a reading is a correction record, and ``raw`` stays.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from dictionaries.types import Dictionary
from document.types import Correction, Document, Reading, Rule, Table

CJK = r"\u2e80-\u2fdf\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Han characters and radicals, for a character class."""
CJK_OR_MARK = CJK + r"\u3001\u3002\u3008-\u3011\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f“”‘’"
"""Han characters and the full-width marks between them."""

_PART = r"第[一二三四五六七八九十]{1,3}(?:部分|章|篇)"
_SPACED_TITLE = re.compile(rf"[{CJK}](?: [{CJK}])+")
_KEPT_SPACE = re.compile(rf"^({_PART}) (?=\S)")
_SPACE_BY_CJK = re.compile(rf"(?<=[{CJK_OR_MARK}]) | (?=[{CJK_OR_MARK}])")
_WHITE = re.compile(r"\s+")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\ufffb]")
_FULL_WIDTH = {code: code - 0xFEE0 for code in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B))}
_FULL_WIDTH |= {code: code - 0xFEE0 for code in range(0xFF41, 0xFF5B)}
_FULL_WIDTH |= {0xFF05: "%", 0xFF0B: "+", 0xFF3B: "[", 0xFF3D: "]", 0xFF0F: "/", 0xFF0E: "."}
_END_SPECKS = re.compile(r"(?<=。)[\s.,·'`|]+$")
_RADICALS = re.compile("[\u2e80-\u2fdf\uf900-\ufaff]")
_PAIR = re.compile(r"\(([^()（）]*)\)")
_BEFORE_CJK = re.compile(rf"\((?=[{CJK}])")
_AFTER_CJK = re.compile(rf"(?<=[{CJK_OR_MARK}])((?: ?[,;:!?)])+)(?!\d{{3}}(?!\d))")
_HAS_CJK = re.compile(f"[{CJK}]")
_TO_FULL = {",": "，", ";": "；", ":": "：", "!": "！", "?": "？", ")": "）", "(": "（"}


class TextOptions(BaseModel):
    """Which text rules run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    punctuation_width: bool = Field(
        default=True, description="make half-width marks between Chinese characters full-width: , → ，"
    )
    simplify: bool = Field(
        default=True,
        description="take traditional look-alikes back in a document printed in simplified characters",
    )
    traditional_share: float = Field(
        default=0.02,
        ge=0,
        le=1,
        description="share (0-1) of traditional among all Chinese characters above which a document counts "
        "as printed in traditional characters, and nothing is simplified",
    )


@dataclass(frozen=True, slots=True)
class TextRule:
    """One change of form: what it is called in the records, and the idempotent function."""

    rule: Rule
    apply: Callable[[str], str]


def drop_invisible(text: str) -> str:
    """Without zero-width, direction and soft-hyphen characters, which no page shows."""
    return _INVISIBLE.sub("", text)


def unify_radicals(text: str) -> str:
    """Kangxi radicals and compatibility ideographs (some PDF fonts give them) as plain Han characters."""
    return _RADICALS.sub(lambda m: unicodedata.normalize("NFKC", m.group()), text)


def drop_end_specks(text: str) -> str:
    """Without specks after the last full stop (…支付。.), which dust leaves."""
    return _END_SPECKS.sub("", text)


def narrow_width(text: str) -> str:
    """Full-width digits, Latin letters and ％＋／［］ as ASCII."""
    return text.translate(_FULL_WIDTH)


def squeeze_white_space(text: str) -> str:
    """No white space at the ends or beside Chinese characters, single spaces elsewhere.

    The space after 第一部分, and the spaces in a title set wide (目 录), are printed on purpose and stay.
    """
    single = _WHITE.sub(" ", text).strip()
    if _SPACED_TITLE.fullmatch(single):
        return single
    kept = _KEPT_SPACE.match(single)
    if kept:
        return f"{kept.group(1)} {_SPACE_BY_CJK.sub('', single[kept.end() :])}"
    return _SPACE_BY_CJK.sub("", single)


def squeeze_cell(text: str) -> str:
    """As ``squeeze_white_space``, but a label set wide in its cell (合 计) is closed up."""
    return _SPACE_BY_CJK.sub("", _WHITE.sub(" ", text).strip())


def widen_punctuation(text: str) -> str:
    """Half-width marks full-width after Chinese, brackets full-width where they hold or touch Chinese."""
    if not _HAS_CJK.search(text):
        return text
    paired = _PAIR.sub(_widened_pair, text)
    opened = _BEFORE_CJK.sub("（", paired)
    return _AFTER_CJK.sub(lambda m: "".join(_TO_FULL.get(c, "") for c in m.group(1)), opened)


def _widened_pair(match: re.Match[str]) -> str:
    text, (start, end) = match.string, match.span()
    outside = text[max(0, start - 1) : start] + text[end : end + 1]
    if _HAS_CJK.search(match.group(1)) or _HAS_CJK.search(outside):
        return f"（{match.group(1)}）"
    return match.group()


def simplifier(dictionary: Dictionary) -> Callable[[str], str]:
    """A function that writes the dictionary's traditional characters simplified."""
    table = str.maketrans(dict(dictionary.traditional))
    return lambda text: text.translate(table)


def traditional_share(texts: Iterable[str], dictionary: Dictionary) -> float:
    """Share (0–1) of the dictionary's traditional characters among all Han characters of ``texts``."""
    han = traditional = 0
    for text in texts:
        han += len(_HAS_CJK.findall(text))
        traditional += sum(c in dictionary.traditional for c in text)
    return traditional / han if han else 0.0


def text_rules(
    dictionary: Dictionary,
    options: TextOptions | None = None,
    simplify: bool = True,
    in_cell: bool = False,
) -> tuple[TextRule, ...]:
    """The rules in the order they run; ``simplify`` False for a document in traditional characters."""
    options = options or TextOptions()
    squeeze = TextRule(Rule.WHITE_SPACE, squeeze_cell if in_cell else squeeze_white_space)
    rules = [
        TextRule(Rule.WHITE_SPACE, drop_invisible),
        TextRule(Rule.WIDTH, unify_radicals),
        TextRule(Rule.WIDTH, narrow_width),
        squeeze,
    ]
    if options.simplify and simplify:
        rules.append(TextRule(Rule.TRADITIONAL, simplifier(dictionary)))
    if options.punctuation_width:
        rules += [TextRule(Rule.WIDTH, widen_punctuation), squeeze]
    rules.append(TextRule(Rule.DEBRIS, drop_end_specks))
    return tuple(rules)


def clean_reading(reading: Reading, rules: Iterable[TextRule]) -> Reading:
    """The reading after all rules, with one record for each rule that changed something."""
    text, records = reading.text, list(reading.corrections)
    for rule in rules:
        changed = rule.apply(text)
        if changed != text:
            records.append(Correction(text, changed, rule.rule, 1.0))
            text = changed
    if text == reading.text:
        return reading
    return replace(reading, text=text, corrections=tuple(records))


def clean_texts(document: Document, dictionary: Dictionary, options: TextOptions | None = None) -> Document:
    """The document with the text rules applied to every cell and every text block."""
    options = options or TextOptions()
    share = traditional_share(_texts(document), dictionary)
    simplify = share <= options.traditional_share
    rules = text_rules(dictionary, options, simplify)
    cell_rules = text_rules(dictionary, options, simplify, in_cell=True)
    blocks = tuple(
        replace(b, cells=tuple(replace(c, reading=clean_reading(c.reading, cell_rules)) for c in b.cells))
        if isinstance(b, Table)
        else replace(b, reading=clean_reading(b.reading, rules))
        for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _texts(document: Document) -> Iterable[str]:
    for block in document.blocks:
        if isinstance(block, Table):
            yield from (cell.reading.text for cell in block.cells)
        else:
            yield block.reading.text
