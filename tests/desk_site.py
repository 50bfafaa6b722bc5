"""A desk to look at: drawn pages with a watermark, outputs with mistakes in them, the server over both.

``python tests/desk_site.py FOLDER PORT`` serves it until it is told to stop.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path

import pymupdf
from argon2 import PasswordHasher
from desk_sample import START, flagged, sure, write_output

from document.exceptions import InputError
from document.geometry import Box
from document.types import (
    BlockKind,
    Cell,
    Document,
    DocumentKind,
    Meta,
    Origin,
    Page,
    PageWatermark,
    Reading,
    Source,
    Table,
    TextBlock,
)
from review import accounts as accounts_of_users
from review import schema, service
from review.desk import Desk, PageSource
from review.fields import FieldKey
from review.insight import Insight
from review.sidecar import Sidecar
from review.store import Store, open_store, sqlite_url
from review.sums import Sum
from review.types import Role, Suggestion, SuggestionKind
from review.web.app import serve
from review.web.options import DeskOptions

PASSWORD = "对账要仔细 2026"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""For tests of anything but passwords."""
WIDTH, HEIGHT = 595.0, 842.0
COLUMNS = (48.0, 110.0, 270.0, 362.0, 452.0, 547.0)
HEADS = ("科目编码", "科目名称", "合计", "基本支出", "项目支出")
ROWS = (
    ("", "合计", "1,537.48", "1,210.40", "327.08"),
    ("208", "社会保障和就业支出", "388.12", "388.12", ""),
    ("20805", "行政事业单位养老支出", "388.12", "388.12", ""),
    ("2080505", "机关事业单位基本养老保险缴费支出", "258.75", "258.75", ""),
    ("2080506", "机关事业单位职业年金缴费支出", "129.37", "129.37", ""),
    ("210", "卫生健康支出", "156.30", "156.30", ""),
    ("21011", "行政事业单位医疗", "156.30", "156.30", ""),
    ("2101101", "行政单位医疗", "61.20", "61.20", ""),
    ("2101102", "事业单位医疗", "95.10", "95.10", ""),
    ("213", "农林水支出", "993.06", "665.98", "327.08"),
    ("21303", "水利", "993.06", "665.98", "327.08"),
    ("2130301", "行政运行", "665.98", "665.98", ""),
    ("2130305", "水利工程建设", "214.60", "", "214.60"),
    ("2130314", "防汛", "112.48", "", "112.48"),
)
PARENTS = {1: (2, 6, 10), 2: (3,), 3: (4, 5), 6: (7,), 7: (8, 9), 10: (11,), 11: (12, 13, 14)}
"""Grid row of a sum and the rows that make it."""
DOUBTS: dict[tuple[int, int], tuple[str, str, float]] = {
    (3, 2): ("388.72", "合计=基本支出+项目支出：“行政事业单位养老支出 合计”388.72与合计388.12不符（差 0.60）", 0.71),
    (5, 3): ("129.87", "上级科目=下级科目之和：“行政事业单位养老支出 基本支出”388.12与合计388.62不符（差 0.50）", 0.64),
    (9, 1): ("事业单位医疗人", "与“事业单位医疗”相近，未能确定", 0.58),
    (10, 4): ("327.O8", "不是规范的数字", 0.41),
    (13, 1): ("水利工程建没", "与“水利工程建设”相近，未能确定", 0.62),
    (14, 2): ("112.43", "上级科目=下级科目之和：“水利 合计”993.06与合计993.01不符（差 0.05）", 0.77),
}
"""Grid row and column: what was read, why it is doubted, how sure the machine is."""
TEXT = "2024年度支出总计1,537.48万元，比上年增加3.2%，主要原因是水利工程建设支出增加。"
SCRIPT = "<script>document.title='闯入'</script><img src=x onerror=alert(1)>"
NAMES = ("青石县水利局2024年决算", "杏溪县水务局2024年决算", "丹枫镇农业服务中心2024年决算")


def truth(row: int, col: int) -> str:
    """What is printed in a cell."""
    return HEADS[col] if row == 0 else ROWS[row - 1][col]


def reading(row: int, col: int, doubts: dict[tuple[int, int], tuple[str, str, float]]) -> Reading:
    """What the machine made of a cell."""
    if (row, col) not in doubts:
        return sure(truth(row, col), confidence=0.998 if row else 0.95)
    read, why, confidence = doubts[(row, col)]
    return flagged(read, why, confidence=confidence)


def accounts(
    name: str, sha: str, doubts: dict[tuple[int, int], tuple[str, str, float]], says: str = SCRIPT
) -> Document:
    """A document of one page: a heading, a table, a paragraph, another one that says ``<script>``, a page number."""
    cells = tuple(
        Cell(
            r,
            c,
            1,
            Box(COLUMNS[c], 150 + 30 * r, COLUMNS[c + 1], 180 + 30 * r),
            reading(r, c, doubts),
            amount=truth(r, c).replace(",", "") if c > 1 and r and truth(r, c) and (r, c) not in doubts else None,
        )
        for r in range(len(ROWS) + 1)
        for c in range(len(HEADS))
    )
    entity = name.split("2024", maxsplit=1)[0]
    blocks: tuple[Table | TextBlock, ...] = (
        TextBlock("b1", BlockKind.HEADING, (1,), Box(48, 64, 400, 84), sure("第二部分 部门决算表"), level=1),
        Table("b2", (1,), len(ROWS) + 1, 5, cells, "一般公共预算财政拨款支出决算表", "公开05表", "万元", entity, 2024),
        TextBlock("b3", BlockKind.PARAGRAPH, (1,), Box(48, 640, 547, 676), flagged(TEXT, "“3”可能是“8”", raw=TEXT)),
        TextBlock("b4", BlockKind.PARAGRAPH, (1,), Box(48, 690, 547, 706), flagged(says, "读作文字", confidence=0.3)),
        TextBlock("b5", BlockKind.PAGE_NUMBER, (1,), Box(290, 800, 304, 812), sure("1")),
    )
    page = Page(1, Origin.SCAN, WIDTH, HEIGHT, watermark=PageWatermark("仅供内部审核", 0.08))
    return Document(Source(f"{name}.pdf", sha, 1), (page,), blocks, Meta(entity, 2024, DocumentKind.FINAL_ACCOUNT))


@cache
def scan(name: str, says: str = SCRIPT) -> bytes:
    """The page that the document was read from, as PDF, with its watermark as a layer of its own."""
    with pymupdf.open() as pdf:
        page = pdf.new_page(width=WIDTH, height=HEIGHT)
        write = {"fontname": "china-s", "fontsize": 10}
        page.insert_text((48, 80), "第二部分 部门决算表", **(write | {"fontsize": 14}))
        page.insert_text((170, 118), "一般公共预算财政拨款支出决算表", **(write | {"fontsize": 15}))
        page.insert_text((48, 142), f"部门：{name.split('2024', maxsplit=1)[0]}", **write)
        page.insert_text((480, 142), "单位：万元", **write)
        for r in range(len(ROWS) + 1):
            for c in range(len(HEADS)):
                box = pymupdf.Rect(COLUMNS[c], 150 + 30 * r, COLUMNS[c + 1], 180 + 30 * r)
                page.draw_rect(box, color=(0.1, 0.1, 0.1), width=0.6)
                text = truth(r, c)
                size = 10.0 if pymupdf.get_text_length(text, "china-s", 10) < box.width - 8 else 8.4
                width = pymupdf.get_text_length(text, "china-s", size)
                left = box.x1 - width - 5 if c > 1 and r else box.x0 + 4
                page.insert_text((max(left, box.x0 + 2), box.y1 - 11), text, fontname="china-s", fontsize=size)
        page.insert_textbox(pymupdf.Rect(48, 640, 547, 680), TEXT, **write)
        page.insert_text((48, 702), says, **(write | {"fontsize": 9}))
        page.insert_text((292, 810), "1", **write)
        layer = pdf.add_ocg("watermark")
        for x, y in ((90, 330), (330, 260), (120, 560), (370, 520), (200, 760)):
            turn = (pymupdf.Point(x, y), pymupdf.Matrix(30))
            page.insert_text(
                (x, y), "仅供内部审核", fontname="china-s", fontsize=34, color=(0.72, 0.72, 0.74), morph=turn, oc=layer
            )
        data: bytes = pdf.tobytes()
    return data


def draw(source: PageSource, cleaned: bool, box: Box | None, dpi: int) -> bytes:
    """The page's picture, its watermark layer shown or not."""
    if not source.file.exists():
        raise InputError(f"{source.file.name}: the scan is not there")
    with pymupdf.open(source.file) as pdf:
        if cleaned:
            pdf.set_layer(-1, off=list(pdf.get_ocgs()))
        clip = None if box is None else pymupdf.Rect(*box.as_tuple())
        data: bytes = pdf[source.number - 1].get_pixmap(dpi=dpi, clip=clip).tobytes("png")
    return data


def insight(document: Document, _side: Sidecar) -> Insight:
    """The table's sums, and the dictionary's words for two misread labels."""
    at = next(i for i, block in enumerate(document.blocks) if isinstance(block, Table))

    def key(row: int, col: int) -> FieldKey:
        return FieldKey(at, row, col)

    rows = [Sum("合计=基本支出+项目支出", key(r, 2), ((key(r, 3), 1), (key(r, 4), 1))) for r in range(1, len(ROWS) + 1)]
    columns = [
        Sum("上级科目=下级科目之和", key(r, c), tuple((key(part, c), 1) for part in parts))
        for r, parts in PARENTS.items()
        for c in (2, 3, 4)
        if truth(r, c)
    ]
    entry = {
        key(9, 1): (
            Suggestion("事业单位医疗", SuggestionKind.DICTIONARY, 0.93, "政府收支分类科目：2101102 事业单位医疗"),
        ),
        key(13, 1): (
            Suggestion("水利工程建设", SuggestionKind.DICTIONARY, 0.94, "政府收支分类科目：2130305 水利工程建设"),
        ),
    }
    return Insight((*rows, *columns), entry)


@dataclass
class Site:
    """The desk over three documents, with an operator, an approver and an administrator."""

    desk: Desk
    folder: Path
    notified: list[int] = field(default_factory=list)

    def document_id(self, number: int = 0) -> int:
        return service.find_document(self.desk.store, self.folder / "out" / NAMES[number])

    def field_at(self, row: int, col: int, number: int = 0) -> int:
        """The id of a table's cell."""
        view = service.page_view(self.desk.store, self.document_id(number), 1)
        return next(f.id for b in view.blocks for f in b.fields if (f.row, f.col) == (row, col))


def write_documents(folder: Path, says: str = SCRIPT) -> None:
    """Scans and the outputs made of them: the second and third share the first one's misread label."""
    some = {place: doubt for place, doubt in DOUBTS.items() if place in {(9, 1), (14, 2)}}
    for name, doubts in zip(NAMES, (DOUBTS, some, {(9, 1): DOUBTS[(9, 1)]}), strict=True):
        file = folder / "scans" / f"{name}.pdf"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(scan(name, says))
        write_output(folder / "out" / name, accounts(name, sha256(scan(name, says)).hexdigest(), doubts, says))


def add_users(store: Store) -> None:
    """One user for each role, with a hash that takes no time to compare."""
    hashed = QUICK.hash(PASSWORD)
    names = {"复核甲": Role.OPERATOR, "审批乙": Role.APPROVER, "admin": Role.ADMIN, "guest": Role.VIEWER}
    with store.write() as connection:
        for name, role in names.items():
            row = {"key": name, "name": name, "role": role.value, "password": hashed, "disabled": False}
            connection.execute(schema.USERS.insert().values(**row, created_at=START))


@contextmanager
def site(folder: Path, says: str = SCRIPT) -> Iterator[Site]:
    """The desk over freshly written documents."""
    write_documents(folder, says)
    store = open_store(sqlite_url(folder / "desk.db"))
    notified: list[int] = []
    desk = Desk(store, draw, folder / "pictures", notified.append, folder / "words")
    add_users(store)
    out = [service.Folder(folder / "out" / name, "2024年决算", str(folder / "out")) for name in NAMES]
    done = service.import_folders(
        store,
        out,
        insight,
        lambda document: folder / "scans" / document.source.name,
        audit=service.AuditOptions(audit_share=0.0),
    )
    assert not done.failures, done.failures
    try:
        yield Site(desk, folder, notified)
    finally:
        store.close()


if __name__ == "__main__":
    accounts_of_users._HASHER = QUICK
    with site(Path(sys.argv[1])) as here:
        serve(here.desk, DeskOptions(port=int(sys.argv[2])))
