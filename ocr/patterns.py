"""What printed lines of public accounts look like: enumerators, captions of tables, notes, page numbers.

Regular expressions only, each bounded, on text that was brought to NFKC with ``plain``; whatever needs a
dictionary belongs to ``cleanup``.
"""

from __future__ import annotations

import re
import unicodedata

MAX_TEXT = 2000
"""Characters of a line that are looked at; a longer one is no caption."""

_DIGIT = "[一二三四五六七八九]"
_NUMERAL = f"(?:{_DIGIT}?十{_DIGIT}?|{_DIGIT})"
_LEVELS = (
    (1, re.compile(rf"第\s?(?:{_NUMERAL}|\d{{1,2}})\s?[部章编篇]")),
    (2, re.compile(rf"{_NUMERAL}\s?[、.,，:](?!\d)")),
    (3, re.compile(rf"\(\s?{_NUMERAL}\s?\)")),
    (4, re.compile(r"\d{1,2}\s?(?:[、]|[.．](?!\d))")),
    (5, re.compile(r"\(\s?\d{1,2}\s?\)")),
)
"""Enumerators by level, as GB/T 9704 (党政机关公文格式) orders them: 一、 (一) 1. (1); above them 第一部分."""

_CIRCLED = re.compile(r"\s*[①-⑳]")
"""Enumerators that NFKC makes bare digits of."""

_NOTE = re.compile(r"(?:备?注|说明|附注)\s?\d?\s?[::]")
_TOC_TITLE = re.compile(r"目\s{0,8}[录次]$")
_LEADER = re.compile(r"[\s.．·•…⋯。_\-—,，、]{2,200}[(（]?\s?([0-9０-９]{1,3}|[IVXivx]{1,5})\s?[)）]?\s?$")
_LEADER_SIGNS = " .．·•…⋯。_-—"
_BARE_NUMBER = re.compile(r"^(?:\d{1,4}|[IVXivx]{1,6})$")
_PAGE_NUMBER = re.compile(
    r"^(?:[\-—–~·•_\s]{0,6}\d{1,4}[\-—–~·•_\s]{0,6}|[\-—–_一]\s?\d{1,4}\s?[\-—–_一]"
    r"|第?\s?\d{1,4}\s?页?\s?[,，/\s]{0,3}共?\s?\d{1,4}\s?页|第\s?\d{1,4}\s?页|[ivxIVX]{1,6}"
    r"|\d{1,4}\s?/\s?\d{1,4})$"
)
_TABLE_NUMBER = re.compile(
    r"(?:预算|决算|部门|单位|财)?公开\s?(?:附?表\s?\d{1,2}|\d{1,2}\s?[号附]?表)(?:\s?[-—]\s?\d{1,2})?"
    r"|(?:附|财决|财决公开|决算|预算)\s?(?:表\s?\d{1,2}|\d{1,2}\s?表)(?:\s?[-—]\s?\d{1,2})?"
    rf"|^附?表\s?(?:\d{{1,2}}|{_NUMERAL})(?:\s?[-—]\s?\d{{1,2}})?(?=$|[:\s])"
)
_UNIT = re.compile(r"(?:金额|计量|货币)?\s?单\s?位\s?[::]\s?(?:人民币)?\s?([十百千万亿]{0,2}元|[百千万亿]{1,2})\s?$")
_ENTITY = re.compile(
    r"^(?:编制|编报|填报|填表|预算|决算|公开|主管|部门)?\s?(?:部门|单位)\s?(?:\(单位\)|/单位)?\s?(?:公章)?\s?"
    r"(?:名称|全称)?\s?[::]\s?(.{2,60}?)$"
)
_TABLE_TITLE = re.compile(r"表(?:\s?[(].{0,40})?$")
_YEAR = re.compile(r"(20\d{2})\s?年")
_END = re.compile(r"[。！？；：:;!?…]$")


def plain(text: str) -> str:
    """The text after NFKC with runs of white space as one space, at most ``MAX_TEXT`` characters."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text[:MAX_TEXT])).strip()


def enumerator_level(text: str) -> int | None:
    """Level of the enumerator a text begins with: 1 第一部分, 2 一、, 3 （一）, 4 1. , 5 （1） or ①; None without."""
    if _CIRCLED.match(text[:24]):
        return 5
    start = plain(text[:24])
    return next((level for level, pattern in _LEVELS if pattern.match(start)), None)


def is_note(text: str) -> bool:
    """Whether a text begins as a note does: 注：, 备注：, 说明：."""
    return _NOTE.match(plain(text[:16])) is not None


def is_toc_title(text: str) -> bool:
    """Whether the line is the title of a table of contents: 目录, 目  录."""
    return _TOC_TITLE.match(plain(text)) is not None


def split_toc_entry(text: str) -> tuple[str, int | None]:
    """A line of the table of contents as entry and page number, without the leader's dots."""
    found = _LEADER.search(text[-220:])
    if found is None:
        return text.rstrip(_LEADER_SIGNS), None
    entry = text[: len(text) - len(found.group(0))].rstrip(_LEADER_SIGNS)
    return entry, int(found.group(1)) if found.group(1).isdecimal() else None


def is_bare_number(text: str) -> bool:
    """Whether the text is a number alone, as the page numbers of a table of contents are."""
    return _BARE_NUMBER.match(plain(text)) is not None


def is_page_number(text: str) -> bool:
    """Whether the text is a page number: 3, — 3 —, 第3页 共10页, 3/10, iii."""
    return _PAGE_NUMBER.match(plain(text[:40])) is not None and len(text) < 40


def table_number(text: str) -> str | None:
    """The table number a caption prints (公开01表, 预算公开表3, 附表2), or None."""
    found = _TABLE_NUMBER.search(plain(text[:80]))
    return found.group(0).replace(" ", "") if found else None


def unit(text: str) -> str | None:
    """The unit of account a caption prints (万元, 元), or None."""
    found = _UNIT.search(plain(text[:120]))
    return found.group(1).removesuffix("元") + "元" if found else None


def entity(text: str) -> str | None:
    """The body named after 部门名称：, 编制单位： and the like, or None."""
    if unit(text) is not None:
        text = _UNIT.sub("", plain(text))
    found = _ENTITY.match(plain(text[:120]))
    return found.group(1).strip() if found else None


def year(text: str) -> int | None:
    """The first year (2000–2099) followed by 年, or None."""
    found = _YEAR.search(plain(text[:200]))
    return int(found.group(1)) if found else None


def is_table_title(text: str) -> bool:
    """Whether the text ends as a table's title does: …表, …表（不含上年结转）."""
    return _TABLE_TITLE.search(plain(text[:120])) is not None


def is_caption(text: str) -> bool:
    """Whether the line belongs to a table's head as a piece of its own: number, unit, entity or bare year."""
    short = plain(text[:120])
    return (
        unit(short) is not None
        or entity(short) is not None
        or re.fullmatch(r"[(]?20\d{2}\s?年度?[)]?", short) is not None
        or (table_number(short) is not None and len(short) <= 14)
    )


def ends_sentence(text: str) -> bool:
    """Whether the text ends as a sentence or an item does (closing quotes and brackets set aside)."""
    return _END.search(text.rstrip(" ”’\"'）)》】")) is not None
