"""Tables as text: CSV with comma, semicolon, tab or bar, from any spreadsheet.

Rows are numbered as a spreadsheet shows them: the header is row 1 (below a "sep=" line: row 2), a cell with line breaks
is one row, blank rows are counted and skipped.
"""

import codecs
import csv
import re
from collections.abc import Iterator, Mapping

from capturegraph.formats.columns import listed, match_columns
from capturegraph.formats.rows import MAX_COLUMNS, MAX_ROWS, Format, RowError, Table, Unreadable, collect, shown

_DELIMITERS = (",", ";", "\t", "|")

# Blank rows do not count as places, but reading them takes time.
_MAX_LINES = 3 * MAX_ROWS

_SEP_LINE = re.compile(r'"?sep=([,;\t|])"?[ ,;\t|]*(?:\r\n|\r|\n)', re.IGNORECASE)

# No other line ends: str.splitlines() also breaks at characters that notes may hold.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Bytes that no text holds; UTF-16 does, but is known by its mark.
_BINARY = bytes(set(range(32)) - set(b"\t\n\r\f"))


def _sniff(head: bytes) -> bool:
    """Is it text with a first line of several columns? Weak: other formats that are text must be asked before."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    first_lines = head.lstrip(codecs.BOM_UTF8 + b" \t\r\n")
    has_delimiter = any(delimiter.encode() in first_lines for delimiter in _DELIMITERS)
    return has_delimiter and not first_lines.startswith((b"<", b"{", b"[")) and head.translate(None, _BINARY) == head


def _read(data: bytes, chosen: Mapping[str, str]) -> Table:
    text, encoding = _decoded(data)
    skipped = 0
    if sep := _SEP_LINE.match(text):
        text, skipped = text[sep.end() :], 1
    delimiter = sep[1] if sep else _delimiter(text)
    records = _records(text, delimiter, skipped)
    names = [name.strip() for name in next(records, (1, []))[1]]
    _check_names(names)
    columns = match_columns(names, chosen)
    _check_position(names, columns)
    places = {field: names.index(column) for field, column in columns.items()}
    # A comma can only be a decimal point where it does not separate cells.
    table = collect("csv", _entries(records, len(names), places), columns, decimal_comma=delimiter != ",")
    return Table(table.format, table.rows, table.errors, columns, encoding, delimiter)


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            try:
                return data.decode(encoding), encoding.removesuffix("-sig")
            except UnicodeDecodeError:
                raise Unreadable(
                    f"The file says that it is {encoding.removesuffix('-sig').upper()} text, but is not. "
                    "Save it again as “CSV UTF-8”."
                ) from None
    # What is valid UTF-8 is practically never anything else. Old Windows spreadsheets write Windows-1252.
    for encoding in ("utf-8", "windows-1252"):
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise Unreadable("The file is not text that can be read. Save it again as “CSV UTF-8”.")


def _delimiter(text: str) -> str:
    """The delimiter under which the header has a position, then the one that gives most columns.

    Only the header is asked: notes are full of commas. csv.Sniffer guesses from all of it and is easily wrong.
    """

    def score(delimiter: str) -> tuple[bool, int]:
        try:
            names = next(_records(text, delimiter, 0), (0, []))[1]
        except Unreadable:
            return False, -1
        columns = match_columns(names, {})
        return "latitude" in columns and "longitude" in columns, len(names)

    return max(_DELIMITERS, key=score)


def _records(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """(Row number, cells) of each record that is not blank."""
    # Strict: lenient reading swallows every row after an unclosed quotation mark without a word.
    reader = csv.reader(_lines(text, delimiter), delimiter=delimiter, strict=True, skipinitialspace=True)
    number = skipped
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
            yield number, cells


def _lines(text: str, delimiter: str) -> Iterator[str]:
    # io.StringIO would first copy the whole file, four bytes a character.
    for match in _LINE.finditer(text):
        line = match[0]
        if line.count(delimiter) > MAX_COLUMNS:
            raise Unreadable(f"The file has a line with more than {MAX_COLUMNS:,} columns: it is not a list of places.")
        yield line


def _quoting(error: str) -> str:
    if "field limit" in error:
        return "a cell is far too long. Check for a quotation mark that is never closed."
    if "unexpected end" in error:
        return "a quotation mark opens and is never closed. Close it, or delete it."
    return "there is text after a closing quotation mark. Write quotation marks inside a cell twice."


def _check_names(names: list[str]) -> None:
    seen: set[str] = set()
    for name in names:
        key = name.casefold()
        if key and key in seen:
            raise Unreadable(f"Two columns are called {shown(name)}: rename one of them.")
        seen.add(key)


def _check_position(names: list[str], columns: Mapping[str, str]) -> None:
    missing = [field for field in ("latitude", "longitude") if field not in columns]
    if missing:
        raise Unreadable(
            f"No column for {' and '.join(missing)}. The file has {listed(names)}. "
            f"Call one {shown(missing[0])}, or choose the column that holds it.",
            missing[0],
        )


def _entries(
    records: Iterator[tuple[int, list[str]]], width: int, places: Mapping[str, int]
) -> Iterator[tuple[int, Mapping[str, object]] | RowError]:
    for number, cells in records:
        # Spreadsheets end rows with empty cells: nothing is lost with those.
        if len(cells) < width or any(cell.strip() for cell in cells[width:]):
            yield RowError(
                number,
                "row",
                f"This row has {len(cells)} cells where the header has {width}: "
                "check for a missing cell, or a cell with a separator that needs quotation marks.",
            )
        else:
            yield number, {field: cells[place] for field, place in places.items()}


FORMAT = Format(
    name="csv",
    title="CSV",
    suffixes=(".csv", ".tsv", ".tab", ".txt"),
    media_types=("text/csv", "text/tab-separated-values", "text/plain", "application/vnd.ms-excel"),
    sniff=_sniff,
    read=_read,
)
