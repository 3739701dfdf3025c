"""Rows and columns, from text or from a workbook: a header, and a place a row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain, islice

from capturegraph.formats.columns import listed, match_columns
from capturegraph.formats.geometry import GeometryError, from_wkt
from capturegraph.formats.headers import Samples, header
from capturegraph.formats.layers import placed
from capturegraph.formats.rows import Header, Reading, RowError, Table, Unreadable, as_text, collect
from capturegraph.formats.wording import shown

# Of so many rows a person is shown what their columns hold.
_LOOKED_AT = 50

# What programs call the column that holds a geometry as text.
_GEOMETRY_NAMES = ("wkt", "geometry", "geom", "the_geom", "wkt_geom", "shape")


def read_records(
    format_name: str,
    names: Sequence[str],
    records: Iterable[tuple[int, Sequence[object]]],
    chosen: Mapping[str, str],
    how: Reading,
) -> Table:
    """Read (row number, cells) below a header of `names`. A position is two columns, or one with a geometry in WKT.

    Raises Unreadable for two columns of one name and where there is no position.
    """
    _check_names(names)
    columns = find_columns(names, chosen)
    rest = iter(records)
    first = list(islice(rest, _LOOKED_AT))
    described = _described(names, first, columns)
    _check_position(names, columns, described)
    at = {field: names.index(column) for field, column in columns.items()}
    made: Counter[str] = Counter()
    table = collect(format_name, _entries(chain(first, rest), len(names), at, made), columns, how)
    return replace(table, made=dict(made), header=described)


def _described(
    names: Sequence[str], first: Sequence[tuple[int, Sequence[object]]], columns: Mapping[str, str]
) -> Header:
    samples = Samples()
    for _number, cells in first:
        samples.take(dict(zip(names, cells, strict=False)))
    return header(names, samples.of, columns)


def find_columns(names: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    """The columns of a header; latitude and longitude are the same one where it holds a geometry."""
    columns = match_columns(names, chosen)
    if "latitude" in columns or "longitude" in columns or {"latitude", "longitude"} & set(chosen):
        return columns
    by_key = {name.strip().casefold(): name for name in reversed(names)}
    found = next((by_key[name] for name in _GEOMETRY_NAMES if name in by_key), None)
    return columns if found is None else columns | {"latitude": found, "longitude": found}


def has_position(names: Sequence[str]) -> bool:
    """Whether a header says where places are."""
    columns = find_columns(names, {})
    return "latitude" in columns and "longitude" in columns


def _check_names(names: Sequence[str]) -> None:
    seen: set[str] = set()
    for name in names:
        key = name.casefold()
        if key and key in seen:
            raise Unreadable(f"Two columns are called {shown(name)}: rename one of them.")
        seen.add(key)


def _check_position(names: Sequence[str], columns: Mapping[str, str], described: Header) -> None:
    missing = [field for field in ("latitude", "longitude") if field not in columns]
    if missing:
        raise Unreadable(
            f"No column for {' and '.join(missing)}. The file has {listed(names)}. "
            f"Call one {shown(missing[0])}, or choose the column that holds it.",
            missing[0],
            described if any(described.examples.values()) else None,
        )


def _entries(
    records: Iterable[tuple[int, Sequence[object]]], width: int, at: Mapping[str, int], made: Counter[str]
) -> Iterator[tuple[int, Mapping[str, object]] | RowError]:
    for number, cells in records:
        # Spreadsheets end rows with empty cells: nothing is lost with those.
        if len(cells) < width or any(as_text(cell).strip() for cell in cells[width:]):
            yield RowError(
                number,
                "row",
                f"This row has {len(cells)} cells where the header has {width}: "
                "check for a missing cell, or a cell with a separator that needs quotation marks.",
            )
        elif at["latitude"] == at["longitude"]:
            yield from _by_geometry(number, cells, at, made)
        else:
            yield number, {field: cells[place] for field, place in at.items()}


def _by_geometry(
    number: int, cells: Sequence[object], at: Mapping[str, int], made: Counter[str]
) -> Iterator[tuple[int, Mapping[str, object]] | RowError]:
    try:
        found = from_wkt(as_text(cells[at["latitude"]]))
    except (GeometryError, ValueError) as refusal:
        yield RowError(number, "geometry", str(refusal))
        return
    yield from placed(number, {field: cells[place] for field, place in at.items()}, found, made)
