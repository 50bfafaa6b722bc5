"""An inbox: each file exactly once, also where runs overlap; three failures lead to quarantine; nothing is altered."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from flow_story import noting_steps
from prefect_server import contents, wait_for

from document.exceptions import ExitCode
from flows.artifacts import DocumentRow
from flows.batch import Outcome
from flows.claims import Claims, Holder
from flows.fanout import SpreadOptions
from flows.inbox import FAULTS_OF_THE_FILE, Inbox, Upload
from flows.options import RunOptions
from flows.outputs import PageFailure
from flows.places import LocalFolder
from flows.watch import look
from ocr.engine import EngineName, EngineOptions

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))
SPREAD = SpreadOptions(jobs=1, chunk_pages=2)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGZHANG_CACHE", str(tmp_path / "cache"))


GROWING = -86_400
"""Age in seconds of a file that does not settle while a test runs, however long that takes."""


def put(folder: Path, name: str, words: str, age: float = 60) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(words, encoding="utf-8")
    os.utime(path, (time.time() - age,) * 2)
    return path


def inbox(tmp_path: Path) -> Inbox:
    return Inbox(LocalFolder(tmp_path / "inbox"), LocalFolder(tmp_path / "out"))


def test_the_flow_takes_each_file_once_and_puts_bad_ones_aside(
    prefect_api: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import archive
    from flows.uploads import UploadsFailed, uploads

    monkeypatch.setattr(archive, "document_steps", noting_steps)
    box, out = tmp_path / "inbox", tmp_path / "out"
    for name in ("a.pdf", "b.pdf", "sub/A.pdf"):
        put(box, name, "one two three")
    put(box, "half.pdf", "still being written", age=GROWING)
    put(box, "bad.pdf", "encrypted")
    before = contents(box)

    def overlapping() -> None:
        try:
            uploads(str(box), str(out), NULL, SPREAD)
        except UploadsFailed:
            failed.append(1)

    failed: list[int] = []
    runs = [threading.Thread(target=overlapping) for _ in range(2)]
    for thread in runs:
        thread.start()
    for thread in runs:
        thread.join()
    read = sorted((box / "read.log").read_text().split("\n")[:-1]) + sorted(
        (box / "sub" / "read.log").read_text().split("\n")[:-1]
    )
    assert read == [f"{n} {p}" for n in ("a.pdf", "b.pdf", "A.pdf") for p in (1, 2, 3)]
    names = sorted(p.name for p in out.iterdir() if not p.name.startswith("."))
    assert [n[:1].lower() for n in names] == ["a", "a", "b"]
    while (box / "bad.pdf").exists():
        assert len(failed) < 4
        overlapping()
    assert sum(failed) == 3
    assert (box / "quarantine" / "bad.pdf").read_bytes() == before["bad.pdf"]
    note = (box / "quarantine" / "bad.pdf.note.txt").read_text(encoding="utf-8")
    assert note.count("encrypted. Take the password off first.") == 3
    kept = {name: data for name, data in contents(box).items() if name in before}
    assert kept == {name: data for name, data in before.items() if name != "bad.pdf"}
    # a file with other bytes in the same place is new, and takes the place of the old one
    put(box, "b.pdf", "four", age=30)
    uploads(str(box), str(out), NULL, SPREAD)
    assert (out / "b" / "document.txt").read_text(encoding="utf-8").split() == ["four"]
    assert not list((out / ".uploads" / "claims").iterdir())


def test_a_run_says_so_where_a_new_file_has_pages_that_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import uploads as module

    whole = DocumentRow("a.pdf", Outcome.CLEAN)
    partial = DocumentRow("b.pdf", Outcome.PARTIAL, failures=(PageFailure(page=2, error="too large"),))
    rows = [whole, partial]
    monkeypatch.setattr(module, "take_uploads", lambda *_: tuple(rows))
    monkeypatch.setattr(module, "publish", lambda *_: None)
    with pytest.raises(module.UploadsFailed, match="1 of 2"):
        module.uploads.fn("inbox", "out")
    rows.pop()
    module.uploads.fn("inbox", "out")


def test_of_many_that_claim_one_succeeds(tmp_path: Path) -> None:
    folder = LocalFolder(tmp_path)
    barrier, winners = threading.Barrier(8), []

    def claim() -> None:
        claims = Claims(folder)
        barrier.wait()
        if claims.take("x"):
            winners.append(claims)

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    winners[0].release("x")
    assert Claims(folder).take("x")


def test_the_claim_of_a_dead_process_is_taken_over_at_once(tmp_path: Path) -> None:
    import subprocess
    import sys

    root = str(Path(__file__).parent.parent)
    program = f"""
import os, pathlib; from flows.claims import Claims, Holder; from flows.places import LocalFolder
Claims(LocalFolder(pathlib.Path({str(tmp_path)!r}))).take("x"); os._exit(9)"""
    subprocess.run([sys.executable, "-c", program], cwd=root, check=False)
    assert (tmp_path / "x.1").exists()
    assert Claims(LocalFolder(tmp_path)).take("x")


def test_the_claim_of_another_machine_holds_until_its_lease_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now=1000.0)
    monkeypatch.setattr("flows.claims.time", SimpleNamespace(time=lambda: clock.now))
    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "elsewhere")
        assert Claims(LocalFolder(tmp_path), lease=60).take("x")
    clock.now += 59
    assert not Claims(LocalFolder(tmp_path)).take("x")
    clock.now += 2
    assert Claims(LocalFolder(tmp_path)).take("x")


def test_a_living_holder_renews_its_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock, rests = SimpleNamespace(now=1000.0), []
    monkeypatch.setattr("flows.claims.time", SimpleNamespace(time=lambda: clock.now))
    monkeypatch.setattr("flows.claims.process_start", lambda pid: "")  # so that only the lease counts

    class Impatient(threading.Event):
        """Ends each rest at once."""

        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout)
            return super().wait(0.01)

    holder = Claims(LocalFolder(tmp_path), lease=60)
    holder._end = Impatient()
    with holder:
        assert holder.take("x")
        clock.now += 59
        wait_for(lambda: Holder.model_validate_json((tmp_path / "x.1").read_bytes()).until == clock.now + 60, 300)
        clock.now += 59
        assert not Claims(LocalFolder(tmp_path)).take("x")
    assert set(rests) == {15}, "three renewals may fail before a claim is lost"


def test_names_are_kept_apart_between_runs(tmp_path: Path) -> None:
    box = inbox(tmp_path)
    first, second = Upload(str(tmp_path / "1" / "a.pdf"), "1"), Upload(str(tmp_path / "2" / "A.pdf"), "2")
    names = [box.named(first).name, box.named(second).name]
    assert names[0] == "a"
    assert names[1].startswith("A-")
    assert [box.named(second).name, box.named(first).name] == names[::-1]


def test_what_is_not_the_file_s_fault_leads_to_no_quarantine(tmp_path: Path) -> None:
    from flows.uploads import _failed

    upload = Upload(str(put(tmp_path / "inbox", "a.pdf", "one")), "1")
    row = DocumentRow(upload.url, Outcome.FAILED, message="no engine", exit_code=ExitCode.MISSING_DEPENDENCY)
    for _ in range(5):
        _failed(inbox(tmp_path), upload, row)
    assert Path(upload.url).exists()
    assert ExitCode.FILE_ACCESS_ERROR not in FAULTS_OF_THE_FILE


def test_quarantine_hidden_and_fresh_files_are_not_taken(tmp_path: Path) -> None:
    put(tmp_path / "inbox", "a.pdf", "one")
    put(tmp_path / "inbox" / "quarantine", "b.pdf", "two")
    put(tmp_path / "inbox", ".c.pdf", "three")
    put(tmp_path / "inbox", "d.pdf", "four", age=GROWING)
    assert [Path(u.url).name for u in inbox(tmp_path).settled(5)] == ["a.pdf"]


def test_a_file_arrives_when_it_has_stopped_growing_and_again_when_it_changes() -> None:
    path = Path("a.pdf")
    seen, arrived = look({}, {path: (10, 1)}, now=0, settle=5)
    assert arrived == ()
    seen, arrived = look(seen, {path: (20, 2)}, now=5, settle=5)
    assert arrived == ()
    seen, arrived = look(seen, {path: (20, 2)}, now=10, settle=5)
    assert arrived == (path,)
    seen, arrived = look(seen, {path: (20, 2)}, now=20, settle=5)
    assert arrived == ()
    seen, arrived = look(seen, {path: (30, 3)}, now=30, settle=0)
    assert arrived == (path,)
    assert look(seen, {Path("empty.pdf"): (0, 1)}, now=90, settle=0)[1] == ()
