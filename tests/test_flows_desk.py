"""People's decisions through runs and re-emission: the last word, whatever is read later and with what options."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from document import json as contract
from document.geometry import Box
from document.types import Character, Document, Rule, TextLine
from flows.batch import BatchOptions, BatchReport, Outcome, run_batch
from flows.desk import insight_for, other_readings, with_decisions
from flows.emission import emit
from flows.export import read_document
from flows.options import RunOptions
from flows.outputs import read_manifest
from review.decisions import DecisionFile, HeldDecision, Place, dump
from review.fields import FieldKey
from review.sidecar import Alternatives, Sidecar, read_sidecar
from review.types import Action, FieldKind, SuggestionKind
from tests.desk_sample import document, flagged, table
from tests.fake_story import fake_steps

AT = datetime(2026, 3, 2, tzinfo=UTC)


def clean(folder: Path, **options: object) -> BatchReport:
    chosen = RunOptions.model_validate({"engine": {"name": "null"}, **options})
    return run_batch([folder / "a.pdf"], folder / "out", chosen, BatchOptions(jobs=1), steps=fake_steps)


def decide(folder: Path, text: str, page: int = 1, action: Action = Action.EDIT) -> HeldDecision:
    """A decision about the only text of a page, beside the document."""
    doc = read_document(folder / "out" / "a")
    place = Place(FieldKind.TEXT, page, Box(0, 0, 10, 10))
    decision = HeldDecision(f"{page:032x}", action, "one", text, place, AT, "ann")
    file = DecisionFile(doc.source.sha256, (decision,))
    (folder / "out" / "a" / "decisions.json").write_text(dump(file), encoding="utf-8")
    return decision


def texts(folder: Path) -> list[str]:
    return [b.reading.text for b in read_document(folder / "out" / "a").blocks]  # type: ignore[union-attr]


@pytest.fixture
def read(tmp_path: Path) -> Path:
    """A document of two pages, read once."""
    (tmp_path / "a.pdf").write_text("one two", encoding="utf-8")
    assert clean(tmp_path).results[0].outcome is Outcome.CLEAN
    return tmp_path


def test_a_later_run_with_other_options_keeps_what_a_person_decided(read: Path) -> None:
    decide(read, "壹")
    assert clean(read, silent_per_10k=1).results[0].outcome is Outcome.CLEAN
    assert texts(read) == ["壹", "two"]
    data = json.loads((read / "out" / "a" / "document.json").read_text(encoding="utf-8"))
    assert data["blocks"][0]["corrections"] == [
        {"before": "one", "after": "壹", "rule": "reviewer", "score": 1.0, "source": "reviewer"}
    ]
    assert "壹" in (read / "out" / "a" / "document.txt").read_text(encoding="utf-8")


def test_decisions_about_other_bytes_are_not_applied(read: Path) -> None:
    decide(read, "壹")
    (read / "a.pdf").write_text("one three", encoding="utf-8")
    clean(read)
    assert texts(read) == ["one", "three"]


def test_decisions_that_cannot_be_read_stop_the_document(read: Path) -> None:
    (read / "out" / "a" / "decisions.json").write_text("{", encoding="utf-8")
    (result,) = clean(read, silent_per_10k=1).results
    assert result.outcome is Outcome.FAILED
    assert "decisions.json" in result.message


def test_emitting_gives_the_same_bytes_as_running_again(read: Path) -> None:
    decision = decide(read, "壹")
    folder = read / "out" / "a"
    emit(folder, [decision])
    emitted = {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "run.json"}
    clean(read, silent_per_10k=1)
    assert {p.name: p.read_bytes() for p in folder.iterdir() if p.name != "run.json"} == emitted
    assert texts(read) == ["壹", "two"]


def test_the_same_run_again_leaves_emitted_outputs_alone(read: Path) -> None:
    emit(read / "out" / "a", [decide(read, "壹")])
    assert clean(read).results[0].outcome is Outcome.UNCHANGED
    assert texts(read) == ["壹", "two"]


def test_emitting_without_the_decision_takes_it_back(read: Path) -> None:
    folder = read / "out" / "a"
    before = (folder / "document.json").read_bytes()
    emit(folder, [decide(read, "壹")])
    assert (folder / "document.json").read_bytes() != before
    emit(folder, [])
    assert (folder / "document.json").read_bytes() == before
    assert not (folder / "review.json").exists()
    manifest = read_manifest(folder)
    assert manifest
    assert (
        set(manifest.outputs) == {"document.json", "document.txt", "amounts.csv"}
        or "review.json" not in manifest.outputs
    )


def test_a_folder_without_run_json_can_be_emitted(tmp_path: Path) -> None:
    folder = tmp_path / "d"
    folder.mkdir()
    (folder / "document.json").write_text(contract.dump(document()), encoding="utf-8")
    place = Place(FieldKind.LABEL, 1, Box(160, 260, 360, 280))
    emit(folder, [HeldDecision("0" * 32, Action.EDIT, "x", "事业单位医疗", place, AT)])
    cell = next(c for c in read_document(folder).tables[0].cells if (c.row, c.col) == (3, 1))
    assert (cell.reading.text, cell.reading.needs_review) == ("事业单位医疗", False)
    assert cell.reading.corrections[-1].rule is Rule.REVIEWER
    assert [(m.row, m.col) for m in read_sidecar(folder).machine] == [(3, 1)]


# --- insight -----------------------------------------------------------------------------------------------


def line(text: str, **alternatives: tuple[tuple[str, float], ...]) -> TextLine:
    """A line whose n-th character has the alternatives given as ``at_n``."""
    characters = tuple(Character(c, 0.9, n, n + 1, alternatives.get(f"at_{n}", ())) for n, c in enumerate(text))
    return TextLine(text, Box(0, 0, 10, 10), 0.9, characters)


def test_other_readings_change_one_character_where_its_place_is_certain() -> None:
    assert other_readings("820.66", [line("820.66", at_0=(("3", 0.2), ("6", 0.01)))]) == (("320.66", 0.2),)
    long = "本年支出比上年增加3.2%。"
    assert other_readings("前言。" + long, [line(long, at_9=(("8", 0.3),))]) == (
        ("前言。" + long.replace("3", "8"), 0.3),
    )
    assert other_readings("1 1", [line("1", at_0=(("7", 0.5),)), line("1", at_0=(("7", 0.5),))]) == ()
    assert other_readings("31", [line("317", at_2=(("", 0.4),))]) == ()


def test_what_the_desk_is_told() -> None:
    """The table's total over its two codes, and the dictionary's name for the code beside the misread label."""
    doc = document()
    heard = Alternatives(block=1, row=3, col=2, readings=(("30.00", 0.3),))
    found = insight_for()(doc, Sidecar(alternatives=(heard,)))
    assert [(s.total, {k for k, _ in s.terms}) for s in found.sums] == [
        (FieldKey(1, 1, 2), {FieldKey(1, 2, 2), FieldKey(1, 3, 2)})
    ]
    (first, *_) = found.suggestions[FieldKey(1, 3, 1)]
    assert (first.text, first.kind) == ("事业单位医疗", SuggestionKind.DICTIONARY)
    assert [s.text for s in found.suggestions[FieldKey(1, 3, 2)]] == ["30.00"]


def test_the_amount_of_another_table_is_suggested() -> None:
    doubted = flagged("1,820.66", "与《收入决算表》同一科目的数字不同（1820.60）")
    cells = tuple(replace(c, reading=doubted) if (c.row, c.col) == (2, 2) else c for c in table().cells)
    doc = replace(document(), blocks=(replace(table(), cells=cells),))
    found = insight_for()(doc, Sidecar()).suggestions[FieldKey(0, 2, 2)]
    assert [(s.text, s.kind) for s in found] == [("1,820.60", SuggestionKind.COPY)]


def test_nothing_is_decided_without_a_file(tmp_path: Path) -> None:
    doc: Document = document()
    assert with_decisions(doc, tmp_path).document is doc
    assert with_decisions(doc, None).sidecar == Sidecar()
