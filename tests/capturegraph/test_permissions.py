"""Who may do what: every route of the URL configuration, every method, every kind of person, own and other target.

The routes are walked, not listed: one that the table below does not have fails, so the table grows with the product.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from stories import Clock, Person, photo, place, slots_in

from capturegraph.models import Assignment, Batch, CandidateSlot, Target
from capturegraph.services import batches, people

pytestmark = pytest.mark.django_db

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# What somebody is to the target that a request is about, in the order of the columns. A stranger is signed in, but no
# member; the owner is the volunteer whose assignment or capture it is.
COLUMNS = "anonymous stranger volunteer owner reviewer coordinator admin"
PUBLIC = "200 200 200 200 200 200 200"
SIGNED_IN = "401 200 200 200 200 200 200"
MEMBERS = "401 404 200 200 200 200 200"
COORDINATORS = "401 404 403 403 403 200 200"
OWNER = "401 404 404 200 404 404 404"
OWNER_AND_REVIEW = "401 404 404 200 200 200 200"
DESK = "302 404 404 404 200 200 200"
COORDINATOR_S_DESK = "302 404 404 404 404 200 200"
COORDINATOR_S_FORM = "302 404 404 404 404 302 302"

TABLE: dict[str, dict[str, str]] = {
    # --- the API
    "api/v1/join/": {"POST": "201 201 201 201 201 201 201"},
    "api/v1/me/": {"GET": SIGNED_IN},
    "api/v1/targets/": {"GET": SIGNED_IN, "POST": "401 403 403 403 403 403 201"},
    "api/v1/targets/<uuid:target_id>/": {"GET": MEMBERS, "PATCH": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/slots/": {"GET": MEMBERS},
    "api/v1/targets/<uuid:target_id>/slots.geojson": {"GET": MEMBERS},
    "api/v1/targets/<uuid:target_id>/request-slot/": {"POST": MEMBERS},
    "api/v1/targets/<uuid:target_id>/batches/": {"GET": COORDINATORS, "POST": "401 404 403 403 403 201 201"},
    "api/v1/batches/<uuid:batch_id>/": {"GET": COORDINATORS},
    "api/v1/batches/<uuid:batch_id>/apply/": {"POST": COORDINATORS},
    "api/v1/assignments/": {"GET": SIGNED_IN},
    "api/v1/assignments/<uuid:assignment_id>/extend/": {"POST": OWNER},
    "api/v1/assignments/<uuid:assignment_id>/release/": {"POST": OWNER},
    "api/v1/captures/": {"POST": "401 404 201 201 201 201 201"},
    "api/v1/captures/manifest/": {"POST": SIGNED_IN},
    "api/v1/captures/<uuid:capture_id>/": {"GET": OWNER_AND_REVIEW, "PUT": "401 409 409 200 409 409 409"},
    "api/v1/captures/<uuid:capture_id>/photo/": {"GET": OWNER_AND_REVIEW, "PUT": OWNER},
    "api/schema/": {"GET": PUBLIC},
    "api/docs/": {"GET": PUBLIC},
    # --- the pages
    "": {"GET": PUBLIC},
    "join/<str:code>": {"GET": PUBLIC},
    "field/": {"GET": PUBLIC},
    "login/": {
        **dict.fromkeys(("GET", "POST", "PUT", "OPTIONS"), "200 302 302 302 302 302 302"),
        **dict.fromkeys(("PATCH", "DELETE"), "405 302 302 302 302 302 302"),
    },
    "logout/": {"POST": "302 302 302 302 302 302 302"},
    "password/": {"GET": "302 200 200 200 200 200 200", "POST": "302 400 400 400 400 400 400"},
    "console/": {"GET": "302 200 200 200 200 200 200"},
    "console/new/": {"GET": "302 403 403 403 403 403 200", "POST": "302 403 403 403 403 403 302"},
    "console/targets/<uuid:target_id>/": {"GET": DESK},
    "console/targets/<uuid:target_id>/live/": {"GET": DESK},
    "console/targets/<uuid:target_id>/import/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/import/<uuid:batch_id>/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/people/": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/invite/": {"POST": COORDINATOR_S_DESK},
    # --- the rest
    "admin/": dict.fromkeys(METHODS, "302 302 302 302 302 302 200"),
    "healthz": {"GET": PUBLIC},
    "readyz": {"GET": PUBLIC},
}
# Django's own views, and our forms and lists in them, behind the one check of `admin.site`: whoever sees `admin/`.
INSIDE_ADMIN = "admin/"
# What there is of Django's and of ours that refuses by itself, before any person is looked at.
NO_ROUTE = {"api/(?P<rest>.*)$"}


def routes(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    for pattern in (resolver or get_resolver()).url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from routes(pattern, route)


def test_every_route_is_in_the_table() -> None:
    found = set(routes())
    assert len([route for route in found if route.startswith(INSIDE_ADMIN)]) > 10
    ours = {route for route in found if route == INSIDE_ADMIN or not route.startswith(INSIDE_ADMIN)} - NO_ROUTE
    assert ours == set(TABLE)


# --- the world --------------------------------------------------------------------------------------------------------


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


@pytest.fixture
def world(stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, max_: Person, zoe: Person, clock: Clock) -> World:  # fmt: skip # noqa: E501
    memorials = Target.objects.create(name="Memorials")
    zoe.joins(memorials, "coordinator")
    yan = Person("yan").joins(memorials, "volunteer")
    revoked = Person("alice with her old phone").joins(stones, "volunteer")
    people.revoke_device(device=revoked.device, by=max_.user, now=clock.now)
    return World(
        furnish(stones, alice, clock.now),
        furnish(memorials, yan, clock.now),
        {
            "anonymous": None, "alice": alice, "bob": bob, "carol": carol, "zoe": zoe, "rita": rita, "max": max_,
            "revoked": revoked,
        },
    )  # fmt: skip


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


def answered(client: Client, method: str, route: str, it: Belongings) -> int:
    """Send a good request, and undo what it did."""
    good = GOOD.get(f"{method} {route}", lambda it: json_body() if method in ("POST", "PUT", "PATCH") else {})
    with transaction.atomic():
        answer: HttpResponse = getattr(client, method.lower())(address(route, it), **good(it))
        transaction.set_rollback(True)
    if answer.streaming:
        b"".join(answer.streaming_content)
    return answer.status_code


def expected(method: str, route: str, column: str) -> set[int]:
    said = TABLE[route].get(method)
    if said is not None:
        return {int(dict(zip(COLUMNS.split(), said.split(), strict=True))[column])}
    if method == "OPTIONS":
        return {200, 302, 401, 405}
    # No such method: that is said to everybody, but some doors ask first who it is.
    return {405, 401, 302} if column == "anonymous" else {405}


def by_phone(who: str, person: Person | None) -> Client:
    return person.phone if person else Client()


def by_desk(who: str, person: Person | None) -> Client:
    # Of a session there is nothing to revoke but the account itself.
    client = person.desk() if person else Client()
    if who == "revoked" and person:
        person.user.is_active = False
        person.user.save()
    return client


@pytest.mark.parametrize("credential", [by_phone, by_desk])
def test_who_may_do_what(world: World, credential: Callable[[str, Person | None], Client]) -> None:
    wrong = []
    clients = {who: credential(who, person) for who, person in world.people.items()}
    for who, person in world.people.items():
        client = clients[who]
        for route in TABLE:
            # A token opens the API and no page; `admin/` sends the others to its own log-in page.
            known = credential is by_desk or route.startswith("api/")
            for about, method in product((world.stones, world.memorials), METHODS):
                # Where nothing depends on the target, once is enough.
                if about is world.memorials and ("<" not in route or method not in TABLE[route]):
                    continue
                column = world.column(who, about, known=known)
                # Logging out takes the session with it.
                fresh = credential(who, person) if route == "logout/" else client
                status = answered(fresh, method, route, about)
                if _unlike(status, method, route, column, who, credential):
                    wrong.append(f"{who}, {column} of {about.target}: {method} {route} gives {status}")
    open("/tmp/wrong.txt","a").write("\n".join(wrong)+"\n")
    assert wrong == []


def _unlike(status: int, method: str, route: str, column: str, who: str, credential: object) -> bool:
    if who == "revoked" and credential is by_phone and route in ("api/schema/", "api/docs/"):
        # Whoever sends a token that is not known is told so, even where none is asked for.
        return status not in (200, 401, 405)
    return status not in expected(method, route, column)


# --- what the table cannot say ----------------------------------------------------------------------------------------


def test_a_console_session_needs_the_csrf_token(stones: Target, carol: Person) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(carol.user)
    answer = client.patch(f"/api/v1/targets/{stones.pk}/", {"name": "Stolen"}, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    answer = client.post(f"/api/v1/targets/{stones.pk}/request-slot/", {}, content_type="application/json")
    assert answer.status_code == 403
    assert Target.objects.get().name == "Boundary stones"
    assert Assignment.objects.count() == 0


def test_a_removed_member_is_a_stranger(stones: Target, alice: Person, clock: Clock) -> None:
    slots_in(stones, a=0)
    alice.user.memberships.update(removed_at=clock.now)
    assert alice.get(f"targets/{stones.pk}/").status_code == 404
    assert alice.post(f"targets/{stones.pk}/request-slot/").status_code == 404
    assert alice.get("targets/").json()["results"] == []


def test_lists_hold_only_what_one_may_see(world: World) -> None:
    seen = {
        who: {one["name"] for one in person.get("targets/").json()["results"]}
        for who, person in world.people.items()
        if person and who != "revoked"
    }
    members = dict.fromkeys(("alice", "bob", "carol", "rita"), {"Boundary stones"})
    assert seen == {**members, "zoe": {"Memorials"}, "max": {"Boundary stones", "Memorials"}}


def test_a_disabled_account_is_nobody(stones: Target, alice: Person, carol: Person) -> None:
    slots_in(stones, a=0)
    desk = carol.desk()
    for person in (alice, carol):
        person.user.is_active = False
        person.user.save()
    assert alice.get("me/").status_code == 401
    assert alice.post(f"targets/{stones.pk}/request-slot/").status_code == 401
    assert desk.get("/api/v1/me/").status_code == 401
    assert CandidateSlot.objects.get().seats_left == 1


def test_a_one_time_password_opens_no_door_but_its_own(stones: Target, carol: Person) -> None:
    carol.user.must_change_password = True
    carol.user.save()
    desk = carol.desk()
    for answer in (
        desk.get("/api/v1/me/"),
        desk.post(f"/api/v1/targets/{stones.pk}/request-slot/", {}, content_type="application/json"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "password_change_required")
    away = desk.get("/console/")
    assert (away.status_code, away["Location"]) == (302, "/password/?next=%2Fconsole%2F")
    # Her phone is not her password.
    assert carol.get("me/").status_code == 200
