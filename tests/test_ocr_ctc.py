"""Decoding per-step probabilities: text, places, doubts."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocr.ctc import BLANK, allowed_alphabet, decode, is_simplified

CHARACTERS = ("", "1", "2", ".", "审", "軍", " ")
ALL = allowed_alphabet(CHARACTERS, simplified_only=False)
SIMPLIFIED = allowed_alphabet(CHARACTERS, simplified_only=True)


def scores(*steps: dict[str, float]) -> np.ndarray:
    """One row a step; what is not named goes to the blank."""
    rows = np.zeros((len(steps), len(CHARACTERS)), np.float32)
    for row, step in zip(rows, steps, strict=True):
        for character, probability in step.items():
            row[CHARACTERS.index(character)] = probability
        row[BLANK] += 1 - row.sum()
    return rows


def read(rows: np.ndarray, alphabet=ALL) -> str:  # type: ignore[no-untyped-def]
    return "".join(c.text for c in decode(rows, alphabet))


def test_repeated_steps_are_one_character_and_a_blank_parts_two() -> None:
    assert read(scores({"1": 0.9}, {"1": 0.8}, {}, {"1": 0.9}, {"2": 0.9})) == "112"


def test_the_likeliest_step_speaks() -> None:
    (one,) = decode(scores({"1": 0.6, "2": 0.3}, {"1": 0.95, "2": 0.04}), ALL)
    assert one.probability == pytest.approx(0.95)
    assert one.alternatives[0] == ("2", pytest.approx(0.04))


def test_a_forbidden_character_gives_way_to_the_next() -> None:
    doubtful = scores({"軍": 0.8, "审": 0.15})
    assert read(doubtful) == "軍"
    assert read(doubtful, SIMPLIFIED) == "审"
    (one,) = decode(doubtful, SIMPLIFIED)
    assert one.probability == pytest.approx(0.15), "the doubt stays visible"


def test_places_are_shares_of_the_crop_without_its_padding() -> None:
    (one,) = decode(scores({}, {"1": 0.9}, {}, {}, {}, {}, {}, {}), ALL, used=0.5)
    assert (one.start, one.end) == (0.25, 0.5)


@given(st.text(alphabet="12.审", max_size=12))
def test_clean_probabilities_read_as_written(text: str) -> None:
    rows = [step for c in text for step in ({c: 0.99}, {})] or [{}]
    found = decode(scores(*rows), ALL)
    assert "".join(c.text for c in found) == text
    assert all(a.end <= b.start for a, b in itertools.pairwise(found))


def test_simplified_text_has_no_traditional_characters_but_rare_names() -> None:
    assert all(is_simplified(c) for c in "审核预算财政拨款0.5%（一）·、。①喆镕")
    assert not any(is_simplified(c) for c in "軍權樹單審總かカé")
