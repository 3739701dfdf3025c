"""Plain rows: what every format is read into, and the one place where their values are judged.

A reader hands over raw values as it found them (text, numbers, None); this file turns them into a `Row` or into
`RowError`s whose sentences name what is wrong and what to do. Nothing here knows any format.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, NamedTuple

from capturegraph.formats.skills import words
from capturegraph.formats.times import moment
from capturegraph.formats.wording import shown

MAX_BYTES = 256_000_000
"""Largest file read, in bytes."""

MAX_ROWS = 100_000
"""Most places read from one file."""

MAX_COLUMNS = 2_000
"""Most columns of one file: far beyond any real table, and a bound for what a hostile one costs."""

_MOST_CALLED = 1_000

MAX_TITLE = 200
MAX_NOTE = 2_000
MAX_EXTERNAL_ID = 200


@dataclass(frozen=True, slots=True)
class Row:
    """One place of a file. `number` is where its author finds it: the line of a spreadsheet, the feature's ordinal.

    Latitude and longitude are WGS84 degrees, heading degrees clockwise from true north (0 ≤ heading < 360). The window
    is half-open, in UTC: from `window_from` to just before `window_until`. `skills` are what it takes to go there.
    """

    number: int
    external_id: str | None
    title: str
    note: str
    latitude: float
    longitude: float
    heading: float | None = None
    priority: int = 50
    required_count: int = 1
    window_from: datetime | None = None
    window_until: datetime | None = None
    skills: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was not taken: `row` as in `Row.number`, the field, and a sentence that says what to do."""

    row: int | None
    field: str
    reason: str


@dataclass(frozen=True)
class Header:
    """What the columns of a file are called, for a person who says which of them is what.

    `examples` has up to three values of each column, short, `columns` what each field is read from. `geometry`: places
    come from geometries, not from columns; `own_ids`: its features have ids of their own. Files with the same columns,
    in whatever order, have the same `key`.
    """

    names: tuple[str, ...] = ()
    examples: dict[str, list[str]] = field(default_factory=dict)
    columns: dict[str, str] = field(default_factory=dict)
    geometry: bool = False
    own_ids: bool = False
    key: str = ""


@dataclass(frozen=True)
class Table:
    """What a file holds: good rows, errors of the others, and `columns`, which source column each field came from.

    `encoding` and `delimiter` are what a text table was read with; `delimiter` is None where there is none. `made`
    counts the places that stand for something longer or wider, by what they are: "the middle of a line". `called` has
    the titles of rows with errors, where they have one.
    """

    format: str
    rows: list[Row]
    errors: list[RowError]
    columns: dict[str, str]
    encoding: str = "utf-8"
    delimiter: str | None = None
    made: dict[str, int] = field(default_factory=dict)
    header: Header = field(default_factory=Header)
    called: dict[int, str] = field(default_factory=dict)


class Unreadable(Exception):  # noqa: N818 (it reads as the sentence it is)
    """A file that cannot be read as a whole. `reason` is a sentence for its author, `field` the field it is about.

    `header` is there where somebody could read it after all by saying which column is which.
    """

    def __init__(self, reason: str, field: str | None = None, header: Header | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.field = field
        self.header = header


@dataclass(frozen=True)
class Format:
    """One way to write places in a file; `title` is what people call it.

    `sniff` tells from the first bytes alone whether the content is surely this format. `read` takes the whole file, the
    columns that the person chose (field → source column) and the zone of times without an offset; it raises Unreadable.
    `holds` tells from the names of its files, in small letters, whether a zip file is of this format.
    """

    name: str
    title: str
    suffixes: tuple[str, ...]
    media_types: tuple[str, ...]
    sniff: Callable[[bytes], bool]
    read: Callable[[bytes, Mapping[str, str], tzinfo], Table]
    holds: Callable[[Collection[str]], bool] | None = None


def as_text(value: object) -> str:
    """Text of a raw value: None is empty, whole numbers lose their point (1.0 → "1"). Raises ValueError otherwise."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"holds {_kind_of(value)}, which is not text: choose another column.")


def _kind_of(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, (int, float)):
        return "a number"
    return "a list" if isinstance(value, list) else "an object"


# Control characters (but tab and line ends), halves of surrogate pairs and the two noncharacters: PostgreSQL refuses
# some of them and XML, in which places are exported, all of them.
UNSTORABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def _text(value: object, most: int, *, lines: bool) -> str:
    text = as_text(value)
    # Said before the text is taken apart, so that one huge value costs no memory.
    if len(text) > 20 * MAX_NOTE:
        raise ValueError(f"has {len(text):,} characters: shorten it to {most:,}.")
    if bad := UNSTORABLE.search(text):
        raise ValueError(f"contains a character that cannot be stored (U+{ord(bad[0]):04X}): delete it.")
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip() if lines else " ".join(text.split())
    if len(text) > most:
        raise ValueError(f"has {len(text):,} characters: shorten it to {most:,}.")
    return text


# ASCII digits only: float() also takes "1_000", "٣" and "nan", which no spreadsheet means as degrees.
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)


_PLAIN = re.compile(r"-?\d{1,15}(?:\.\d{1,17})?", re.ASCII)


def _number(value: object, example: str, *, decimal_comma: bool) -> float | None:
    """A finite number, or None for an empty value."""
    if isinstance(value, (bool, list, dict)):
        raise ValueError(f"holds {_kind_of(value)}: write {example}.")
    text = as_text(value).strip()
    # Most cells are this and no more.
    if _PLAIN.fullmatch(text):
        return float(text)
    text = text.replace("\N{MINUS SIGN}", "-")
    if not text:
        return None
    if decimal_comma and "." not in text:
        text = text.replace(",", ".", 1)
    number = float(text) if _NUMBER.fullmatch(text) else math.nan
    if not math.isfinite(number):
        raise ValueError(f"{shown(value)} is not a number that can be used: write {example}.")
    return number


def _degrees(value: object, limit: int, example: str, *, decimal_comma: bool) -> float:
    number = _number(value, example, decimal_comma=decimal_comma)
    if number is None:
        raise ValueError(f"is missing: write {example}.")
    if abs(number) <= limit:
        return number
    edge = f"ends at {limit}" if number > 0 else f"starts at -{limit}"
    # Numbers this large are metres of a projected grid: the commonest mistake of all with files from a GIS.
    hint = " It looks like metres of a map grid: export the file in WGS84 (EPSG:4326)." if abs(number) > 1000 else ""
    raise ValueError(f"{as_text(value).strip()[:40]} does not exist: it {edge}.{hint}")


def _heading(value: object, *, decimal_comma: bool) -> float | None:
    number = _number(value, "degrees like 270, or leave it empty", decimal_comma=decimal_comma)
    if number is not None and not 0 <= number < 360:
        raise ValueError(f"{as_text(value).strip()[:40]} does not exist: it goes from 0 (north) to below 360.")
    return number


def _whole(value: object, low: int, high: int, default: int, *, decimal_comma: bool) -> int:
    example = f"a whole number from {low} to {high}, or leave it empty"
    number = _number(value, example, decimal_comma=decimal_comma)
    if number is None:
        return default
    if not number.is_integer() or not low <= number <= high:
        raise ValueError(f"{as_text(value).strip()[:40]} is not possible: write {example}.")
    return int(number)


class Reading(NamedTuple):
    """How the values of a file are written: with decimal commas or points, and whose clock its times are by."""

    decimal_comma: bool = False
    zone: tzinfo = UTC


def _time(value: object, how: Reading, *, ends: bool) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise ValueError(f"holds {_kind_of(value)}: write a time like 2026-06-01 09:00, or leave it empty.")
    return moment(value, how.zone, ends=ends)


# Each takes a raw value and how values are written, and raises ValueError with the rest of a sentence whose first words
# are the field's name.
_PARSERS: dict[str, Callable[[object, Reading], Any]] = {
    "external_id": lambda value, _how: _text(value, MAX_EXTERNAL_ID, lines=False) or None,
    "title": lambda value, _how: _text(value, MAX_TITLE, lines=False),
    "note": lambda value, _how: _text(value, MAX_NOTE, lines=True),
    "latitude": lambda value, how: _degrees(value, 90, "degrees like 38.9959", decimal_comma=how.decimal_comma),
    "longitude": lambda value, how: _degrees(value, 180, "degrees like -77.0409", decimal_comma=how.decimal_comma),
    "heading": lambda value, how: _heading(value, decimal_comma=how.decimal_comma),
    "priority": lambda value, how: _whole(value, 0, 100, 50, decimal_comma=how.decimal_comma),
    "required_count": lambda value, how: _whole(value, 1, 100, 1, decimal_comma=how.decimal_comma),
    "window_from": lambda value, how: _time(value, how, ends=False),
    "window_until": lambda value, how: _time(value, how, ends=True),
    "skills": lambda value, _how: words(value),
}

FIELDS = tuple(_PARSERS)
"""The fields that a file can fill, by the names that `columns` uses."""


def _parse(number: int, raw: Mapping[str, object], how: Reading) -> tuple[dict[str, Any], list[RowError]]:
    values: dict[str, Any] = {}
    errors: list[RowError] = []
    for name, parse in _PARSERS.items():
        try:
            values[name] = parse(raw.get(name), how)
        except ValueError as refusal:
            errors.append(RowError(number, name, f"{_label(name)} {refusal}{_swapped(name, raw, how.decimal_comma)}"))
    opens, shuts = values.get("window_from"), values.get("window_until")
    if opens is not None and shuts is not None and shuts <= opens:
        reason = f"{_label('window_until')} has to be after {_label('window_from').lower()}: change one of them."
        errors.append(RowError(number, "window_until", reason))
    return values, errors


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _swapped(name: str, raw: Mapping[str, object], decimal_comma: bool) -> str:
    """A hint where latitude and longitude, each impossible or odd as it stands, would fit the other way round."""
    if name != "latitude":
        return ""
    try:
        latitude = _number(raw.get("latitude"), "", decimal_comma=decimal_comma)
        longitude = _number(raw.get("longitude"), "", decimal_comma=decimal_comma)
    except ValueError:
        return ""
    if latitude is None or longitude is None or not 90 < abs(latitude) <= 180 or abs(longitude) > 90:
        return ""
    return " Are latitude and longitude swapped?"


def _repeated(first_rows: dict[str, int], number: int, external_id: str | None) -> RowError | None:
    """An error if an earlier row has this id; `first_rows` remembers which row had each id first."""
    if external_id is None:
        return None
    first = first_rows.setdefault(external_id, number)
    if first == number:
        return None
    reason = f"External id {shown(external_id)} is already in row {first}: give each place its own."
    return RowError(number, "external_id", reason)


def collect(
    format_name: str,
    entries: Iterable[tuple[int, Mapping[str, object]] | RowError],
    columns: dict[str, str],
    how: Reading = Reading(),  # noqa: B008 - it cannot be changed
) -> Table:
    """Judge what a reader found, in the file's order: (row number, raw value of each field), or an error of its own.

    Raises Unreadable for no entries at all and for more than `MAX_ROWS`. With decimal commas "38,99" is a number.
    """
    table = Table(format_name, [], [], columns)
    first_rows: dict[str, int] = {}
    count = 0
    for entry in entries:
        count += 1
        if count > MAX_ROWS:
            raise Unreadable(f"The file has more than {MAX_ROWS:,} rows: split it into several files.")
        if isinstance(entry, RowError):
            table.errors.append(entry)
            continue
        number, raw = entry
        values, errors = _parse(number, raw, how)
        if repeated := _repeated(first_rows, number, values.get("external_id")):
            errors.append(repeated)
        if errors:
            table.errors.extend(errors)
            if values.get("title") and len(table.called) < _MOST_CALLED:
                table.called[number] = values["title"]
        else:
            table.rows.append(Row(number, **values))
    if not count:
        raise Unreadable("The file has no rows.")
    return table
