"""Which column of a file means what: by its usual names, or by the person's word.

People do not rename their columns for us; the names here are those that spreadsheets, GIS exports and open data portals
use. A wrong guess is shown in the preview, where the person overrides it.
"""

from collections.abc import Iterable, Mapping, Sequence

from capturegraph.formats.rows import FIELDS, MAX_COLUMNS, Unreadable
from capturegraph.formats.wording import shown

# The earlier name wins where a file has several.
_NAMES: dict[str, tuple[str, ...]] = {
    "external_id": ("external_id", "id", "key"),
    "title": ("title", "name", "label"),
    "note": ("note", "description", "instructions", "comment"),
    "latitude": ("latitude", "lat", "y"),
    "longitude": ("longitude", "lon", "lng", "long", "x"),
    "heading": ("heading",),
    "priority": ("priority",),
    "required_count": ("required_count",),
    # Not "to": that is a place as often as a time.
    "window_from": (
        "window_from", "from", "start", "starts", "starts_at", "start_time", "valid_from", "not_before", "opens",
    ),
    "window_until": (
        "window_until", "until", "end", "ends", "ends_at", "end_time", "valid_until", "not_after", "closes",
    ),
    "skills": ("skills", "skill"),
}  # fmt: skip

# Endings that decide only where exactly one column has them: two would be a coin toss.
_ENDINGS: dict[str, tuple[str, ...]] = {
    "title": ("_name", "_title", "_num"),
    "note": ("_description",),
}

NAMED_EMPTY = frozenset({"external_id"})
"""What a format without a row of names says also where it is empty.

Without an `external_id` in the file, the `id` that this server gave would be taken for one, and every place be new.
"""


def match_columns(names: Sequence[str], chosen: Mapping[str, str], fields: Iterable[str] = FIELDS) -> dict[str, str]:
    """Source column of each field of `fields` that the file has, by its name as the file writes it.

    `chosen` (field → column) wins over every guess. Raises Unreadable where it names an unknown field, a field outside
    `fields`, or a column that is not in `names`. Case and outer spaces do not count. An empty column undoes a guess.
    """
    if len(names) > MAX_COLUMNS:
        raise Unreadable(f"The file has more than {MAX_COLUMNS:,} columns: export it with fewer.")
    by_key: dict[str, str] = {}
    for name in names:
        by_key.setdefault(_key(name), name)
    allowed = tuple(fields)
    found = {field: column for field in allowed if (column := _guess(field, by_key)) is not None}
    for field, wanted in chosen.items():
        if wanted == "" and field in FIELDS:
            found.pop(field, None)
        else:
            found[field] = _chosen(field, wanted, names, by_key, allowed)
    return found


def _key(name: str) -> str:
    return name.strip().casefold()


def _guess(field: str, by_key: Mapping[str, str]) -> str | None:
    for name in _NAMES[field]:
        if name in by_key:
            return by_key[name]
    for ending in _ENDINGS.get(field, ()):
        columns = [column for key, column in by_key.items() if key.endswith(ending)]
        if columns:
            return columns[0] if len(columns) == 1 else None
    return None


def _chosen(
    field: object, wanted: object, names: Sequence[str], by_key: Mapping[str, str], allowed: Sequence[str]
) -> str:
    if field not in FIELDS:
        raise Unreadable(f"There is no field {shown(field)}: the fields are {', '.join(FIELDS)}.", str(field))
    if field not in allowed:
        reason = "This format gives the position by its geometry: leave latitude and longitude out of the columns."
        raise Unreadable(reason, str(field))
    if isinstance(wanted, str):
        if wanted in names:
            return wanted
        if _key(wanted) in by_key:
            return by_key[_key(wanted)]
    raise Unreadable(f"There is no column {shown(wanted)} in the file. It has {listed(names)}.", str(field))


def listed(names: Sequence[str], most: int = 20) -> str:
    """Column names for a sentence, at most `most` of them."""
    named = [shown(name) for name in names if name.strip()]
    if not named:
        return "no named columns"
    rest = f" and {len(named) - most} more" if len(named) > most else ""
    return ", ".join(named[:most]) + rest
