"""A PDF made fit for archives: without what runs, with metadata, and marked as PDF/A-2b (ISO 19005-2) where it is.

The mark is given to what is known to keep the standard: pages that are pictures, with nothing beside them but the
invisible layer. No validator has checked it; ``tests/pdf_a.py`` has the rules that the tests hold the file to.
"""

from __future__ import annotations

import re
from html import escape

import pymupdf

from document.types import Document
from document.writers.checks import document_name
from document.writers.glyphless import NAME
from document.writers.pdf_objects import add_stream

_SPACES = frozenset({"", "DeviceGray", "DeviceRGB", "CalGray", "CalRGB", "ICCBased", "Indexed"})
"""Colour spaces of pictures that PDF/A takes with an sRGB output intent."""
_HARMLESS = frozenset({"", "/GoTo", "/URI", "/Named"})
"""Actions of links that may stay."""
_NOT_ARCHIVAL = re.compile(
    r"/(?:LZWDecode|LZW|Crypt|JPXDecode"  # filters; JPEG 2000 has rules of its own within the picture
    r"|OPI|Alternates|PS|Ref|TR2?|HTP|HTO|FFilter|FDecodeParms"  # of pictures, forms, graphics states, streams
    r"|AlternatePresentations|PresSteps|Requirements|NeedsRendering|Perms)(?![A-Za-z0-9])"  # of the document
    r"|/Interpolate true|/S ?/(?:JavaScript|Launch|Sound|Movie|ResetForm|ImportData|Hide|Rendition|Trans|SetOCGState)"
)
"""What the standard forbids, wherever it stands (ISO 19005-2, 6.1.7, 6.2.5, 6.2.8 to 6.2.10, 6.5, 6.9 to 6.11)."""


def archived(document: Document, pdf: pymupdf.Document) -> bytes:
    """The file's bytes: without what runs, with metadata, marked as PDF/A-2b where it is."""
    _disarm(pdf)
    archival = _is_archival(pdf)
    title = document_name(document)
    pdf.set_metadata({"title": title, "producer": "qingzhang"})
    pdf.set_xml_metadata(_xmp(title, archival))
    if archival:
        profile = add_stream(pdf, _srgb(), "/N 3")
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


def _is_archival(pdf: pymupdf.Document) -> bool:
    """Whether the file is known to keep PDF/A-2b: pages of pictures, grey or RGB, and nothing else but the layer."""
    if pdf.is_form_pdf or pdf.embfile_count() or pdf.xref_get_key(pdf.pdf_catalog(), "OCProperties")[0] != "null":
        return False
    if not (pdf.metadata or {}).get("format", "").startswith("PDF 1."):
        return False
    return all(_is_of_pictures(page) for page in pdf) and not any(
        _NOT_ARCHIVAL.search(pdf.xref_object(xref, compressed=True)) or _is_elsewhere(pdf, xref)
        for xref in range(1, pdf.xref_length())
    )


def _is_elsewhere(pdf: pymupdf.Document, xref: int) -> bool:
    """Whether the object is a stream whose bytes are another file's."""
    return bool(pdf.xref_is_stream(xref)) and pdf.xref_get_key(xref, "F")[0] != "null"


def _is_of_pictures(page: pymupdf.Page) -> bool:
    if {font[3] for font in page.get_fonts(full=True)} - {NAME} or page.first_annot or page.first_link:
        return False
    images = page.get_images(full=True)
    fine = all({image[5], image[6]} <= _SPACES for image in images)
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
