"""The pieces of a Word document: paragraphs, tables with lines, pages; the same content gives the same bytes."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from typing import Any

from tthc.reports import printing

_CENTIMETRES = {"top": 2.0, "bottom": 2.0, "left": 3.0, "right": 1.5}
SIZE, SMALL = 13, 11
#: The time in every entry of the file.
_NEVER = (1980, 1, 1, 0, 0, 0)


def open_document() -> Any:
    """Return an empty A4 document with our letters, its pages numbered from the second on."""
    import docx
    from docx.shared import Cm

    made = docx.Document()
    _set_letters(made)
    page = made.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    for side, width in _CENTIMETRES.items():
        setattr(page, f"{side}_margin", Cm(width))
    _write_page_number(page)
    return made


def closed(made: Any, title: str, author: str, made_at: datetime) -> bytes:
    """Return the bytes of a document that says it was made at an instant, and nowhere when it really was."""
    properties = made.core_properties
    properties.title, properties.author = title, author
    properties.created = properties.modified = made_at
    properties.last_modified_by, properties.comments, properties.revision = "", "", 1
    buffer = io.BytesIO()
    made.save(buffer)
    return _without_now(buffer.getvalue())


def say(
    place: Any,
    text: str,
    *,
    bold: bool = False,
    italic: bool = False,
    size: int | None = None,
    align: str = "JUSTIFY",
    indent: bool = False,
    first: bool = False,
    keep: bool = False,
) -> Any:
    """Write a paragraph; ``first`` into the one that a new cell already has."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Cm, Pt

    paragraph = place.paragraphs[0] if first else place.add_paragraph()
    paragraph.alignment = getattr(WD_ALIGN_PARAGRAPH, align)
    if indent:
        paragraph.paragraph_format.first_line_indent = Cm(1.0)
    paragraph.paragraph_format.keep_with_next = keep
    # What is not whole is told in bold, so that nobody reads past it.
    for part in re.split(r"(\(số liệu CHƯA ĐỦ\))", text):
        if part:
            run = paragraph.add_run(part)
            run.bold, run.italic = bold or "CHƯA ĐỦ" in part, italic
            if size:
                run.font.size = Pt(size)
    return paragraph


def grid(
    made: Any,
    rows: list[tuple[str, ...]],
    widths: tuple[float, ...],
    *,
    total: bool = False,
    texts: tuple[int, ...] = (1,),
) -> None:
    """Write a table with lines; its first row is repeated on each page."""
    from docx.enum.table import WD_TABLE_ALIGNMENT
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    table = made.add_table(rows=len(rows), cols=len(rows[0]))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    set_widths(table, widths)
    for place, (row, texts_of_row) in enumerate(zip(table.rows, rows, strict=True)):
        is_bold = place == 0 or (total and place == len(rows) - 1)
        keep_whole(row)
        if place == 0:
            row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
        for at, (cell, text) in enumerate(zip(row.cells, texts_of_row, strict=True)):
            side = "CENTER" if place == 0 or at == 0 else "LEFT" if at in texts else "RIGHT"
            say(cell, text, bold=is_bold, size=SMALL, align=side, first=True)
            if place == 0:
                shade = OxmlElement("w:shd")
                for name, value in (("w:val", "clear"), ("w:color", "auto"), ("w:fill", "DCE6F1")):
                    shade.set(qn(name), value)
                cell._tc.get_or_add_tcPr().append(shade)
    say(made, "", size=4)


def keep_whole(row: Any) -> None:
    """Keep a row of a table on one page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))


def set_widths(table: Any, centimetres: tuple[float, ...]) -> None:
    """Give the columns of a table these widths."""
    from docx.shared import Cm

    table.autofit = False
    for column, width in zip(table.columns, centimetres, strict=True):
        column.width = Cm(width)
        for cell in column.cells:
            cell.width = Cm(width)


def _without_now(body: bytes) -> bytes:
    """Return the same document without the times at which its parts were written."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(body)) as given,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made,
    ):
        for entry in given.infolist():
            made.writestr(zipfile.ZipInfo(entry.filename, _NEVER), given.read(entry), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _set_letters(made: Any) -> None:
    from docx.oxml.ns import qn
    from docx.shared import Pt

    style = made.styles["Normal"]
    style.font.name, style.font.size = printing.FONT, Pt(SIZE)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), printing.FONT)
    style.paragraph_format.space_after, style.paragraph_format.space_before = Pt(4), Pt(0)


def _write_page_number(page: Any) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    page.different_first_page_header_footer = True
    paragraph = page.header.paragraphs[0]
    paragraph.alignment = 1
    run = paragraph.add_run()
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        if kind:
            element = OxmlElement("w:fldChar")
            element.set(qn("w:fldCharType"), kind)
        else:
            element = OxmlElement("w:instrText")
            element.text = text
        run._r.append(element)
