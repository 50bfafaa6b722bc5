"""What the recogniser itself says of a whole text (逐步概率): its own per-step probabilities, asked for candidates.

The CTC forward score (Graves et al. 2006): the probability of a text is the sum over all ways in which its characters
and blanks can lie on the steps. Only the steps of doubtful characters were kept, and of each step only the likeliest
classes; a class that was pruned gets a floor. Scores of candidates are compared with each other, never taken alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from cleanup.lexicon import key_of
from document.types import Character, TextLine

Step = Mapping[str, float]
"""Probabilities of one step by character, as keys have them; "" is the blank."""
FLOOR = 1e-5
"""Probability of a class that was pruned, before what the step leaves over is counted."""
_PRUNED = 50.0
"""Classes among which the probability that a step leaves over is thought to be shared out."""
MAX_STEPS = 600
MAX_CANDIDATES = 40


def steps_of(lines: Sequence[TextLine]) -> tuple[Step, ...]:
    """The steps of some lines one after the other; characters that were read without doubt have a step made up."""
    return tuple(step for line in lines for c in line.characters for step in _steps(c))


def _steps(character: Character) -> list[Step]:
    if character.steps:
        return [_step(step) for step in character.steps]
    return [{"": 1.0}, _step(((character.text, character.probability), *character.alternatives))]


def _step(chances: Sequence[tuple[str, float]]) -> Step:
    """One step with its characters in the form of keys; white space is no character there."""
    found: dict[str, float] = {}
    for text, chance in chances:
        key = key_of(text)
        found[key] = min(1.0, found.get(key, 0.0) + chance)
    return found


def forward(steps: Sequence[Step], texts: Sequence[str]) -> NDArray[np.float64]:
    """Natural log of the probability of each text (keys) under the steps, all texts at once.

    One pass over the steps for all candidates: an array (texts, 2 · length + 1) of the ways that end at each
    character or blank.
    """
    width = 2 * max((len(t) for t in texts), default=0) + 1
    labels = [["" if i % 2 == 0 else t[i // 2] for i in range(2 * len(t) + 1)] for t in texts]
    names = sorted({c for row in labels for c in row})
    index = {c: i for i, c in enumerate(names)}
    places = np.full((len(texts), width), index.get("", 0))
    for row, label in enumerate(labels):
        places[row, : len(label)] = [index[c] for c in label]
    skips = np.full((len(texts), width), -np.inf)  # from one character to the next without a blank
    for row, label in enumerate(labels):
        for i in range(3, len(label), 2):
            skips[row, i] = 0.0 if label[i] != label[i - 2] else -np.inf
    ways = np.full((len(texts), width), -np.inf)
    for number, step in enumerate(steps):
        logs = _logs(step, names)[places]
        if number == 0:
            ways[:, :2] = logs[:, :2]
            continue
        one, two = np.full_like(ways, -np.inf), np.full_like(ways, -np.inf)
        one[:, 1:], two[:, 2:] = ways[:, :-1], ways[:, :-2]
        ways = np.logaddexp(np.logaddexp(ways, one), two + skips) + logs
    ends = np.array([2 * len(t) for t in texts])
    rows = np.arange(len(texts))
    last = np.where(ends > 0, ways[rows, np.maximum(ends - 1, 0)], -np.inf)
    return np.asarray(np.logaddexp(ways[rows, ends], last)) if steps else np.where(ends == 0, 0.0, -np.inf)


def _logs(step: Step, names: Sequence[str]) -> NDArray[np.float64]:
    rest = max(0.0, 1.0 - sum(step.values())) / _PRUNED
    return np.log([max(step.get(name, 0.0), rest, FLOOR) for name in names])


def heard(lines: Sequence[TextLine], read: str, candidates: Sequence[str]) -> dict[str, float]:
    """For each candidate the natural log of how much likelier it is than ``read`` under the recogniser's own steps.

    All as keys. Empty where the lines hold no doubt, say something else than ``read``, or are too long.
    """
    characters = [c for line in lines for c in line.characters]
    if not any(c.steps or c.alternatives for c in characters):
        return {}
    if key_of("".join(c.text for c in characters)) != read:
        return {}
    steps = steps_of(lines)
    asked = tuple(dict.fromkeys(c for c in candidates if c != read))[:MAX_CANDIDATES]
    if not asked or not 0 < len(steps) <= MAX_STEPS:
        return {}
    base, *others = forward(steps, (read, *asked)).tolist()
    return {c: score - base for c, score in zip(asked, others, strict=True)}
