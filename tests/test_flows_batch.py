"""Documents through the pool: what one does wrong stays with that one."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_story import fake_steps

from document.exceptions import DictionaryError, ExitCode, MissingDependencyError, OutputError
from document.json import load
from document.types import Origin, Status
from flows.batch import BatchOptions, BatchReport, DocumentResult, NamedFile, Outcome, Watcher, _Run, run_batch
from flows.options import RunOptions
from flows.tasks import Answer, Conclude, Look, Looked, Open, Opened, Prepared, ReadPage, Task, WarmUp
from flows.workers import Lost, Workers, _deaf_to_interrupts
from ocr.engine import EngineName, EngineOptions

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))


def scan(folder: Path, name: str, words: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(words, encoding="utf-8")
    return path


def clean(
    *paths: Path, out: Path, options: RunOptions = NULL, watcher: Watcher | None = None, **batch: object
) -> BatchReport:
    return run_batch(paths, out, options, BatchOptions.model_validate({"jobs": 1, **batch}), watcher, fake_steps)


def words(out: Path, name: str) -> list[str]:
    return (out / name / "document.txt").read_text(encoding="utf-8").split()


def test_every_document_comes_out_in_a_folder_of_its_own(tmp_path: Path) -> None:
    scan(tmp_path / "scans", "a.pdf", "one two three")
    scan(tmp_path / "scans" / "deeper", "b.PNG", "four")
    report = clean(tmp_path / "scans", out=tmp_path / "out")
    assert report.exit_code is ExitCode.OK
    assert report.pages == 4
    assert words(tmp_path / "out", "a") == ["one", "two", "three"]
    assert words(tmp_path / "out", "b") == ["four"]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a", "b"]
    assert (tmp_path / "out" / "a").stat().st_mode & 0o777 == 0o777 & ~os.umask(os.umask(0o022) or 0o022)


def test_any_number_of_processes_gives_the_same_bytes(tmp_path: Path) -> None:
    scan(tmp_path / "scans", "a.pdf", " ".join(f"w{n}" for n in range(9)))
    for jobs in (1, 3):
        clean(tmp_path / "scans", out=tmp_path / str(jobs), jobs=jobs)
    for name in ("document.json", "document.txt", "run.json"):
        assert (tmp_path / "1" / "a" / name).read_bytes() == (tmp_path / "3" / "a" / name).read_bytes()


def test_a_page_that_fails_raises_dies_or_hangs_leaves_the_document_partial(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give = Workers.give

    def give_others_time(self: Workers[Task, Answer], task: Task, seconds: float, alone: bool = False) -> None:
        """The page that hangs has the seconds asked for; the others need not be quick on a busy machine."""
        if isinstance(task, ReadPage):
            assert seconds == 2
        give(self, task, seconds if task == ReadPage(task.work, 6) else 600, alone)

    monkeypatch.setattr(Workers, "give", give_others_time)
    path = scan(tmp_path, "a.pdf", "one fail raise kill exit hang seven")
    report = clean(path, out=tmp_path / "out", page_seconds=2, jobs=2)
    assert report.exit_code is ExitCode.PARTIAL
    errors = {f.page: f.error for f in report.results[0].failures}
    assert sorted(errors) == [2, 3, 4, 5, 6]
    assert errors[2] == "too large"
    assert "RuntimeError: a defect" in errors[3]
    assert "memory" in errors[4]
    assert "exit status 7" in errors[5]
    assert "too long" in errors[6]
    document = load((tmp_path / "out" / "a" / "document.json").read_text(encoding="utf-8"))
    assert document.status is Status.PARTIAL
    assert [p.number for p in document.pages if p.origin is Origin.FAILED] == [2, 3, 4, 5, 6]
    assert words(tmp_path / "out", "a") == ["one", "seven"]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("", ExitCode.INPUT_FILE),
        ("encrypted", ExitCode.ENCRYPTED),
        ("kill-open", ExitCode.CHILD_PROCESS_ERROR),
        ("one kill-conclude", ExitCode.CHILD_PROCESS_ERROR),
    ],
)
def test_a_document_that_cannot_be_opened_does_not_stop_the_next(tmp_path: Path, content: str, code: ExitCode) -> None:
    bad, good = scan(tmp_path, "bad.pdf", content), scan(tmp_path, "good.pdf", "fine")
    report = clean(bad, good, out=tmp_path / "out")
    assert [r.outcome for r in report.results] == [Outcome.FAILED, Outcome.CLEAN]
    assert str(bad) in report.results[0].message
    assert report.exit_code is code
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["good"]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_page_that_cannot_be_looked_at_is_read_all_the_same(tmp_path: Path, jobs: int) -> None:
    report = clean(scan(tmp_path, "a.pdf", "one two kill-look four raise-look six nothing"), out=tmp_path, jobs=jobs)
    assert report.results[0].outcome is Outcome.CLEAN
    assert words(tmp_path, "a") == ["one", "two", "kill-look", "four", "raise-look", "six", "nothing"]


class TestWhileTheWatermarkIsLookedFor:
    """The process that looks for it is busy for seconds: meanwhile the others load engines, and look at pages."""

    @pytest.fixture
    def run(self, tmp_path: Path) -> _Run:
        run = _Run(tmp_path, NULL, BatchOptions(jobs=2), Watcher(), {})
        run.begin((NamedFile(scan(tmp_path, "a.pdf", "any"), "a"),), ())
        return run

    def concluding(self, run: _Run, picture: bool) -> Conclude:
        opening = run.next_task()
        assert isinstance(opening, Open)
        run.take((opening, Opened(numbers=(1, 2, 3, 4), sample=(1, 3))))
        looks = [run.next_task(), run.next_task()]
        assert looks == [Look(opening.work, 1), Look(opening.work, 3)]
        assert run.next_task() is None, "the whole sample is needed"
        for task in looks:
            assert isinstance(task, Look)
            run.take((task, Looked(picture)))
        conclude = run.next_task()
        assert isinstance(conclude, Conclude)
        return conclude

    def test_engines_are_loaded_and_further_pages_looked_at(self, run: _Run) -> None:
        work = self.concluding(run, picture=True).work
        meanwhile = [run.next_task() for _ in range(4)]
        assert meanwhile == [WarmUp(work), Look(work, 2), Look(work, 4), None]

    def test_no_engine_is_loaded_for_text(self, run: _Run) -> None:
        work = self.concluding(run, picture=False).work
        assert run.next_task() == Look(work, 2)

    def test_a_page_that_is_being_looked_at_is_read_when_that_is_done(self, run: _Run) -> None:
        conclude = self.concluding(run, picture=False)
        look = run.next_task()
        run.take((conclude, Prepared((1, 2, 3, 4))))
        assert [run.next_task() for _ in range(4)] == [*(ReadPage(conclude.work, n) for n in (1, 3, 4)), None]
        assert isinstance(look, Look)
        run.take(Lost(look, "killed"))
        assert run.next_task() == ReadPage(conclude.work, 2)


def test_a_death_while_finishing_leaves_nothing_behind(tmp_path: Path) -> None:
    report = clean(scan(tmp_path, "a.pdf", "one kill-finish"), out=tmp_path / "out")
    assert report.exit_code is ExitCode.CHILD_PROCESS_ERROR
    assert list((tmp_path / "out").iterdir()) == []


def test_what_is_not_there_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    report = clean(tmp_path / "empty", tmp_path / "missing.pdf", out=tmp_path / "out")
    assert [r.exit_code for r in report.results] == [ExitCode.INPUT_FILE, ExitCode.INPUT_FILE]
    assert "holds no scans" in report.results[0].message
    assert "is not there" in report.results[1].message


class TestSecondRun:
    """Unchanged documents are left alone; everything else is read again."""

    @pytest.fixture
    def path(self, tmp_path: Path) -> Path:
        path = scan(tmp_path, "a.pdf", "one two")
        assert clean(path, out=tmp_path / "out").results[0].outcome is Outcome.CLEAN
        return path

    def outcome(self, path: Path, **rest: object) -> DocumentResult:
        options = RunOptions(engine=NULL.engine, **rest.pop("options", {}))  # type: ignore[arg-type]
        return clean(path, out=path.parent / "out", options=options, **rest).results[0]

    def test_unchanged(self, path: Path) -> None:
        before = (path.parent / "out" / "a" / "document.json").stat().st_mtime_ns
        result = self.outcome(path)
        assert result.outcome is Outcome.UNCHANGED
        assert result.pages == 0
        assert (path.parent / "out" / "a" / "document.json").stat().st_mtime_ns == before

    def test_force(self, path: Path) -> None:
        assert self.outcome(path, force=True).outcome is Outcome.CLEAN

    def test_other_bytes(self, path: Path) -> None:
        path.write_text("one two three", encoding="utf-8")
        assert self.outcome(path).pages == 3
        assert words(path.parent / "out", "a") == ["one", "two", "three"]

    def test_other_options(self, path: Path) -> None:
        assert self.outcome(path, options={"pages": "2"}).pages == 1
        assert words(path.parent / "out", "a") == ["two"]

    def test_other_versions(self, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("flows.batch.versions", lambda *_: {"qingzhang": "another"})
        assert self.outcome(path).outcome is Outcome.CLEAN

    def test_other_dictionaries(self, path: Path) -> None:
        own = path.parent / "own"
        own.mkdir()
        options: dict[str, object] = {"options": {"dictionaries": own}}
        self.outcome(path, **options)
        assert self.outcome(path, **options).outcome is Outcome.UNCHANGED
        (own / "watermark_phrases.csv").write_text("phrase,source\n样章样章,own\n", encoding="utf-8")
        assert self.outcome(path, **options).outcome is Outcome.CLEAN

    def test_a_dictionary_with_a_fault_is_named(self, path: Path) -> None:
        (path.parent / "labels.csv").write_text("kind,text\nnonsense,x\n", encoding="utf-8")
        with pytest.raises(DictionaryError, match=r"labels\.csv"):
            self.outcome(path, options={"dictionaries": path.parent})

    @pytest.mark.parametrize("name", ["document.json", "document.txt"])
    def test_an_output_that_was_edited_or_lost(self, path: Path, name: str) -> None:
        file = path.parent / "out" / "a" / name
        whole = file.read_bytes()
        for damage in (lambda: file.write_bytes(whole[:5]), file.unlink):
            damage()
            assert self.outcome(path).outcome is Outcome.CLEAN
            assert file.read_bytes() == whole

    @pytest.mark.parametrize("text", ["", "{}", '{"key": 1}'])
    def test_a_broken_manifest(self, path: Path, text: str) -> None:
        (path.parent / "out" / "a" / "run.json").write_text(text, encoding="utf-8")
        assert self.outcome(path).outcome is Outcome.CLEAN

    def test_the_user_s_own_files_stay(self, path: Path) -> None:
        note = path.parent / "out" / "a" / "note.txt"
        note.write_text("mine", encoding="utf-8")
        self.outcome(path, force=True)
        assert note.read_text(encoding="utf-8") == "mine"

    def test_a_partial_document_stays_partial(self, path: Path) -> None:
        path.write_text("one fail", encoding="utf-8")
        clean(path, out=path.parent / "out")
        report = clean(path, out=path.parent / "out")
        assert report.results[0].outcome is Outcome.UNCHANGED
        assert report.exit_code is ExitCode.PARTIAL

    def test_a_page_lost_with_its_process_gets_another_chance(self, path: Path) -> None:
        path.write_text("one kill", encoding="utf-8")
        clean(path, out=path.parent / "out")
        assert self.outcome(path).outcome is Outcome.PARTIAL


def test_like_names_do_not_clobber_each_other(tmp_path: Path) -> None:
    first, second = scan(tmp_path / "1", "a.pdf", "one"), scan(tmp_path / "2", "A.pdf", "two")
    out = tmp_path / "out"
    clean(first, second, out=out)
    assert sorted(words(out, p.name) for p in out.iterdir()) == [["one"], ["two"]]
    # in runs of their own as well
    third = scan(tmp_path / "3", "a.pdf", "three")
    clean(third, out=out)
    assert sorted(words(out, p.name) for p in out.iterdir()) == [["one"], ["three"], ["two"]]
    # and each is known again
    report = clean(first, second, third, out=out)
    assert report.counts[Outcome.UNCHANGED] == 3


def test_a_file_named_twice_is_read_once(tmp_path: Path) -> None:
    path = scan(tmp_path / "scans", "a.pdf", "one")
    assert len(clean(path, tmp_path / "scans", path, out=tmp_path / "out").results) == 1


def test_temporary_files_are_kept_where_asked(tmp_path: Path) -> None:
    path = scan(tmp_path, "a.pdf", "one two")
    clean(path, out=tmp_path / "out", keep_temporary_files=True)
    assert (tmp_path / "out" / "a" / "temporary" / "page-00002").exists()
    assert clean(path, out=tmp_path / "out").counts[Outcome.UNCHANGED] == 1


def test_an_output_that_cannot_be_written_is_said_at_once(tmp_path: Path) -> None:
    taken = scan(tmp_path, "out", "a file")
    with pytest.raises(OutputError, match="cannot be written"):
        clean(scan(tmp_path, "a.pdf", "one"), out=taken)


def test_a_file_where_the_folder_should_be_fails_that_document_alone(tmp_path: Path) -> None:
    scan(tmp_path / "out", "a", "a file")
    report = clean(scan(tmp_path, "a.pdf", "one"), scan(tmp_path, "b.pdf", "two"), out=tmp_path / "out")
    assert [r.exit_code for r in report.results] == [ExitCode.FILE_ACCESS_ERROR, ExitCode.OK]


def test_an_engine_that_is_missing_fails_the_document_not_its_pages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # the folder is no model: the versions can be told, the engine cannot be loaded
    options = RunOptions(engine=EngineOptions(detection_model=str(tmp_path)))
    report = clean(scan(tmp_path, "a.pdf", "one engine"), out=tmp_path / "out", options=options)
    assert report.exit_code is MissingDependencyError.exit_code


def test_the_watcher_hears_of_every_page_and_document(tmp_path: Path) -> None:
    class Ear(Watcher):
        def __init__(self) -> None:
            self.heard: list[object] = []

        def prepared(self, source: Path, pages: int) -> None:
            self.heard.append((source.name, pages))

        def page_done(self, source: Path, number: int, error: str | None) -> None:
            self.heard.append((number, error))

        def document_done(self, result: DocumentResult) -> None:
            self.heard.append(result.outcome)

    ear = Ear()
    clean(scan(tmp_path, "a.pdf", "one fail"), out=tmp_path / "out", watcher=ear, jobs=1)
    assert ear.heard == [("a.pdf", 2), (1, None), (2, "too large"), Outcome.PARTIAL]


@pytest.fixture
def heard() -> Iterator[None]:
    """SIGINT as a terminal gives it, also where the tests run in the background of a script, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("heard")
def test_ctrl_c_ends_with_130_and_leaves_nothing_half_written(tmp_path: Path) -> None:
    scan(tmp_path, "a.pdf", "one two three hang hang six")
    program = (
        "import sys; from pathlib import Path; import commands.run, commands.main, fake_story, functools\n"
        "commands.run.run_batch = functools.partial(commands.run.run_batch, steps=fake_story.fake_steps)\n"
        "if __name__ == '__main__': commands.main.main()\n"
    )
    script = scan(tmp_path, "program.py", program)
    folders = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parent.parent)])
    process = subprocess.Popen(
        [sys.executable, script, "run", tmp_path / "a.pdf", "-o", tmp_path / "out", "--engine", "null", "-j", "2"],
        env={**os.environ, "PYTHONPATH": folders},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    wait_for(lambda: any((tmp_path / "out").glob(".a.*.partial/page-*")))
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == ExitCode.CTRL_C
    assert said.decode().split("\n")[-2:] == ["qingzhang: interrupted; what is half done was taken away.", ""]
    assert list((tmp_path / "out").iterdir()) == []


@pytest.mark.usefixtures("heard")
def test_ctrl_c_while_a_process_starts_is_not_lost() -> None:
    with pytest.raises(KeyboardInterrupt), _deaf_to_interrupts():
        os.kill(os.getpid(), signal.SIGINT)


def test_processes_leave_ctrl_c_to_their_parent() -> None:
    with Workers[int, bool](1, hears_ctrl_c) as workers:
        workers.give(0, seconds=600)
        assert [event[1] for event in workers.collect() if not isinstance(event, Lost)] == [False]


def hears_ctrl_c(_: int) -> bool:
    return signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])


def wait_for(what: object, seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not what():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_worker_that_dies_takes_only_its_own_task_along() -> None:
    with Workers[int, int](2, die_on_three) as workers:
        waiting, done, lost = list(range(6)), [], []
        while waiting or workers.busy:
            while waiting and workers.has_room:
                workers.give(waiting.pop(0), seconds=600)
            for event in workers.collect():
                lost.append(event.task) if isinstance(event, Lost) else done.append(event[1])
    assert sorted(done) == [0, 1, 4, 16, 25]
    assert lost == [3]


def die_on_three(number: int) -> int:
    if number == 3:
        os._exit(1)
    return number * number


def test_the_manifest_names_no_place_of_this_machine(tmp_path: Path) -> None:
    clean(scan(tmp_path, "a.pdf", "one"), out=tmp_path / "out")
    text = (tmp_path / "out" / "a" / "run.json").read_text(encoding="utf-8")
    assert str(tmp_path) not in text
    assert json.loads(text)["pages"] == 1
