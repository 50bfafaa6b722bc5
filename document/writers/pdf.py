"""``document.pdf``: the source's own pages, untouched, with the corrected text as an invisible layer over the print.

The layer is text in rendering mode 3 in a font of boxes (``glyphless``), placed over the ink. An invisible layer that
the source had from another program is taken off; a born-digital page's own text stays visible and is replaced for
search and copying (``ActualText``), so that no text is found twice. Scripts, launch actions and attached files of the
source are left out: the file is for archives.

A source of pictures alone comes out as PDF/A-2b (ISO 19005-2): no dates but what is in the pictures, sRGB as output
intent, XMP metadata. The same document and source give the same bytes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pymupdf

from document.exceptions import OutputError, QingzhangError
from document.types import BlockKind, Document, Origin, Page, Table, TextBlock
from document.writers.glyphless import Glyphs, text_width
from document.writers.grid import Part, parts_by_page
from document.writers.lines import Run, page_ink, placed
from document.writers.original import Original
from document.writers.pdf_archive import archived
from document.writers.pdf_objects import RESOURCE, add_font, add_resource, add_stream
from document.writers.pdf_rows import table_runs
from document.writers.safe import plain


def write_pdf(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The searchable PDF as ``document.pdf``. Raises OutputError without the source file, or with a broken one."""
    if original is None:
        raise OutputError(
            f"{document.source.name}: a PDF needs the source file. Name it, or its folder, with --source."
        )
    try:
        with _opened(original.path) as pdf:
            _lay(document, original, pdf)
            return {"document.pdf": archived(document, pdf)}
    except QingzhangError:
        raise
    except Exception as error:  # MuPDF's own, on a damaged source
        raise OutputError(f"{original.path}: no searchable PDF can be made of it ({error}).") from error


def _opened(path: Path) -> pymupdf.Document:
    """The source as a PDF; pictures become pages that hold them as they are."""
    source = pymupdf.open(path)
    if source.is_pdf:
        return source
    with source:
        return pymupdf.open("pdf", source.convert_to_pdf())


def _lay(document: Document, original: Original, pdf: pymupdf.Document) -> None:
    parts = parts_by_page(document)
    runs = {page.number: list(_runs(parts[page.number], page, original)) for page in document.pages}
    glyphs = Glyphs.of(run.text for page_runs in runs.values() for run in page_runs)
    font = add_font(pdf, glyphs)
    for page in document.pages:
        if runs[page.number] and page.number <= pdf.page_count:
            target = pdf[page.number - 1]
            if page.origin is Origin.SCAN:
                _without_invisible_text(target)
            _add_layer(pdf, target, page, layer_stream(runs[page.number], glyphs), font)


# --- what stands where ------------------------------------------------------------------------------------


def _runs(parts: Sequence[Part], page: Page, original: Original) -> Iterator[Run]:
    """The page's text in reading order, tables row by row, a space between the cells of a row."""
    if page.origin is Origin.FAILED:
        return
    ink = page_ink(page, original)
    for part in parts:
        if isinstance(part.block, Table):
            yield from table_runs(part.cells, ink)
        else:
            yield from placed(plain(part.block.reading.text), part.block.box, ink, _is_justified(part.block))


def _is_justified(block: TextBlock) -> bool:
    """Entries of the table of contents are not: leaders run on to a page number that is not in the text."""
    return block.kind is not BlockKind.TOC


def layer_stream(runs: list[Run], glyphs: Glyphs) -> bytes:
    """The runs as a PDF text object, on the upright page's points with y down."""
    lines = ["BT 3 Tr"]
    for run in runs:
        natural = text_width(run.text) * run.size
        stretch = 100 * run.width / natural if natural > 0 else 100
        cos, sin = 1 / math.hypot(1, run.slope), run.slope / math.hypot(1, run.slope)
        matrix = f"{cos:.5f} {sin:.5f} {sin:.5f} {-cos:.5f} {run.left:.2f} {run.baseline:.2f} Tm"
        lines.append(f"/{RESOURCE} {run.size:.2f} Tf {stretch:.2f} Tz {matrix} <{glyphs.encoded(run.text)}> Tj")
    return ("\n".join([*lines, "ET"]) + "\n").encode("ascii")


# --- into the file ----------------------------------------------------------------------------------------


def _add_layer(pdf: pymupdf.Document, target: pymupdf.Page, page: Page, layer: bytes, font: int) -> None:
    target.wrap_contents()
    a, b, c, d, e, f = _to_user_space(target, page)
    own = target.get_contents()
    before, after = b"", b""
    if page.origin is Origin.TEXT_LAYER:
        before, after = b"/Span <</ActualText <FEFF0020>>> BDC\n", b"\nEMC\n"
    placing = f"\nq {a:.6f} {b:.6f} {c:.6f} {d:.6f} {e:.4f} {f:.4f} cm\n".encode("ascii")
    last = add_stream(pdf, after + placing + layer + b"Q\n")
    first = [add_stream(pdf, before)] if before else []
    references = " ".join(f"{xref} 0 R" for xref in [*first, *own, last])
    pdf.xref_set_key(target.xref, "Contents", f"[{references}]")
    add_resource(pdf, target.xref, font)


def _to_user_space(target: pymupdf.Page, page: Page) -> tuple[float, float, float, float, float, float]:
    """The matrix from points on the upright page (y down) to the page's own coordinates (y up, before /Rotate)."""
    shown, turn = target.rect, target.rotation
    if turn:  # MuPDF's matrices are off by the media box's origin on pages with /Rotate
        target.set_rotation(0)
    stored, to_stored = target.rect, ~target.transformation_matrix
    if turn:
        target.set_rotation(turn)
    sides = (shown.width, shown.height) if page.rotation % 180 == 0 else (shown.height, shown.width)
    scaled = pymupdf.Matrix(sides[0] / page.width, sides[1] / page.height)
    matrix = scaled * _turned_back(page.rotation, shown) * _turned_back(turn, stored) * to_stored
    return matrix.a, matrix.b, matrix.c, matrix.d, matrix.e, matrix.f


def _turned_back(degrees: int, before: pymupdf.Rect) -> pymupdf.Matrix:
    """From points on a page turned clockwise to points on the page before, of that size; y down in both."""
    return {
        0: pymupdf.Matrix(1, 0, 0, 1, 0, 0),
        90: pymupdf.Matrix(0, -1, 1, 0, 0, before.height),
        180: pymupdf.Matrix(-1, 0, 0, -1, before.width, before.height),
        270: pymupdf.Matrix(0, 1, -1, 0, before.width, 0),
    }[degrees % 360]


def _without_invisible_text(target: pymupdf.Page) -> None:
    """Take off the text layer that another program has laid over a scan; what can be seen stays."""
    if not target.get_text("text", flags=0).strip():
        return
    target.add_redact_annot(target.rect, cross_out=False)
    target.apply_redactions(
        images=pymupdf.PDF_REDACT_IMAGE_NONE,
        graphics=pymupdf.PDF_REDACT_LINE_ART_NONE,
        text=pymupdf.PDF_REDACT_TEXT_REMOVE_INVISIBLE,
    )
