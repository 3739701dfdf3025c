"""Layers of a map: features with properties and a geometry, whatever the format that they come from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

from capturegraph.formats.columns import match_columns
from capturegraph.formats.geometry import GeometryError, Places, places
from capturegraph.formats.headers import Samples, header
from capturegraph.formats.rows import FIELDS, Reading, RowError, Table, as_text, collect

FEATURE_ID = "feature id"
"""Stands in `Table.columns` where the external id is the features' own id, not a property."""

PROPERTY_FIELDS = tuple(field for field in FIELDS if field not in ("latitude", "longitude"))


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: `number` as its author counts, properties as found, geometry as GeoJSON has it, and its own id."""

    number: int
    properties: Mapping[str, Any]
    kind: str | None
    coordinates: Any
    id: object = None
    parts: Any = None


def read_layer(
    format_name: str,
    features: Iterable[Feature | RowError],
    chosen: Mapping[str, str],
    zone: tzinfo,
    *,
    encoding: str = "utf-8",
    own_ids: bool = True,
) -> Table:
    """Read features, which are gone through twice; `chosen` (field → property) goes before what names suggest.

    Raises Unreadable, as `collect` and `match_columns` do. `own_ids`: a feature's own id is as good as an external id.
    """
    samples = Samples()
    have_ids = False
    for feature in features:
        if isinstance(feature, Feature):
            samples.take(feature.properties)
            have_ids = have_ids or feature.id is not None
    names = list(samples.of)
    columns = id_column(match_columns(names, chosen, PROPERTY_FIELDS), chosen, have_ids and own_ids)
    made: Counter[str] = Counter()
    table = collect(format_name, _entries(features, columns, made), columns, Reading(zone=zone))
    described = header(names, samples.of, columns, geometry=True, own_ids=have_ids and own_ids)
    return replace(table, encoding=encoding, made=dict(made), header=described)


def id_column(columns: dict[str, str], chosen: Mapping[str, str], have_ids: bool) -> dict[str, str]:
    """The columns with those that a geometry stands for, and with the features' own id where that is the external id.

    The member that a format has for it goes before properties that are only called so.
    """
    own = "external_id" in chosen or columns.get("external_id", "").strip().casefold() == "external_id"
    if not own and have_ids:
        columns["external_id"] = FEATURE_ID
    return columns | {"latitude": "geometry", "longitude": "geometry"}


def _entries(
    features: Iterable[Feature | RowError], columns: Mapping[str, str], made: Counter[str]
) -> Iterator[tuple[int, Mapping[str, object]] | RowError]:
    for feature in features:
        if isinstance(feature, RowError):
            yield feature
            continue
        if feature.kind is None:
            yield RowError(feature.number, "geometry", "This feature has no geometry: give it a Point.")
            continue
        try:
            found = places(feature.kind, feature.coordinates, feature.parts)
        except GeometryError as refusal:
            yield RowError(feature.number, "geometry", str(refusal))
            continue
        yield from placed(feature.number, _raw(feature, columns), found, made)


def placed(
    number: int, raw: Mapping[str, object], found: Places, made: Counter[str]
) -> Iterator[tuple[int, Mapping[str, object]]]:
    """One entry a place; several of one feature number its external id. `made` counts what is no point of its own."""
    if found.made:
        made[found.made] += 1
    for index, (longitude, latitude) in enumerate(found.positions, start=1):
        place = {**raw, "latitude": latitude, "longitude": longitude}
        if len(found.positions) > 1:
            place["external_id"] = _numbered(raw.get("external_id"), index)
        yield number, place


def _raw(feature: Feature, columns: Mapping[str, str]) -> dict[str, object]:
    return {
        field: feature.id if column == FEATURE_ID else feature.properties.get(column)
        for field, column in columns.items()
    }


def _numbered(external_id: object, index: int) -> object:
    """The external id of one point among several. One that is no text is left, for the row error that it gets."""
    try:
        text = as_text(external_id).strip()
    except ValueError:
        return external_id
    return f"{text}-{index}" if text else None
