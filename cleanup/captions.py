"""Captions above tables (表前文字): 部名称：某局 is 部门名称：某局.

What stands before the body's name is 部门名称 or 单位名称. On a fax 门 loses its strokes above every table of a
document, so that the misread caption stands there more often than the right one, and vouches for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from rapidfuzz.distance import Levenshtein

from cleanup.lexicon import key_of
from document.types import Correction, Document, Origin, Rule, TextBlock

_WORDS = ("部门名称", "单位名称")
_CAPTION = re.compile(r"\s*([\u4e00-\u9fff]{3,4})\s*([：:])\s*(\S.{2,40})")


def mend_captions(document: Document) -> Document:
    """The document with captions mended of which one character was lost or misread, on scanned pages; idempotent.

    Only before the name of the document's body, as its meta or another caption says it: 部件名称：水泵 stays.
    """
    drawn = {page.number for page in document.pages if page.origin is Origin.TEXT_LAYER}
    bodies = frozenset(_bodies(document))
    blocks = tuple(
        _mended(b, bodies) if isinstance(b, TextBlock) and drawn.isdisjoint(b.pages) else b for b in document.blocks
    )
    return replace(document, blocks=blocks)


def _bodies(document: Document) -> Iterator[str]:
    """Keys of the names that the document's body is called by."""
    if document.meta.entity:
        yield key_of(document.meta.entity)
    for block in document.blocks:
        found = _CAPTION.fullmatch(block.reading.text) if isinstance(block, TextBlock) else None
        if found and found[1] in _WORDS:
            yield key_of(found[3])


def _mended(block: TextBlock, bodies: frozenset[str]) -> TextBlock:
    reading = block.reading
    found = _CAPTION.fullmatch(reading.text)
    if found is None or found[1] in _WORDS or key_of(found[3]) not in bodies:
        return block
    near = [word for word in _WORDS if Levenshtein.distance(found[1], word, score_cutoff=1) == 1]
    if len(near) != 1:
        return block
    text = f"{near[0]}{found[2]}{found[3]}"
    record = Correction(reading.text, text, Rule.FIXED_LABEL, 0.97, "captions")
    return replace(block, reading=replace(reading, text=text, corrections=(*reading.corrections, record)))
