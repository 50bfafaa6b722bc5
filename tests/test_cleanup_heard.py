"""The CTC forward score against the sum over every path, and what it says of candidates."""

from __future__ import annotations

import itertools
from math import exp, log

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cleanup.heard import FLOOR, Step, forward, heard
from document.geometry import Box
from document.types import Character, TextLine
from ocr.ctc import allowed_alphabet, decode

CLASSES = ("", "a", "b")
CHARACTERS = ("", "7", "2", "3", ".", "咨", "手", "询", "续", "费")


def collapsed(path: tuple[str, ...]) -> str:
    """What a path of classes says: runs once, blanks away."""
    return "".join(c for c, _ in itertools.groupby(path))


def by_every_path(steps: list[Step], text: str) -> float:
    """The slow oracle: the probability of all paths that say the text."""
    total = 0.0
    for path in itertools.product(CLASSES, repeat=len(steps)):
        if collapsed(path) == text:
            total += float(np.prod([max(step.get(c, 0.0), FLOOR) for step, c in zip(steps, path, strict=True)]))
    return total


def full(weights: tuple[int, int, int]) -> Step:
    total = sum(weights)
    return {c: w / total for c, w in zip(CLASSES, weights, strict=True)}


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=6),
    st.lists(st.text(alphabet="ab", max_size=4), min_size=1, max_size=4),
)
def test_the_forward_score_is_the_sum_over_all_paths(weights: list[tuple[int, int, int]], texts: list[str]) -> None:
    steps = [full(w) for w in weights]
    for text, score in zip(texts, forward(steps, texts), strict=True):
        expected = by_every_path(steps, text)
        assert exp(score) == pytest.approx(expected, rel=1e-6, abs=1e-12)


def line_of(*steps: dict[str, float]) -> TextLine:
    """A line as the decoder gives it from per-step probabilities; what is not named goes to the blank."""
    rows = np.zeros((len(steps), len(CHARACTERS)), np.float32)
    for row, step in zip(rows, steps, strict=True):
        for character, probability in step.items():
            row[CHARACTERS.index(character)] = probability
        row[0] += 1 - row.sum()
    decoded = decode(rows, allowed_alphabet(CHARACTERS, simplified_only=False))
    characters = tuple(Character(c.text, c.probability, c.start, c.end, c.alternatives, c.steps) for c in decoded)
    return TextLine("".join(c.text for c in characters), Box(0, 0, 10, 10), 0.9, characters)


def test_a_point_that_was_nearly_read_speaks_for_the_number_with_it() -> None:
    line = line_of({"7": 0.99}, {}, {"2": 0.99}, {}, {".": 0.4}, {}, {"3": 0.99}, {}, {"7": 0.99}, {})
    assert line.text == "7237", "the point was less likely than nothing"
    scores = heard([line], "7237", ["72.37", "7.237", "723.7"])
    assert scores["72.37"] == pytest.approx(log(0.4 / 0.6), abs=0.05)
    assert scores["7.237"] < -4
    assert scores["723.7"] < -4


def test_of_two_names_the_one_whose_strokes_are_there() -> None:
    line = line_of({"咨": 0.5, "手": 0.1}, {}, {"询": 0.45, "续": 0.02}, {}, {"费": 0.999}, {})
    scores = heard([line], line.text, ["咨询费", "手续费"])
    assert line.text == "询费" or scores["手续费"] < 0
    clear = heard([line], line.text, ["手续费", "费"])
    assert clear["费"] < 0
    assert clear["手续费"] < -2


def test_lines_without_doubt_or_with_another_text_say_nothing() -> None:
    sure = line_of({"7": 1.0}, {}, {"2": 1.0}, {})
    assert not heard([sure], "72", ["7.2"])
    assert not any(c.steps for c in sure.characters), "no doubt: nothing is kept"
    doubtful = line_of({"7": 0.8, "2": 0.2}, {})
    assert doubtful.characters[0].steps
    assert not heard([doubtful], "72", ["7.2"])


def test_steps_that_say_the_same_are_kept_once() -> None:
    line = line_of(*[{} for _ in range(50)], {"7": 0.6, "2": 0.3}, *[{} for _ in range(50)])
    assert len(line.characters[0].steps) <= 4
