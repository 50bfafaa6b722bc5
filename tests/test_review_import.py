"""Documents read again: people's values stay, and what cannot be told goes back to the queue."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from document.geometry import Box
from document.types import Document, Table
from flows.emission import emit_reviewed
from review import service
from review.decisions import read_decisions
from review.types import Action, FieldStatus, QueueFilter, ReasonKind, SuggestionKind
from tests.desk_sample import MISREAD, World, document, insight, moved, read_again, world, write_output


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as made:
        yield made


def edit(desk: World, field_id: int, text: str) -> None:
    service.decide(desk.desk, desk.ann, field_id, Action.EDIT, text, now=desk.clock())


def folder(desk: World, name: str = "one") -> Path:
    return desk.out / "out" / name


def with_cells(doc: Document, change: dict[tuple[int, int], object]) -> Document:
    """The document with other boxes or texts in some cells of its tables."""
    blocks = tuple(
        replace(b, cells=tuple(change.get((c.row, c.col), c) for c in b.cells)) if isinstance(b, Table) else b
        for b in doc.blocks
    )
    return replace(doc, blocks=blocks)  # type: ignore[arg-type]


def test_read_again_with_other_boxes_and_another_misreading_the_value_stays(desk: World) -> None:
    one = desk.load("one", document())
    label = desk.field_at(one, 3, 1)
    edit(desk, label, "事业单位医疗")
    emit_reviewed(desk.store, one)
    read_again(folder(desk), moved(document(misread="事业单位医疔"), 1.5))
    done = desk.take_in("one")
    assert (done.updated, done.kept, done.doubtful) == (1, 1, 0)
    view = service.field_view(desk.store, desk.field_at(one, 3, 1))
    assert view.id == label
    assert (view.text, view.machine_text, view.status) == ("事业单位医疗", "事业单位医疔", FieldStatus.DECIDED)
    assert service.documents_to_reemit(desk.store) == ()


def test_outputs_written_without_the_decision_are_written_anew(desk: World) -> None:
    """A run that began before the decision, and ended after it."""
    one = desk.load("one", document())
    edit(desk, desk.field_at(one, 3, 1), "事业单位医疗")
    write_output(folder(desk), moved(document(), 1))
    desk.take_in("one")
    assert service.documents_to_reemit(desk.store) == (one,)
    emit_reviewed(desk.store, one)
    assert service.documents_to_reemit(desk.store) == ()
    assert "事业单位医疗" in (folder(desk) / "document.json").read_text(encoding="utf-8")


def test_emission_does_not_make_the_next_import_read_anew(desk: World) -> None:
    one = desk.load("one", document())
    edit(desk, desk.field_at(one, 3, 1), "事业单位医疗")
    assert service.documents_to_reemit(desk.store) == (one,)
    emit_reviewed(desk.store, one)
    before = service.queue_counts(desk.store)
    assert desk.take_in("one").unchanged == 1
    assert service.queue_counts(desk.store) == before


def test_a_field_that_is_gone_waits_with_the_person_s_value(desk: World) -> None:
    one = desk.load("one", document())
    label = desk.field_at(one, 3, 1)
    edit(desk, label, "事业单位医疗")
    emit_reviewed(desk.store, one)
    without = replace(document(), blocks=tuple(b for b in document().blocks if not isinstance(b, Table)))
    read_again(folder(desk), without)
    done = desk.take_in("one")
    assert (done.kept, done.doubtful) == (0, 1)
    (line,) = service.queue_page(desk.store, QueueFilter(reason=ReasonKind.MOVED))
    assert (line.id, line.text) == (label, "事业单位医疗")
    file = read_decisions(folder(desk))
    assert file
    assert [d.after for d in file.decisions] == ["事业单位医疗"]
    read_again(folder(desk), moved(document(), 1))  # and with a third run its place is there again
    assert desk.take_in("one").kept == 1
    assert service.field_view(desk.store, label).status is FieldStatus.DECIDED
    assert service.queue_page(desk.store, QueueFilter(reason=ReasonKind.MOVED)) == ()


def test_a_lost_field_can_be_put_away_and_brought_back(desk: World) -> None:
    one = desk.load("one", document())
    label = desk.field_at(one, 3, 1)
    edit(desk, label, "事业单位医疗")
    write_output(folder(desk), replace(document(), blocks=document().blocks[:1]))
    desk.take_in("one")
    service.decide(desk.desk, desk.bob, label, Action.ACCEPT, now=desk.clock())
    assert service.queue_counts(desk.store).waiting == 0
    assert service.decisions_of(desk.store, one)[0].decisions == ()
    service.undo(desk.desk, desk.bob, now=desk.clock())
    assert [line.id for line in service.queue_page(desk.store)] == [label]
    assert [d.after for d in service.decisions_of(desk.store, one)[0].decisions] == ["事业单位医疗"]


def test_two_decided_cells_that_became_one_are_asked_again(desk: World) -> None:
    one = desk.load("one", document())
    edit(desk, desk.field_at(one, 2, 1), "行政单位医疗费")
    edit(desk, desk.field_at(one, 3, 1), "事业单位医疗")
    first = next(c for c in document().tables[0].cells if (c.row, c.col) == (2, 1))
    both = replace(first, box=Box(160, 240, 360, 280), row_span=2)
    kept = tuple(c for c in document().tables[0].cells if (c.row, c.col) not in ((2, 1), (3, 1)))
    merged = replace(document().tables[0], cells=(*kept[:7], both, *kept[7:]))
    doc = replace(document(), blocks=(document().blocks[0], merged, *document().blocks[2:]))
    write_output(folder(desk), doc)
    assert desk.take_in("one").doubtful == 2
    asked = service.queue_page(desk.store, QueueFilter(reason=ReasonKind.MOVED))
    assert len(asked) == 2
    there = service.field_view(desk.store, desk.field_at(one, 2, 1))
    assert there.suggestions[0].kind is SuggestionKind.PRECEDENT
    assert there.suggestions[0].text in ("行政单位医疗费", "事业单位医疗")


def test_another_file_under_the_same_name_is_asked_again(desk: World) -> None:
    one = desk.load("one", document("a"))
    edit(desk, desk.field_at(one, 3, 1), "事业单位医疗")
    write_output(folder(desk), document("b"))
    assert desk.take_in("one").doubtful == 1
    view = service.field_view(desk.store, desk.field_at(one, 3, 1))
    assert (view.status, view.text, view.suggestions[0].text) == (FieldStatus.WAITING, MISREAD, "事业单位医疗")


def test_an_empty_store_takes_the_decisions_from_the_outputs(desk: World, tmp_path: Path) -> None:
    one = desk.load("one", document())
    edit(desk, desk.field_at(one, 3, 2), "30.00")
    emit_reviewed(desk.store, one)
    with world(tmp_path / "other") as other:
        place = service.Folder(folder(desk), "out", str(desk.out / "out"))

        done = service.import_folders(other.store, [place], insight)
        assert (done.documents, done.kept) == (1, 1)
        counts = service.queue_counts(other.store)
        assert (counts.decided, counts.settled, counts.waiting) == (1, 2, 2)
        (record,) = service.history(other.store, 1 + next(i for i in range(200) if service.history(other.store, i + 1)))
        assert (record.user, record.after) == ("ann", "30.00")
        assert service.documents_to_reemit(other.store) == ()


def test_a_folder_that_cannot_be_read_stops_no_other(desk: World) -> None:
    desk.load("one", document())
    bad = folder(desk, "bad")
    bad.mkdir()
    (bad / "document.json").write_text("{}", encoding="utf-8")
    done = desk.take_in("bad")
    assert [path for path, _ in done.failures] == [bad]
    assert service.queue_counts(desk.store).waiting == 5


def test_two_archives_of_one_name_are_two(desk: World) -> None:
    desk.load("one", document())
    other = desk.out / "elsewhere" / "out"
    write_output(other / "one", document("b"))

    service.import_folders(desk.store, [service.Folder(other / "one", "out", str(other))], insight)
    names = [c.value for c in service.filter_choices(desk.store).archives]
    assert len(names) == 2
    assert names[0] == "out"
    assert names[1].startswith("out-")


def test_the_audit_sample_is_the_same_whoever_draws_it(desk: World, tmp_path: Path) -> None:
    """Drawn by the place on paper: again at another desk, and from a page read a little differently."""

    def drawn(made: World, doc: Document) -> list[tuple[int, str]]:
        made.load("one", doc, share=0.5)
        lines = service.queue_page(made.store, QueueFilter(reason=ReasonKind.AUDIT))
        return sorted((line.page, line.text) for line in lines)

    first = drawn(desk, document(pages=8))
    assert 15 < len(first) < 55
    with world(tmp_path / "other") as other:
        assert drawn(other, document(pages=8)) == first
    assert desk.load("one", share=0.5)
    assert (
        sorted((line.page, line.text) for line in service.queue_page(desk.store, QueueFilter(reason=ReasonKind.AUDIT)))
        == first
    )


def test_hostile_texts_are_only_text(desk: World) -> None:
    bad = "\x00<script>'; DROP TABLE fields; --\u202e{{7*7}}"
    one = desk.load("one", document(misread=bad))
    view = service.field_view(desk.store, desk.field_at(one, 3, 1))
    assert view.raw == bad.replace("\x00", "\ufffd")
    service.decide(desk.desk, desk.ann, view.id, Action.EDIT, "=HYPERLINK(1)")
    text = service.decisions_csv(desk.store)
    assert "'=HYPERLINK(1)" in text
    assert '"shown"' in service.decisions_json(desk.store)
