"""``document.alto.xml``: ALTO XML 4.4 of the Library of Congress, for the viewers of archives.

One file with all pages. A text block or a table cell is one TextLine: the contract has no boxes for lines. Words that
stand apart are Strings with a space between; where a text was corrected, ``ALTERNATIVE`` has what was read. Lengths are
in 1/1200 inch, as the format has no points.
"""

from __future__ import annotations

import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Mapping

from document.geometry import Box
from document.types import BlockKind, Document, Origin, Page, Reading, Rule, Table, TextBlock
from document.writers.checks import block_anchor, cell_anchor
from document.writers.original import Original
from document.writers.safe import is_corrected, plain

NAMESPACE = "http://www.loc.gov/standards/alto/ns-v4#"
_PER_POINT = 1200 / 72
_ROLES: Mapping[BlockKind, str] = {kind: f"role-{kind.value}" for kind in BlockKind}


def write_alto(document: Document, original: Original | None = None) -> Mapping[str, bytes]:
    """The layout and text as ``document.alto.xml``."""
    root = ET.Element("alto", {"xmlns": NAMESPACE, "SCHEMAVERSION": "4.4"})
    _description(root, document)
    _tags(root, document)
    layout = ET.SubElement(root, "Layout")
    for page in document.pages:
        _page(layout, page, document)
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


def _page(layout: ET.Element, page: Page, document: Document) -> None:
    attributes = {"ID": f"page-{page.number}", "PHYSICAL_IMG_NR": str(page.number), "PROCESSINGREFS": "qingzhang"}
    if page.origin is Origin.FAILED:
        ET.SubElement(layout, "Page", {**attributes, "QUALITY": "Damaged", "QUALITY_DETAIL": plain(page.error or "")})
        return
    size = {"HEIGHT": _length(page.height), "WIDTH": _length(page.width)}
    element = ET.SubElement(layout, "Page", {**attributes, **size, "LANG": "zh"})
    space = ET.SubElement(element, "PrintSpace", {**size, "HPOS": "0", "VPOS": "0"})
    for place, block in enumerate(document.blocks):
        if isinstance(block, Table):
            _table(space, place, block, page.number)
        elif block.pages[0] == page.number:
            _block(space, block_anchor(place), block.box, block.reading, _ROLES[block.kind])


def _table(space: ET.Element, place: int, table: Table, number: int) -> None:
    """The part of a table that is printed on one page, its cells row by row."""
    cells = [cell for cell in table.cells if cell.page == number]
    if not cells:
        return
    box = Box.around(cell.box for cell in cells)
    name = f"{block_anchor(place)}-p{number}"
    attributes = {"ID": name, **_position(box), "TYPE": "table"}
    block = ET.SubElement(space, "ComposedBlock", attributes)
    for cell in sorted(cells, key=lambda c: (c.row, c.col)):
        _block(block, cell_anchor(place, cell), cell.box, cell.reading, None)


def _block(parent: ET.Element, name: str, box: Box, reading: Reading, role: str | None) -> None:
    """A TextBlock of one line; a blank one has no line."""
    attributes = {"ID": name, **_position(box)}
    if role:
        attributes["TAGREFS"] = role
    if any(correction.rule is Rule.REVIEWER for correction in reading.corrections):
        attributes["CS"] = "true"
    block = ET.SubElement(parent, "TextBlock", attributes)
    words = plain(reading.text).split(" ") if plain(reading.text) else []
    if not words:
        return
    line = ET.SubElement(block, "TextLine", {"ID": f"{name}-l", **_position(box)})
    _strings(line, words, box, reading)


def _strings(line: ET.Element, words: list[str], box: Box, reading: Reading) -> None:
    """The words of a line, each with its share of the box by width."""
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
        if number == 0 and is_corrected(reading):
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
