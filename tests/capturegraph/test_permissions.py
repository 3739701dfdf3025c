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
NOBODY = "404 404 404 404 404 404 404"
SIGNED_IN = "401 200 200 200 200 200 200"
MEMBERS = "401 404 200 200 200 200 200"
COORDINATORS = "401 404 403 403 403 200 200"
OWNER = "401 404 404 200 404 404 404"
OWNER_AND_REVIEW = "401 404 404 200 200 200 200"
REVIEWERS_LIST = "401 404 403 403 200 200 200"
# Of a capture: a volunteer may not know of another's, and nobody reviews their own.
REVIEWERS = "401 404 404 403 200 200 200"
DESK = "302 404 404 404 200 200 200"
COORDINATOR_S_DESK = "302 404 404 404 404 200 200"
COORDINATOR_S_FORM = "302 404 404 404 404 302 302"

TABLE: dict[str, dict[str, str]] = {
    # --- the API
    "api/v1/join/": {"POST": "201 201 201 201 201 201 201"},
    "api/v1/me/": {"GET": SIGNED_IN, "DELETE": "401 400 400 400 400 400 400"},
    "api/v1/me/devices/": {"GET": SIGNED_IN},
    # The site admin takes part in nothing, so there is nowhere for a link to lead.
    "api/v1/me/devices/link/": {"POST": "401 201 201 201 201 201 409"},
    "api/v1/me/devices/<uuid:device_id>/": {"DELETE": "401 404 404 204 404 404 404"},
    "api/v1/me/consent/": {"POST": "401 404 200 200 200 200 404"},
    "api/v1/me/login/": {"PUT": SIGNED_IN},
    # The last coordinator cannot go, and the site admin takes part in nothing.
    "api/v1/me/targets/<uuid:target_id>/": {"DELETE": "401 404 204 204 204 409 404"},
    "api/v1/me/messages/": {"GET": SIGNED_IN},
    "api/v1/me/messages/seen/": {"POST": SIGNED_IN},
    "api/v1/me/export/": {"GET": SIGNED_IN},
    "api/v1/targets/<uuid:target_id>/members/": {"GET": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/": {
        "PATCH": COORDINATORS,
        "DELETE": "401 404 403 403 403 204 204",
    },
    "api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/link/": {"POST": "401 404 403 403 403 201 201"},
    "api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/merge/": {"POST": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/messages/": {"POST": "401 404 403 403 403 201 201"},
    "api/v1/targets/": {"GET": SIGNED_IN, "POST": "401 403 403 403 403 403 201"},
    "api/v1/targets/<uuid:target_id>/": {"GET": MEMBERS, "PATCH": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/slots/": {"GET": MEMBERS},
    "api/v1/targets/<uuid:target_id>/slots.geojson": {"GET": MEMBERS},
    "api/v1/targets/<uuid:target_id>/board/": {"GET": REVIEWERS_LIST},
    "api/v1/targets/<uuid:target_id>/board/captures/": {"GET": REVIEWERS_LIST},
    "api/v1/targets/<uuid:target_id>/slots/change/": {"POST": COORDINATORS},
    # There was no such change.
    "api/v1/targets/<uuid:target_id>/slots/change/undo/": {"POST": "401 404 403 403 403 404 404"},
    **{f"api/v1/targets/<uuid:target_id>/slots.{form}": {"GET": MEMBERS} for form in ("csv", "gpx", "kml")},
    **{
        f"api/v1/targets/<uuid:target_id>/{what}.{form}": {"GET": who}
        for what, who in (("captures", REVIEWERS_LIST), ("assignments", COORDINATORS), ("events", COORDINATORS))
        for form in ("csv", "geojson", "gpx", "kml")
    },
    "api/v1/targets/<uuid:target_id>/progress/": {"GET": REVIEWERS_LIST},
    "api/v1/targets/<uuid:target_id>/opening/": {"GET": COORDINATORS},
    **{
        f"api/v1/targets/<uuid:target_id>/progress{table}.{form}": {"GET": REVIEWERS_LIST}
        for table in ("", "/totals", "/days", "/forecast", "/people", "/declines", "/times", "/took")
        for form in ("json", "csv")
    },
    "api/v1/targets/<uuid:target_id>/request-slot/": {"POST": MEMBERS},
    "api/v1/targets/<uuid:target_id>/batches/": {"GET": COORDINATORS, "POST": "401 404 403 403 403 201 201"},
    "api/v1/targets/<uuid:target_id>/reserve-walk/": {"POST": MEMBERS},
    "api/v1/targets/<uuid:target_id>/release-walk/": {"POST": MEMBERS},
    "api/v1/targets/<uuid:target_id>/preview/": {"POST": COORDINATORS},
    # Who coordinates one target may not therefore make others.
    "api/v1/targets/<uuid:target_id>/copy/": {"POST": "401 404 403 403 403 403 201"},
    "api/v1/slots/<uuid:slot_id>/": {"PATCH": COORDINATORS},
    # None of the two targets has any: whoever may see it is told so.
    "api/v1/slots/<uuid:slot_id>/reference/": {
        "GET": "401 404 404 404 404 404 404",
        "PUT": COORDINATORS,
        "DELETE": "401 404 403 403 403 204 204",
    },
    # The capture has not been accepted.
    "api/v1/slots/<uuid:slot_id>/reference/from-capture/": {"POST": "401 404 403 403 403 409 409"},
    "api/v1/targets/<uuid:target_id>/references/": {"POST": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/candidates/": {"POST": "401 404 403 403 403 201 201"},
    "api/v1/batches/<uuid:batch_id>/": {"GET": COORDINATORS},
    "api/v1/batches/<uuid:batch_id>/apply/": {"POST": COORDINATORS},
    "api/v1/batches/<uuid:batch_id>/undo/": {"POST": "401 404 403 403 403 409 409"},
    # The site admin takes part in nothing.
    "api/v1/me/targets/<uuid:target_id>/availability/": dict.fromkeys(("GET", "PUT"), "401 404 200 200 200 200 404"),
    "api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/availability/": {"GET": COORDINATORS, "PUT": COORDINATORS},
    "api/v1/planning/rules/": {"GET": SIGNED_IN},
    "api/v1/planning/algorithms/": {"GET": SIGNED_IN},
    "api/v1/targets/<uuid:target_id>/plans/": {"GET": COORDINATORS, "POST": "401 404 403 403 403 201 201"},
    "api/v1/plans/<uuid:plan_id>/": {"GET": COORDINATORS, "PATCH": COORDINATORS, "DELETE": COORDINATORS},
    "api/v1/plans/<uuid:plan_id>/pins/<uuid:slot_id>/<uuid:volunteer_id>/": {
        "PUT": COORDINATORS,
        "DELETE": COORDINATORS,
    },
    "api/v1/plans/<uuid:plan_id>/runs/": {"GET": COORDINATORS, "POST": "401 404 403 403 403 202 202"},
    # It was never accepted.
    "api/v1/plans/<uuid:plan_id>/withdraw/": {"POST": "401 404 403 403 403 409 409"},
    "api/v1/plan-runs/<uuid:run_id>/": {"GET": COORDINATORS},
    "api/v1/plan-runs/<uuid:run_id>.geojson": {"GET": COORDINATORS},
    "api/v1/plan-runs/<uuid:run_id>/why/": {"GET": COORDINATORS},
    "api/v1/plan-runs/<uuid:run_id>/accept/": {"POST": COORDINATORS},
    "api/v1/targets/<uuid:target_id>/jobs/": {"GET": COORDINATORS},
    "api/v1/jobs/<uuid:job_id>/": {"GET": COORDINATORS},
    "api/v1/jobs/<uuid:job_id>/cancel/": {"POST": COORDINATORS},
    # The job of the story makes no file.
    "api/v1/jobs/<uuid:job_id>/file/": {"GET": "401 404 403 403 403 404 404"},
    "api/v1/targets/<uuid:target_id>/archive/": {"POST": "401 404 403 403 403 202 202"},
    "api/v1/targets/<uuid:target_id>/webhooks/": {"GET": COORDINATORS, "POST": "401 404 403 403 403 201 201"},
    "api/v1/webhooks/<uuid:webhook_id>/": {
        "GET": COORDINATORS,
        "PATCH": COORDINATORS,
        "DELETE": "401 404 403 403 403 204 204",
    },
    "api/v1/webhooks/<uuid:webhook_id>/try/": {"POST": "401 404 403 403 403 202 202"},
    "api/v1/webhooks/<uuid:webhook_id>/deliveries/": {"GET": COORDINATORS},
    "api/v1/deliveries/<uuid:delivery_id>/replay/": {"POST": "401 404 403 403 403 202 202"},
    "api/v1/assignments/": {"GET": SIGNED_IN},
    "api/v1/assignments/<uuid:assignment_id>/extend/": {"POST": OWNER},
    "api/v1/assignments/<uuid:assignment_id>/release/": {"POST": OWNER},
    "api/v1/assignments/<uuid:assignment_id>/decline/": {"POST": OWNER},
    "api/v1/assignments/<uuid:assignment_id>/take-back/": {"POST": COORDINATORS},
    "api/v1/captures/": {"POST": "401 404 201 201 201 201 201"},
    "api/v1/captures/manifest/": {"POST": SIGNED_IN},
    "api/v1/captures/<uuid:capture_id>/": {"GET": OWNER_AND_REVIEW, "PUT": "401 409 409 200 409 409 409"},
    # Whose it is nobody learns: to anybody else's, the photo waits for words that never come.
    "api/v1/captures/<uuid:capture_id>/review/": {"POST": REVIEWERS},
    "api/v1/captures/<uuid:capture_id>/link/": {"POST": REVIEWERS},
    # There is no such claim: whoever may look at it is told so.
    "api/v1/captures/<uuid:capture_id>/claim/": {"POST": "401 404 404 403 409 409 409"},
    "api/v1/captures/<uuid:capture_id>/claim/give-back/": {"POST": "401 404 404 403 204 204 204"},
    # It was not rejected.
    "api/v1/captures/<uuid:capture_id>/dispute/": {"POST": "401 404 404 409 404 404 404"},
    "api/v1/review/next/": {"POST": REVIEWERS_LIST},
    # They have judged nothing.
    "api/v1/review/undo/": {"POST": "401 404 403 403 409 409 409"},
    "api/v1/targets/<uuid:target_id>/review/clean/": {"POST": REVIEWERS_LIST},
    "api/v1/targets/<uuid:target_id>/review/clean/undo/": {"POST": "401 404 403 403 404 404 404"},
    "api/v1/captures/<uuid:capture_id>/photo/": {"GET": OWNER_AND_REVIEW, "PUT": "401 202 202 200 202 202 202"},
    # Here the server keeps files itself; in a bucket: test_direct_uploads.py.
    "api/v1/captures/<uuid:capture_id>/photo/parts/": {"POST": "401 404 404 409 404 404 404"},
    "api/v1/captures/<uuid:capture_id>/photo/complete/": {"POST": "401 404 404 409 404 404 404"},
    "api/v1/captures/<uuid:capture_id>/photo/small/": {"GET": OWNER_AND_REVIEW},
    # Neither target was opened to everybody: what that would show is in test_public.py.
    **{f"api/v1/public/targets/<uuid:target_id>/{what}": {"GET": NOBODY} for what in ("", "captures.geojson")},
    "api/v1/public/photos/<uuid:photo_id>/": {"GET": NOBODY},
    "api/schema/": {"GET": PUBLIC},
    "api/docs/": {"GET": PUBLIC},
    # --- the pages
    "": {"GET": PUBLIC},
    "join/<str:code>": {"GET": PUBLIC},
    "field/": {"GET": PUBLIC},
    "field/me/": {"GET": PUBLIC},
    "manifest.webmanifest": {"GET": PUBLIC},
    "sw.js": {"GET": PUBLIC},
    "this-phone/": {"GET": "302 200 200 200 200 200 200", "POST": "302 302 302 302 302 302 409"},
    "login/": {
        **dict.fromkeys(("GET", "POST", "PUT", "OPTIONS"), "200 302 302 302 302 302 302"),
        **dict.fromkeys(("PATCH", "DELETE"), "405 302 302 302 302 302 302"),
    },
    "forgot/": {"GET": PUBLIC, "POST": PUBLIC},
    "reset/<str:uid>/<str:token>/": {"GET": PUBLIC, "POST": "302 302 302 302 302 302 302"},
    "logout/": {"POST": "302 302 302 302 302 302 302"},
    "password/": {"GET": "302 200 200 200 200 200 200", "POST": "302 400 400 400 400 400 400"},
    "console/": {"GET": "302 200 200 200 200 200 200"},
    "console/services/": {"GET": "302 404 404 404 404 404 200"},
    "console/new/": {"GET": "302 403 403 403 403 403 200", "POST": "302 403 403 403 403 403 302"},
    "console/targets/<uuid:target_id>/": {"GET": DESK},
    "console/targets/<uuid:target_id>/live/": {"GET": DESK},
    "console/targets/<uuid:target_id>/pace/": {"GET": DESK},
    # Where photos wait in one target only, it leads there; zoe coordinates another one.
    "console/review/": {"GET": "302 302 200 200 302 302 200"},
    "console/targets/<uuid:target_id>/review/": {"GET": DESK},
    # Opened by itself it leads to the room.
    "console/targets/<uuid:target_id>/review/<uuid:capture_id>/": {"GET": "302 404 404 404 302 302 302"},
    "console/targets/<uuid:target_id>/places/": {"GET": DESK},
    # Opened by itself it leads to the board.
    "console/targets/<uuid:target_id>/places/<uuid:slot_id>/": {"GET": "302 404 404 404 302 302 302"},
    "console/targets/<uuid:target_id>/act/": {"POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/import/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/import/<uuid:batch_id>/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/import/<uuid:batch_id>/columns/": {
        "GET": COORDINATOR_S_DESK,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/import/<uuid:batch_id>/errors.csv": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/import/<uuid:batch_id>/places/": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/generate/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/working/<uuid:job_id>/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/plan/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    # It answers with a part of a page to what asks for parts; whoever opens it is led to the whole.
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/progress/": {
        "GET": COORDINATOR_S_FORM,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/people/<uuid:user_id>/": {
        "GET": COORDINATOR_S_DESK,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/<uuid:run_id>/": {
        "GET": COORDINATOR_S_DESK,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/<uuid:run_id>/ways/": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/plan/<uuid:plan_id>/<uuid:run_id>/ways.<str:form>": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/progress/": {"GET": DESK},
    "console/targets/<uuid:target_id>/data/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/archive/": {"GET": COORDINATOR_S_DESK},
    # The page that a new one is made on is the one that shows its secret.
    "console/targets/<uuid:target_id>/webhooks/": dict.fromkeys(("GET", "POST"), COORDINATOR_S_DESK),
    "console/targets/<uuid:target_id>/webhooks/<uuid:webhook_id>/": {
        "GET": COORDINATOR_S_DESK,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/webhooks/<uuid:webhook_id>/log/": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/people/": {"GET": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/people/write/": {"POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/people/<uuid:user_id>/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/people/<uuid:user_id>/link/": {"POST": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/people/<uuid:user_id>/merge/": {
        "GET": COORDINATOR_S_DESK,
        "POST": COORDINATOR_S_FORM,
    },
    "console/targets/<uuid:target_id>/state/": {"POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/invite/": {"POST": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/invite/<uuid:invite_id>/withdraw/": {"POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/poster/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_DESK},
    "console/targets/<uuid:target_id>/settings/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/opening/": {"GET": COORDINATOR_S_DESK, "POST": COORDINATOR_S_FORM},
    "console/targets/<uuid:target_id>/settings/judging/": {"GET": COORDINATOR_S_DESK},
    # Of those here, only the site admin may make targets.
    "console/targets/<uuid:target_id>/copy/": {"POST": "302 404 404 404 404 400 302"},
    "console/demonstration/": {"POST": "302 403 403 403 403 403 302"},
    # --- the rest
    "admin/": dict.fromkeys(METHODS, "302 302 302 302 302 302 200"),
    "healthz": {"GET": PUBLIC},
    "readyz": {"GET": PUBLIC},
    "metrics": {"GET": PUBLIC},
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


@pytest.mark.slow_on("postgresql")
@pytest.mark.parametrize("credential", [by_phone, pytest.param(by_desk, marks=pytest.mark.slow)])
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
