"""After a review: outputs hold what people decided, are written anew once, and by content, not by time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pymupdf
import pytest
from desk_sample import document
from moto_s3 import s3_bucket
from prefect_server import contents

from document import json as contract
from document.geometry import Box
from document.writers.formats import Format
from flows.batch import BatchOptions, run_batch
from flows.export import read_document
from flows.options import RunOptions
from flows.places import LocalFolder, file_system, folder_at
from flows.reemit import changed_documents
from ocr.engine import EngineName, EngineOptions
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


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_bucket() as url:
        yield url


def table_pdf(path: Path) -> Path:
    """A born-digital page with a ruled table of two columns."""
    with pymupdf.open() as pdf:
        page = pdf.new_page()
        for row in range(5):
            page.insert_text((80, 115 + 24 * row), f"label {row}", fontsize=10)
            page.insert_text((300, 115 + 24 * row), f"1,{row}00.00", fontsize=10)
            page.draw_line((72, 100 + 24 * row), (400, 100 + 24 * row))
        page.draw_line((72, 220), (400, 220))
        for x in (72, 280, 400):
            page.draw_line((x, 100), (x, 220))
        path.parent.mkdir(parents=True, exist_ok=True)
        pdf.save(path)
    return path


def upload(folder: Path, url: str) -> None:
    for name, data in contents(folder).items():
        folder_at(url).write(name, data)


def stored(url: str) -> dict[str, bytes]:
    system, path = file_system(url)
    return {name.removeprefix(f"{path}/"): system.cat_file(name) for name in system.find(path)}


def test_outputs_in_a_bucket_come_out_as_on_a_disk(
    prefect_api: None, bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read on a disk, copied to a bucket, decided on in both: the same files, the PDF with its scan among them."""
    from flows.reemit import reemit

    monkeypatch.setenv("QINGZHANG_CACHE", str(tmp_path / "cache"))
    scan = table_pdf(tmp_path / "scans" / "a.pdf")
    options = RunOptions(
        engine=EngineOptions(name=EngineName.NULL), outputs=(Format.TXT, Format.JSON, Format.CSV, Format.PDF)
    )
    run_batch([scan], tmp_path / "out", options, BatchOptions(jobs=1))
    mine = tmp_path / "out" / "a"
    cell = next(c for t in read_document(mine).tables for c in t.cells if "label 2" in c.reading.text)
    place = Place(FieldKind.LABEL, cell.page, cell.box)
    decision = HeldDecision("0" * 32, Action.EDIT, cell.reading.text, "other label", place, AT)
    file = DecisionFile(read_document(mine).source.sha256, (decision,))
    (mine / FILE).write_text(dump(file), encoding="utf-8")
    upload(tmp_path / "out", f"{bucket}/out")
    upload(scan.parent, f"{bucket}/scans")
    before = contents(mine)

    reemit(str(tmp_path / "out"), str(scan.parent))
    reemit(f"{bucket}/out", f"{bucket}/scans")
    after = contents(mine)
    assert {name for name in after if after[name] != before.get(name)} >= {"document.json", "document.pdf", "run.json"}
    assert "other label" in after["document.txt"].decode()
    assert stored(f"{bucket}/out/a") == after
    assert changed_documents(folder_at(f"{bucket}/out")) == []

    reemit(f"{bucket}/out", f"{bucket}/scans")
    assert stored(f"{bucket}/out/a") == after
    # taken back: the machine's own text is there again
    folder_at(f"{bucket}/out/a").write(FILE, dump(DecisionFile(file.sha256, ())).encode())
    reemit(f"{bucket}/out", f"{bucket}/scans")
    assert stored(f"{bucket}/out/a")["document.txt"] == before["document.txt"]


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
