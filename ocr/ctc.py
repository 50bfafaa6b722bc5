"""From a recogniser's per-step probabilities to characters with places, doubts and alternatives.

Greedy CTC decoding (Graves et al. 2006): of each run of one class the likeliest step speaks. Beside the text,
the decoder keeps what else each step could have been, because later steps (科目 dictionary, 勾稽关系) weigh
candidates by the recogniser's own doubt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

BLANK = 0
"""PaddleOCR's class for "no character here"."""


@dataclass(frozen=True, slots=True)
class DecodedCharacter:
    """A character with the step it was read at."""

    text: str
    probability: float
    start: float
    end: float
    """Where it stands, as a share (0–1) of the crop's width."""
    alternatives: tuple[tuple[str, float], ...]
    """Other characters at this step, likeliest first; "" is no character."""
    steps: tuple[tuple[tuple[str, float], ...], ...] = ()
    """Where there was doubt: what each step from the character before on could have been, likeliest first."""


@dataclass(frozen=True, slots=True)
class Alphabet:
    """The classes of a recogniser, and which of them may be read."""

    characters: tuple[str, ...]
    """Of the allowed classes, in the order of ``classes``; the blank is ""."""
    classes: NDArray[np.int64]
    """Their places in the network's output; the blank first."""

    @property
    def alone(self) -> Alphabet:
        """The same for a network whose output has no other classes."""
        return Alphabet(self.characters, np.arange(len(self.characters)))


def allowed_alphabet(characters: Sequence[str], simplified_only: bool) -> Alphabet:
    """The alphabet of a network whose class i is ``characters[i]`` (class 0 the blank, as "")."""
    keep = [i for i, c in enumerate(characters) if i == BLANK or not simplified_only or is_simplified(c)]
    return Alphabet(tuple(characters[i] for i in keep), np.asarray(keep, dtype=np.int64))


_SIGNS = frozenset(
    "·—–…‘’“”′″℃№①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳×÷±≤≥≠≈√∶％‰°□■○●△▲☆★◆◇→←↑↓￥¥〔〕【】《》〈〉「」『』、。，；：？！（）－＋＝／＼～｜．＂＇　"  # noqa: E501
)
_RARE_NAMES = frozenset(
    "喆堃昇犇淼垚晟翀旻玥珺瑄瑀珮琮璟煊煜熠燊祎禛筠芃苡茜菡萱蓁蕙薇誉赟邺鑫钰铖锘镕闫阚霈韫颢馥骞麒"
)


def is_simplified(character: str) -> bool:
    """Whether a character can stand in a simplified text.

    ASCII, signs, and Han characters except the traditional-only ones. A Han character counts as
    traditional-only when Big5 has it and GB 2312 has not; some such characters live on in names and stay.
    """
    if character.isascii() or character in _SIGNS or character in _RARE_NAMES:
        return True
    if not "\u4e00" <= character <= "\u9fff":
        return False
    return character in _repertoire("gb2312") or character not in _repertoire("big5")


@cache
def _repertoire(codec: str) -> frozenset[str]:
    """All characters of two bytes that an encoding has: one call, where asking for each would be thousands."""
    pairs = bytes(byte for first in range(0x81, 0xFF) for second in range(0x40, 0xFF) for byte in (first, second))
    return frozenset(pairs.decode(codec, errors="ignore"))


def decode(
    scores: NDArray[np.float32], alphabet: Alphabet, used: float = 1.0, keep: int = 4, floor: float = 1e-3
) -> tuple[DecodedCharacter, ...]:
    """Characters of one crop from ``scores`` (steps, classes).

    ``used``: share of the steps that lie on the crop, not on its padding; positions are shares of the crop.
    ``keep`` alternatives with a probability of at least ``floor`` stay.
    """
    allowed = scores if scores.shape[1] == len(alphabet.classes) else scores[:, alphabet.classes]
    best = allowed.argmax(axis=1)
    steps = len(best)
    ends = [*(np.flatnonzero(np.diff(best)) + 1).tolist(), steps]
    runs = [(a, b) for a, b in pairwise([0, *ends]) if a < b and best[a] != BLANK]
    found: list[DecodedCharacter] = []
    for number, (start, end) in enumerate(runs):
        run = allowed[start:end, best[start]]
        peak = start + int(run.argmax())
        first = runs[number - 1][1] if number else 0
        last = steps if number + 1 == len(runs) else end
        found.append(
            DecodedCharacter(
                text=alphabet.characters[best[start]],
                probability=float(min(1.0, run.max())),
                start=min(1.0, start / steps / used),
                end=min(1.0, end / steps / used),
                alternatives=_alternatives(allowed[peak], int(best[start]), alphabet, keep, floor),
                steps=_doubted_steps(allowed[first:last], best[first:last], alphabet, keep, floor),
            )
        )
    return tuple(found)


_DOUBT = 0.01
"""Probability of anything but the character itself and the blank from which a character's steps are kept."""
_SURE = 0.999
"""Steps of one class that are surer than this say together what one of them says."""


def _doubted_steps(
    chances: NDArray[np.float32], best: NDArray[np.int64], alphabet: Alphabet, keep: int, floor: float
) -> tuple[tuple[tuple[str, float], ...], ...]:
    """The steps of one character, each with its likeliest classes; nothing where there is no doubt.

    Between a character and the blank there is always a step of both: that is no doubt, unless the character never
    gets clear of it.
    """
    own = sorted({BLANK, *best.tolist()})
    certain = chances[:, own].sum(axis=1)
    clear = all(chances[:, c].max() >= 1 - _DOUBT for c in own if c != BLANK)
    if clear and certain.min() >= 1 - _DOUBT:
        return ()
    kept: list[tuple[tuple[str, float], ...]] = []
    sure_of = -1
    for row, winner in zip(chances, best.tolist(), strict=True):
        sure = row[winner] >= _SURE
        if not (sure and winner == sure_of):
            others = _alternatives(row, winner, alphabet, keep, floor)
            kept.append(((alphabet.characters[winner], round(float(min(1.0, row[winner])), 4)), *others))
        sure_of = winner if sure else -1
    return tuple(kept)


def _alternatives(
    step: NDArray[np.float32], winner: int, alphabet: Alphabet, keep: int, floor: float
) -> tuple[tuple[str, float], ...]:
    """The likeliest other classes of one step."""
    if 1.0 - step[winner] < floor:  # nothing else can reach the floor: most steps end here
        return ()
    likely = np.flatnonzero(step >= floor)  # few, and faster than a ranking of all classes
    ranked = sorted(((float(step[i]), int(i)) for i in likely if i != winner), reverse=True)
    return tuple((alphabet.characters[i], round(p, 4)) for p, i in ranked[:keep])
