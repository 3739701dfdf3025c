"""People, places and photographs, so that a test reads as a story."""

import hashlib
import io
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.apps import apps
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from geopy.distance import geodesic
from PIL import Image

from capturegraph.models import CandidateSlot, Device, Membership, Target, User
from scheduling import grid

ORIGIN = (38.8951, -77.0364)
API = "/api/v1/"
NINE_O_CLOCK = datetime(2026, 6, 1, 9, 0, tzinfo=UTC)


class Clock:
    """What every door reads. It stands still until a test moves it."""

    def __init__(self) -> None:
        self.now = NINE_O_CLOCK

    def forward(self, **much: float) -> datetime:
        """Move on by so many `minutes`, `hours`, `days`, as for a timedelta."""
        self.now += timedelta(**much)
        return self.now


def place(east_m: float) -> tuple[float, float]:
    """Latitude and longitude of a point so many metres east of the origin (west of it where negative)."""
    there = geodesic(meters=abs(east_m)).destination(ORIGIN, bearing=90 if east_m >= 0 else 270)
    return there.latitude, there.longitude


def at(east_m: float) -> dict[str, float]:
    """The same, as a phone says it."""
    latitude, longitude = place(east_m)
    return {"latitude": latitude, "longitude": longitude}


def slots_in(target: Target, *, required_count: int = 1, priority: int = 50, **east_m: float) -> list[CandidateSlot]:
    """Slots by name and metres east of the origin, ranked in the order in which they are named."""
    first = CandidateSlot.objects.of(target).count()
    made = []
    for rank, (name, metres) in enumerate(east_m.items(), first):
        latitude, longitude = place(metres)
        made.append(
            CandidateSlot(
                target=target,
                external_id=name,
                title=name,
                latitude=latitude,
                longitude=longitude,
                rank=rank,
                cell=grid.cell(latitude, longitude),
                required_count=required_count,
                seats_left=required_count,
                priority=priority,
            )
        )
    return CandidateSlot.objects.bulk_create(made)


def photo(
    colour: str = "olive", kind: str = "JPEG", size: tuple[int, int] = (24, 16), exif: Image.Exif | None = None
) -> bytes:
    """The bytes of a small photograph; another colour makes another photograph."""
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, kind, exif=exif or Image.Exif())
    return file.getvalue()


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The bytes of a ZIP of files by their names."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return packed.getvalue()


def footprint(folder: Path) -> dict[str, int]:
    """How many rows there are of everything, and how many files: what a refused request may not change."""
    rows = {model.__name__: model._base_manager.count() for model in apps.get_app_config("capturegraph").get_models()}
    return {**rows, "files": sum(path.is_file() for path in folder.rglob("*"))}


def sha256(data: bytes | str) -> str:
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


class Person:
    """Somebody with a phone, and where it is asked for a desk, where they are logged in to the console."""

    def __init__(self, name: str, **fields: Any) -> None:
        self.user = User.objects.create_user(name, name=name.title(), **fields)
        self.token = hashlib.sha256(name.encode()).hexdigest()
        now = timezone.now()
        self.device = Device.objects.create(
            user=self.user, token_sha256=sha256(self.token), created_at=now, last_seen_at=now,
            expires_at=now + timedelta(days=90),
        )  # fmt: skip
        self.phone = Client(headers={"Authorization": f"Bearer {self.token}"})

    def __repr__(self) -> str:
        return self.user.name

    def desk(self) -> Client:
        """A browser in which this person is logged in."""
        client = Client()
        client.force_login(self.user)
        return client

    def joins(self, target: Target, role: str) -> "Person":
        Membership.objects.create(user=self.user, target=target, role=role, created_at=timezone.now())
        return self

    def get(self, path: str, **query: str) -> HttpResponse:
        return self.phone.get(API + path, query)

    def post(self, path: str, body: object = None) -> HttpResponse:
        return self.phone.post(API + path, orjson.dumps(body or {}), content_type="application/json")

    def put(self, path: str, body: object) -> HttpResponse:
        return self.phone.put(API + path, orjson.dumps(body), content_type="application/json")

    def patch(self, path: str, body: object) -> HttpResponse:
        return self.phone.patch(API + path, orjson.dumps(body), content_type="application/json")

    # --- what volunteers do

    def asks(self, target: Target, east_m: float | None = None) -> dict[str, Any]:
        """Ask for a slot, and give the whole answer."""
        answer = self.post(f"targets/{target.pk}/request-slot/", {} if east_m is None else at(east_m))
        assert answer.status_code == 200, answer.content
        return answer.json()

    def gets(self, target: Target, east_m: float | None = None) -> str | None:
        """Ask for a slot, and give its name, or the reason for none."""
        answer = self.asks(target, east_m)
        return answer["slot"]["title"] if answer["slot"] else answer["reason"]["code"]

    def releases(self, assignment_id: str) -> HttpResponse:
        return self.post(f"assignments/{assignment_id}/release/")

    def shoots(self, target: Target, east_m: float | None, **words: Any) -> dict[str, Any]:
        """Take a photograph, and send what the phone knows of it; give the receipt."""
        answer = self.sends(uuid4(), self.words(target, east_m, **words))
        assert answer.status_code == 201, answer.content
        return answer.json()

    def words(self, target: Target, east_m: float | None, **words: Any) -> dict[str, Any]:
        """What a phone says of a photograph taken now."""
        where = {} if east_m is None else at(east_m)
        return {"target": target.pk, "taken_at": timezone.now(), "accuracy_m": 8, **where, **words}

    def sends(self, capture_id: UUID | str, words: dict[str, Any]) -> HttpResponse:
        return self.put(f"captures/{capture_id}/", words)

    def sends_photo(self, capture_id: UUID | str, data: bytes | None = None, kind: str = "image/jpeg") -> HttpResponse:
        data = photo() if data is None else data
        return self.phone.put(f"{API}captures/{capture_id}/photo/", data, content_type=kind)
