"""What somebody gets to see of a capture, asked of the real routes."""

import io
import zipfile
from collections.abc import Callable
from typing import Any
from uuid import UUID

import orjson
from django.http import HttpResponse
from django.test import Client
from PIL import Image
from stories import API

from capturegraph.models import Capture

HEADING = "## Who sees what"


def body(answer: HttpResponse) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def gets_original(client: Client, capture: Capture) -> bool:
    with capture.photo.open("rb") as file:
        ours = file.read()
    answer = client.get(f"{API}captures/{capture.pk}/photo/")
    return answer.status_code == 200 and body(answer) == ours


def gets_small(client: Client, capture: Capture) -> bool:
    answer = client.get(f"{API}captures/{capture.pk}/photo/small/")
    return answer.status_code == 200 and Image.open(io.BytesIO(body(answer))).format == "WEBP"


def gets_position(client: Client, capture: Capture) -> bool:
    """In any of the lists, or in one's own data."""
    exact = [f"{capture.longitude},{capture.latitude}".encode(), f"[{capture.longitude},{capture.latitude}]".encode()]
    lists = [f"{API}targets/{capture.target_id}/captures.{form}" for form in ("csv", "geojson", "gpx", "kml")]
    told = [body(client.get(address)) for address in lists]
    feed = client.get(f"{API}targets/{capture.target_id}/board/captures/")
    packed = feed.status_code == 200 and capture.pk.bytes in body(feed)
    in_lists = [any(one in text for one in exact) or str(capture.latitude).encode() in text for text in told]
    assert len({packed, *in_lists}) == 1, "one list says what another one does not"
    own = next((one for one in own_captures(client) if one["id"] == str(capture.pk)), {})
    return packed or own.get("latitude") == capture.latitude


def own_captures(client: Client) -> list[dict[str, Any]]:
    answer = client.get(f"{API}me/export/")
    if answer.status_code != 200:
        return []
    with zipfile.ZipFile(io.BytesIO(body(answer))) as archive:
        found: list[dict[str, Any]] = orjson.loads(archive.read("my-data.json"))["captures"]
    return found


def gets_person(client: Client, capture: Capture) -> bool:
    named = body(client.get(f"{API}targets/{capture.target_id}/captures.csv"))
    own = [UUID(one["id"]) for one in own_captures(client)]
    return str(capture.volunteer).encode() in named or capture.pk in own


def gets_archive(client: Client, capture: Capture) -> bool:
    """Everything of the target in one file: whether it may be asked for."""
    answer = client.post(f"{API}targets/{capture.target_id}/archive/", {}, content_type="application/json")
    return answer.status_code == 202


THINGS: dict[str, Callable[[Client, Capture], bool]] = {
    "original": gets_original,
    "small copy": gets_small,
    "exact position": gets_position,
    "who took it": gets_person,
    "faces as they are": gets_small,
    "archive with photos": gets_archive,
}


def table_in(text: str) -> dict[str, dict[str, str]]:
    """The first table under our heading of the README: what each kind of people sees, by the names of its columns."""
    part = text[text.index(f"\n{HEADING}\n") :]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    names, rows = cells[0][1:], []
    for row in cells[2:]:
        if len(row) != len(names) + 1:
            break
        rows.append(row)
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}
