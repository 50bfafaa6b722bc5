"""What the invisible layer adds to a PDF: streams, its font, and the font's name in a page's resources."""

from __future__ import annotations

import pymupdf

from document.writers.glyphless import ASCENT, DESCENT, NAME, Glyphs, program

RESOURCE = "QzInvisible"
"""The font's name in content streams."""
_MAX_PARENTS = 64
"""Levels of the page tree that are searched for inherited resources."""


def add_stream(pdf: pymupdf.Document, data: bytes, entries: str = "") -> int:
    """A new stream with further ``entries`` of its dictionary; the number of its object."""
    xref = int(pdf.get_new_xref())
    pdf.update_object(xref, f"<<{entries}>>")
    pdf.update_stream(xref, data, compress=True)
    return xref


def _add_object(pdf: pymupdf.Document, text: str) -> int:
    xref = int(pdf.get_new_xref())
    pdf.update_object(xref, text)
    return xref


def add_font(pdf: pymupdf.Document, glyphs: Glyphs) -> int:
    """The glyphless font with all that belongs to it; the number of the font's object."""
    font_file = program()
    file = add_stream(pdf, font_file, f"/Length1 {len(font_file)}")
    numbers = add_stream(pdf, glyphs.glyph_numbers())
    descriptor = _add_object(
        pdf,
        f"<</Type/FontDescriptor/FontName/{NAME}/Flags 4/FontBBox[0 {DESCENT} 1000 {ASCENT}]/ItalicAngle 0"
        f"/Ascent {ASCENT}/Descent {DESCENT}/CapHeight 700/StemV 80/FontFile2 {file} 0 R>>",
    )
    descendant = _add_object(
        pdf,
        f"<</Type/Font/Subtype/CIDFontType2/BaseFont/{NAME}/CIDToGIDMap {numbers} 0 R/DW 1000/W{glyphs.widths()}"
        f"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>/FontDescriptor {descriptor} 0 R>>",
    )
    to_unicode = add_stream(pdf, glyphs.to_unicode())
    return _add_object(
        pdf,
        f"<</Type/Font/Subtype/Type0/BaseFont/{NAME}/Encoding/Identity-H"
        f"/DescendantFonts[{descendant} 0 R]/ToUnicode {to_unicode} 0 R>>",
    )


def add_resource(pdf: pymupdf.Document, page_xref: int, font: int) -> None:
    """Name the font in the page's resources, which may be its own, shared, or inherited."""
    holder, prefix = _resources(pdf, page_xref)
    kind, value = pdf.xref_get_key(holder, f"{prefix}Font")
    if kind == "xref":
        pdf.xref_set_key(int(value.split()[0]), RESOURCE, f"{font} 0 R")
    elif kind == "dict":
        pdf.xref_set_key(holder, f"{prefix}Font/{RESOURCE}", f"{font} 0 R")
    else:
        pdf.xref_set_key(holder, f"{prefix}Font", f"<</{RESOURCE} {font} 0 R>>")


def _resources(pdf: pymupdf.Document, page_xref: int) -> tuple[int, str]:
    """The object that holds the page's resources, and the way to them in it."""
    xref = page_xref
    for _ in range(_MAX_PARENTS):
        kind, value = pdf.xref_get_key(xref, "Resources")
        if kind in ("xref", "dict"):
            if xref != page_xref:  # inherited: named by the page itself; of a dictionary it gets a copy of its own
                pdf.xref_set_key(page_xref, "Resources", value)
            return (int(value.split()[0]), "") if kind == "xref" else (page_xref, "Resources/")
        parent, number = pdf.xref_get_key(xref, "Parent")
        if parent != "xref":
            break
        xref = int(number.split()[0])
    pdf.xref_set_key(page_xref, "Resources", "<<>>")
    return page_xref, "Resources/"
