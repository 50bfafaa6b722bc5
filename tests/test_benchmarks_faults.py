"""The fault test in small, on the committed samples; and that its counting counts."""

from __future__ import annotations

import json
import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from benchmarks import faults
from dictionaries.identities import load_identities
from document.types import Table
from tests.amount_tables import EXPENDITURE, changed, document, table

SAMPLES = sorted(faults.SAMPLES.glob("*.truth.json"))


def test_damage_is_told_and_no_repair_is_false() -> None:
    outcome = faults.run(SAMPLES, trials=6, seed=7)
    assert outcome.damaged > 50
    assert outcome.false_repairs == 0, outcome.examples
    assert outcome.told >= 0.97, outcome.examples
    assert outcome.untouched_flagged < 0.04 * outcome.untouched


def test_true_documents_are_neither_changed_nor_flagged() -> None:
    identities = load_identities()
    for path in SAMPLES:
        document_ = faults.document_of(json.loads(Path(path).read_text(encoding="utf-8")))
        got = faults.reconcile(document_, identities)
        for before, after in zip(document_.blocks, got.blocks, strict=True):
            if isinstance(before, Table) and isinstance(after, Table):
                assert [c.reading.text for c in before.cells] == [c.reading.text for c in after.cells]
                assert not [c for c in after.cells if c.reading.needs_review and c.verified_by]


def test_silent_damage_and_false_repairs_are_counted() -> None:
    truth, broken = document(table(EXPENDITURE)), document(table(changed(4, 2, "237.49")))
    place = faults.Place(0, 4, 2)
    silent = faults._counted(truth, broken, broken, {place})
    assert (silent.damaged, silent.silent, silent.told) == (1, 1, 0.0)
    repaired = faults._counted(truth, broken, faults.reconcile(broken, load_identities()), {place})
    assert (repaired.repaired, repaired.false_repairs, repaired.told) == (1, 0, 1.0)


def test_damage_changes_one_number() -> None:
    chance = random.Random(3)
    for kind in ("digit", "digits", "drop", "add", "point"):
        assert faults.damage("1,234.56", kind, chance) != "1,234.56"


@given(st.integers(0, 10_000), st.sampled_from(["8", "37.20", "1,234.56", "-12.00"]))
def test_several_digits_are_changed_at_once_and_nothing_else(seed: int, text: str) -> None:
    damaged = faults.damage(text, "digits", random.Random(seed))
    changed = [(a, b) for a, b in zip(text, damaged, strict=True) if a != b]
    assert 1 <= len(changed) <= 5
    assert all(a.isdigit() and b.isdigit() for a, b in changed)
    assert len(changed) >= min(2, sum(c.isdigit() for c in text))
