"""After a review: outputs hold what people decided, are written anew once, and by content, not by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from desk_sample import document
from prefect_server import contents

from document import json as contract
from document.geometry import Box
from flows.export import read_document
from flows.places import LocalFolder
from flows.reemit import changed_documents
from review.decisions import FILE, DecisionFile, HeldDecision, Place, dump
from review.types import Action, FieldKind

AT = datetime(2025, 1, 2, tzinfo=UTC)


def decided(after: str) -> HeldDecision:
    place = Place(FieldKind.LABEL, 1, Box(160, 260, 360, 280))
    return HeldDecision("0" * 32, Action.EDIT, "x", after, place, AT)


def put(folder: Path, name: str, *decisions: HeldDecision, sha256: str = "") -> Path:
    own = folder / name
    own.mkdir(parents=True, exist_ok=True)
    if not (own / "document.json").exists():
        (own / "document.json").write_text(contract.dump(document()), encoding="utf-8")
        (own / "document.txt").write_text("old", encoding="utf-8")
    if decisions:
        file = DecisionFile(sha256 or document().source.sha256, decisions)
        (own / FILE).write_text(dump(file), encoding="utf-8")
    return own


def label(folder: Path) -> str:
    cell = next(c for c in read_document(folder).tables[0].cells if (c.row, c.col) == (3, 1))
    return cell.reading.text


def test_what_people_decided_is_written_once(prefect_api: None, tmp_path: Path) -> None:
    from flows.reemit import reemit

    out = tmp_path / "out"
    mine, others = put(out, "mine", decided("事业单位医疗")), put(out, "others")
    before = contents(others)
    assert [c.name for c in changed_documents(LocalFolder(out))] == ["mine"]
    reemit(str(out))
    assert label(mine) == "事业单位医疗"
    assert contents(others) == before
    assert "事业单位医疗" in (mine / "document.txt").read_text(encoding="utf-8")
    after = contents(mine)
    assert changed_documents(LocalFolder(out)) == []
    reemit(str(out))
    assert contents(mine) == after
    put(out, "mine", decided("行政单位医疗"))
    reemit(str(out))
    assert label(mine) == "行政单位医疗"


def test_a_document_that_cannot_be_written_does_not_stop_the_next(prefect_api: None, tmp_path: Path) -> None:
    from flows.reemit import ReemitIncomplete, reemit

    bad, good = put(tmp_path, "bad", decided("甲")), put(tmp_path, "good", decided("乙"))
    (bad / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(ReemitIncomplete, match="1 of 2"):
        reemit(str(tmp_path))
    assert label(good) == "乙"
    assert [c.name for c in changed_documents(LocalFolder(tmp_path))] == ["bad"]


def test_decisions_about_other_bytes_are_not_applied(tmp_path: Path) -> None:
    from flows.reemit import _write_anew

    put(tmp_path, "a", replace(decided("甲")), sha256="f" * 64)
    before = label(tmp_path / "a")
    _write_anew(LocalFolder(tmp_path), "a", None)
    assert label(tmp_path / "a") == before


def test_the_desk_says_that_people_have_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import events

    said: list[tuple[str, dict[str, str]]] = []
    monkeypatch.setattr(events, "emit_event", lambda event, resource: said.append((event, resource)))
    told: list[int] = []
    events.announcing(told.append, lambda number: Path(f"/out/{number}"))(7)
    assert told == [7]
    assert said == [
        ("qingzhang.review.resolved", {"prefect.resource.id": "qingzhang.review.7", "qingzhang.output": "/out/7"})
    ]
