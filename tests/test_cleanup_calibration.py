"""Calibrated confidence: more evidence is never less sure, the budget of silent errors decides what is flagged."""

from __future__ import annotations

import json
import random
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import calibrate, calibration_set
from benchmarks.scanner import PROFILES
from cleanup.calibration import FieldEvidence, confidence, least_sure
from dictionaries.calibration import FILE, KINDS, Calibration, load_calibration
from dictionaries.loader import DictionaryError

WEIGHTS = load_calibration()
SURE = FieldEvidence("amount", doubt=0.999, mean=0.999)


def test_the_shipped_weights_load_and_say_what_they_should() -> None:
    assert set(WEIGHTS.weights) == set(KINDS)
    assert confidence(replace(SURE, sums=2, known=True), WEIGHTS) > 0.998
    assert confidence(replace(SURE, doubt=0.4, doubted=True), WEIGHTS) < confidence(SURE, WEIGHTS) - 0.02
    assert confidence(replace(SURE, table_doubted=True), WEIGHTS) < confidence(SURE, WEIGHTS)


@given(st.sampled_from(["amount", "label", "prose"]), st.floats(0, 1), st.floats(0, 1))
def test_more_doubt_is_never_surer(kind: str, a: float, b: float) -> None:
    low, high = sorted((a, b))
    evidence = FieldEvidence(kind, doubt=low, mean=0.95)
    assert confidence(evidence, WEIGHTS) <= confidence(replace(evidence, doubt=high), WEIGHTS)
    assert 0 < confidence(evidence, WEIGHTS) < 1


def test_what_the_budget_allows_is_left() -> None:
    confidences = [0.3, 0.5, 0.85] + [0.9999] * 997
    assert least_sure(confidences, silent_per_10k=2, sure_enough=0.9) == 0.9999
    assert least_sure(confidences, silent_per_10k=5, sure_enough=0.9) == 0.85
    assert least_sure(confidences, silent_per_10k=10_000, sure_enough=0.9) == 0.3
    assert least_sure([0.95] * 100, silent_per_10k=1, sure_enough=0.9) == 0.95
    assert least_sure([], silent_per_10k=1, sure_enough=0.9) == 0


@pytest.mark.parametrize("row", ["digits,bias,1", "amount,bias,much", "amount,bias,1e9", "amount,bias,nan"])
def test_faulty_weights_are_reported(tmp_path: Path, row: str) -> None:
    (tmp_path / FILE).write_text(f"kind,feature,weight\n{row}\n", encoding="utf-8")
    with pytest.raises(DictionaryError, match=f"{FILE}:2"):
        load_calibration(tmp_path)


def sample(count: int, chance: random.Random) -> list[calibrate.Field]:
    """Fields whose chance to be right is known: 1 / (1 + exp(-(1 + 4 · doubt)))."""
    fields = []
    for _ in range(count):
        evidence = FieldEvidence("amount", doubt=chance.choice([0.1, 0.5, 0.9, 0.99]), mean=0.99)
        features = evidence.features()
        odds = 1 + 4 * features["doubt"]
        fields.append(calibrate.Field("d", "amount", features, chance.random() < 1 / (1 + np.exp(-odds))))
    return fields


def test_the_fit_finds_what_made_the_sample_and_is_calibrated_on_another(tmp_path: Path) -> None:
    weights = calibrate.fit(sample(6000, random.Random(1)))
    assert weights["amount"]["doubt"] == pytest.approx(4, abs=0.6)
    calibrate.write_weights(weights, tmp_path / FILE)
    fitted = load_calibration(tmp_path)
    held_out = calibrate.reliability(sample(6000, random.Random(2)), fitted)
    assert calibrate.calibration_error(held_out) < 0.02
    overconfident = Calibration({"amount": {"bias": 7.0}})
    assert calibrate.calibration_error(calibrate.reliability(sample(6000, random.Random(2)), overconfident)) > 0.1


def test_a_sample_without_errors_gives_finite_weights() -> None:
    fields = [replace(f, right=True) for f in sample(200, random.Random(3))]
    assert all(abs(w) < 20 for w in calibrate.fit(fields)["amount"].values())


def test_refitting_draws_fits_and_measures_on_documents_it_did_not_fit_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    read: list[str] = []

    def collect(target: Path, sources: list[Path]) -> None:
        read.extend(source.name for source in sources)
        chance = random.Random(4)
        fields = [replace(f, document=source.name) for source in sources for f in sample(900, chance)]
        rows = [{**asdict(f), "right": bool(f.right)} for f in fields]
        target.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")

    monkeypatch.setattr(calibrate, "_collect", collect)
    monkeypatch.setattr(calibrate.make_samples, "write", lambda drawn, folder: folder / f"{drawn.name}.pdf")
    calibrate._refit(tmp_path, 3, 7000, tmp_path / FILE)
    assert len(set(read)) == 3
    printed = capsys.readouterr().out
    assert "measured on 1 documents" in printed
    assert "expected calibration error" in printed
    assert load_calibration(tmp_path).weights["amount"]


def test_the_documents_to_calibrate_on_are_of_every_kind_and_profile() -> None:
    drawn = [calibration_set.sample(seed) for seed in range(7000, 7024)]
    assert {s.profile for s in drawn} == set(PROFILES)
    assert {s.plan.kind for s in drawn} == {"budget", "account"}
    assert 0 < sum(s.watermark is None for s in drawn) < len(drawn)
    assert drawn == [calibration_set.sample(seed) for seed in range(7000, 7024)]
