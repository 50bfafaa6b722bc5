"""The schema that migrations make is the one the code speaks of; outputs follow decisions; pages are drawn upright."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from document.exceptions import InputError
from document.geometry import Box
from flows.emission import Emitter
from flows.outputs import file_hash
from flows.pictures import PageDrawer
from review import service
from review.desk import PageSource
from review.schema import METADATA
from review.store import Store, StoreUnreachable, open_store, sqlite_url
from review.types import Action
from tests.desk_sample import document, world
from tests.postgres import postgres
from tests.writers_sample import document as drawn_document
from tests.writers_sample import scan


def differences(store: Store) -> list[object]:
    with store.read() as connection:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), METADATA)


def test_migrations_make_the_schema_on_sqlite(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "desk.db")
    for _ in range(2):  # the second time there is nothing to do
        store = open_store(url)
        assert differences(store) == []
        with store.read() as connection:
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        store.close()


def test_migrations_make_the_schema_on_postgresql(tmp_path: Path) -> None:
    with postgres(tmp_path) as address:
        for _ in range(2):
            store = open_store(f"postgresql://postgres@{address}/postgres")
            assert differences(store) == []
            store.close()


@pytest.mark.parametrize("url", ["", "nonsense", "mysql://x", "postgresql://postgres@127.0.0.1:1/none"])
def test_stores_that_cannot_be_opened(url: str) -> None:
    with pytest.raises(StoreUnreachable):
        open_store(url)


def test_outputs_are_written_anew_soon_after_a_decision(tmp_path: Path) -> None:
    with world(tmp_path) as made, Emitter(made.store, delay=0.05) as emitter:
        one = made.load("one", document())
        desk = replace(made.desk, notify=emitter.notify)
        service.decide(desk, made.ann, made.field_at(one, 3, 1), Action.EDIT, "先")
        service.decide(desk, made.ann, made.field_at(one, 3, 1), Action.EDIT, "事业单位医疗")
        emitter.__exit__()  # waits until all is written
        assert service.documents_to_reemit(made.store) == ()
        folder = made.out / "out" / "one"
        assert '"text": "事业单位医疗"' in (folder / "document.json").read_text(encoding="utf-8")
        assert (folder / "decisions.json").is_file()


def test_pages_are_drawn_upright_and_cut(tmp_path: Path) -> None:
    """A page whose picture lies turned in the file: the same pixels as one that stands."""
    doc = drawn_document()
    straight, lying = scan(tmp_path / "a.pdf", doc), scan(tmp_path / "b.pdf", doc, {1: 90})
    draw = PageDrawer()

    def page(file: Path, number: int = 1) -> PageSource:
        return PageSource(file, file_hash(file), number, 0, 595, 842)

    def pixels(data: bytes) -> np.ndarray:
        return cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_GRAYSCALE)

    one, other = pixels(draw(page(straight), False, None, 72)), pixels(draw(page(lying), False, None, 72))
    assert one.shape == other.shape == (842, 595)
    assert np.abs(one.astype(int) - other).mean() < 8
    box = Box(60, 200, 140, 220)
    assert pixels(draw(page(straight), False, box, 144)).shape == (40, 160)
    assert pixels(draw(page(straight), True, box, 144)).shape == (40, 160)
    with pytest.raises(InputError, match="no page 9"):
        draw(page(straight, 9), False, None, 72)
    with pytest.raises(InputError, match="other bytes"):
        draw(replace(page(straight), sha256="0" * 64), False, None, 72)
    with pytest.raises(InputError, match="cannot be read"):
        draw(replace(page(straight), file=tmp_path / "gone.pdf"), False, None, 72)
