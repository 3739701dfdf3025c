"""Sending photographs as phones with bad signal do: in stretches, and over connections that break."""

import io
from pathlib import Path
from uuid import UUID

from django.http import HttpResponse
from stories import API, Person, photo, sha256

from capturegraph.models import Capture, PhotoPart

PHOTO = photo(size=(300, 200))
HALF = len(PHOTO) // 2


def sends_part(
    who: Person, capture: UUID | str, start: int, end: int, data: bytes = PHOTO, *, total: int | None = None,
    arrives: int | None = None, **headers: str,
) -> HttpResponse:  # fmt: skip
    """Send the bytes from `start` up to `end`, of which only `arrives` get through."""
    sent = data[start:end]
    body = {"CONTENT_LENGTH": str(len(sent)), "wsgi.input": io.BytesIO(sent[:arrives])}
    range_ = {"HTTP_CONTENT_RANGE": f"bytes {start}-{end - 1}/{len(data) if total is None else total}"}
    return who.phone.put(f"{API}captures/{capture}/photo/", sent, "image/jpeg", **range_, **body, **headers)


def sends_cut(who: Person, capture: UUID | str, arrives: int, data: bytes = PHOTO, **headers: str) -> HttpResponse:
    """Send the whole photograph over a connection that breaks."""
    body = {"CONTENT_LENGTH": str(len(data)), "wsgi.input": io.BytesIO(data[:arrives])}
    return who.phone.put(f"{API}captures/{capture}/photo/", data, "image/jpeg", **body, **headers)


def asks(who: Person, capture: UUID | str, total: int | str = len(PHOTO), **headers: str) -> HttpResponse:
    """Ask how much is here."""
    return who.phone.put(
        f"{API}captures/{capture}/photo/", b"", "image/jpeg", HTTP_CONTENT_RANGE=f"bytes */{total}", **headers
    )


def here(answer: HttpResponse) -> tuple[int, int, str | None]:
    return answer.status_code, answer.json()["received"], answer.get("Range")


def files(folder: Path) -> list[str]:
    return sorted(path.parent.name if "parts" in path.parts else path.parts[-3] for path in folder.rglob("*.*"))


def assert_stored(capture: UUID | str, own_files: Path) -> None:
    """One file, the bytes as they were taken, and no part left."""
    row = Capture.objects.get(pk=capture)
    assert (row.state, row.photo_sha256) == ("stored", sha256(PHOTO))
    assert [path.read_bytes() for path in own_files.rglob("*.*")] == [PHOTO]
    assert PhotoPart.objects.count() == 0
