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
import statistics
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from html import escape
from pathlib import Path

import pymupdf

from document.exceptions import OutputError, QingzhangError
from document.types import BlockKind, Document, Origin, Page, Table, TextBlock
from document.writers.checks import document_name
from document.writers.glyphless import ASCENT, DESCENT, NAME, Glyphs, program, text_width
from document.writers.original import Original
from document.writers.pdf_lines import Ink, Run, ink_of, placed
from document.writers.safe import plain

INK_DPI = 100.0
_RESOURCE = "QzInvisible"
_SPACES = frozenset({"", "DeviceGray", "DeviceRGB", "CalGray", "CalRGB", "ICCBased", "Indexed"})
"""Colour spaces that PDF/A takes with an sRGB output intent."""
_HARMLESS = frozenset({"", "/GoTo", "/URI", "/Named"})
"""Actions of links that may stay."""
_MAX_PARENTS = 64
"""Levels of the page tree that are searched for inherited resources."""


def write_pdf(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The searchable PDF as ``document.pdf``. Raises OutputError without the source file, or with a broken one."""
    if original is None:
        raise OutputError(
            f"{document.source.name}: a PDF needs the source file. Name it, or its folder, with --source."
        )
    try:
        with _opened(original.path) as pdf:
            _lay(document, original, pdf)
            return {"document.pdf": _saved(document, pdf)}
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
    runs = {page.number: list(_runs(document, page, original)) for page in document.pages}
    glyphs = Glyphs.of(run.text for page_runs in runs.values() for run in page_runs)
    font = _add_font(pdf, glyphs)
    for page in document.pages:
        if runs[page.number] and page.number <= pdf.page_count:
            target = pdf[page.number - 1]
            if page.origin is Origin.SCAN:
                _without_invisible_text(target)
            _add_layer(pdf, target, page, layer_stream(runs[page.number], glyphs), font)


# --- what stands where ------------------------------------------------------------------------------------


def _runs(document: Document, page: Page, original: Original) -> Iterator[Run]:
    """The page's text in reading order, tables row by row, a space between the cells of a row."""
    if page.origin is Origin.FAILED:
        return
    ink = _ink(page, original)
    for block in document.blocks:
        if isinstance(block, Table):
            yield from _table_runs(block, page.number, ink)
        elif block.pages[0] == page.number:
            yield from placed(plain(block.reading.text), block.box, ink, _is_justified(block))


def _is_justified(block: TextBlock) -> bool:
    """Entries of the table of contents are not: leaders run on to a page number that is not in the text."""
    return block.kind is not BlockKind.TOC


def _ink(page: Page, original: Original) -> Ink | None:
    try:
        return ink_of(original.draw(page, INK_DPI), INK_DPI, -math.tan(math.radians(page.skew_degrees)))
    except QingzhangError:  # the boxes alone have to do
        return None


def _table_runs(table: Table, number: int, ink: Ink | None) -> Iterator[Run]:
    rows: dict[int, list[list[Run]]] = {}
    for cell in sorted(table.cells, key=lambda c: (c.row, c.col)):
        if cell.page == number:
            runs = placed(plain(cell.reading.text), cell.box, ink)
            rows.setdefault(cell.row, []).extend([runs] if runs else [])
    for row in rows.values():
        yield from _with_spaces(_on_one_line(row))


def _on_one_line(row: list[list[Run]]) -> list[Run]:
    """The runs of a row's cells; those that stand on nearly one line get one baseline and size, as viewers like it."""
    single = [runs[0] for runs in row if len(runs) == 1]
    if not single:
        return [run for runs in row for run in runs]
    size = statistics.median(run.size for run in single)
    level = statistics.median(_level(run) for run in single)
    return [
        replace(run, size=size, baseline=level + run.slope * run.left)
        if len(runs) == 1 and abs(_level(run) - level) < 0.4 * size
        else run
        for runs in row
        for run in runs
    ]


def _level(run: Run) -> float:
    """Where the baseline meets the page's left edge."""
    return run.baseline - run.slope * run.left


def _with_spaces(runs: Iterable[Run]) -> Iterator[Run]:
    """The runs with a space in each gap between neighbours, as wide as the gap."""
    last = None
    for run in runs:
        if last is not None and run.left > last.left + last.width:
            yield _between(last, run)
        yield run
        last = run


def _between(last: Run, run: Run) -> Run:
    """A space as wide as the gap between two cells of a row."""
    end = last.left + last.width
    baseline = last.baseline + last.slope * last.width
    return Run(" ", end, baseline, last.size, run.left - end, last.slope)


def layer_stream(runs: list[Run], glyphs: Glyphs) -> bytes:
    """The runs as a PDF text object, on the upright page's points with y down."""
    lines = ["BT 3 Tr"]
    for run in runs:
        natural = text_width(run.text) * run.size
        stretch = 100 * run.width / natural if natural > 0 else 100
        cos, sin = 1 / math.hypot(1, run.slope), run.slope / math.hypot(1, run.slope)
        matrix = f"{cos:.5f} {sin:.5f} {sin:.5f} {-cos:.5f} {run.left:.2f} {run.baseline:.2f} Tm"
        lines.append(f"/{_RESOURCE} {run.size:.2f} Tf {stretch:.2f} Tz {matrix} <{glyphs.encoded(run.text)}> Tj")
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
    last = _add_stream(pdf, after + placing + layer + b"Q\n")
    first = [_add_stream(pdf, before)] if before else []
    references = " ".join(f"{xref} 0 R" for xref in [*first, *own, last])
    pdf.xref_set_key(target.xref, "Contents", f"[{references}]")
    _add_resource(pdf, target.xref, font)


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


def _add_stream(pdf: pymupdf.Document, data: bytes, entries: str = "") -> int:
    xref = int(pdf.get_new_xref())
    pdf.update_object(xref, f"<<{entries}>>")
    pdf.update_stream(xref, data, compress=True)
    return xref


def _add_object(pdf: pymupdf.Document, text: str) -> int:
    xref = int(pdf.get_new_xref())
    pdf.update_object(xref, text)
    return xref


def _add_font(pdf: pymupdf.Document, glyphs: Glyphs) -> int:
    """The glyphless font with all that belongs to it; the number of the font's object."""
    font_file = program()
    file = _add_stream(pdf, font_file, f"/Length1 {len(font_file)}")
    numbers = _add_stream(pdf, glyphs.glyph_numbers())
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
    to_unicode = _add_stream(pdf, glyphs.to_unicode())
    return _add_object(
        pdf,
        f"<</Type/Font/Subtype/Type0/BaseFont/{NAME}/Encoding/Identity-H"
        f"/DescendantFonts[{descendant} 0 R]/ToUnicode {to_unicode} 0 R>>",
    )


def _add_resource(pdf: pymupdf.Document, page_xref: int, font: int) -> None:
    """Name the font in the page's resources, which may be its own, shared, or inherited."""
    holder, prefix = _resources(pdf, page_xref)
    kind, value = pdf.xref_get_key(holder, f"{prefix}Font")
    if kind == "xref":
        pdf.xref_set_key(int(value.split()[0]), _RESOURCE, f"{font} 0 R")
    elif kind == "dict":
        pdf.xref_set_key(holder, f"{prefix}Font/{_RESOURCE}", f"{font} 0 R")
    else:
        pdf.xref_set_key(holder, f"{prefix}Font", f"<</{_RESOURCE} {font} 0 R>>")


def _resources(pdf: pymupdf.Document, page_xref: int) -> tuple[int, str]:
    """The object that holds the page's resources, and the way to them in it."""
    xref = page_xref
    for _ in range(_MAX_PARENTS):
        kind, value = pdf.xref_get_key(xref, "Resources")
        if kind == "xref":
            return int(value.split()[0]), ""
        if kind == "dict":
            if xref != page_xref:  # inherited: a copy of its own, the other pages keep theirs
                pdf.xref_set_key(page_xref, "Resources", value)
            return page_xref, "Resources/"
        parent, number = pdf.xref_get_key(xref, "Parent")
        if parent != "xref":
            break
        xref = int(number.split()[0])
    pdf.xref_set_key(page_xref, "Resources", "<<>>")
    return page_xref, "Resources/"


# --- for archives -----------------------------------------------------------------------------------------


def _saved(document: Document, pdf: pymupdf.Document) -> bytes:
    """The file's bytes: without what runs, with metadata, marked as PDF/A-2b where it is."""
    _disarm(pdf)
    archival = _is_of_pictures(pdf)
    title = document_name(document)
    pdf.set_metadata({"title": title, "producer": "qingzhang"})
    pdf.set_xml_metadata(_xmp(title, archival))
    if archival:
        profile = _add_stream(pdf, _srgb(), "/N 3")
        intent = "/Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)"
        pdf.xref_set_key(pdf.pdf_catalog(), "OutputIntents", f"[<<{intent}/DestOutputProfile {profile} 0 R>>]")
    identity = document.source.sha256[:32]
    pdf.xref_set_key(-1, "ID", f"[<{identity}><{identity}>]")
    options = {"garbage": 1, "deflate": True, "no_new_id": True, "encryption": pymupdf.PDF_ENCRYPT_NONE}
    return bytes(pdf.tobytes(**options))


def _disarm(pdf: pymupdf.Document) -> None:
    """Take out what runs by itself or on a click, and attached files; links to pages and addresses stay."""
    for key in ("OpenAction", "AA", "Names/JavaScript", "Names/EmbeddedFiles", "AcroForm/XFA"):
        _drop(pdf, key)
    for page in pdf:
        places = [page.xref, *(annotation[0] for annotation in page.annot_xrefs())]
        for xref in places:
            if pdf.xref_get_key(xref, "AA")[0] != "null":
                pdf.xref_set_key(xref, "AA", "null")
        for xref in places[1:]:
            if _action(pdf, xref) not in _HARMLESS:
                pdf.xref_set_key(xref, "A", "null")


def _action(pdf: pymupdf.Document, annotation: int) -> str:
    """The kind of an annotation's action: "" for none."""
    kind, value = pdf.xref_get_key(annotation, "A")
    if kind == "xref":
        return str(pdf.xref_get_key(int(value.split()[0]), "S")[1])
    return str(pdf.xref_get_key(annotation, "A/S")[1]) if kind == "dict" else ""


def _drop(pdf: pymupdf.Document, key: str) -> None:
    """Take an entry out of the catalog; on the way to it there may be references."""
    holder, path = pdf.pdf_catalog(), key.split("/")
    while len(path) > 1:
        kind, value = pdf.xref_get_key(holder, path[0])
        if kind == "xref":
            holder, path = int(value.split()[0]), path[1:]
        elif kind == "dict":
            path = ["/".join(path[:2]), *path[2:]]
        else:
            return
        if "/" in path[0]:
            break
    final = "/".join(path)
    if pdf.xref_get_key(holder, final)[0] != "null":
        pdf.xref_set_key(holder, final, "null")


def _is_of_pictures(pdf: pymupdf.Document) -> bool:
    """Whether the source holds nothing but pictures that PDF/A takes: no font, no annotation, no form, grey or RGB."""
    if pdf.is_form_pdf or pdf.embfile_count() or pdf.xref_get_key(pdf.pdf_catalog(), "OCProperties")[0] != "null":
        return False
    return all(_is_picture_page(page) for page in pdf)


def _is_picture_page(page: pymupdf.Page) -> bool:
    if {font[3] for font in page.get_fonts(full=True)} - {NAME} or page.first_annot or page.first_link:
        return False
    images = page.get_images(full=True)
    fine = all(
        {image[5], image[6]} <= _SPACES
        and image[8] != "JPXDecode"
        and page.parent.xref_get_key(image[0], "Interpolate")[1] != "true"
        for image in images
    )
    return fine and len(page.get_image_info()) <= len(images) and not page.get_cdrawings()


def _srgb() -> bytes:
    """The sRGB colour profile, its date of making taken out (ICC.1, bytes 24 to 35)."""
    from PIL import ImageCms

    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return profile[:24] + bytes.fromhex("07d000010001000000000000") + profile[36:]


def _xmp(title: str, archival: bool) -> str:
    """The metadata packet; what it says is what the information dictionary says."""
    part = "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" if archival else ""
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        '<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:pdf="http://ns.adobe.com/pdf/1.3/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">'
        f'<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{escape(title)}</rdf:li></rdf:Alt></dc:title>'
        f"<pdf:Producer>qingzhang</pdf:Producer>{part}"
        '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
    )
