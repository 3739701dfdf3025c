"""Files of places, as a coordinator makes and sends them."""

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from stories import API, Person, place

from capturegraph.models import CandidateSlot, Target

NOTHING = dict.fromkeys(
    ("added", "changed", "kept", "removed", "protected", "covered", "errors", "moved_far", "released", "close"), 0
)


def send(
    who: Person, target: Target, data: bytes, name: str, headers: dict[str, str] | None = None, **values: Any
) -> HttpResponse:
    file = SimpleUploadedFile(name, data)
    return who.phone.post(f"{API}targets/{target.pk}/batches/", {"file": file, **values}, headers=headers)


def upload(who: Person, target: Target, data: bytes | str, name: str = "places.csv", **values: Any) -> dict[str, Any]:
    answer = send(who, target, data.encode() if isinstance(data, str) else data, name, **values)
    assert answer.status_code == 201, answer.content
    return answer.json()


def table(*rows: str) -> str:
    """A CSV of places: each row is an id, a title, metres east of the origin, and maybe a note."""
    lines = ["external_id,title,latitude,longitude,note"]
    for row in rows:
        external_id, title, east_m, *note = row.split()
        lines.append(f"{external_id},{title},{place(float(east_m))[0]},{place(float(east_m))[1]},{' '.join(note)}")
    return "\n".join(lines)


def sheet(head: str, *rows: str) -> str:
    """A CSV of other columns: a row is metres east of the origin and, after a comma, what stands in them."""
    lines = [f"latitude,longitude,{head}"]
    for row in rows:
        east_m, rest = row.split(",", 1)
        lines.append(f"{place(float(east_m))[0]},{place(float(east_m))[1]},{rest}")
    return "\n".join(lines)


def counts(**some: int) -> dict[str, int]:
    return {**NOTHING, **some}


def waiting(target: Target) -> dict[str, str]:
    rows = CandidateSlot.objects.of(target).order_by("rank")
    return {row.external_id: row.title for row in rows if row.state == "waiting"}


def states(target: Target) -> dict[str, str]:
    return dict(CandidateSlot.objects.of(target).values_list("title", "state"))
