"""Processes shared by the tasks of a flow: one line of pages for all, none waits while another has work."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from flow_story import noting_steps

from flows.options import RunOptions
from flows.readers import Done, Readers, _do, _Request
from flows.tasks import (
    Answer,
    Conclude,
    Failed,
    Finish,
    Finished,
    Look,
    Open,
    Opened,
    PageRead,
    Prepared,
    ReadPage,
    Task,
    TaskRunner,
)
from flows.workers import Lost, Workers
from ocr.engine import EngineName, EngineOptions

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))


@contextmanager
def readers(count: int, **more: object) -> Iterator[Readers]:
    made = Readers(count, TaskRunner(noting_steps, NULL), **more)  # type: ignore[arg-type]
    try:
        yield made
    finally:
        made.close()


def document(folder: Path, words: str) -> tuple[Path, list[tuple[Task, float]]]:
    """A folder for its plan, and the tasks for its pages."""
    work = folder / "work"
    work.mkdir(parents=True)
    (folder / "a.pdf").write_text(words, encoding="utf-8")
    return work, [(ReadPage(work, n), 600.0) for n in range(1, len(words.split()) + 1)]


def prepare(pool: Readers, work: Path, source: Path) -> Answer | Lost[Task]:
    """Open a document and look at its sample."""
    (opened,) = pool.do([(Open(work, source), 600.0)])
    if not isinstance(opened.answer, Opened):
        return opened.answer
    pool.do([(Look(work, number), 600.0) for number in opened.answer.sample])
    return pool.do([(Conclude(work), 600.0)])[0].answer


def test_the_pages_of_one_chunk_are_read_side_by_side(tmp_path: Path) -> None:
    """One page waits until somebody else has read another of the same chunk: alone, a process would never end."""
    work, pages = document(tmp_path, "wait two three")
    (tmp_path / "wait").touch()
    log = tmp_path / "read.log"
    with readers(2) as both, ThreadPoolExecutor(1) as thread:
        assert isinstance(prepare(both, work, tmp_path / "a.pdf"), Prepared)
        chunk = thread.submit(both.do, pages)
        end = time.monotonic() + 300
        while not (log.exists() and len(log.read_text().splitlines()) == 2):
            assert time.monotonic() < end
            time.sleep(0.05)
        (tmp_path / "wait").unlink()
        done = chunk.result(600)
    assert [type(one.answer) for one in done] == [PageRead] * 3
    assert log.read_text().splitlines()[-1] == "a.pdf 1"


def test_a_page_that_kills_its_process_costs_that_page_alone(tmp_path: Path) -> None:
    work, pages = document(tmp_path, "one kill three")
    with readers(1) as alone:
        prepare(alone, work, tmp_path / "a.pdf")
        done = alone.do(pages)
    assert [type(one.answer) for one in done] == [PageRead, Lost, PageRead]


def test_a_document_is_finished_before_further_pages_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    work, pages = document(tmp_path, "wait two")
    taken: list[type[Task]] = []

    def note(workers: Workers[Task, Answer], request: _Request) -> Done:
        taken.append(type(request.task))
        return _do(workers, request)

    with readers(1) as alone, ThreadPoolExecutor(3) as threads:
        prepare(alone, work, tmp_path / "a.pdf")
        alone.do([pages[1]])
        monkeypatch.setattr("flows.readers._do", note)
        (tmp_path / "wait").touch()
        threads.submit(alone.do, [pages[0]])
        while not taken:
            time.sleep(0.01)
        later = threads.submit(alone.do, [pages[1]])
        while not alone._waiting:
            time.sleep(0.01)
        (work / "page-00001").write_bytes((work / "page-00002").read_bytes())
        finish = threads.submit(alone.do, [(Finish(work, (2,)), 600.0)])
        while len(alone._waiting) < 2:
            time.sleep(0.01)
        (tmp_path / "wait").unlink()
        assert isinstance(finish.result(600)[0].answer, Finished)
        assert isinstance(later.result(600)[0].answer, PageRead)
    assert taken == [ReadPage, Finish, ReadPage]


def test_a_slot_is_held_while_there_is_work_and_no_longer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the chunk that is on its way takes: here an hour, and then no time at all."""
    monkeypatch.setattr("flows.readers._TURN", 3600.0)
    monkeypatch.setattr("flows.readers._IDLE", 3600.0)
    held, taken = threading.Event(), []

    @contextmanager
    def slot() -> Iterator[None]:
        taken.append(1)
        held.set()
        yield
        held.clear()

    work, pages = document(tmp_path, "one two three")
    with readers(1, slot=slot) as alone:
        assert not held.is_set()
        prepare(alone, work, tmp_path / "a.pdf")
        alone.do(pages)
        assert held.is_set()
        assert len(taken) == 1
        monkeypatch.setattr("flows.readers._IDLE", 0.1)
        alone.do(pages[:1])  # it waits with the new time from here on
        end = time.monotonic() + 300
        while held.is_set():
            assert time.monotonic() < end
            time.sleep(0.05)
        alone.do(pages)
    assert len(taken) == 2


def test_a_slot_is_offered_to_others_from_time_to_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.readers._TURN", 0.0)
    monkeypatch.setattr("flows.readers._IDLE", 3600.0)
    taken = []

    @contextmanager
    def slot() -> Iterator[None]:
        taken.append(1)
        monkeypatch.setattr("flows.readers._TURN", 3600.0 if len(taken) > 2 else 0.0)
        yield

    work, _ = document(tmp_path, "one")
    with readers(1, slot=slot) as alone:
        assert isinstance(prepare(alone, work, tmp_path / "a.pdf"), Prepared)
    assert len(taken) == 3


def test_who_waits_hears_why_there_is_no_slot(tmp_path: Path) -> None:
    @contextmanager
    def broken() -> Iterator[None]:
        raise ConnectionError("gone")
        yield

    work, _ = document(tmp_path, "one")
    with readers(1, slot=broken) as alone:
        for _ in range(2):
            with pytest.raises(ConnectionError, match="gone"):
                prepare(alone, work, tmp_path / "a.pdf")


def test_a_bad_file_is_an_answer(tmp_path: Path) -> None:
    work, _ = document(tmp_path, "encrypted")
    with readers(1) as alone:
        assert isinstance(prepare(alone, work, tmp_path / "a.pdf"), Failed)
