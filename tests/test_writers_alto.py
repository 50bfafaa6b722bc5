"""document.alto.xml: by its schema, and by an XML reader against the document.

The schema here is the part of ALTO 4.4 that is used, stricter than the standard (see its head). The standard's own
(www.loc.gov/standards/alto/v4/alto-4-4.xsd) is not shipped: its licence is CC BY-SA 4.0, no software licence.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from writers_sample import HOSTILE, accounts, block, document, original, scan

from document.types import BlockKind, Correction, Document, Rule, Table, TextBlock
from document.writers.alto import NAMESPACE, write_alto
from document.writers.safe import plain

SCHEMA = etree.XMLSchema(etree.parse(Path(__file__).parent / "data" / "alto_profile.xsd"))
POINT = 1200 / 72


def parsed(of: Document) -> etree._Element:
    root = etree.fromstring(write_alto(of)["document.alto.xml"])
    SCHEMA.assertValid(root)
    return root


def found(root: etree._Element, path: str) -> list[etree._Element]:
    return root.findall(path.replace("a:", f"{{{NAMESPACE}}}"))


def text_of(element: etree._Element) -> str:
    return " ".join(string.get("CONTENT") for string in found(element, ".//a:String"))


def test_it_fits_the_schema_and_has_every_page() -> None:
    root = parsed(document())
    pages = found(root, ".//a:Page")
    assert [page.get("PHYSICAL_IMG_NR") for page in pages] == ["1", "2", "3"]
    assert pages[2].get("QUALITY_DETAIL") == "page 3: <b>damaged</b>"


def test_every_text_is_there_in_reading_order() -> None:
    root = parsed(document())
    for number, space in enumerate(found(root, ".//a:PrintSpace"), 1):
        expected = [
            c.reading.text
            for b in document().blocks
            for c in (b.cells if isinstance(b, Table) else (b,))
            if (c.page if isinstance(b, Table) else b.pages[0]) == number
            and not (isinstance(b, TextBlock) and b.kind is BlockKind.PAGE_NUMBER)
        ]
        assert [text_of(b) for b in found(space, ".//a:TextBlock")] == [plain(text) for text in expected]


def test_running_heads_and_page_numbers_stand_in_the_margins() -> None:
    blocks = (block(BlockKind.HEADER, "部门决算", 1, 20, 32), *document().blocks)
    first = found(parsed(replace(document(), blocks=blocks)), ".//a:Page")[0]
    assert [text_of(space) for space in found(first, "a:TopMargin")] == ["部门决算"]
    assert [text_of(space) for space in found(first, "a:BottomMargin")] == ["1"]


def test_lines_are_measured_where_the_source_is_at_hand(tmp_path: Path) -> None:
    source = original(scan(tmp_path / "a.pdf", document()))
    root = etree.fromstring(write_alto(document(), source)["document.alto.xml"])
    SCHEMA.assertValid(root)
    paragraph = found(root, ".//a:TextBlock")[2]
    lines = found(paragraph, "a:TextLine")
    assert "".join(text_of(line).replace(" ", "") for line in lines) == document().blocks[1].reading.text.replace(
        " ", ""
    )
    middles = [(int(line.get("VPOS")) + int(line.get("HEIGHT")) / 2) / POINT for line in lines]
    assert middles == pytest.approx([115, 135, 155], abs=2)  # where the drawn page has its bars
    for cell in accounts().cells:
        if cell.page == 1 and cell.reading.text:
            (line,) = [
                li for li in found(root, ".//a:Page")[0].iter() if li.get("ID") == f"b2-r{cell.row}-c{cell.col}-l0"
            ]
            assert cell.box.top <= int(line.get("VPOS")) / POINT + 1 < cell.box.bottom


def test_cells_stand_in_their_table_at_their_place() -> None:
    root = parsed(document())
    tables = found(root, ".//a:ComposedBlock[@TYPE='table']")
    assert len(tables) == 3  # one table runs over two pages
    first = document().tables[0].cells[0]
    cell = found(tables[0], "a:TextBlock")[0]
    assert [int(cell.get(k)) for k in ("HPOS", "VPOS", "WIDTH", "HEIGHT")] == [
        round(v * POINT) for v in (first.box.left, first.box.top, first.box.width, first.box.height)
    ]


def test_confidence_and_the_reading_before_correction_are_kept() -> None:
    strings = {s.get("CONTENT"): s for s in found(parsed(document()), ".//a:String")}
    assert strings["820.66"].get("WC") == "0.4000"
    assert found(strings["事业单位医疗"], "a:ALTERNATIVE")[0].text == "事业单位医疗人"
    assert not found(strings["住房公积金"], "a:ALTERNATIVE")


def test_what_a_person_corrected_says_so() -> None:
    heading = document().blocks[0]
    assert not isinstance(heading, Table)
    by_hand = Correction("第一部份", "第一部分", Rule.REVIEWER, 1.0, "reviewer")
    made = replace(heading, reading=replace(heading.reading, corrections=(by_hand,)))
    root = parsed(replace(document(), blocks=(made,)))
    assert found(root, ".//a:TextBlock")[0].get("CS") == "true"


def test_the_schema_refuses_what_is_no_alto() -> None:
    root = parsed(document())
    del found(root, ".//a:String")[0].attrib["CONTENT"]
    assert not SCHEMA.validate(root)


@given(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30)))
def test_any_text_stays_text(text: str) -> None:
    root = parsed(replace(document(), blocks=(block(BlockKind.PARAGRAPH, text, 1, 10, 30),)))
    assert text_of(root) == " ".join(plain(text).split())


def test_the_same_document_gives_the_same_bytes() -> None:
    assert write_alto(document()) == write_alto(document())


def test_a_document_of_failed_pages_fits_too() -> None:
    assert not found(parsed(replace(document(), pages=document().pages[2:], blocks=())), ".//a:PrintSpace")
