"""Who may do what: every route of the URL configuration, every method, every kind of person, own and other target.

The routes are walked, not listed: one that the table below does not have fails, so the table grows with the product.
"""

from collections.abc import Callable
from itertools import product

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from stories import Clock, Person, slots_in
from world import GOOD, Belongings, World, address, json_body, routes

from capturegraph.models import Assignment, CandidateSlot, Target

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


def test_every_route_is_in_the_table() -> None:
    found = {route for route, _view in routes()}
    assert len([route for route in found if route.startswith(INSIDE_ADMIN)]) > 10
    ours = {route for route in found if route == INSIDE_ADMIN or not route.startswith(INSIDE_ADMIN)} - NO_ROUTE
    assert ours == set(TABLE)


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
    for who, person in world.people.items():
        client = credential(who, person)
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
                if status not in expected(method, route, column):
                    wrong.append(f"{who}, {column} of {about.target}: {method} {route} gives {status}")
    assert wrong == []


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
    here, there = {"Boundary stones"}, {"Memorials"}
    assert seen == {"alice": here, "bob": here, "carol": here, "rita": here, "zoe": there, "max": here | there}


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
