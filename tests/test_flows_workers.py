"""Processes of the pool are warm before their first task, and hold no more than they need."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.tasks import Finish, ReadPage, fills_a_process
from flows.workers import Lost, Workers


@dataclass(slots=True)
class Runner:
    """Says who it is, and whether it was warmed up."""

    warm: bool = False

    def __call__(self, task: float) -> tuple[int, bool]:
        time.sleep(task)
        return os.getpid(), self.warm

    def warm_up(self) -> None:
        self.warm = True


def run(count: int, tasks: list[float], warm: bool) -> list[tuple[int, bool]]:
    runner = Runner()
    done = []
    with Workers[float, tuple[int, bool]](count, runner, warm_up=runner.warm_up if warm else None) as workers:
        while tasks or workers.busy:
            while tasks and workers.has_room:
                workers.give(tasks.pop(0), seconds=600)
            for event in workers.collect():
                assert isinstance(event, tuple)
                done.append(event[1])
    return done


def test_every_process_is_warm_before_its_first_task() -> None:
    assert {warm for _, warm in run(2, [0.5, 0.5, 0.0], warm=True)} == {True}
    assert {warm for _, warm in run(2, [0.5, 0.5], warm=False)} == {False}


def test_never_more_processes_than_asked_for() -> None:
    assert len({pid for pid, _ in run(2, [0.3] * 6, warm=True)}) <= 2
    assert len({pid for pid, _ in run(1, [0.0] * 3, warm=True)}) == 1


def test_what_fills_a_process_has_one_of_its_own_which_ends_with_it() -> None:
    """What was put together of a thousand pages would stay in memory beside an engine that has read them."""
    pids = []
    with Workers[float, tuple[int, bool]](1, Runner()) as workers:
        for alone in (False, True, False, False):
            workers.give(0.0, seconds=30, alone=alone)
            pids += [event[1][0] for event in workers.collect() if isinstance(event, tuple)]
    before, alone_pid, after, again = pids
    assert len({before, alone_pid, after}) == 3
    assert after == again
    assert fills_a_process(Finish(Path("w"), tuple(range(1, 1001))))
    assert not fills_a_process(Finish(Path("w"), tuple(range(1, 21))))
    assert not fills_a_process(ReadPage(Path("w"), 1))


@dataclass(frozen=True, slots=True)
class Hang:
    """Takes minutes, and leaves a note at the end of them."""

    note: Path

    def __call__(self) -> None:
        time.sleep(300)
        self.note.touch()


def test_a_process_that_was_never_needed_is_not_waited_for(tmp_path: Path) -> None:
    with Workers[float, tuple[int, bool]](2, Runner(), warm_up=Hang(tmp_path / "note")) as workers:
        workers.start()
        (started,) = workers._workers
    assert started.process.exitcode == -signal.SIGKILL
    assert not (tmp_path / "note").exists()


def test_a_task_that_takes_too_long_is_lost_and_its_process_ended() -> None:
    with Workers[float, tuple[int, bool]](2, Runner()) as workers:
        workers.give(300.0, seconds=0.5)
        (lost,) = workers.collect()
        assert lost == Lost(300.0, "it took too long and was stopped")
        workers.give(0.0, seconds=600)
        assert [type(event) for event in workers.collect()] == [tuple]


def fail() -> None:
    raise ImportError("no such library")


def test_a_warm_up_that_fails_leaves_it_to_the_task_to_say_why() -> None:
    with Workers[float, tuple[int, bool]](1, Runner(), warm_up=fail) as workers:
        workers.give(0.0, seconds=600)
        ((_, (_, warm)),) = workers.collect()
    assert not warm


def test_a_process_loads_no_network_before_it_reads() -> None:
    """PyMuPDF would load one for layouts, and PaddleOCR half of the index, at import."""
    code = (
        "import flows.tasks, sys; flows.tasks.document_steps(); "
        "print({'onnxruntime', 'openvino', 'paddleocr', 'paddlex', 'pymupdf.layout.onnx'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_reading_on_openvino_does_without_paddleocr_s_libraries() -> None:
    code = (
        "import sys; from ocr.engine import EngineOptions, load_engine; load_engine(EngineOptions()); "
        "print({'onnxruntime', 'paddleocr', 'paddlex', 'pandas'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@dataclass(frozen=True, slots=True)
class AllowedThreads:
    """Notes what numeric libraries find when they are imported: with this class, that is."""

    def __call__(self, _: float) -> dict[str, str | None]:
        return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")}


def test_a_process_limits_its_numeric_libraries_and_leaves_the_environment_of_its_parent_alone() -> None:
    """Threads of Prefect read that environment at any time: a name that comes and goes made them fail."""
    before = dict(os.environ)
    changes: list[str] = []

    class Noting(dict[str, str]):
        def __setitem__(self, name: str, value: str) -> None:
            changes.append(name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os.environ, "_data", Noting(os.environ._data))  # type: ignore[attr-defined]
        with Workers[float, dict[str, str | None]](1, AllowedThreads(), threads=3) as workers:
            workers.give(0.0, seconds=600)
            (event,) = workers.collect()
    assert isinstance(event, tuple)
    assert event[1] == {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}
    assert changes == []
    assert dict(os.environ) == before


MAIN = """
import wave
from test_flows_workers import mains
if __name__ == "__main__":
    print(sorted(mains()))
"""


def loaded_modules(_: float) -> list[str]:
    return [name for name in sys.modules if name == "wave"]


def mains() -> set[str]:
    """What a process of the pool has loaded of its parent's main module."""
    with Workers[float, list[str]](1, loaded_modules) as workers:
        workers.give(0.0, seconds=600)
        return {name for event in workers.collect() if isinstance(event, tuple) for name in event[1]}


def test_a_process_does_not_import_the_main_module_of_its_parent(tmp_path: Path) -> None:
    """That of a flow is Prefect: seconds of processor time for each process, for nothing."""
    script = tmp_path / "script.py"
    script.write_text(MAIN, encoding="utf-8")
    path = os.pathsep.join(sys.path)
    done = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"
