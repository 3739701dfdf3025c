"""Putting photographs straight into the store, as a client does that was given addresses for their parts."""

from typing import Any

from buckets import InTheBucket, puts
from django.http import HttpResponse
from stories import Person, photo, sha256

from capturegraph.models import Capture, DirectUpload, PhotoPart
from capturegraph.services.uploads import direct

PART = direct.PART_BYTES
# A photograph of more than two parts: what follows its end mark is part of the file, as of many a phone's.
LARGE = photo(size=(300, 200)) + bytes(range(256)) * (2 * PART // 256 + 100)


def begins(who: Person, capture: object, data: bytes = LARGE, **more: Any) -> HttpResponse:
    """Ask for addresses."""
    return who.post(f"captures/{capture}/photo/parts/", {"size": len(data), "sha256": sha256(data), **more})


def completes(who: Person, capture: object) -> HttpResponse:
    return who.post(f"captures/{capture}/photo/complete/")


def puts_all(answer: HttpResponse, data: bytes = LARGE) -> list[int]:
    """Put every part that is missing to its address, as it is said where it lies."""
    assert answer.status_code == 200, answer.content
    lacking = [one for one in answer.json()["parts"] if not one["have"]]
    return [puts(one["url"], data[one["start"] : one["start"] + one["size"]]) for one in lacking]


def missing(answer: HttpResponse) -> list[int]:
    return [one["number"] for one in answer.json()["parts"] if not one["have"]]


def assert_stored(bucket: InTheBucket, capture: object, data: bytes = LARGE) -> None:
    """One original, byte for byte, and nothing besides: no part, no row, nothing under way."""
    row = Capture.objects.get(pk=capture)
    assert (row.state, row.photo_sha256, row.photo_size) == ("stored", sha256(data), len(data))
    assert bucket.files() == {row.photo.name: data}
    assert (bucket.under_way(), DirectUpload.objects.count(), PhotoPart.objects.count()) == ([], 0, 0)


def assert_away(answer: HttpResponse) -> None:
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (503, "files_away", "1")
