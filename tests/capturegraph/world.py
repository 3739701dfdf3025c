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
from django.utils import timezone
from planning_ahead import answered, asked
from stories import Person, photo, place, sha256, slots_in, zipped

from capturegraph.models import Assignment, Batch, Membership, PlanRun, Target, User
from capturegraph.pages.settings_form import SettingsForm
from capturegraph.services import jobs
from capturegraph.services.batching import batches
from capturegraph.services.people import invites, resets
from capturegraph.services.privacy.naming import public_id
from capturegraph.services.webhooks import addresses


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
    """What a target has for a request to be about: somebody's assignment and capture, a file, a way in, a plan."""

    target: Target
    assignment: UUID
    slot: UUID
    capture: UUID
    words: dict[str, Any]
    batch: Batch
    code: str
    run: PlanRun


def furnish(target: Target, owner: Person, now: datetime) -> Belongings:
    slots_in(target, **{f"{target.name} 1": 0, f"{target.name} 2": 500, f"{target.name} 3": 900})
    assignment = owner.asks(target)["assignment"]
    capture, words = uuid4(), owner.words(target, 80)
    assert owner.sends(capture, words).status_code == 201
    assert owner.sends_photo(capture).status_code == 201
    file = batches.File("more.csv", f"title,lat,lon\nmore,{place(2000)[0]},{place(2000)[1]}".encode())
    batch = batches.preview(target=target, file=file, mode="add", by=None, now=now)
    jobs.add(kind="apply_batch", target=target, row_id=batch.pk, by=None, now=now)
    hook, _new = addresses.add(target=target, url="https://example.org/", topics=(), by=owner.user, now=now)
    addresses.test(webhook_id=hook.pk, by=owner.user, now=now)
    week = timedelta(days=7)
    code = invites.make_invite(target=target, role="volunteer", by=None, uses=99, valid_for=week, now=now).code
    run = answered(asked(target, owner, now), owner, now)
    return Belongings(target, UUID(assignment["id"]), UUID(assignment["slot"]), capture, words, batch, code, run)


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


SAYS = {
    "times": [{"kind": "there", "from_at": "2026-06-06T08:00:00Z", "until_at": "2026-06-06T12:00:00Z"}],
    "start": {"latitude": 38.9, "longitude": -77.0}, "capacity": 8, "most_walking_m": 5000,
}  # fmt: skip
GOOD: dict[str, Callable[[Belongings], dict[str, Any]]] = {
    "POST api/v1/join/": lambda it: json_body(
        {"code": it.code, "name": "New", "device_id": uuid4(), "token": "t" * 20 + uuid4().hex, "consent": True}
    ),
    "POST api/v1/targets/": lambda it: json_body({"name": "Bridges"}),
    "PATCH api/v1/targets/<uuid:target_id>/": lambda it: json_body({"instructions": "Stand close."}),
    "POST api/v1/targets/<uuid:target_id>/batches/": lambda it: form(file=csv_file()),
    "POST api/v1/assignments/<uuid:assignment_id>/decline/": lambda it: json_body({"reason": "unsafe"}),
    "PATCH api/v1/slots/<uuid:slot_id>/": lambda it: json_body({"note": "By the gate."}),
    "POST api/v1/targets/<uuid:target_id>/slots/change/": lambda it: json_body(
        {"action": "priority", "slots": [it.slot], "priority": 70}
    ),
    "POST api/v1/targets/<uuid:target_id>/slots/change/undo/": lambda it: json_body({"change": uuid4()}),
    "POST api/v1/targets/<uuid:target_id>/candidates/": lambda it: json_body(
        {"kind": "line", "area": {"type": "LineString", "coordinates": [[0, 0], [0, 0.01]]}, "spacing_m": 500}
    ),
    "POST api/v1/captures/": lambda it: form(
        id=uuid4(), target=it.target.pk, taken_at="2026-06-01T09:00:00Z", photo=SimpleUploadedFile("p.jpg", photo())
    ),
    "PUT api/v1/slots/<uuid:slot_id>/reference/": lambda it: {"data": photo(), "content_type": "image/jpeg"},
    "POST api/v1/slots/<uuid:slot_id>/reference/from-capture/": lambda it: json_body({"capture": it.capture}),
    "POST api/v1/targets/<uuid:target_id>/references/": lambda it: form(
        file=SimpleUploadedFile("r.zip", zipped({f"{it.target.name} 1.jpg": photo()}))
    ),
    "POST api/v1/captures/manifest/": lambda it: json_body({"captures": [{"id": it.capture}]}),
    "POST api/v1/targets/<uuid:target_id>/preview/": lambda it: json_body({"sigma_m": 100}),
    "POST api/v1/targets/<uuid:target_id>/copy/": lambda it: json_body({"name": "Bridges, again", "places": True}),
    "POST api/v1/captures/<uuid:capture_id>/review/": lambda it: json_body({"verdict": "rejected"}),
    "POST api/v1/captures/<uuid:capture_id>/link/": lambda it: json_body({"slot": it.slot}),
    "POST api/v1/captures/<uuid:capture_id>/claim/": lambda it: json_body({"token": uuid4()}),
    "POST api/v1/captures/<uuid:capture_id>/claim/give-back/": lambda it: json_body({"token": uuid4()}),
    "POST api/v1/captures/<uuid:capture_id>/dispute/": lambda it: json_body({"text": "It is there, on the left."}),
    "POST api/v1/review/next/": lambda it: json_body({"target": it.target.pk}),
    "POST api/v1/review/undo/": lambda it: json_body({"target": it.target.pk}),
    "POST api/v1/targets/<uuid:target_id>/review/clean/undo/": lambda it: json_body({"change": uuid4()}),
    "PUT api/v1/captures/<uuid:capture_id>/": lambda it: json_body(it.words),
    "PUT api/v1/captures/<uuid:capture_id>/photo/": lambda it: {"data": photo(), "content_type": "image/jpeg"},
    "POST api/v1/captures/<uuid:capture_id>/photo/parts/": lambda it: json_body(
        {"size": len(photo()), "sha256": sha256(photo())}
    ),
    "DELETE api/v1/me/": lambda it: json_body({"confirm": "somebody else"}),
    "PUT api/v1/me/login/": lambda it: json_body({"username": uuid4().hex, "password": "a tape of sixty-six feet"}),
    "POST api/v1/me/consent/": lambda it: json_body({"target": it.target.pk, "version": 1}),
    "POST api/v1/me/messages/seen/": lambda it: json_body({"ids": []}),
    "PATCH api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/": lambda it: json_body({"role": "reviewer"}),
    "POST api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/merge/": lambda it: json_body({"into": another(it)}),
    "POST api/v1/targets/<uuid:target_id>/messages/": lambda it: json_body({"text": "Bring a hat."}),
    "POST api/v1/targets/<uuid:target_id>/webhooks/": lambda it: json_body({"url": "https://example.org/hook"}),
    "PUT api/v1/me/targets/<uuid:target_id>/availability/": lambda it: json_body(SAYS),
    "PUT api/v1/targets/<uuid:target_id>/members/<uuid:user_id>/availability/": lambda it: json_body(
        {**SAYS, "skills": ["drone"], "newcomer": None}
    ),
    "POST api/v1/targets/<uuid:target_id>/plans/": lambda it: json_body(
        {"from_at": "2026-06-06T08:00:00Z", "until_at": "2026-06-06T18:00:00Z"}
    ),
    "PATCH api/v1/plans/<uuid:plan_id>/": lambda it: json_body({"name": "Saturday"}),
    "GET api/v1/plan-runs/<uuid:run_id>/why/": lambda it: {"data": {"slot": it.slot, "volunteer": owner(it).pk}},
    "POST forgot/": lambda it: form(email="somebody@example.org"),
    "POST reset/<str:uid>/<str:token>/": lambda it: form(new="a rod of sixteen feet", again="a rod of sixteen feet"),
    "POST login/": lambda it: form(username="nobody", password="none"),
    "POST console/new/": lambda it: form(name="Bridges", time_zone="UTC"),
    "POST console/targets/<uuid:target_id>/import/": lambda it: form(file=csv_file(), mode="add"),
    "POST console/targets/<uuid:target_id>/import/<uuid:batch_id>/": lambda it: form(what="apply"),
    "POST console/targets/<uuid:target_id>/act/": lambda it: form(what="release", row=it.assignment, text=""),
    "POST console/targets/<uuid:target_id>/plan/": lambda it: form(
        name="", day="2026-06-06", begin="10:00", end="16:00"
    ),
    "POST console/targets/<uuid:target_id>/plan/<uuid:plan_id>/": lambda it: form(
        what="choose", people=[], everybody="on", least_priority=0, batch="", then=""
    ),
    "POST console/targets/<uuid:target_id>/plan/<uuid:plan_id>/people/<uuid:user_id>/": lambda it: form(
        kind="there",
        until="2026-06-06T16:00",
        latitude=38.9,
        longitude=-77,
        capacity=8,
        most_km=12,
        skills="drone",
        **{"from": "2026-06-06T10:00"},
    ),
    "POST console/targets/<uuid:target_id>/plan/<uuid:plan_id>/<uuid:run_id>/": lambda it: form(
        what="accept", rest="", slot="", volunteer="", here=""
    ),
    "POST console/targets/<uuid:target_id>/invite/": lambda it: form(uses=5, days=3, role="volunteer"),
    "POST console/targets/<uuid:target_id>/poster/": lambda it: form(
        code=invites.typed_code(), languages="en", paper="a4", uses=5, days=3
    ),
    "POST console/targets/<uuid:target_id>/state/": lambda it: form(state="paused", back="people"),
    "POST console/targets/<uuid:target_id>/people/write/": lambda it: form(to="all", text="Bring a hat."),
    "POST console/targets/<uuid:target_id>/people/<uuid:user_id>/": lambda it: form(what="role", role="reviewer"),
    "GET console/targets/<uuid:target_id>/people/<uuid:user_id>/merge/": lambda it: {"data": {"into": another(it)}},
    "POST console/targets/<uuid:target_id>/people/<uuid:user_id>/merge/": lambda it: form(into=another(it)),
    "POST console/targets/<uuid:target_id>/settings/": lambda it: form(
        **settings_shown(it.target), instructions="Near."
    ),
    "POST console/targets/<uuid:target_id>/opening/": lambda it: form(what="untick", step="consent"),
    "POST console/targets/<uuid:target_id>/copy/": lambda it: form(name="Bridges, again", places="on"),
    "POST console/targets/<uuid:target_id>/webhooks/": lambda it: form(
        url="https://example.org/hook", topics="slot.fulfilled"
    ),
    "POST console/targets/<uuid:target_id>/webhooks/<uuid:webhook_id>/": lambda it: form(
        what="replay", delivery=it.target.webhooks.order_by("created_at").first().deliveries.get().pk
    ),
    "POST console/targets/<uuid:target_id>/import/<uuid:batch_id>/columns/": lambda it: form(
        what="choose", title="0", latitude="1", longitude="2", remember="on"
    ),
    "POST console/targets/<uuid:target_id>/generate/": lambda it: form(
        kind="grid", corners="38.9, -77.04\n38.9, -77.03\n38.91, -77.03", spacing_m="300", count=""
    ),
}


def settings_shown(target: Target) -> dict[str, Any]:
    """What a browser sends back of the settings page where nothing was touched, beside the instructions."""
    sent: dict[str, Any] = {}
    page = SettingsForm(None, target=Target.objects.get(pk=target.pk))
    for name in page.fields:
        value = page.initial.get(name)
        sent[f"initial-{name}"] = "" if value is None else value
        if name != "instructions" and value not in (None, False):
            sent[name] = "on" if value is True else value
    return sent


def owner(it: Belongings) -> User:
    """Whose assignment and capture it is."""
    return Assignment.objects.select_related("volunteer").get(pk=it.assignment).volunteer


def another(it: Belongings) -> UUID:
    """A member of the target beside the owner, one who may do little where there is any."""
    members = Membership.objects.filter(target=it.target).exclude(user=owner(it))
    return members.order_by("-role", "pk").values_list("user", flat=True)[0]


def address(route: str, it: Belongings) -> str:
    names = {
        "<uuid:target_id>": it.target.pk, "<uuid:assignment_id>": it.assignment, "<uuid:capture_id>": it.capture,
        "<uuid:slot_id>": it.slot, "<uuid:batch_id>": it.batch.pk, "<str:code>": it.code,
        "<uuid:plan_id>": it.run.plan_id, "<uuid:run_id>": it.run.pk, "<uuid:photo_id>": public_id(it.capture),
    }  # fmt: skip
    if "<uuid:invite_id>" in route:
        names["<uuid:invite_id>"] = it.target.invites.get(for_user=None).pk
    if "<uuid:job_id>" in route:
        names["<uuid:job_id>"] = it.target.jobs.get(kind="apply_batch").pk
    if "<uuid:volunteer_id>" in route:
        names["<uuid:volunteer_id>"] = owner(it).pk
    if "<uuid:user_id>" in route or "<uuid:device_id>" in route:
        names |= {"<uuid:user_id>": owner(it).pk, "<uuid:device_id>": owner(it).devices.get().pk}
    if "<str:uid>" in route:
        names |= dict(zip(("<str:uid>", "<str:token>"), resets.link_for(owner(it), timezone.now()), strict=True))
    if "<uuid:webhook_id>" in route or "<uuid:delivery_id>" in route:
        hook = it.target.webhooks.order_by("created_at").first()
        names |= {"<uuid:webhook_id>": hook.pk, "<uuid:delivery_id>": hook.deliveries.get().pk}
    if "<str:form>" in route:
        names["<str:form>"] = "csv"
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
