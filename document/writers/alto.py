"""``document.alto.xml``: ALTO XML 4.4 of the Library of Congress, for the viewers of archives.

One file with all pages. The contract has no boxes for lines: where the source file is at hand they are measured in its
ink, else a text block or a table cell is one TextLine. Words that stand apart are Strings with a space between; where a
text was corrected, ``ALTERNATIVE`` has what was read. Running heads and page numbers stand in the margins, as the
format asks. Lengths are in 1/1200 inch, as it has no points.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence

from document.geometry import Box
from document.types import BlockKind, Document, Origin, Page, Reading, Rule, Table, TextBlock
from document.writers.checks import block_anchor, cell_anchor
from document.writers.grid import Part, parts_by_page
from document.writers.lines import Ink, page_ink, placed
from document.writers.original import Original
from document.writers.safe import is_corrected, plain

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_PER_POINT = 1200 / 72
_PRINT = "PrintSpace"
_SPACES = ("TopMargin", "BottomMargin", _PRINT)
"""Parts of a page, in the order of the schema."""
_IN_MARGINS = frozenset({BlockKind.HEADER, BlockKind.FOOTER, BlockKind.PAGE_NUMBER})
_ROLES: Mapping[BlockKind, str] = {kind: f"role-{kind.value}" for kind in BlockKind}


def write_alto(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The layout and text as ``document.alto.xml``."""
    root = ET.Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": "4.4"})
    _description(root, document)
    _tags(root, document)
    layout = ET.SubElement(root, "Layout")
    parts = parts_by_page(document)
    for page in document.pages:
        _page(layout, page, parts[page.number], original)
    ET.indent(root, " ")
    return {"document.alto.xml": ET.tostring(root, encoding="UTF-8", xml_declaration=True) + b"\n"}


def _description(root: ET.Element, document: Document) -> None:
    description = ET.SubElement(root, "Description")
    ET.SubElement(description, "MeasurementUnit").text = "inch1200"
    image = ET.SubElement(description, "sourceImageInformation")
    ET.SubElement(image, "fileName").text = plain(document.source.name)
    identifier = ET.SubElement(image, "fileIdentifier", {"fileIdentifierLocation": "SHA-256"})
    identifier.text = document.source.sha256
    processing = ET.SubElement(description, "Processing", {"ID": "qingzhang"})
    ET.SubElement(processing, "processingCategory").text = "contentGeneration"
    software = ET.SubElement(processing, "processingSoftware")
    ET.SubElement(software, "softwareName").text = "qingzhang"


def _tags(root: ET.Element, document: Document) -> None:
    """The roles of text blocks that occur, for ``TAGREFS``."""
    kinds = sorted({block.kind for block in document.blocks if isinstance(block, TextBlock)})
    if kinds:
        tags = ET.SubElement(root, "Tags")
        for kind in kinds:
            ET.SubElement(tags, "RoleTag", {"ID": _ROLES[kind], "LABEL": kind.value})


def _page(layout: ET.Element, page: Page, parts: Sequence[Part], original: Original | None) -> None:
    attributes = {"ID": f"page-{page.number}", "PHYSICAL_IMG_NR": str(page.number), "PROCESSINGREFS": "qingzhang"}
    if page.origin is Origin.FAILED:
        ET.SubElement(layout, "Page", {**attributes, "QUALITY": "Damaged", "QUALITY_DETAIL": plain(page.error or "")})
        return
    size = {"HEIGHT": _length(page.height), "WIDTH": _length(page.width)}
    element = ET.SubElement(layout, "Page", {**attributes, **size, "LANG": "zh"})
    ink = page_ink(page, original) if original else None
    spaces = {where: [part for part in parts if _space(part, page) == where] for where in _SPACES}
    for where, inside in spaces.items():
        if inside or where == _PRINT:
            box = Box(0, 0, page.width, page.height) if where == _PRINT else Box.around(_boxes(inside))
            space = ET.SubElement(element, where, _position(box))
            for part in inside:
                _part(space, part, page.number, ink)


def _space(part: Part, page: Page) -> str:
    """Where on the page a part stands: running heads, feet and page numbers in the margin nearest to them."""
    if isinstance(part.block, Table) or part.block.kind not in _IN_MARGINS:
        return _PRINT
    return "TopMargin" if part.block.box.center[1] < page.height / 2 else "BottomMargin"


def _boxes(parts: Sequence[Part]) -> list[Box]:
    return [part.block.box for part in parts if not isinstance(part.block, Table)]


def _part(space: ET.Element, part: Part, number: int, ink: Ink | None) -> None:
    """A text, or the part of a table that is printed on one page, its cells row by row."""
    if not isinstance(part.block, Table):
        _block(space, block_anchor(part.place), part.block.box, part.block.reading, ink, part.block.kind)
        return
    box = Box.around(cell.box for cell in part.cells)
    attributes = {"ID": f"{block_anchor(part.place)}-p{number}", **_position(box), "TYPE": "table"}
    table = ET.SubElement(space, "ComposedBlock", attributes)
    for cell in part.cells:
        _block(table, cell_anchor(part.place, cell), cell.box, cell.reading, ink)


def _block(
    parent: ET.Element, name: str, box: Box, reading: Reading, ink: Ink | None, kind: BlockKind | None = None
) -> None:
    """A TextBlock with its lines; a blank one has none."""
    attributes = {"ID": name, **_position(box)}
    if kind:
        attributes["TAGREFS"] = _ROLES[kind]
    if any(correction.rule is Rule.REVIEWER for correction in reading.corrections):
        attributes["CS"] = "true"
    block = ET.SubElement(parent, "TextBlock", attributes)
    for number, (text, place) in enumerate(_lines(plain(reading.text), box, ink, kind is not BlockKind.TOC)):
        line = ET.SubElement(block, "TextLine", {"ID": f"{name}-l{number}", **_position(place)})
        _strings(line, text.split(), place, reading, with_raw=number == 0 and is_corrected(reading))


def _lines(text: str, box: Box, ink: Ink | None, justified: bool) -> list[tuple[str, Box]]:
    """The text's lines with their places; one that has the whole box where the page cannot be seen."""
    if not text:
        return []
    if ink is None:
        return [(text, box)]
    runs = [run for run in placed(text, box, ink, justified) if run.text.strip()]
    return [(run.text, run.box) for run in runs]


def _strings(line: ET.Element, words: Sequence[str], box: Box, reading: Reading, with_raw: bool) -> None:
    """The words of a line, each with its share of the box by width; the first with what was read, if asked for."""
    widths = [_width(word) for word in words]
    unit = box.width / (sum(widths) + len(words) - 1)
    left = box.left
    for number, (word, width) in enumerate(zip(words, widths, strict=True)):
        if number:
            space = Box(left, box.top, left + unit, box.bottom)
            ET.SubElement(line, "SP", {**_position(space)})
            left += unit
        place = Box(left, box.top, left + unit * width, box.bottom)
        confidence = f"{min(1.0, max(0.0, reading.confidence)):.4f}"
        string = ET.SubElement(line, "String", {**_position(place), "CONTENT": word, "WC": confidence})
        if number == 0 and with_raw:
            ET.SubElement(string, "ALTERNATIVE", {"PURPOSE": "reading before correction, whole line"}).text = plain(
                reading.raw
            )
        left += unit * width


def _width(word: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in word) or 1


def _position(box: Box) -> dict[str, str]:
    return {
        "HPOS": _length(box.left),
        "VPOS": _length(box.top),
        "WIDTH": _length(box.width),
        "HEIGHT": _length(box.height),
    }


def _length(points: float) -> str:
    return str(round(points * _PER_POINT))
