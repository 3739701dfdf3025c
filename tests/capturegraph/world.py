"""Two targets with everything in them, eight kinds of people, and a good request of each kind."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.urls import URLPattern, URLResolver, get_resolver
from stories import Person, photo, place, slots_in

from capturegraph.models import Batch, Target
from capturegraph.services import batches, people


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, Callable[..., Any]]]:
    """Walk every route of the URL configuration, with its view."""
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route, pattern.callback
        else:
            yield from routes(pattern, route)


@dataclass
class Belongings:
    """What a target has for a request to be about: somebody's assignment and capture, a file, a way in."""

    target: Target
    assignment: UUID
    capture: UUID
    words: dict[str, Any]
    batch: Batch
    code: str


def furnish(target: Target, owner: Person, now: datetime) -> Belongings:
    slots_in(target, **{f"{target.name} 1": 0, f"{target.name} 2": 500, f"{target.name} 3": 900})
    assignment = owner.asks(target)["assignment"]["id"]
    capture, words = uuid4(), owner.words(target, 80)
    assert owner.sends(capture, words).status_code == 201
    assert owner.sends_photo(capture).status_code == 201
    file = batches.File("more.csv", f"title,lat,lon\nmore,{place(2000)[0]},{place(2000)[1]}".encode())
    batch = batches.preview(target=target, file=file, mode="add", by=None, now=now)
    week = timedelta(days=7)
    code = people.make_invite(target=target, role="volunteer", by=None, uses=99, valid_for=week, now=now).code
    return Belongings(target, UUID(assignment), capture, words, batch, code)


@dataclass
class World:
    stones: Belongings
    memorials: Belongings
    people: dict[str, Person | None]

    def column(self, who: str, about: Belongings, *, known: bool) -> str:
        """Say what somebody is to a target."""
        if not known or who in ("anonymous", "revoked"):
            return "anonymous"
        if who == "max":
            return "admin"
        if about is self.memorials:
            return "coordinator" if who == "zoe" else "stranger"
        own = {"alice": "owner", "bob": "volunteer", "carol": "coordinator", "rita": "reviewer", "zoe": "stranger"}
        return own[who]


# --- a good request of each kind --------------------------------------------------------------------------------------


def csv_file() -> SimpleUploadedFile:
    return SimpleUploadedFile("one.csv", f"title,lat,lon\none,{place(3000)[0]},{place(3000)[1]}".encode())


def form(**values: Any) -> dict[str, Any]:
    return {"data": values}


def json_body(body: Any = None) -> dict[str, Any]:
    return {"data": orjson.dumps(body or {}), "content_type": "application/json"}


GOOD: dict[str, Callable[[Belongings], dict[str, Any]]] = {
    "POST api/v1/join/": lambda it: json_body(
        {"code": it.code, "name": "New", "device_id": uuid4(), "token": "t" * 20 + uuid4().hex, "consent": True}
    ),
    "POST api/v1/targets/": lambda it: json_body({"name": "Bridges"}),
    "PATCH api/v1/targets/<uuid:target_id>/": lambda it: json_body({"instructions": "Stand close."}),
    "POST api/v1/targets/<uuid:target_id>/batches/": lambda it: form(file=csv_file()),
    "POST api/v1/captures/": lambda it: form(
        id=uuid4(), target=it.target.pk, taken_at="2026-06-01T09:00:00Z", photo=SimpleUploadedFile("p.jpg", photo())
    ),
    "POST api/v1/captures/manifest/": lambda it: json_body({"captures": [{"id": it.capture}]}),
    "PUT api/v1/captures/<uuid:capture_id>/": lambda it: json_body(it.words),
    "PUT api/v1/captures/<uuid:capture_id>/photo/": lambda it: {"data": photo(), "content_type": "image/jpeg"},
    "POST login/": lambda it: form(username="nobody", password="none"),
    "POST console/new/": lambda it: form(name="Bridges", time_zone="UTC"),
    "POST console/targets/<uuid:target_id>/import/": lambda it: form(file=csv_file(), mode="add"),
    "POST console/targets/<uuid:target_id>/import/<uuid:batch_id>/": lambda it: form(what="apply"),
    "POST console/targets/<uuid:target_id>/invite/": lambda it: form(uses=5, days=3),
}


def address(route: str, it: Belongings) -> str:
    names = {
        "<uuid:target_id>": it.target.pk, "<uuid:assignment_id>": it.assignment, "<uuid:capture_id>": it.capture,
        "<uuid:batch_id>": it.batch.pk, "<str:code>": it.code,
    }  # fmt: skip
    for name, value in names.items():
        route = route.replace(name, str(value))
    assert "<" not in route, f"say what {route} is about"
    return "/" + route


def assert_no(
    answer: HttpResponse, status: int | None = None, code: str | None = None, field: str | None = None
) -> None:
    """Assert that it is a clear no: a 4xx that says what, to people and to programs, and which field."""
    said = f"{answer.status_code} {answer.content[:300]!r}"
    assert 400 <= answer.status_code < 500, said
    assert answer["Content-Type"] == "application/problem+json", said
    problem = answer.json()
    assert problem["status"] == answer.status_code
    assert problem["title"]
    assert problem["detail"], said
    assert problem["code"], said
    assert status in (None, answer.status_code), said
    assert code in (None, problem["code"]), said
    if field is not None:
        assert [error["field"].split(".")[0] for error in problem["errors"]][:1] == [field], said
        assert problem["errors"][0]["reason"]
