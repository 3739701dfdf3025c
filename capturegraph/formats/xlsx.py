"""Workbooks of Excel and its kin (Office Open XML): the first visible sheet whose first row says where places are.

Rows are numbered as the program shows them. Cells count as what they show: formulas as their last result.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, tzinfo
from tempfile import NamedTemporaryFile
from typing import IO, Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from capturegraph.formats.archives import Archive
from capturegraph.formats.markup import tell
from capturegraph.formats.rows import MAX_COLUMNS, MAX_ROWS, Format, Reading, Table, Unreadable
from capturegraph.formats.tables import has_position, read_records

_MOST_CELLS = 5_000_000
_MOST_TAGS = 4 * _MOST_CELLS
_MOST_KINDS = 1_000
_PLAIN_CELL = re.compile(rb'<c r="([A-Z]{1,3})([0-9]{1,7})"')
_PERHAPS_CELLS = [begun + b"c" + after for begun in (b"<", b":") for after in (b" ", b"\t", b"\r", b"\n", b"/", b">")]
_CELL = re.compile("([A-Za-z]{1,3})([0-9]{1,7})")
_ROW = re.compile("[0-9]{1,7}")
_MOST_LINES = 3 * MAX_ROWS
_MOST_SHEETS = 100
_DAMAGED = "The workbook is damaged or protected: open it, and save it again as .xlsx."
_TOO_LARGE = "The sheet is too large to be a list of places: delete what is not needed, and save it again."


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    # The name says which kind of workbook it is: otherwise each kind is tried, and only this one was looked at.
    with NamedTemporaryFile(suffix=".xlsx") as file:
        _copy(Archive(data), file)
        try:
            names, records = _sheet(CalamineWorkbook.from_path(file.name))
        except (CalamineError, OSError, ValueError) as error:
            raise Unreadable(_DAMAGED) from error
    return read_records("xlsx", names, records, chosen, Reading(zone=zone))


def _copy(archive: Archive, file: IO[bytes]) -> None:
    """Write a workbook anew, of no other bytes than those that were looked at.

    Who reads a zip file by other rules than ours (of two directories the other one, a member beyond what it declares)
    is given nothing that we have not seen.
    """
    tags = texts = 0
    with zipfile.ZipFile(file, "w") as copy:
        for name in archive.all_names:
            if not name.lower().endswith((".xml", ".rels")):
                continue
            part = archive.read(name)
            tags += part.count(b"<")
            texts += part.count(b"<si") + part.count(b":si")
            if tags > _MOST_TAGS or texts > _MOST_CELLS:
                raise Unreadable(_TOO_LARGE)
            # UTF-16, which can hide anything, and which no program writes workbooks in.
            if b"\0" in part:
                raise Unreadable(_DAMAGED)
            # A sheet is what is linked as one, wherever it is.
            if b"sheetData" in part:
                _check_size(part)
            copy.writestr(zipfile.ZipInfo(name), part)
    file.flush()


def _check_size(sheet: bytes) -> None:
    """Refuse a sheet with one cell far away: it is read as everything between there and here."""
    extent, plain = _Extent(), 0
    for cell in _PLAIN_CELL.finditer(sheet):
        plain += 1
        extent.reach(cell[1].decode(), int(cell[2]))
    # Most programs write all cells like this, which is twice as fast to look at; others may be anywhere.
    if plain != sum(map(sheet.count, _PERHAPS_CELLS)):
        tell(sheet, extent.begun, extent.ended, _DAMAGED)


class _Extent:
    """How far the cells of a sheet reach; one that does not say where it is comes after the one before it."""

    def __init__(self) -> None:
        self._row = self._column = self._right = self._down = 1
        self._columns: dict[str, int] = {}
        self._kinds: set[str] = set()

    def begun(self, name: str, attributes: Mapping[str, str]) -> None:
        """Look at an element. Raises Unreadable."""
        if name not in self._kinds:
            self._kinds.add(name)
            if len(self._kinds) > _MOST_KINDS:
                raise Unreadable(_DAMAGED)
        kind = name.rpartition(":")[2]
        if kind == "c":
            self._cell(attributes.get("r"))
        elif kind == "row" and (at := attributes.get("r")) is not None:
            if not _ROW.fullmatch(at):
                raise Unreadable(_DAMAGED)
            self._row = int(at)

    def ended(self, name: str) -> None:
        """Go on to the next row."""
        if name.rpartition(":")[2] == "row":
            self._row, self._column = self._row + 1, 1

    def _cell(self, at: str | None) -> None:
        if at is None:
            self._widen(self._column, self._row)
            self._column += 1
        elif (found := _CELL.fullmatch(at)) is None:
            raise Unreadable(_DAMAGED)
        else:
            self._column = self.reach(found[1], int(found[2])) + 1

    def reach(self, letters: str, row: int) -> int:
        """Take note of a cell, and say in which column it is, from 1. Raises Unreadable."""
        column = self._columns.get(letters)
        if column is None:
            column = self._columns[letters] = _column(letters.upper())
        if row > self._down or column > self._right:
            self._widen(column, row)
        return column

    def _widen(self, column: int, row: int) -> None:
        self._right, self._down = max(column, self._right), max(row, self._down)
        if self._right > MAX_COLUMNS:
            raise Unreadable(f"The sheet has more than {MAX_COLUMNS:,} columns: it is not a list of places.")
        if self._down > _MOST_LINES or self._right * self._down > _MOST_CELLS:
            raise Unreadable(_TOO_LARGE)


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _sheet(workbook: CalamineWorkbook) -> tuple[list[str], Iterator[tuple[int, list[object]]]]:
    """Header and rows of the sheet to read: the first with a position, else the first with anything in it."""
    about = workbook.sheets_metadata[:_MOST_SHEETS]
    first: tuple[list[str], int, CalamineSheet] | None = None
    for one in about:
        if one.visible != SheetVisibleEnum.Visible or one.typ != SheetTypeEnum.WorkSheet:
            continue
        sheet = workbook.get_sheet_by_name(one.name)
        header = next(((n, row) for n, row in enumerate(sheet.iter_rows()) if any(map(_text, row))), None)
        if header is None:
            continue
        names = [_text(cell).strip() for cell in header[1]]
        while names and not names[-1]:
            names.pop()
        if first is None or has_position(names):
            first = (names, header[0], sheet)
        if has_position(names):
            break
    if first is None:
        raise Unreadable("The workbook has no sheet with anything in it.")
    return first[0], _records(first[2], first[1], len(first[0]))


def _records(sheet: CalamineSheet, header: int, width: int) -> Iterator[tuple[int, list[object]]]:
    for number, row in enumerate(sheet.iter_rows()):
        if number > header and any(cell != "" for cell in row):
            cells: Sequence[Any] = row
            yield number + 1, [*map(_value, cells), *([None] * (width - len(row)))]


def _value(cell: Any) -> object:
    return _text(cell) if isinstance(cell, (date, time)) else cell if cell != "" else None


def _text(cell: Any) -> str:
    """What a cell shows; dates as people type them elsewhere."""
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds") if cell.time() != time() else cell.date().isoformat()
    return cell.isoformat() if isinstance(cell, (date, time)) else str(cell)


FORMAT = Format(
    name="xlsx",
    title="Excel",
    suffixes=(".xlsx", ".xlsm"),
    media_types=("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",),
    sniff=lambda head: False,
    read=_read,
    holds=lambda names: "xl/workbook.xml" in names,
)
