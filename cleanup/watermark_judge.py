"""Judged by reading: where the page as scanned reads better than the cleaned one, the better read is kept.

Clean-up can hurt: it may thin a stroke that lay under the watermark. Lines under the watermark that the recogniser
doubts are read a second time from the page as it was scanned. That read is taken only where it is clearly surer, or
the only one that is a number, and holds nothing that may be the watermark's own words.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from document.amounts import parse_amount
from document.geometry import Box
from document.types import TextLine


class JudgeOptions(BaseModel):
    """When a line is read a second time, and when that read wins."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    cover: float = Field(0.01, ge=0, le=1, description="share (0-1) of the box under the watermark that asks for it")
    doubted: float = Field(0.9, ge=0, le=1, description="confidence (0-1) under which the cleaned read is doubted")
    sure: float = Field(0.9, ge=0, le=1, description="confidence (0-1) that the other read must have")
    gain: float = Field(0.08, ge=0, le=1, description="how much surer (0-1) the other read must be")
    longer: int = Field(2, ge=0, le=20, description="characters by which the other read may be longer")
    most: int = Field(60, ge=0, le=1000, description="lines of a page that are read again at most, most doubted first")


@dataclass(frozen=True, slots=True)
class Judgement:
    """One line for which the page as scanned was believed."""

    box: Box
    """As the line's."""
    cleaned: str
    """What the cleaned page reads."""
    scanned: str
    """What the page as scanned reads: the text kept."""


def doubted(lines: Sequence[TextLine], options: JudgeOptions | None = None) -> tuple[int, ...]:
    """Which of a cleaned page's ``lines`` to read again from the page as scanned, in their order."""
    options = options or JudgeOptions()
    unsure = [
        (line.confidence, index)
        for index, line in enumerate(lines)
        if line.text and line.watermark_cover >= options.cover and line.confidence < options.doubted
    ]
    return tuple(sorted(index for _, index in sorted(unsure)[: options.most]))


def judged(
    lines: Sequence[TextLine],
    again: Mapping[int, TextLine],
    phrases: Sequence[str],
    look_alikes: Mapping[tuple[str, str], float],
    options: JudgeOptions | None = None,
) -> tuple[tuple[TextLine, ...], tuple[Judgement, ...]]:
    """``lines`` with the better of two reads each, and where it was that of the page as scanned.

    ``again`` is that second read by index; ``phrases`` are the watermark's words.
    """
    options = options or JudgeOptions()
    forbidden = _forbidden(phrases, look_alikes)
    kept, found = list(lines), []
    for index, scanned in sorted(again.items()):
        cleaned = lines[index]
        if _is_better(scanned, cleaned, forbidden, options):
            kept[index] = replace(
                scanned, box=cleaned.box, watermark_cover=cleaned.watermark_cover, darkness=cleaned.darkness
            )
            found.append(Judgement(cleaned.box, cleaned.text, scanned.text))
    return tuple(kept), tuple(found)


_ALIKE = 0.5
"""Weight (0–1) from which one character may have been read for the other."""


def _forbidden(phrases: Sequence[str], look_alikes: Mapping[tuple[str, str], float]) -> frozenset[str]:
    """The characters of the phrases, and those a recogniser takes them for."""
    own = {character for phrase in phrases for character in phrase if character.isalnum()}
    pairs = [pair for pair, weight in look_alikes.items() if weight >= _ALIKE]
    return frozenset(own | {b for a, b in pairs if a in own} | {a for a, b in pairs if b in own})


def _is_better(scanned: TextLine, cleaned: TextLine, forbidden: frozenset[str], options: JudgeOptions) -> bool:
    if not scanned.text or scanned.text == cleaned.text:
        return False
    added = Counter(scanned.text) - Counter(cleaned.text)
    if len(scanned.text) > len(cleaned.text) + options.longer or any(c in forbidden for c in added):
        return False
    if "." in cleaned.text and "." not in scanned.text:
        return False  # a point that one of them saw was printed: 289.:09 is not 28909
    gain = scanned.confidence - cleaned.confidence
    now, before = parse_amount(scanned.text) is not None, parse_amount(cleaned.text) is not None
    if before and not now:
        return False
    wanted = 0.0 if now and not before else options.gain
    return scanned.confidence >= options.sure and gain >= wanted
