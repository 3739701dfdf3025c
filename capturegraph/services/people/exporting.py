"""What is kept of a person, for that person: one ZIP, written as it is sent, never whole in memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.core.files.storage import default_storage
from django.db.models import Prefetch, QuerySet

from capturegraph.models import Assignment, Capture, Device, Event, Match, Membership, Message, User
from capturegraph.services import telling
from capturegraph.services.planning import personal

AT_ONCE = 256 * 1024
WORDS = (
    "id", "target_id", "assignment_id", "device_id", "taken_at", "captured_at", "skew_s", "received_at", "latitude",
    "longitude", "accuracy_m", "heading", "from_library", "extra", "state", "counts", "unusable_reason", "verdict",
    "review", "reviewed_at", "review_note", "photo_sha256", "photo_type", "photo_size", "photo_width", "photo_height",
    "photo_at",
)  # fmt: skip
FOUND = (
    "found_at", "flags", "sharpness", "brightness", "dark_share", "bright_share", "latitude", "longitude", "taken_at",
    "camera", "sun_altitude", "sun_azimuth",
)  # fmt: skip
ASSIGNED = (
    "id", "target_id", "slot_id", "seat", "stop", "state", "reason", "note", "plan_id", "started_at", "expires_at",
    "ended_at",
)  # fmt: skip
JOINED = (
    "role", "created_at", "removed_at", "consented_at", "consent_version", "consent_text", "skills", "start_latitude",
    "start_longitude", "capacity", "most_walking_m", "newcomer",
)  # fmt: skip
PHONE = ("id", "created_at", "last_seen_at", "expires_at", "revoked_at")
DONE = ("at", "verb", "noun", "row_id", "target_id", "data")
PERSON = ("id", "name", "username", "email", "created_at", "last_login", "person_key", "may_create_targets")


def my_data(*, user: User, now: datetime) -> Iterator[bytes]:
    """Give the bytes of a ZIP with everything that is kept of somebody: `my-data.json`, and their original photographs.

    A photograph whose file is not there is named in the JSON with `"file": null`.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        photos: list[tuple[str, str]] = []
        with archive.open(_entry("my-data.json", now, zipfile.ZIP_DEFLATED), "w", force_zip64=True) as file:
            for piece in _json(user, now, photos):
                file.write(piece)
                yield from sink.taken(AT_ONCE)
        for name, stored in photos:
            with (
                default_storage.open(stored) as photo,
                archive.open(_entry(name, now, zipfile.ZIP_STORED), "w", force_zip64=True) as file,
            ):
                while chunk := photo.read(AT_ONCE):
                    file.write(chunk)
                    yield from sink.taken(AT_ONCE)
    yield from sink.taken(0)


class _Sink(io.RawIOBase):
    """What a ZIP is written to: it keeps only what nobody has taken yet, and cannot go back."""

    def __init__(self) -> None:
        self._kept: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._kept.append(bytes(data))
        self._size += len(data)
        return len(data)

    def taken(self, at_least: int) -> Iterator[bytes]:
        """Give what was written since, once it is so much."""
        if self._kept and self._size >= at_least:
            yield b"".join(self._kept)
            self._kept, self._size = [], 0


def _entry(name: str, now: datetime, kind: int) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, now.timetuple()[:6])
    entry.compress_type = kind
    entry.external_attr = 0o600 << 16
    return entry


def _json(user: User, now: datetime, photos: list[tuple[str, str]]) -> Iterator[bytes]:
    """Write one object, a list of rows after the other; put the photographs that it names into `photos`."""
    accounts = [user.pk, *User.objects.filter(merged_into=user).values_list("pk", flat=True)]
    lists: dict[str, Iterator[dict[str, Any]]] = {
        "memberships": _memberships(user),
        "phones": _rows(Device.objects.filter(user=user).order_by("created_at", "pk"), PHONE),
        "captures": _captures(user, photos),
        "assignments": _rows(Assignment.objects.filter(volunteer=user).order_by("started_at", "pk"), ASSIGNED),
        "plans": personal.in_plans(user.pk, accounts),
        "messages": _messages(user),
        "events": _rows(Event.objects.filter(actor__in=accounts).order_by("pk"), DONE),
    }
    head = {"made_at": now, "user": {name: getattr(user, name) for name in PERSON}}
    yield orjson.dumps(head, option=orjson.OPT_INDENT_2)[:-2]
    for name, found in lists.items():
        yield f',\n  "{name}": ['.encode()
        for number, row in enumerate(found):
            yield (b",\n    " if number else b"\n    ") + orjson.dumps(row)
        yield b"\n  ]"
    yield b"\n}\n"


def _rows(found: QuerySet[Any], names: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for row in found.iterator(chunk_size=500):
        yield {name.removesuffix("_id") if name != "row_id" else name: getattr(row, name) for name in names}


def _memberships(user: User) -> Iterator[dict[str, Any]]:
    for member in Membership.objects.filter(user=user).select_related("target").order_by("created_at", "pk"):
        target = {"id": member.target_id, "name": member.target.name}
        times = [{"kind": one.kind, "from_at": one.from_at, "until_at": one.until_at}
                 for one in member.availabilities.order_by("from_at", "until_at", "kind")]  # fmt: skip
        yield {"target": target, **{name: getattr(member, name) for name in JOINED}, "times": times}


def _captures(user: User, photos: list[tuple[str, str]]) -> Iterator[dict[str, Any]]:
    matches = Prefetch("matches", Match.objects.select_related("slot").order_by("pk"))
    mine = Capture.objects.filter(volunteer=user).prefetch_related(matches).select_related("finding")
    found = mine.order_by("received_at", "pk")
    for capture in found.iterator(chunk_size=500):
        file, stored = None, capture.photo.name or ""
        if stored and default_storage.exists(stored):
            file = f"photos/{capture.pk}{_suffix(stored)}"
            photos.append((file, stored))
        near = [{"slot": m.slot_id, "title": str(m.slot), "metres": m.metres, "counts": m.active}
                for m in capture.matches.all()]  # fmt: skip
        words = {name.removesuffix("_id"): getattr(capture, name) for name in WORDS}
        yield {**words, "file": file, "matches": near, "finding": _finding(capture)}


def _finding(capture: Capture) -> dict[str, Any] | None:
    finding = getattr(capture, "finding", None)
    return {name: getattr(finding, name) for name in FOUND} if finding else None


def _suffix(name: str) -> str:
    dot = name.rpartition(".")[2]
    return f".{dot}" if dot.isalnum() else ""


def _messages(user: User) -> Iterator[dict[str, Any]]:
    for message in Message.objects.filter(user=user).order_by("created_at", "pk").iterator(chunk_size=500):
        yield {
            "id": message.pk, "kind": message.kind, "text": telling.sentence(message), "target": message.target_id,
            "data": message.data, "created_at": message.created_at, "seen_at": message.seen_at,
        }  # fmt: skip
