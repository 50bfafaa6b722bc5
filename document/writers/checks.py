"""What a document's own marks say of it: what was corrected, what must be looked at, what adds up.

Counted from the contract alone, so that a report made after review says what the reviewer's document says.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from document.geometry import Box
from document.types import BlockKind, Cell, Correction, Document, Reading, Rule, Table
from document.writers.grid import table_heading
from document.writers.safe import is_corrected, plain

RULES: Mapping[Rule, str] = {
    Rule.WATERMARK_RESIDUE: "去除水印残留",
    Rule.WHITE_SPACE: "空白规整",
    Rule.WIDTH: "全半角与标点",
    Rule.NUMBER_FORMAT: "数字格式",
    Rule.TRADITIONAL: "繁体形近字",
    Rule.SUBJECT_NAME: "科目名称",
    Rule.SUBJECT_CODE: "科目编码",
    Rule.FIXED_LABEL: "固定栏目",
    Rule.PHRASE: "常用语",
    Rule.DEBRIS: "去除杂点",
    Rule.IDENTITY: "勾稽关系",
    Rule.REVIEWER: "人工复核",
}
"""What each rule is called before people."""
KINDS: Mapping[BlockKind, str] = {
    BlockKind.HEADING: "标题",
    BlockKind.PARAGRAPH: "正文",
    BlockKind.NOTE: "注",
    BlockKind.TOC: "目录",
    BlockKind.HEADER: "页眉",
    BlockKind.FOOTER: "页脚",
    BlockKind.PAGE_NUMBER: "页码",
    BlockKind.SEAL: "印章",
    BlockKind.FIGURE: "图",
}
"""What each kind of block is called before people."""


@dataclass(frozen=True, slots=True)
class Field:
    """One text of a document with its place."""

    reading: Reading
    page: int
    place: str
    """In words: table with row and column, or the kind of block."""
    anchor: str
    """What formats with links call the place."""
    cell: Cell | None = None
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Tally:
    """How the fields of a table, a page or a document stand."""

    fields: int = 0
    """Texts that are not blank."""
    for_review: int = 0
    corrected: int = 0
    """Fields of which more than the form was corrected."""
    verified: int = 0
    """Cells that an identity holds with."""
    confidence: float = 1.0
    """Mean confidence of the texts that are not blank."""


def fields_of(document: Document) -> Iterator[Field]:
    """Every text of the document, in reading order, blank cells among them."""
    for place, block in enumerate(document.blocks):
        if isinstance(block, Table):
            for cell in block.cells:
                where = f"{table_heading(block)} 第{cell.row + 1}行第{cell.col + 1}列"
                yield Field(cell.reading, cell.page, where, cell_anchor(place, cell), cell, cell.box)
        else:
            yield Field(block.reading, block.pages[0], KINDS[block.kind], block_anchor(place), None, block.box)


def block_anchor(place: int) -> str:
    """The name of a block's place: the ids of the contract may hold what no link may."""
    return f"b{place}"


def cell_anchor(block_place: int, cell: Cell) -> str:
    """The name of a cell's place."""
    return f"b{block_place}-r{cell.row}-c{cell.col}"


def tally(fields: Iterator[Field] | list[Field]) -> Tally:
    """The count over some fields."""
    listed = [f for f in fields if f.reading.text or f.reading.raw or f.reading.needs_review]
    return Tally(
        fields=len(listed),
        for_review=sum(f.reading.needs_review for f in listed),
        corrected=sum(is_corrected(f.reading) for f in listed),
        verified=sum(bool(f.cell and f.cell.verified_by) for f in listed),
        confidence=sum(f.reading.confidence for f in listed) / len(listed) if listed else 1.0,
    )


def holding(document: Document) -> list[tuple[str, int]]:
    """The identities (勾稽关系) that hold, each with how many cells it verifies, most first."""
    counts = Counter(plain(name) for table in document.tables for cell in table.cells for name in cell.verified_by)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def for_review(document: Document) -> list[Field]:
    """The fields that a person should look at, in reading order."""
    return [field for field in fields_of(document) if field.reading.needs_review]


@dataclass(frozen=True, slots=True)
class CorrectionGroup:
    """Corrections by one rule."""

    rule: Rule
    count: int
    examples: tuple[tuple[Correction, int], ...]
    """The different ones with how often each was made, most often first."""

    @property
    def name(self) -> str:
        """The rule in Chinese."""
        return RULES[self.rule]


def correction_groups(document: Document, most: int = 12) -> list[CorrectionGroup]:
    """All corrections by rule, the rule with most first; at most ``most`` different examples for each."""
    by_rule: dict[Rule, Counter[tuple[str, str]]] = defaultdict(Counter)
    first: dict[tuple[Rule, str, str], Correction] = {}
    for field in fields_of(document):
        for correction in field.reading.corrections:
            key = plain(correction.before), plain(correction.after)
            by_rule[correction.rule][key] += 1
            first.setdefault((correction.rule, *key), correction)
    groups = [
        CorrectionGroup(
            rule,
            counts.total(),
            tuple((first[rule, *key], count) for key, count in sorted(counts.items(), key=_often)[:most]),
        )
        for rule, counts in by_rule.items()
    ]
    return sorted(groups, key=lambda group: (-group.count, group.rule.value))


def _often(item: tuple[tuple[str, str], int]) -> tuple[int, tuple[str, str]]:
    return -item[1], item[0]


def document_name(document: Document) -> str:
    """What to call the document before people: 青石县水利局2024年度预算, or the file's name."""
    kinds = {"budget": "预算", "final_account": "决算"}
    meta = document.meta
    parts = [
        plain(meta.entity or ""),
        f"{meta.year}年度" if meta.year else "",
        kinds[meta.kind.value] if meta.kind else "",
    ]
    return "".join(parts) if meta.entity else plain(document.source.name)
