"""The Prefect flow: the same outputs as without Prefect, one task per document."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fake_story import fake_steps

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """Prefect's temporary server; two busy cores need up to 40 s to start it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
        patch.setenv("DO_NOT_TRACK", "1")
        from prefect.settings import PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS, temporary_settings
        from prefect.testing.utilities import prefect_test_harness

        with (
            temporary_settings({PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS: 120}),
            prefect_test_harness(server_startup_timeout=120),
        ):
            yield


def test_the_flow_writes_what_a_plain_run_writes(server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import archive
    from flows.batch import BatchOptions, run_batch, run_documents
    from flows.options import RunOptions
    from ocr.engine import EngineName, EngineOptions

    monkeypatch.setattr(archive, "run_documents", functools.partial(run_documents, steps=fake_steps))
    scans = {"1/a.pdf": "one two", "2/a.pdf": "three fail", "bad.pdf": "encrypted"}
    for name, words in scans.items():
        path = tmp_path / "scans" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(words, encoding="utf-8")
    options = RunOptions(engine=EngineOptions(name=EngineName.NULL))
    with pytest.raises(archive.ArchiveIncomplete, match="2 of 3"):
        archive.archive([tmp_path / "scans"], tmp_path / "flow", options)
    run_batch([tmp_path / "scans"], tmp_path / "plain", options, BatchOptions(jobs=1), steps=fake_steps)
    assert contents(tmp_path / "flow") == contents(tmp_path / "plain")
    assert len(contents(tmp_path / "flow")) == 2 * 4  # json, txt, csv, and run.json


def contents(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_deployment_fits_the_flow() -> None:
    from flows.archive import archive

    (deployment,) = yaml.safe_load((ROOT / "prefect.yaml").read_text(encoding="utf-8"))["deployments"]
    module, _, name = deployment["entrypoint"].rpartition(".")
    assert (module, name) == (archive.fn.__module__, archive.fn.__name__)
    parameters = archive.validate_parameters(deployment["parameters"])
    assert parameters["options"].mode == "auto"
    assert deployment["description"]
    assert deployment["tags"]
    assert [(s["timezone"], s["active"]) for s in deployment["schedules"]] == [("Asia/Shanghai", False)]


def test_every_parameter_is_typed_and_described() -> None:
    from flows.archive import archive

    schema = archive.parameters.model_dump()
    assert all(p.get("description") for p in schema["properties"].values())
    assert all({"type", "$ref", "anyOf", "allOf"} & p.keys() for p in schema["properties"].values())
