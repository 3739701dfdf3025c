"""All places of a target in few bytes: nine for one, and an id, instead of a line of GeoJSON.

A feed is one block: the length of its head (four bytes, the lowest first), the head as JSON, then for its `count`
slots, in the order of their ids, one column after the other:

- latitude and longitude less the head's `south` and `west`, in millionths of a degree: the lowest bytes of all slots,
  then the second lowest, the third and the highest. Bytes that are alike lie together, for gzip;
- what each looks like: its place in the head's `states`, a byte;
- the ids, sixteen bytes each. They come last: what is drawn need not wait for them.

With `since` (the `at` of an earlier feed) only what was changed from then on is in it, and the head's `held` and
`again` name the waiting slots that look like that now: a clock, not a row, may have changed it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
from django.db import connection
from django.db.models import Case, SmallIntegerField, Value, When
from django.db.models.functions import Cast

from capturegraph.models import CandidateSlot, Capture, Target
from capturegraph.models.candidate_slot import CandidateSlotQuerySet
from capturegraph.services.board import filtering
from capturegraph.services.board.filtering import Wanted
from capturegraph.services.board.seen import MARKS, look

MILLIONTHS = 1e6
# A transaction writes the time when it began: what was committed later than a feed was read may be older than that.
LATE = timedelta(minutes=2)
# Nothing here is older; some minutes before the first year there is no time at all.
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ROW = np.dtype(
    [("fields", ">i2"), ("_1", ">i4"), ("id", "V16"), ("_2", ">i4"), ("latitude", ">f8"), ("_3", ">i4"),
     ("longitude", ">f8"), ("_4", ">i4"), ("code", ">i2")]
)  # fmt: skip
"""A row of PostgreSQL's binary COPY, where no column is null."""
_COPY_HEAD, _COPY_END = 19, 2

Columns = tuple["npt.NDArray[Any]", "npt.NDArray[Any]", "npt.NDArray[Any]", "npt.NDArray[Any]"]


def places(*, target: Target, wanted: Wanted, version: str, now: datetime, since: datetime | None = None) -> bytes:
    """Give the feed of a target's slots that are wanted and lie somewhere, in four queries however many there are."""
    seen = look(target, now=now)
    slots = filtering.matching(target, wanted, seen, now=now).exclude(latitude=None)
    if since:
        slots = slots.filter(updated_at__gte=max(since, EPOCH) - LATE)
    codes = [When(state=state, then=Value(MARKS.index(state))) for state in CandidateSlot.State.values]
    columns = _read(slots.annotate(code=Cast(Case(*codes), SmallIntegerField())), "code")
    for mark, ids in (("held", seen.held), ("again", seen.again)):
        columns[3][np.isin(columns[0], np.array([pk.bytes for pk in ids], "S16"))] = MARKS.index(mark)
    head: dict[str, Any] = {"version": version, "at": now.timestamp(), "full": since is None, "states": MARKS}
    if since:
        head |= {"held": [pk.hex for pk in seen.held], "again": [pk.hex for pk in seen.again]}
    return pack(head, columns)


def captures(*, target: Target) -> bytes:
    """Give the same of a target's photographs that lie somewhere: 1 for those that count."""
    rows = Capture.objects.filter(target=target).exclude(latitude=None)
    counting = Cast(Case(When(counts=True, then=Value(1)), default=Value(0)), SmallIntegerField())
    head = {"full": True, "states": ["idle", "counts"], "allowed_m": target.allowed_m}
    return pack(head, _read(rows.annotate(code=counting), "code"))


def pack(head: dict[str, Any], columns: Columns) -> bytes:
    """Write a feed from the columns id (16 bytes), latitude, longitude (degrees) and code."""
    ids, latitude, longitude, code = columns
    order = np.argsort(ids)
    north, east = np.rint(latitude[order] * MILLIONTHS), np.rint(longitude[order] * MILLIONTHS)
    south, west = (int(values.min()) if len(values) else 0 for values in (north, east))
    told = orjson.dumps({**head, "count": len(ids), "south": south, "west": west})
    parts = [len(told).to_bytes(4, "little"), told]
    for values, least in ((north, south), (east, west)):
        planes = (values - least).astype("<u4").view("u1").reshape(-1, 4)
        parts.append(np.ascontiguousarray(planes.T).tobytes())
    return b"".join([*parts, code[order].astype("u1").tobytes(), ids[order].tobytes()])


def _read(rows: CandidateSlotQuerySet | Any, code: str) -> Columns:
    # No model instance, no UUID object for each row: these would take longer than everything else.
    sql, values = rows.order_by().values_list("id", "latitude", "longitude", code).query.sql_with_params()
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Not through the wrapper that notes queries: its copy() takes no values.
            with cursor.cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT BINARY)", values) as copy:
                data = b"".join(bytes(part) for part in copy)
            table = np.frombuffer(data[_COPY_HEAD : len(data) - _COPY_END], _ROW)
            ids = np.ascontiguousarray(table["id"]).view("S16")
            return ids, table["latitude"].astype(float), table["longitude"].astype(float), table["code"].astype("u1")
        cursor.execute(sql, values)
        found = cursor.fetchall()
    ids = np.frombuffer(bytes.fromhex("".join(row[0] for row in found)), "S16")
    numbers = np.array([row[1:] for row in found], float).reshape(-1, 3)
    return ids, numbers[:, 0], numbers[:, 1], numbers[:, 2].astype("u1")
