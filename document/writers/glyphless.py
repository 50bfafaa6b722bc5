"""A font without letters for text that is only searched and copied: every character is a box of its width.

An invisible layer needs widths and a way back to Unicode, no letters; so the font costs some hundred bytes where a
Chinese one costs megabytes. The idea is Tesseract's (``pdf.ttf``); this program is made by the tables' definitions in
the OpenType specification. Its glyphs are boxes and not empty, because PDFium leaves out text of no extent.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

NAME = "QingzhangInvisible"
ASCENT, DESCENT = 880, -120
"""Of an em of 1000 units: how far a selection reaches above and below the baseline."""
MAX_GLYPHS = 60_000
"""A code has two bytes."""
_WIDE = frozenset("WFA")
_PER_BLOCK = 100
"""Entries of one block of a CMap (Adobe Technical Note 5014)."""


def em_width(character: str) -> float:
    """Width in ems: 1 for Chinese characters and full-width forms, half for others (UAX #11)."""
    return 1.0 if unicodedata.east_asian_width(character) in _WIDE else 0.5


def text_width(text: str) -> float:
    """Width of a text in ems."""
    return sum(em_width(character) for character in text)


@dataclass(frozen=True, slots=True)
class Glyphs:
    """The characters of a document and the code of each, 1 and up."""

    codes: Mapping[str, int]

    @staticmethod
    def of(texts: Iterable[str]) -> Glyphs:
        """Codes in the order of Unicode, so that the same texts give the same font; none beyond MAX_GLYPHS."""
        characters = sorted({character for text in texts for character in text} | {" "})[:MAX_GLYPHS]
        return Glyphs({character: code for code, character in enumerate(characters, 1)})

    def encoded(self, text: str) -> str:
        """The text as hexadecimal codes for a content stream; characters without a code are left out."""
        return "".join(f"{self.codes[character]:04X}" for character in text if character in self.codes)

    def widths(self) -> str:
        """The PDF array ``W``."""
        return f"[1 [{' '.join(str(round(1000 * em_width(c))) for c in self.codes)}]]"

    def to_unicode(self) -> bytes:
        """The CMap that leads from codes to text."""
        pairs = [f"<{code:04X}> <{c.encode('utf-16-be').hex().upper()}>" for c, code in self.codes.items()]
        blocks = [pairs[at : at + _PER_BLOCK] for at in range(0, len(pairs), _PER_BLOCK)]
        body = "".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar\n" for block in blocks)
        return (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n"
            f"{body}endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        ).encode("ascii")

    def glyph_numbers(self) -> bytes:
        """The stream ``CIDToGIDMap``: the narrow or the wide box for each code."""
        return b"\0\0" + b"".join(struct.pack(">H", 2 if em_width(c) == 1.0 else 1) for c in self.codes)


def program() -> bytes:
    """The TrueType program: ``.notdef``, a box half an em wide, and one of a whole em."""
    advances = (500, 500, 1000)
    glyphs = [b"", *(_box(advance) for advance in advances[1:])]
    ends = [sum(len(glyph) for glyph in glyphs[:count]) // 2 for count in range(len(glyphs) + 1)]
    return _assembled(
        {
            b"cmap": struct.pack(">HHHHI", 0, 1, 3, 1, 12) + _EMPTY_FORMAT_4,
            b"glyf": b"".join(glyphs),
            b"head": _head(),
            b"hhea": struct.pack(">IhhhH11hH", 0x10000, ASCENT, DESCENT, 0, 1000, *([0] * 11), len(advances)),
            b"hmtx": b"".join(struct.pack(">Hh", advance, 0) for advance in advances),
            b"loca": struct.pack(f">{len(ends)}H", *ends),
            b"maxp": struct.pack(">IH13H", 0x10000, len(advances), 4, 1, 0, 0, 1, *([0] * 8)),
            b"name": struct.pack(">HHH", 0, 0, 6),
            b"post": struct.pack(">IIhhIIIII", 0x30000, 0, -100, 50, 1, 0, 0, 0, 0),
        }
    )


def _box(width: int) -> bytes:
    """A glyph of one contour: the box from the descent to the ascent."""
    height = ASCENT - DESCENT
    return (
        struct.pack(">hhhhhHH", 1, 0, DESCENT, width, ASCENT, 3, 0)
        + b"\x01\x01\x01\x01"  # four points on the curve
        + struct.pack(">4h", 0, 0, width, 0)
        + struct.pack(">4h", DESCENT, height, 0, -height)
        + b"\0\0"
    )


_EMPTY_FORMAT_4 = struct.pack(">HHHHHHHHHHH", 4, 24, 0, 2, 2, 0, 0, 0xFFFF, 0, 0xFFFF, 1) + b"\0\0"
"""A character map with nothing but its closing segment: codes do not come from it."""


def _head() -> bytes:
    """The font header, its check sum still zero; no dates."""
    return struct.pack(
        ">IIIIHHqqhhhhHHhhh", 0x10000, 0x10000, 0, 0x5F0F3CF5, 0, 1000, 0, 0, 0, DESCENT, 1000, ASCENT, 0, 8, 2, 0, 0
    )


def _assembled(tables: Mapping[bytes, bytes]) -> bytes:
    """The font file: directory, tables on four-byte boundaries, check sums."""
    count = len(tables)
    power = 1 << (count.bit_length() - 1)
    directory = struct.pack(">IHHHH", 0x10000, count, power * 16, power.bit_length() - 1, (count - power) * 16)
    offset = 12 + 16 * count
    body = b""
    for tag, data in sorted(tables.items()):
        directory += struct.pack(">4sIII", tag, _check_sum(data), offset + len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    head = offset + _before(tables, b"head") + 8
    font = directory + body
    adjustment = (0xB1B0AFBA - _check_sum(font)) & 0xFFFFFFFF
    return font[:head] + struct.pack(">I", adjustment) + font[head + 4 :]


def _before(tables: Mapping[bytes, bytes], tag: bytes) -> int:
    """Bytes of the tables that come before ``tag``."""
    return sum(len(data) + (-len(data) % 4) for name, data in tables.items() if name < tag)


def _check_sum(data: bytes) -> int:
    padded = data + b"\0" * (-len(data) % 4)
    words: tuple[int, ...] = struct.unpack(f">{len(padded) // 4}I", padded)
    return sum(words) & 0xFFFFFFFF
