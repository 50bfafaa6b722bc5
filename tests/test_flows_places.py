"""Folders on a disk and in a real S3 server's bucket behave the same; documents come out of a bucket as from a disk."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_story import fake_steps
from flow_story import noting_steps
from moto_s3 import s3_bucket
from prefect_server import contents

from flows.batch import BatchOptions, run_batch
from flows.claims import Claims
from flows.options import RunOptions
from flows.pieces import Item, Job, Opened, Outputs, close_document, on_disk, open_document, put_away, read_pages
from flows.places import Folder, LocalFolder, RemoteFolder, _make_room, content_hash, fetch, folder_at
from flows.readers import end_readers
from flows.sources import find_sources
from flows.versions import versions
from ocr.engine import EngineName, EngineOptions

NULL = RunOptions(engine=EngineOptions(name=EngineName.NULL))


@pytest.fixture(scope="module")
def bucket() -> Iterator[str]:
    with s3_bucket() as url:
        yield url


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QINGZHANG_CACHE", str(tmp_path / "cache"))


@pytest.fixture(params=["disk", "bucket"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Folder:
    if request.param == "disk":
        return LocalFolder(tmp_path / "folder")
    return RemoteFolder(f"{request.getfixturevalue('bucket')}/{tmp_path.name}")


def test_a_folder_keeps_files(folder: Folder) -> None:
    assert folder.names() == ()
    folder.write("a", b"one")
    folder.write("a", b"two")
    folder.write("sub/b", b"three")
    assert folder.read("a") == b"two"
    assert folder.names() == ("a",)
    assert folder.folders() == ("sub",)
    assert folder.child("sub").read("b") == b"three"
    assert folder.has("a")
    assert not folder.has("b")
    assert folder.sha256("a") == "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3"
    folder.write("a", b"one")
    assert folder.sha256("a") == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    folder.remove("a")
    folder.remove("a")
    with pytest.raises(FileNotFoundError):
        folder.read("a")
    folder.remove_all()
    assert folder.folders() == ()


def test_of_many_that_create_a_file_one_succeeds(folder: Folder) -> None:
    barrier, won = threading.Barrier(6), []

    def create(number: int) -> None:
        barrier.wait()
        if folder.create("x", b"%d" % number):
            won.append(b"%d" % number)

    threads = [threading.Thread(target=create, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert won == [folder.read("x")]


def test_claims_work_in_a_bucket_too(bucket: str) -> None:
    claims = RemoteFolder(f"{bucket}/claims")
    first, second = Claims(claims), Claims(claims)
    assert first.take("x")
    assert not second.take("x")
    first.release("x")
    assert second.take("x")


@pytest.mark.parametrize("url", ["/a/b c.pdf", "file:///a/b%20c.pdf"])
def test_local_files_are_taken_where_they_lie(url: str) -> None:
    assert fetch(url) == Path("/a/b c.pdf")


def test_a_remote_file_is_fetched_once_and_again_when_it_changes(bucket: str, monkeypatch: pytest.MonkeyPatch) -> None:
    place = RemoteFolder(f"{bucket}/fetch")
    place.write("a.pdf", b"one")
    copy = fetch(f"{place.url}/a.pdf")
    assert (copy.name, copy.read_bytes()) == ("a.pdf", b"one")
    copy.write_bytes(b"as it was")
    assert fetch(f"{place.url}/a.pdf").read_bytes() == b"as it was"
    place.write("a.pdf", b"other bytes")
    assert fetch(f"{place.url}/a.pdf").read_bytes() == b"other bytes"
    kept = fetch(f"{place.url}/a.pdf")
    _make_room(0)
    assert kept.exists(), "it may be in use"
    os.utime(kept, (0, 0))
    _make_room(0)
    assert not kept.exists()
    assert content_hash(f"{place.url}/a.pdf") == hashlib.sha256(b"other bytes").hexdigest()
    assert not kept.exists(), "its hash is known without it"
    assert fetch(f"{place.url}/a.pdf").read_bytes() == b"other bytes"
    with pytest.raises(FileNotFoundError):
        fetch(f"{place.url}/none.pdf")


def process(item: Item, job: Job) -> Outputs:
    opened = open_document(item, job)
    if isinstance(opened, Outputs):
        return opened
    assert isinstance(opened, Opened)
    read_pages(item, job, opened.key, opened.left)
    outputs = close_document(item, job, opened)
    put_away(job, outputs.key)
    return outputs


def test_documents_come_out_of_a_bucket_as_from_a_disk(bucket: str, tmp_path: Path) -> None:
    scans = {"1/a.pdf": "one two", "2/A.pdf": "three fail", ".hidden.pdf": "no", "note.txt": "no"}
    place, out = RemoteFolder(f"{bucket}/in"), f"{bucket}/in/out"
    for name, words in scans.items():
        place.write(name, words.encode())
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(words, encoding="utf-8")
    run_batch([tmp_path / "in"], tmp_path / "plain", NULL, BatchOptions(jobs=1), steps=fake_steps)
    job = Job(out, NULL, versions(NULL.engine), steps=noting_steps)
    items = find_sources([place.url], job.folder).items
    assert [item.url for item in items] == [f"{place.url}/1/a.pdf", f"{place.url}/2/A.pdf"]
    assert [process(item, job).read for item in items] == [2, 2]
    assert find_sources([place.url], job.folder).items == items
    assert [process(item, job).read for item in items] == [0, 0]
    end_readers()
    for item, plain in zip(items, ("a", "A-*"), strict=True):
        (expected,) = (contents(f) for f in (tmp_path / "plain").glob(plain))
        found = {name: job.folder.child(item.name).read(name) for name in expected}
        place_line = [k for k in expected if k == "run.json"]
        assert {n: d for n, d in found.items() if n not in place_line} == {
            n: d for n, d in expected.items() if n not in place_line
        }
    # an output that was lost is made again
    job.folder.child(items[0].name).remove("document.txt")
    assert process(items[0], job).read == 2
    end_readers()
    assert job.folder.folders() == tuple(sorted(item.name for item in items))


def test_a_copy_on_disk_brings_changes_back(folder: Folder) -> None:
    folder.write("run.json", b"{}")
    folder.write("notes.txt", b"old")
    with on_disk(folder, "notes.txt") as here:
        (here / "notes.txt").write_bytes(b"new")
        (here / "more.txt").write_bytes(b"more")
    assert folder.read("notes.txt") == b"new"
    assert folder.read("more.txt") == b"more"
    assert folder.read("run.json") == b"{}"


def test_an_unknown_protocol_is_named() -> None:
    from document.exceptions import MissingDependencyError

    with pytest.raises(MissingDependencyError, match="nonsense"):
        folder_at("nonsense://bucket/x")


def test_urls_survive_the_command_line() -> None:
    from commands.run import as_url

    assert as_url(Path("s3://bucket/a b/c.pdf")) == "s3://bucket/a b/c.pdf"
    assert as_url(Path("/in/a.pdf")) == "/in/a.pdf"
    assert as_url(Path("in/a:b.pdf")) == "in/a:b.pdf"
