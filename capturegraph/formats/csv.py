"""Tables as text: CSV with comma, semicolon, tab or bar, from any spreadsheet.

Rows are numbered as a spreadsheet shows them: the header is row 1 (below a "sep=" line: row 2), a cell with line breaks
is one row, blank rows are counted and skipped.
"""

import codecs
import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import tzinfo
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from typing import Any

from capturegraph.formats.encodings import as_utf8, encoding_of
from capturegraph.formats.rows import MAX_COLUMNS, MAX_ROWS, Format, Reading, Table, Unreadable
from capturegraph.formats.tables import has_position, read_records
from capturegraph.formats.writing import guarded, position_of, unguarded

_DELIMITERS = (",", ";", "\t", "|")

# Blank rows do not count as places, but reading them takes time.
_MAX_LINES = 3 * MAX_ROWS

_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?[ ,;\t|]*(?:\r\n|\r|\n)', re.IGNORECASE)

_PIECE = 50_000

# Bytes that no text holds.
_BINARY = bytes(set(range(32)) - set(b"\t\n\r\f"))


def _sniff(head: bytes) -> bool:
    """Is it text with a first line of several columns? Weak: other formats that are text must be asked before."""
    head = as_utf8(head)
    first_lines = head.lstrip(b" \t\r\n")
    has_delimiter = any(delimiter.encode() in first_lines for delimiter in _DELIMITERS)
    return has_delimiter and not first_lines.startswith((b"<", b"{", b"[")) and head.translate(None, _BINARY) == head


def _read(data: bytes, chosen: Mapping[str, str], zone: tzinfo) -> Table:
    source = _Source(data, encoding_of(data))
    sep = _SEP_LINE.match(next(iter(source), ""))
    source.skipped = 1 if sep else 0
    delimiter = sep[1] if sep else _delimiter(source)
    records = _records(source, delimiter)
    names = [name.strip() for name in next(records, (1, []))[1]]
    # A comma can only be a decimal point where it does not separate cells.
    table = read_records("csv", names, records, chosen, Reading(delimiter != ",", zone))
    return replace(table, encoding=source.encoding.removesuffix("-sig"), delimiter=delimiter)


class _Source:
    """The lines of a text but for the first `skipped` ones, decoded as they are asked for.

    All of it at once would cost as much memory again as the file. Lines end as spreadsheets end them: characters that
    notes may hold are no line ends.
    """

    def __init__(self, data: bytes, encoding: str) -> None:
        self._data, self.encoding, self.skipped = data, encoding, 0

    def __iter__(self) -> Iterator[str]:
        return islice(TextIOWrapper(BytesIO(self._data), self.encoding, newline=""), self.skipped, None)


def _delimiter(source: _Source) -> str:
    """The delimiter under which the header has a position, then the one that gives most columns.

    Only the header is asked: notes are full of commas. csv.Sniffer guesses from all of it and is easily wrong.
    """

    def score(delimiter: str) -> tuple[bool, int]:
        try:
            names = next(_records(source, delimiter), (0, []))[1]
        except Unreadable:
            return False, -1
        return has_position(names), len(names)

    return max(_DELIMITERS, key=score)


def _records(source: _Source, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """(Row number, cells) of each record that is not blank."""
    # Strict: lenient reading swallows every row after an unclosed quotation mark without a word.
    reader = csv.reader(_lines(source, delimiter), delimiter=delimiter, strict=True, skipinitialspace=True)
    number = source.skipped
    while True:
        number += 1
        if number > _MAX_LINES:
            raise Unreadable(f"The file has more than {_MAX_LINES:,} lines: split it into several files.")
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:
            raise Unreadable(f"Row {number}: {_quoting(str(exc))}") from None
        if any(cell.strip() for cell in cells):
            yield number, [unguarded(cell) for cell in cells]


def _lines(source: _Source, delimiter: str) -> Iterator[str]:
    for line in source:
        if line.count(delimiter) > MAX_COLUMNS:
            raise Unreadable(f"The file has a line with more than {MAX_COLUMNS:,} columns: it is not a list of places.")
        yield line


def _quoting(error: str) -> str:
    if "field limit" in error:
        return "a cell is far too long. Check for a quotation mark that is never closed."
    if "unexpected end" in error:
        return "a quotation mark opens and is never closed. Close it, or delete it."
    return "there is text after a closing quotation mark. Write quotation marks inside a cell twice."


def write_csv(features: Iterable[Mapping[str, Any]], names: Sequence[str]) -> Iterator[bytes]:
    """Features as a table (see `write_table`): latitude, longitude and the properties called `names`."""
    cells = (
        ((position_of(one) or ("", ""))[::-1] + tuple(one["properties"].get(name) for name in names))
        for one in features
    )
    return write_table(["latitude", "longitude", *names], cells)


def write_table(names: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[bytes]:
    """Rows under their names in pieces (see `writing`); UTF-8 with a mark.

    Cells that a spreadsheet would take for formulas begin with an apostrophe, which `read_table` takes away again.
    """
    lines = StringIO(newline="")
    writer = csv.writer(lines)
    writer.writerow(names)
    yield codecs.BOM_UTF8
    for row in rows:
        writer.writerow([guarded(cell) for cell in row])
        if lines.tell() > _PIECE:
            yield _taken(lines)
    yield _taken(lines)


def _taken(lines: StringIO) -> bytes:
    text = lines.getvalue()
    lines.seek(0)
    lines.truncate()
    return text.encode()


FORMAT = Format(
    name="csv",
    title="CSV",
    suffixes=(".csv", ".tsv", ".tab", ".txt"),
    media_types=("text/csv", "text/tab-separated-values", "text/plain", "application/vnd.ms-excel"),
    sniff=_sniff,
    read=_read,
)
