"""A small reviewed world for the desk's tests: output folders, a store over them, sums and suggestions by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from document import json as contract
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
from review import decisions as held
from review import schema, service, sidecar
from review.desk import Desk, PageSource
from review.fields import FieldKey
from review.insight import Insight
from review.sidecar import Sidecar
from review.store import Store, open_store, sqlite_url
from review.sums import Sum
from review.types import Role, Suggestion, SuggestionKind, User

START = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)
NUMBERS = ("100.00", "70.00", "38.00")
"""合计 and its two parts: the last was printed 30.00."""
MISREAD = "事业单位医疗人"
SUM_REASON = "合计=各类科目合计：“合计 金额”100.00与合计108.00不符（差 8.00）"


def flagged(text: str, *reasons: str, raw: str | None = None, confidence: float = 0.6) -> Reading:
    return Reading(text, raw if raw is not None else text, confidence, True, reasons)


def sure(text: str, raw: str | None = None, confidence: float = 0.99) -> Reading:
    return Reading(text, raw if raw is not None else text, confidence)


def table(page: int = 1, top: float = 200, misread: str = MISREAD) -> Table:
    """编码 科目 金额: a total of two parts that does not hold, and a label nobody knows."""
    rows: Sequence[Sequence[Reading]] = (
        (sure("科目编码"), sure("科目名称"), sure("金额")),
        (sure("合计"), sure(""), flagged(NUMBERS[0], SUM_REASON, confidence=0.9)),
        (sure("2101101"), sure("行政单位医疗"), flagged(NUMBERS[1], SUM_REASON, confidence=0.8)),
        (sure("2101102"), flagged(misread, "与“事业单位医疗”相近，未能确定"), flagged(NUMBERS[2], SUM_REASON)),
    )
    columns = (60.0, 160.0, 360.0, 500.0)
    cells = tuple(
        Cell(
            r,
            c,
            page,
            Box(columns[c], top + 20 * r, columns[c + 1], top + 20 * r + 20),
            reading,
            amount=reading.text if c == 2 and r else None,
        )
        for r, row in enumerate(rows)
        for c, reading in enumerate(row)
    )
    return Table(f"t{page}", (page,), 4, 3, cells, "支出决算表", "公开03表", "万元")


def document(sha: str = "a", pages: int = 1, misread: str = MISREAD) -> Document:
    blocks: list[Table | TextBlock] = []
    for n in range(1, pages + 1):
        blocks.append(
            TextBlock(f"h{n}", BlockKind.HEADING, (n,), Box(60, 80, 300, 96), sure("第二部分 部门决算表"), level=1)
        )
        blocks.append(table(n, misread=misread))
        text = "本年支出比上年增加3.2%。<script>alert(1)</script>"
        blocks.append(
            TextBlock(f"p{n}", BlockKind.PARAGRAPH, (n,), Box(60, 500, 530, 540), flagged(text, "“3”可能是“8”"))
        )
        blocks.append(TextBlock(f"n{n}", BlockKind.PAGE_NUMBER, (n,), Box(280, 800, 300, 812), sure(str(n))))
    mark = PageWatermark("仅供内部审核", 0.1)
    return Document(
        Source(f"{sha}.pdf", sha[0] * 64, pages),
        tuple(Page(n, Origin.SCAN, 595, 842, watermark=mark) for n in range(1, pages + 1)),
        tuple(blocks),
        Meta("青石县水利局", 2024, DocumentKind.FINAL_ACCOUNT),
    )


def sums(doc: Document) -> tuple[Sum[FieldKey], ...]:
    """One sum in each table: the total of the two rows below it."""
    return tuple(
        Sum("合计=各类科目合计", FieldKey(i, 1, 2), ((FieldKey(i, 2, 2), 1), (FieldKey(i, 3, 2), 1)))
        for i, block in enumerate(doc.blocks)
        if isinstance(block, Table)
    )


def insight(doc: Document, _sidecar: Sidecar) -> Insight:
    """The sums, and the dictionary's word for the misread label."""
    entry = Suggestion("事业单位医疗", SuggestionKind.DICTIONARY, 0.9, "政府收支分类科目")
    found = {FieldKey(i, 3, 1): (entry,) for i, b in enumerate(doc.blocks) if isinstance(b, Table)}
    return Insight(sums(doc), found)


def write_output(folder: Path, doc: Document, side: Sidecar | None = None) -> Path:
    """An output folder as ``qingzhang run`` leaves it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "document.json").write_text(contract.dump(doc), encoding="utf-8")
    if side is not None:
        (folder / sidecar.FILE).write_text(sidecar.dump(side), encoding="utf-8")
    return folder


def read_again(folder: Path, doc: Document) -> Path:
    """What a later run leaves in a folder that holds decisions: the machine's document with them applied."""
    file = held.read_decisions(folder)
    decided = held.apply_decisions(doc, held.in_force(file, doc.source.sha256), sums(doc))
    return write_output(folder, decided, Sidecar(machine=sidecar.machine_readings(doc, decided)))


def moved(doc: Document, by: float) -> Document:
    """The document as another run might read it: boxes a little elsewhere."""

    def shift(box: Box) -> Box:
        return Box(box.left + by, box.top + by, box.right + by, box.bottom + by)

    blocks = tuple(
        replace(b, cells=tuple(replace(c, box=shift(c.box)) for c in b.cells))
        if isinstance(b, Table)
        else replace(b, box=shift(b.box))
        for b in doc.blocks
    )
    return replace(doc, blocks=blocks)


@dataclass
class Clock:
    """A time that passes when it is told to."""

    now: datetime = START

    def __call__(self, seconds: float = 0) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@dataclass
class World:
    """A store with two operators and an approver, over output folders of its own."""

    store: Store
    out: Path
    desk: Desk
    ann: User
    bob: User
    chief: User
    notified: list[int] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)

    def load(self, name: str, doc: Document | None = None, archive: str = "out", share: float = 0.0) -> int:
        """Write a document's output and import it; its id."""
        if doc is not None:
            write_output(self.out / archive / name, doc)
        done = self.take_in(name, archive, share)
        assert not done.failures, done.failures
        return service.find_document(self.store, self.out / archive / name)

    def take_in(self, name: str, archive: str = "out", share: float = 0.0) -> service.Imported:
        folder = service.Folder(self.out / archive / name, archive, str(self.out / archive))
        audit = service.AuditOptions(audit_share=share)
        return service.import_folders(self.store, [folder], insight, audit=audit, now=self.clock.now)

    def field_at(self, document_id: int, row: int, col: int, page: int = 1) -> int:
        """The id of a table's cell."""
        view = service.page_view(self.store, document_id, page)
        return next(f.id for b in view.blocks for f in b.fields if (f.row, f.col) == (row, col))


def a_user(store: Store, name: str, role: Role) -> User:
    """A user without a password: argon2 takes its time."""
    row = {"key": name, "name": name, "role": role.value, "password": "-", "disabled": False, "created_at": START}
    with store.write() as connection:
        connection.execute(schema.USERS.insert().values(**row))
    return User(name, role)


@contextmanager
def world(folder: Path, url: str | None = None) -> Iterator[World]:
    """A fresh world; on SQLite unless a URL of an empty PostgreSQL database is given."""
    folder.mkdir(parents=True, exist_ok=True)
    store = open_store(url or sqlite_url(folder / "desk.db"))
    notified: list[int] = []

    def draw(source: PageSource, cleaned: bool, box: Box | None, dpi: int) -> bytes:
        return f"{source.number} {cleaned} {box} {dpi}".encode()

    desk = Desk(store, draw, folder / "pictures", notified.append, folder / "words")
    users = [a_user(store, n, r) for n, r in (("ann", Role.OPERATOR), ("bob", Role.OPERATOR), ("chief", Role.APPROVER))]
    try:
        yield World(store, folder / "outputs", desk, *users, notified=notified)
    finally:
        store.close()
