"""What workers do with photographs, one job after the other."""

from datetime import datetime
from typing import Any
from uuid import UUID

from scenes import scene
from stories import Person, sha256

from capturegraph.models import Job, PhotoFinding, Target
from capturegraph.services import work
from capturegraph.services.ingest.asking import INGEST


def stores(who: Person, target: Target, data: bytes, east_m: float | None = 0, **words: Any) -> str:
    """Take a photograph, and send it whole; give its id."""
    capture = who.shoots(target, east_m, photo_sha256=sha256(data), **words)["id"]
    assert who.sends_photo(capture, data).status_code == 201
    return str(capture)


def asked() -> list[Job]:
    return list(Job.objects.filter(kind=INGEST).order_by("created_at", "pk"))


def look(now: datetime) -> list[str | None]:
    """Do every job of a photograph that is due, in the order in which they came."""
    due = Job.objects.due(now).filter(kind=INGEST).order_by("created_at", "pk").values_list("pk", flat=True)
    return [work.do(job_id=job, clock=lambda: now) for job in due]


def found(capture: str | UUID) -> PhotoFinding:
    return PhotoFinding.objects.get(pk=capture)


def codes(capture: str | UUID) -> list[str]:
    return [flag["code"] for flag in found(capture).flags]


def flag(capture: str | UUID, code: str) -> dict[str, Any]:
    return next(one for one in found(capture).flags if one["code"] == code)


__all__ = ["asked", "codes", "flag", "found", "look", "scene", "stores"]
