"""Measures which characters look alike (形近字) and writes ``dictionaries/data/look_alikes.csv`` anew.

Every character that the dictionaries use is drawn with PyMuPDF's built-in Chinese font and compared with all
6,763 of GB 2312: normalised correlation of the slightly blurred glyphs, best of nine shifts by a pixel. What a
person has judged (source 形近字) stays in the file; a measured pair is added where it is alike enough.

    python -m benchmarks.look_alikes
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pymupdf
from numpy.typing import NDArray

from dictionaries.loader import SHIPPED, load_dictionary

SIDE = 40
"""Pixels a glyph is drawn in."""
LEAST = 0.79
"""Correlation under which two glyphs do not count as alike."""
MOST = 14
"""Pairs kept for one character of the dictionaries."""
MEASURED = "字形相似"

Floats = NDArray[np.float32]


def gb2312() -> list[str]:
    """The 6,763 Han characters of GB 2312."""
    pairs = ((high, low) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    return [bytes(p).decode("gb2312") for p in pairs if not (p[0] == 0xD7 and p[1] > 0xF9)]


def dictionary_characters() -> list[str]:
    """The Han characters of all names, labels and watermark phrases."""
    found = load_dictionary()
    texts = [*(s.name for s in found.subjects), *(x.text for x in found.labels), *found.watermark_phrases]
    return sorted({c for text in texts for c in text if "\u4e00" <= c <= "\u9fff"})


def glyph(character: str) -> Floats:
    """The character drawn black on white, as darkness, ``(SIDE, SIDE)``."""
    page = pymupdf.open().new_page(width=SIDE, height=SIDE)
    page.insert_text((2, SIDE - 7), character, fontname="china-s", fontsize=SIDE - 5)
    pixmap = page.get_pixmap(colorspace=pymupdf.csGRAY)
    drawn = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.height, pixmap.width)
    return 255 - drawn.astype(np.float32)


def features(glyphs: Floats, right: int = 0, down: int = 0) -> Floats:
    """Blurred, shifted and normalised glyphs, one row each: dot products are correlations."""
    moved = np.roll(glyphs, (right, down), axis=(2, 1))
    rows = np.stack([cv2.GaussianBlur(g, (0, 0), 1.0) for g in moved]).reshape(len(glyphs), -1)
    rows -= rows.mean(axis=1, keepdims=True)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def measured_pairs(wanted: list[str], others: list[str]) -> Iterator[tuple[str, str, float]]:
    """Pairs of ``wanted`` with ``others`` that look alike, with a weight from 0.2 to 0.95."""
    glyphs = np.stack([glyph(c) for c in others])
    rows = [others.index(c) for c in wanted]
    still = features(glyphs)
    shifts = [(x, y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
    scores = np.max([features(glyphs[rows], x, y) @ still.T for x, y in shifts], axis=0)
    for i, character in enumerate(wanted):
        scores[i, rows[i]] = -1
        for j in np.argsort(-scores[i])[:MOST]:
            if scores[i, j] >= LEAST:
                yield character, others[j], round(min(0.95, (float(scores[i, j]) - 0.74) / 0.25), 2)


def merged(judged: Iterable[list[str]], measured: Iterable[tuple[str, str, float]]) -> list[list[str]]:
    """Rows of the file: judged pairs as they are, measured ones that nobody judged."""
    rows = {frozenset(row[:2]): row for row in judged}
    for left, right, weight in measured:
        pair = sorted((left, right))
        rows.setdefault(frozenset(pair), [*pair, str(weight), MEASURED])
    return sorted(rows.values(), key=lambda row: row[:2])


def write(path: Path) -> int:
    """Writes the file anew and returns its number of pairs."""
    with path.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    judged = [row for row in rows if row[3] != MEASURED]
    wanted = dictionary_characters()
    result = merged(judged, measured_pairs(wanted, sorted({*gb2312(), *wanted})))
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([header, *result])
    return len(result)


if __name__ == "__main__":
    write(SHIPPED / "look_alikes.csv")
