"""``qingzhang watermark`` on drawn samples: what it says, and the pictures it writes."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from commands.main import exit_code
from document.exceptions import ExitCode

SAMPLES = Path(__file__).parent.parent / "benchmarks" / "samples"


def truth(sample: Path) -> dict[str, object]:
    data: dict[str, object] = json.loads(sample.with_suffix(".truth.json").read_text(encoding="utf-8"))
    return data


def sample(marked: bool) -> Path:
    """The first shipped sample that is (not) a watermarked grey scan."""
    return next(
        p for p in sorted(SAMPLES.glob("*.pdf")) if bool(truth(p)["watermark"]) == marked and "fax" not in p.stem
    )


def test_it_says_what_was_found_and_shows_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = sample(marked=True)
    assert exit_code(["watermark", str(file), "--pages", "1-2", "--preview", str(tmp_path), "--json"]) == ExitCode.OK
    said = json.loads(capsys.readouterr().out)
    assert "".join(str(said["watermark"]["phrase"]).split()) == "".join(str(truth(file)["watermark"]).split())
    assert all(page["coverage"] > 0.005 for page in said["pages"])
    before, mask, after = (
        cv2.imread(str(tmp_path / f"page-0002-{name}.png"), cv2.IMREAD_GRAYSCALE)
        for name in ("before", "mask", "after")
    )
    covered = mask > 0
    assert np.mean(after[covered]) > np.mean(before[covered]) + 10
    away = cv2.dilate(mask, np.ones((15, 15))) == 0
    assert np.mean(cv2.absdiff(before, after)[away]) < 0.02


def test_a_document_without_a_watermark_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["watermark", str(sample(marked=False)), "--pages", "1-3"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "no watermark found" in out
    assert "page 2: 0.0 % covered" in out


def test_bad_input_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "坏.pdf"
    broken.write_bytes(b"no pdf")
    assert exit_code(["watermark", str(broken)]) == ExitCode.INPUT_FILE
    assert exit_code(["watermark", str(sample(marked=False)), "--pages", "x"]) == ExitCode.BAD_ARGS
    assert "2,13-end" in capsys.readouterr().err
