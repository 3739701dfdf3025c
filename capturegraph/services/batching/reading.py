"""Files as they are read: by guesses, by what somebody said of their columns, or as such files were read before."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from capturegraph.formats import FEATURE_ID, Header, Table, Unreadable, read_table
from capturegraph.models import ColumnChoice, Target
from capturegraph.services.refusals import Invalid


class File(NamedTuple):
    """A file as it was uploaded, and how to read it: `columns` is field → column, an empty one for none."""

    name: str
    data: bytes
    columns: Mapping[str, str] | None = None


class Reading(NamedTuple):
    """What a file holds, and the columns that were chosen for it, by whoever uploads it or by who did so before."""

    table: Table
    columns: dict[str, str]
    remembered: bool = False


def read(file: File, time_zone: str) -> Table:
    """Read a file by the clocks of a zone.

    Raises:
        Invalid: it cannot be read as a whole; the sentence says why.
    """
    try:
        return as_table(file, time_zone)
    except Unreadable as error:
        raise refused(error) from None


def read_as_before(file: File, target: Target) -> Reading:
    """Read a file; where nothing is said of its columns, as somebody said of the last one with the same columns.

    Raises:
        Unreadable: it cannot be read as a whole.
    """
    columns = dict(file.columns or {})
    try:
        table = as_table(file, target.time_zone)
    except Unreadable as error:
        before = remembered(target, error.header) if error.header and not columns else None
        if before is None:
            raise
    else:
        before = None if columns else remembered(target, table.header)
        if before is None:
            return Reading(table, columns)
    # Two files of one header may still differ in what their features have, so this may be refused too.
    return Reading(as_table(file._replace(columns=before), target.time_zone), before, remembered=True)


def as_table(file: File, time_zone: str) -> Table:
    """Read a file by the clocks of a zone.

    Raises:
        Unreadable: it cannot be read as a whole.
    """
    return read_table(file.data, file.name, _chosen(file.columns), time_zone=time_zone)


def remembered(target: Target, header: Header) -> dict[str, str] | None:
    """Give the columns that were chosen for files with this header; None where nobody has."""
    choice = ColumnChoice.objects.filter(target=target, header=header.key).first()
    return None if choice is None else dict(choice.columns)


def _chosen(columns: Mapping[str, str] | None) -> dict[str, str]:
    """As the formats take it: the features' own id is what they take unless told otherwise."""
    said = dict(columns or {})
    if said.get("external_id") == FEATURE_ID:
        del said["external_id"]
    return said


def refused(error: Unreadable) -> Invalid:
    """Say no to a file that cannot be read."""
    errors = [{"field": error.field or "file", "reason": error.reason}]
    return Invalid(error.reason, code="file_unreadable", errors=errors)


def described(header: Header) -> dict[str, Any]:
    """The columns of a file, as they are kept with it."""
    return {
        "key": header.key, "names": list(header.names), "examples": header.examples, "geometry": header.geometry,
        "own_ids": header.own_ids,
    }  # fmt: skip
