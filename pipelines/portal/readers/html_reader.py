"""Tables of HTML pages, mostly called .xls (portal-exports §2), and Excel's XML of 2003. Parsed by lxml in a
confined process.

Cells are text and nothing else: no serial dates, no formats of Excel. A row is numbered by its place in its table.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice, zip_longest
from typing import BinaryIO

import numpy as np
import pyarrow as pa
from lxml import etree

from pipelines.contract import Kind
from pipelines.masking import masked_name
from pipelines.portal.readers import headings
from pipelines.portal.readers.base import NO_HEADING, UNREADABLE, Content, FileFacts, FileRejected, NotAnExport, Part
from pipelines.portal.readers.confined import ConfinedReader
from pipelines.portal.readers.headings import Heading, Synonyms
from pipelines.portal.readers.parts import Parts
from pipelines.portal.readers.table import NOT_CALCULATED, Cells, Table
from pipelines.portal.text_rows import TextRows

#: A page, told by its first tag or by a table that has a row: what stands before it may be anything.
_BEGINNING = re.compile(rb"<(?:!doctype\s+html|html|table|meta|style|head|body|title|center|div)\b", re.IGNORECASE)
_TABLE = re.compile(rb"(?:^|>)\s*<table\b[^>]*>(?:[^<]|<(?!/table))*?<tr\b", re.IGNORECASE | re.MULTILINE)
#: What begins like this is JSON, whatever is in its texts.
_JSON = (b"{", b"[")
#: White space, comments, an XML declaration and processing instructions before it.
_PROLOGUE = re.compile(rb"(?:\s+|<!--.*?-->|<\?.*?\?>)*", re.DOTALL)
_EXCEL_XML = re.compile(rb"<(?:\w+:)?Workbook\b[^>]*urn:schemas-microsoft-com:office:spreadsheet", re.DOTALL)
_PROLOGUE_SIZE = 64 * 1024
#: A row has no more cells than one of Excel; what spans more rows or columns than these is cut.
_MAX_COLUMNS, _MAX_SPAN = 16_384, 65_536
_CHUNK_ROWS = 20_000

_NO_TABLE = (
    "trang web không có bảng nào (trang đăng nhập, trang báo lỗi, hoặc bảng nằm ở tệp khác), hãy xuất lại"
    " / a web page without a table (a log-in page, an error, or its sheets are other files): export it again"
)
_CORRUPT = "bảng HTML hoặc XML bị hỏng / the HTML or XML table is corrupt"
_NAMESPACES = 'xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"'
# Cells are cut out in C. In the text that comes out a line is a row, a tab begins a cell, and carriage returns enclose
# the marks before a cell; none of them is left in the cells themselves, where white space is collapsed.
_HTML_SHEET = f"""
<xsl:stylesheet version="1.0" {_NAMESPACES}>
  <xsl:output method="text" encoding="utf-8"/>
  <xsl:template match="/">
    <xsl:for-each select="//table">
      <xsl:text>&#13;&#10;</xsl:text>
      <xsl:for-each select="tr|thead/tr|tbody/tr|tfoot/tr">
        <xsl:for-each select="td|th">
          <xsl:text>&#9;</xsl:text>
          <xsl:if test="@colspan &gt; 1 or @rowspan &gt; 1">
            <xsl:value-of select="concat('&#13;', number(@colspan), ' ', number(@rowspan), '&#13;')"/>
          </xsl:if>
          <xsl:choose>
            <xsl:when test="*">
              <xsl:variable name="text"><xsl:apply-templates/></xsl:variable>
              <xsl:value-of select="normalize-space($text)"/>
            </xsl:when>
            <xsl:otherwise><xsl:value-of select="normalize-space(.)"/></xsl:otherwise>
          </xsl:choose>
        </xsl:for-each>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
    </xsl:for-each>
  </xsl:template>
  <xsl:template match="br|p|div|li"><xsl:text> </xsl:text><xsl:apply-templates/><xsl:text> </xsl:text></xsl:template>
  <xsl:template match="table|script|style|comment()|processing-instruction()"/>
</xsl:stylesheet>
"""
_EXCEL_SHEET = f"""
<xsl:stylesheet version="1.0" {_NAMESPACES}>
  <xsl:output method="text" encoding="utf-8"/>
  <xsl:template match="/">
    <xsl:for-each select="/ss:Workbook/ss:Worksheet">
      <xsl:value-of select="concat('&#13;', normalize-space(@ss:Name), '&#10;')"/>
      <xsl:for-each select="ss:Table/ss:Row">
        <xsl:if test="@ss:Index"><xsl:value-of select="concat('&#13;', number(@ss:Index), '&#13;')"/></xsl:if>
        <xsl:for-each select="ss:Cell">
          <xsl:text>&#9;</xsl:text>
          <xsl:if test="@ss:Index or @ss:MergeAcross or @ss:MergeDown">
            <xsl:value-of select="concat('&#13;', number(@ss:MergeAcross) + 1, ' ', number(@ss:MergeDown) + 1)"/>
            <xsl:value-of select="concat(' ', number(@ss:Index), '&#13;')"/>
          </xsl:if>
          <xsl:if test="@ss:Formula and not(ss:Data)">{NOT_CALCULATED}</xsl:if>
          <xsl:value-of select="normalize-space(ss:Data)"/>
        </xsl:for-each>
        <xsl:text>&#10;</xsl:text>
      </xsl:for-each>
    </xsl:for-each>
  </xsl:template>
</xsl:stylesheet>
"""


def recognises(content: Content) -> bool:
    """Text that begins like a page with a table, or like Excel's XML."""
    return _is_excel_xml(content.text_head) or _begins_html(content.text_head)


def open_html(content: Content, kind: Kind, synonyms: Synonyms, previous: Heading | None = None) -> ConfinedReader:
    """The reader for this page. Nothing is raised before its rows are taken."""
    form = "xml 2003" if _is_excel_xml(content.text_head) else "html"
    return ConfinedReader("html_reader", content, kind, synonyms, FileFacts(form), previous)


def _is_excel_xml(head: bytes) -> bool:
    return head[:_PROLOGUE_SIZE].lstrip()[:1] == b"<" and _EXCEL_XML.search(head[:_PROLOGUE_SIZE]) is not None


def _begins_html(head: bytes) -> bool:
    start = head[:_PROLOGUE_SIZE]
    prologue = _PROLOGUE.match(start)
    if _BEGINNING.match(start, prologue.end() if prologue else 0):
        return True
    return not start.lstrip().startswith(_JSON) and _TABLE.search(start) is not None


# --- inside the confined process ------------------------------------------------------------------------------------


def read(
    stream: BinaryIO, kind: Kind, synonyms: Synonyms, facts: FileFacts, previous: Heading | None
) -> Iterator[TextRows]:
    """Text rows of every table that has a heading (see confined.Parser). Raises FileRejected."""
    data = stream.read()
    tables = _tables(data)
    uncalculated = _is_excel_xml(data)
    if not tables:
        raise NotAnExport(NO_HEADING, _NO_TABLE)
    parts = Parts(kind, synonyms, facts, previous)
    last = 0
    for name, lines in tables:
        rows = _rows(lines)
        head = list(islice(rows, headings.SEARCHED_ROWS))
        begins = parts.begin(head)
        if begins is None:
            if any(any(cells) for _, cells in head):
                parts.pass_over(name, (cells.columns for cells in _stretches(chain(head, rows))))
            continue
        if len(tables) > 1:
            facts.parts.append(Part(name, last))
        part = name if len(tables) > 1 else ""
        table = Table(kind, begins, synonyms, facts, part, before=last, uncalculated=uncalculated)
        for cells in _stretches(_rows(lines, begins.heading.last_row)):
            for text_rows in table.rows(cells):
                last = text_rows.table["row_number"][-1].as_py()
                yield text_rows
        table.finish()
    parts.finish()


def _tables(data: bytes) -> list[tuple[str, list[str]]]:
    """(name, lines) of each table; a line is a row as the style sheets write it."""
    is_excel = _is_excel_xml(data)
    try:
        # No document type, no entity, no network: a page is what stands in it. The process bounds its size.
        if is_excel:
            parser = etree.XMLParser(
                encoding="utf-8", resolve_entities=False, load_dtd=False, no_network=True, huge_tree=True
            )
            tree = etree.fromstring(data, parser)
        else:
            html = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True)
            tree = etree.fromstring(data, html)
        if tree is None:
            return []
        sheet = etree.XML(_EXCEL_SHEET if is_excel else _HTML_SHEET)
        forbidden = etree.XSLTAccessControl.DENY_ALL
        text = bytes(etree.XSLT(sheet, access_control=forbidden)(tree)).decode("utf-8")
    except (etree.LxmlError, ValueError) as error:
        raise FileRejected(UNREADABLE, _CORRUPT) from error
    pieces = re.split(r"^\r(?!\d+\r)(.*)\n", text, flags=re.MULTILINE)[1:]
    return [
        (masked_name(name) or f"bảng {number}", lines.split("\n")[:-1])
        for number, (name, lines) in enumerate(zip(pieces[::2], pieces[1::2], strict=True), start=1)
    ]


def _rows(lines: list[str], filled_below: int | None = None) -> Iterator[tuple[int, list[str]]]:
    """(number, cells) of each row. A cell that spans several columns holds its text in the first of them only; one
    that spans several rows in the first only, but counts for each row below `filled_below` that has cells of its own.
    """
    hanging: dict[int, tuple[int, str]] = {}
    number = 0
    for line in lines:
        number += 1
        if "\r" not in line and not hanging:
            yield number, line.split("\t", _MAX_COLUMNS + 1)[1 : _MAX_COLUMNS + 1]
            continue
        mark, *cells = line.split("\t")
        number = max(number, int(float(mark.strip("\r")))) if mark else number
        yield number, _spread(cells, hanging, fill=filled_below is not None and number > filled_below)


def _spread(cells: list[str], hanging: dict[int, tuple[int, str]], *, fill: bool) -> list[str]:
    """The cells at their places. hanging: column → (rows for which a cell above still covers it, its text there);
    brought up to date. fill: cells from above count for this row."""
    placed: list[str] = []
    covering: dict[int, tuple[int, str]] = {}
    for cell in cells:
        columns, rows, index, text = _marks(cell)
        placed += [""] * max(0, min(index - 1, _MAX_COLUMNS) - len(placed))
        while len(placed) in hanging:
            placed.append("")
        if rows > 1:
            covered = range(len(placed), min(len(placed) + columns, _MAX_COLUMNS))
            covering |= {column: (rows, "" if number else text) for number, column in enumerate(covered)}
        placed += [text] + [""] * (columns - 1)
        if len(placed) > _MAX_COLUMNS:
            break
    # A row without a cell of its own is the lower part of the row above.
    if fill and any(placed):
        placed += [""] * (max(hanging, default=0) + 1 - len(placed))
        for column, (_, text) in hanging.items():
            placed[column] = placed[column] or text
    left = {column: (rows - 1, text) for column, (rows, text) in (hanging | covering).items() if rows > 1}
    hanging.clear()
    hanging.update(left)
    return placed[:_MAX_COLUMNS]


def _marks(cell: str) -> tuple[int, int, int, str]:
    """(columns and rows that it spans, its place from 1 or 0, text) of a cell."""
    if not cell.startswith("\r"):
        return 1, 1, 0, cell
    marks, _, text = cell[1:].partition("\r")
    columns, rows, index = ([_whole(mark) for mark in marks.split(" ")] + [0, 0])[:3]
    return min(max(columns, 1), _MAX_COLUMNS), min(max(rows, 1), _MAX_SPAN), index, text


def _whole(mark: str) -> int:
    """A number as XSLT writes it (`3`, `NaN`, `Infinity`); 0 when it is none."""
    return min(int(mark), _MAX_SPAN) if mark.isdecimal() and len(mark) < 10 else 0


def _stretches(rows: Iterator[tuple[int, list[str]]]) -> Iterator[Cells]:
    """The rows as columns, by the thousand."""
    while chunk := list(islice(rows, _CHUNK_ROWS)):
        numbers, cells = zip(*chunk, strict=True)
        columns = [pa.array(column, pa.string()) for column in zip_longest(*cells, fillvalue="")]
        yield Cells(np.array(numbers), columns)
