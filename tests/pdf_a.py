"""The rules of PDF/A-2b (ISO 19005-2) that a file of pictures with an invisible text layer can break, by its objects.

No validator: what is asked here is what the standard's clauses ask of such a file, each named in the message.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator

import pymupdf

RDF, DC, PDF, PDFA = (
    "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}",
    "{http://purl.org/dc/elements/1.1/}",
    "{http://ns.adobe.com/pdf/1.3/}",
    "{http://www.aiim.org/pdfa/ns/id/}",
)


def problems(data: bytes) -> list[str]:
    """What keeps the file from being PDF/A-2b, each with its clause; empty where nothing is known to."""
    with pymupdf.open("pdf", data) as pdf:
        return [*_file(data, pdf), *_catalog(pdf), *_metadata(pdf), *_objects(pdf), *_fonts(pdf)]


def _file(data: bytes, pdf: pymupdf.Document) -> Iterator[str]:
    lines = data[:64].splitlines()
    if not re.fullmatch(rb"%PDF-1\.[0-7]", lines[0]):
        yield "6.1.2: header"
    if not re.match(rb"%[\x80-\xff]{4}", lines[1]):
        yield "6.1.2: no comment of four bytes above 127"
    if pdf.xref_get_key(-1, "Encrypt")[0] != "null":
        yield "6.1.3: encrypted"
    if not re.fullmatch(r"\[\s*<[0-9A-Fa-f]+>\s*<[0-9A-Fa-f]+>\s*\]", pdf.xref_get_key(-1, "ID")[1]):
        yield "6.1.3: no ID"
    if not data.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "6.1.3: data after the end"


def _catalog(pdf: pymupdf.Document) -> Iterator[str]:
    catalog = pdf.xref_object(pdf.pdf_catalog(), compressed=True)
    intents = re.findall(r"/S/GTS_PDFA1[^>]*?/DestOutputProfile (\d+) 0 R", catalog)
    if len(intents) != 1:
        yield "6.2.3: no output intent"
    else:
        profile = pdf.xref_stream(int(intents[0]))
        if (profile[12:16], profile[16:20], profile[36:40]) != (b"mntr", b"RGB ", b"acsp") or profile[8] > 4:
            yield "6.2.3: no profile of a display in RGB, ICC 4 at most"
        if pdf.xref_get_key(int(intents[0]), "N")[1] != "3":
            yield "6.2.3: channels"
    for key in ("OpenAction", "AA", "OCProperties", "AcroForm", "Names", "Requirements", "Perms"):
        if pdf.xref_get_key(pdf.pdf_catalog(), key)[0] not in ("null",):
            yield f"catalog: {key}"


def _metadata(pdf: pymupdf.Document) -> Iterator[str]:
    packet = pdf.get_xml_metadata()
    if not packet:
        yield "6.6.2: no metadata packet"
        return
    if re.search(r"<\?xpacket begin=[^?]*\b(bytes|encoding)=", packet):
        yield "6.6.2: header of the packet"
    description = ET.fromstring(packet.strip()).find(f"{RDF}RDF/{RDF}Description")
    assert description is not None
    if (description.findtext(f"{PDFA}part"), description.findtext(f"{PDFA}conformance")) != ("2", "B"):
        yield "6.6.4: not marked"
    title = description.findtext(f"{DC}title/{RDF}Alt/{RDF}li")
    if (title, description.findtext(f"{PDF}Producer")) != (pdf.metadata["title"], pdf.metadata["producer"]):
        yield "6.6.3: the metadata are not those of the information dictionary"
    for key in ("creationDate", "modDate", "author", "subject", "keywords", "creator"):
        if pdf.metadata[key]:
            yield f"6.6.3: {key} is not in the metadata packet"


def _objects(pdf: pymupdf.Document) -> Iterator[str]:
    for xref in range(1, pdf.xref_length()):
        keys = set(pdf.xref_get_keys(xref))
        text = pdf.xref_object(xref, compressed=True)
        if re.search(r"/(LZWDecode|LZW|Crypt)\b", text) or (pdf.xref_is_stream(xref) and keys & {"F", "FFilter"}):
            yield f"6.1.7: filter of object {xref}"
        if re.search(r"/S ?/(JavaScript|Launch|Sound|Movie|ResetForm|ImportData|Hide)\b|/JS\b|/AA\b", text):
            yield f"6.5: action in object {xref}"
        if "/EF" in text:
            yield f"6.8: attached file in object {xref}"
        if pdf.xref_get_key(xref, "Subtype")[1] == "/Image":
            if keys & {"Alternates", "OPI"} or pdf.xref_get_key(xref, "Interpolate")[1] == "true":
                yield f"6.2.8: picture {xref}"
            if re.search(r"/(DeviceCMYK|Separation|DeviceN)\b", text):
                yield f"6.2.4: colour of picture {xref}"
        if pdf.xref_get_key(xref, "Type")[1] == "/Annot":
            yield f"6.3: annotation {xref}"


def _fonts(pdf: pymupdf.Document) -> Iterator[str]:
    for xref in range(1, pdf.xref_length()):
        if pdf.xref_get_key(xref, "Type")[1] != "/Font":
            continue
        kind = pdf.xref_get_key(xref, "Subtype")[1]
        if kind == "/Type0":
            if pdf.xref_get_key(xref, "Encoding")[1] != "/Identity-H":
                yield f"6.2.11.3: encoding of font {xref}"
        elif kind == "/CIDFontType2":
            if pdf.xref_get_key(xref, "CIDToGIDMap")[0] != "xref":
                yield f"6.2.11.3.2: font {xref} has no map to its glyphs"
            descriptor = int(pdf.xref_get_key(xref, "FontDescriptor")[1].split()[0])
            file = pdf.xref_get_key(descriptor, "FontFile2")
            if file[0] != "xref":
                yield f"6.2.11.4: font {xref} is not embedded"
            else:
                yield from _widths(pdf, xref, pdf.xref_stream(int(file[1].split()[0])))
        else:
            yield f"6.2.11: font {xref} of kind {kind} is not the layer's"


def _widths(pdf: pymupdf.Document, xref: int, program: bytes) -> Iterator[str]:
    """The widths in the dictionary must be those of the font program (6.2.11.5)."""
    font = pymupdf.Font(fontbuffer=program)
    declared = [int(w) for w in re.findall(r"\d+", pdf.xref_get_key(xref, "W")[1].split("[")[2])]
    glyphs = pdf.xref_stream(int(pdf.xref_get_key(xref, "CIDToGIDMap")[1].split()[0]))
    numbers = [int.from_bytes(glyphs[at : at + 2], "big") for at in range(2, len(glyphs), 2)]
    advances = {1: 500, 2: 1000}
    if font.glyph_count != 3 or [advances[number] for number in numbers] != declared:
        yield f"6.2.11.5: widths of font {xref}"
