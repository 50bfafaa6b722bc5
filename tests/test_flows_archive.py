"""The Prefect flow over an archive: the same outputs as without Prefect, chunk by chunk, and taken up after a death."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
import yaml
from fake_story import fake_steps
from flow_story import noting_steps
from prefect_server import contents

from flows.artifacts import DocumentRow, Shown, plain, summary
from flows.batch import BatchOptions, Outcome, run_batch
from flows.chunks import chunk_name, chunk_of, left_to_read
from flows.fanout import SpreadOptions
from flows.options import RunOptions
from flows.outputs import PageFailure
from flows.pieces import Item, Job, Opened, Outputs, open_document, put_away, read_pages
from flows.readers import end_readers
from flows.tasks import PageDoubts
from flows.versions import versions
from ocr.engine import EngineName, EngineOptions

ROOT = Path(__file__).parent.parent
NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))
SPREAD = SpreadOptions(jobs=2, chunk_pages=2)


def scans(folder: Path, **words: str) -> Path:
    for name, text in words.items():
        path = folder / "scans" / f"{name.replace('_', '/')}.pdf"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "scans"


def plainly(folder: Path, output: Path) -> dict[str, bytes]:
    """What ``qingzhang run`` makes of the scans."""
    run_batch([folder], output, NULL, BatchOptions(jobs=1), steps=fake_steps)
    return contents(output)


def artifacts(key: str) -> list[object]:
    from prefect.artifacts import Artifact

    found = Artifact.get(key)
    assert found is not None
    return [found.data]


def test_the_flow_writes_what_a_plain_run_writes(
    prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import archive, events

    said: list[str] = []
    monkeypatch.setattr(events, "emit_event", lambda event, **_: said.append(event))

    folder = scans(tmp_path, **{"1_a": "one two three four five", "2_a": "three fail kill", "bad": "encrypted"})
    expected = plainly(folder, tmp_path / "plain")
    monkeypatch.setattr(archive, "document_steps", fake_steps)
    with pytest.raises(archive.ArchiveIncomplete, match="2 of 3"):
        archive.archive([str(folder)], str(tmp_path / "flow"), NULL, SPREAD, report=str(tmp_path / "report.json"))
    assert contents(tmp_path / "flow") == expected
    assert len(expected) == 2 * 4  # json, txt, csv, and run.json
    rows = {Path(r.source).name: r for r in archive.ROWS.validate_json((tmp_path / "report.json").read_bytes())}
    assert rows["bad.pdf"].outcome is Outcome.FAILED
    assert rows["bad.pdf"].exit_code == 8
    (table,) = artifacts("archive-documents")
    assert sorted(row["status"] for row in json.loads(str(table))) == ["clean", "failed", "partial"]
    (markdown,) = artifacts("archive-summary")
    assert "encrypted" in str(markdown)
    assert "page 2: too large" in str(markdown)
    assert artifacts("archive-progress") == [100.0]
    assert sorted(said) == ["qingzhang.document.completed", "qingzhang.document.partial"]


def test_a_finished_chunk_is_never_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = scans(tmp_path, a="one two three four five")
    job = Job(str(tmp_path / "out"), NULL, versions(NULL.engine), steps=noting_steps)
    item = Item(str(folder / "a.pdf"), "a")
    opened = open_document(item, job)
    assert isinstance(opened, Opened)
    assert read_pages(item, job, opened.key, (1, 2)) > 0
    assert read_pages(item, job, opened.key, (1, 2)) == 0
    again = open_document(item, job)
    assert isinstance(again, Opened)
    assert again.left == (3, 4, 5)
    end_readers()
    assert (folder / "read.log").read_text() == "a.pdf 1\na.pdf 2\n"


def test_reading_begins_with_what_the_sample_showed_where_the_same_process_opened_the_document(tmp_path: Path) -> None:
    from flows.pieces import _SEEN
    from flows.tasks import seen_file

    folder = scans(tmp_path, a="one two three")
    item = Item(str(folder / "a.pdf"), "a")
    for together in (True, False):
        job = Job(str(tmp_path / "out"), NULL, versions(NULL.engine), steps=noting_steps, together=together)
        opened = open_document(item, job)
        assert isinstance(opened, Opened)
        here = tmp_path / f"here-{together}"
        here.mkdir()
        _SEEN.hand_out(opened.key, here, opened.numbers)
        kept = [number for number in opened.numbers if seen_file(here, number).exists()]
        assert bool(kept) == together
        put_away(job, opened.key)
        assert opened.key not in _SEEN._folders
    end_readers()


def test_a_damaged_chunk_is_read_again(tmp_path: Path) -> None:
    from flows.pieces import WorkGone, close_document

    folder = scans(tmp_path, a="one two")
    job = Job(str(tmp_path / "out"), NULL, versions(NULL.engine), steps=noting_steps)
    item = Item(str(folder / "a.pdf"), "a")
    opened = open_document(item, job)
    assert isinstance(opened, Opened)
    read_pages(item, job, opened.key, (1, 2))
    (chunk,) = (tmp_path / "out" / ".work").glob("*/pages-*")
    chunk.write_bytes(chunk.read_bytes()[:-1])
    with pytest.raises(WorkGone):
        close_document(item, job, opened)
    read_pages(item, job, opened.key, (1, 2))
    outputs = close_document(item, job, opened)
    assert isinstance(outputs, Outputs)
    assert not outputs.announced
    # cut off before it could be said: the next run says it
    assert open_document(item, job).announced is False  # type: ignore[union-attr]
    put_away(job, outputs.key)
    assert open_document(item, job).announced is True  # type: ignore[union-attr]
    end_readers()


def test_a_chunk_makes_only_values(tmp_path: Path) -> None:
    import pickle

    from flows.chunks import read_plan, write_plan
    from flows.places import LocalFolder

    class Evil:
        def __reduce__(self) -> tuple[object, ...]:
            return print, ("gotcha",)

    write_plan(LocalFolder(tmp_path), Evil())
    with pytest.raises(pickle.UnpicklingError, match="no business"):
        read_plan(LocalFolder(tmp_path))


def test_other_versions_are_refused(tmp_path: Path) -> None:
    from flows.pieces import OtherVersions, check_versions

    job = Job(str(tmp_path), NULL, {**versions(NULL.engine), "pymupdf": "0.1"})
    with pytest.raises(OtherVersions, match=r"pymupdf .* the flow 0\.1"):
        check_versions(job)


def test_chunks_of_a_document_are_of_nearly_the_same_size() -> None:
    waiting, sizes = list(range(17)), []
    while waiting:
        chunk = chunk_of(waiting, 8)
        assert list(chunk) == waiting[: len(chunk)]
        sizes.append(len(chunk))
        del waiting[: len(chunk)]
    assert sizes == [6, 6, 5]
    assert chunk_of((4,), 8) == (4,)


def test_pages_left_are_those_no_chunk_covers_whatever_its_size() -> None:
    assert left_to_read((1, 2, 3, 4, 5), [chunk_name((1, 2)), chunk_name((4,)), "plan"]) == (3, 5)


def test_only_what_can_heal_is_tried_again() -> None:
    import errno

    from document.exceptions import EncryptedError, OutputError
    from flows.healing import can_heal

    assert can_heal(OSError(errno.EIO, "disk"))
    assert can_heal(ConnectionResetError())
    full = OutputError("full")
    full.__cause__ = OSError(errno.ENOSPC, "full")
    assert can_heal(full)
    assert not can_heal(EncryptedError("a password is needed"))
    assert not can_heal(PermissionError(errno.EACCES, "no"))
    assert not can_heal(OutputError("no room"))
    assert not can_heal(ValueError())


def test_the_summary_names_the_worst_pages_and_takes_no_markup_from_names() -> None:
    rows = [
        DocumentRow(
            "/in/a.pdf", Outcome.CLEAN, "/out/a", 9, 9, for_review=5, worst=(PageDoubts(3, 4), PageDoubts(1, 1))
        ),
        DocumentRow(
            "/in/[x](http:y)|.pdf", Outcome.PARTIAL, "/out/x", 2, 2, failures=(PageFailure(page=2, error="<b>"),)
        ),
        DocumentRow("/in/z.pdf", Outcome.FAILED, message="/in/z.pdf: encrypted"),
    ]
    text = summary(Shown("/out"), rows)
    assert text.index("| [a.pdf](file:///out/a) | 3 | 4 |") < text.index("| [a.pdf](file:///out/a) | 1 | 1 |")
    assert "1 clean, 1 partial, 1 failed" in text
    assert "&lt;b&gt;" in text
    assert r"\[x\](" in text
    assert plain("a|b") == r"a\|b"


def test_a_server_that_is_away_for_a_while_stops_no_run(monkeypatch: pytest.MonkeyPatch) -> None:
    import httpx

    from flows import artifacts

    shown: list[float] = []

    def create(percent: float, **_: str) -> uuid.UUID:
        if not away:
            shown.append(percent)
            return uuid.UUID(int=1)
        raise httpx.ConnectError("refused")

    def update(_: uuid.UUID, percent: float) -> None:
        create(percent)

    monkeypatch.setattr(artifacts, "create_progress_artifact", create)
    monkeypatch.setattr(artifacts, "update_progress_artifact", update)
    monkeypatch.setattr(artifacts, "_EVERY", 0.0)
    progress, away = artifacts.Progress("x"), True
    progress.show(0.1)
    away = False
    progress.show(0.2)
    away = True
    progress.show(0.3)
    away = False
    progress.show(1.0, last=True)
    assert shown == [20.0, 100.0]


def test_links_lead_where_a_web_server_shows_the_outputs() -> None:
    rows = [DocumentRow("/in/a.pdf", Outcome.CLEAN, "/out/a b", 1, 1, for_review=1, worst=(PageDoubts(1, 1),))]
    assert "(https://files.example/archive/a%20b)" in summary(Shown("/out/", "https://files.example/archive/"), rows)
    assert "(file:///out/a%20b)" in summary(Shown("/out"), rows)
    bucket = Shown("s3://bucket/out", "https://files.example")
    assert bucket.link("s3://bucket/out/税.pdf") == "https://files.example/%E7%A8%8E.pdf"
    assert bucket.link("s3://bucket/other") == "s3://bucket/other"
    assert "outputs" not in summary(Shown(""), rows)


def deployments() -> dict[str, dict[str, object]]:
    return {d["name"]: d for d in yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]}


@pytest.mark.parametrize("name", ["archive", "uploads", "reemit"])
def test_the_deployment_fits_the_flow(name: str) -> None:
    import importlib

    deployment = deployments()[name]
    module, _, function = str(deployment["entrypoint"]).rpartition(".")
    found = getattr(importlib.import_module(module), function)
    assert (module, function) == (found.fn.__module__, found.fn.__name__)
    parameters = found.validate_parameters(deployment["parameters"])
    assert parameters.get("options", RunOptions()).mode == "auto"
    assert deployment["description"]
    assert deployment["tags"]
    assert [s["timezone"] for s in deployment["schedules"]] == ["Asia/Shanghai"]


@pytest.mark.parametrize("name", ["archive", "uploads", "reemit"])
def test_every_parameter_is_typed_and_described(name: str) -> None:
    import importlib

    schema = getattr(importlib.import_module(f"flows.{name}"), name).parameters.model_dump()
    assert all(p.get("description") for p in schema["properties"].values())
    assert all({"type", "$ref", "anyOf", "allOf"} & p.keys() for p in schema["properties"].values())
