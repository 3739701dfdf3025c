"""What is logged: a line a request, a job and a run, and in all of it nothing of anybody's."""

import base64
import io
import json
import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session
from django.db import transaction
from django.test import Client
from django.utils import timezone
from PIL import Image
from stories import API, Clock, Person, at, photo
from world import GOOD, Belongings, World, address, json_body, routes

from capturegraph import logs
from capturegraph.models import CandidateSlot, Capture, Job
from capturegraph.services import work
from capturegraph.services.cycles import leases, periodic, runners
from capturegraph.services.people import invites, phones

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

PASSWORD = "a rod of sixteen feet"


class Heard:
    """Everything that was said since, as the lines of a log."""

    def __init__(self) -> None:
        self.stream = io.StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(logs.formatter("json"))
        self.handler.addFilter(logs.Once())

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def answered(self) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["event"] == "answered"]


@pytest.fixture
def heard(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Heard]:
    """Listen at DEBUG; where the test says so, with nothing taken out."""
    if getattr(request, "param", "redacted") == "as it was said":
        monkeypatch.setattr(logs, "redact", lambda logger, name, event: event)
    root, heard = logging.getLogger(), Heard()
    before = root.level
    root.addHandler(heard.handler)
    root.setLevel("DEBUG")
    try:
        yield heard
    finally:
        root.setLevel(before)
        root.removeHandler(heard.handler)


# --- a full story, and what of it is nobody's business ----------------------------------------------------------------


def gps_photo() -> bytes:
    exif = Image.Exif()
    exif[0x8825] = {1: "N", 2: (38.0, 53.0, 42.3612), 3: "W", 4: (77.0, 2.0, 11.0456)}
    return photo("teal", exif=exif)


def everything_is_asked(world: World) -> None:
    """Each address, by a phone and at a desk, known and unknown, also where no form may be sent."""
    for who in ("alice", "carol", "anonymous", "revoked", "max"):
        person = world.people[who]
        clients = [person.phone, person.desk()] if person else [Client(), Client(enforce_csrf_checks=True)]
        for client in clients:
            client.raise_request_exception = False
            for route, _view in routes():
                if not route.startswith("admin/") and "(?P" not in route and route != "logout/":
                    asked(client, route, world.stones)


def asked(client: Client, route: str, about: Belongings) -> None:
    for method in ("GET", "POST", "PATCH", "PUT", "DELETE"):
        good = GOOD.get(f"{method} {route}")
        if good is None and method not in ("GET", "POST"):
            continue
        sent = good(about) if good else {} if method == "GET" else json_body()
        with transaction.atomic():
            answer = getattr(client, method.lower())(address(route, about), **sent)
            transaction.set_rollback(True)
        if answer.streaming:
            b"".join(answer.streaming_content)


def what_goes_wrong(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Things that quote what they were given: Django's own complaints, and exceptions of ours."""
    code, alice = world.stones.code, world.people["alice"]
    lost = Client(raise_request_exception=False)
    lost.get(f"/join/{code}/further")
    lost.get("/nowhere", {"token": alice.token, **at(0)})
    Client(enforce_csrf_checks=True).post(f"/join/{code}")
    refused = RuntimeError(f"row (alice, {alice.token}, {at(0)['latitude']}, {at(0)['longitude']}, {photo()!r}) is bad")

    def broken(**words: Any) -> None:
        raise refused

    with monkeypatch.context() as patched:
        patched.setattr(invites, "invite_for", broken)
        assert lost.get(f"/join/{code}").status_code == 500
        patched.setattr(phones, "sha256", lambda text: broken())
        alice.phone.raise_request_exception = False
        assert alice.phone.get(API + "me/").status_code == 500
    logging.getLogger("library").warning(
        "sent", extra={**at(0), "password": PASSWORD, "data": photo(), "at": [38.8951]}
    )


def workers_work(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that ends, one that breaks with its row in its words, and a run."""
    for job in Job.objects.all():
        work.do(job_id=job.pk, clock=timezone.now)
    job = Job.objects.latest("created_at")
    Job.objects.filter(pk=job.pk).update(kind="broken", state=Job.State.WAITING, ended_at=None)

    def broken(held: Any) -> None:
        raise RuntimeError(f"{at(0)} of {world.people['alice'].token}")

    monkeypatch.setitem(work.KINDS, "broken", broken)
    work.do(job_id=job.pk, clock=timezone.now)
    runners.sign_on(runner_id="r", name="r")
    rhythm = periodic.SERVICES["sweep"].rhythm._replace(grace_s=0.0)
    claimed = leases.claim(service="sweep", runner_id="r", rhythm=rhythm)
    assert claimed is not None
    assert periodic.run(service="sweep", claimed=claimed) == "completed"


@pytest.fixture
def told(world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> dict[str, set[str]]:
    """Everything happens; give what may not have been said, by kind."""
    alice = world.people["alice"]
    carol = world.people["carol"].user
    carol.set_password(PASSWORD)
    carol.save()
    login = Client()
    assert login.post("/login/", {"username": "carol", "password": PASSWORD}).status_code == 302
    login.get("/console/", {"next": f"/join/{world.stones.code}"})
    capture = uuid4()
    assert alice.sends(capture, alice.words(world.stones.target, 3)).status_code == 201
    assert alice.sends_photo(capture, gps_photo()).status_code == 201
    everything_is_asked(world)
    what_goes_wrong(world, monkeypatch)
    workers_work(world, monkeypatch)
    places = {*CandidateSlot.objects.values_list("latitude", "longitude")}
    places |= {*Capture.objects.exclude(latitude=None).values_list("latitude", "longitude")}
    numbers = {abs(number) for place in places for number in place}
    pictures = {photo(), gps_photo()}
    return {
        "tokens": {person.token for person in world.people.values() if person},
        "codes": {world.stones.code, world.memorials.code},
        "passwords": {PASSWORD},
        "sessions": {*Session.objects.values_list("session_key", flat=True), login.cookies["sessionid"].value},
        "places": {text for number in numbers for text in (repr(number)[:7], f"{number:.4f}")} | {"42.3612", "11.0456"},
        "photographs": {part for data in pictures for part in (repr(data[:24])[2:-1], data[:24].hex(),
                                                              base64.b64encode(data[:24]).decode())},
    }  # fmt: skip


def said(heard: Heard, private: dict[str, set[str]]) -> dict[str, set[str]]:
    text = heard.text.replace("\\\\", "\\")
    return {kind: found for kind, words in private.items() if (found := {word for word in words if word in text})}


def test_nothing_of_anybody_is_logged(told: dict[str, set[str]], heard: Heard) -> None:
    assert all(told.values()), "there was something of each kind to say"
    assert len(heard.answered()) > 300
    assert said(heard, told) == {}
    loggers = {line["logger"] for line in heard.lines}
    assert {"django.request", "django.security.csrf", "capturegraph.services.work", "library"} <= loggers
    broken = [line["exception"] for line in heard.lines if line["logger"] == "django.request"]
    assert any("joining.py" in told and "RuntimeError: row (alice, [secret], [number]" in told for told in broken)


@pytest.mark.slow
@pytest.mark.parametrize("heard", ["as it was said"], indirect=True)
def test_without_taking_anything_out_it_would_be(told: dict[str, set[str]], heard: Heard) -> None:
    assert set(said(heard, told)) == {"tokens", "codes", "passwords", "places", "photographs"}


# --- one line each ----------------------------------------------------------------------------------------------------


def test_a_request_is_one_line_and_can_be_quoted(
    world: World, alice: Person, carol: Person, zoe: Person, heard: Heard
) -> None:
    code = world.stones.code
    asked = [Client().get(f"/join/{code}"), alice.get("me/"), carol.desk().get("/console/"), Client().get("/nowhere")]
    asked.append(Client().get("/healthz", headers={"X-Request-ID": "forged"}))
    lines = heard.answered()
    wanted = [
        ("/join/<str:code>", 200, None, "info"), ("/api/v1/me/", 200, str(alice.user.pk), "info"),
        ("/console/", 200, str(carol.user.pk), "info"), ("-", 404, None, "info"), ("/healthz", 200, None, "debug"),
    ]  # fmt: skip
    assert [(one["route"], one["status"], one.get("user"), one["level"]) for one in lines] == wanted
    assert [one["request_id"] for one in lines] == [answer["X-Request-ID"] for answer in asked]
    assert len({one["request_id"] for one in lines}) == 5
    assert all(one["method"] == "GET" and one["ms"] >= 0 and one["timestamp"].endswith("Z") for one in lines)


def test_what_breaks_is_told_with_its_traceback_and_the_same_id(
    alice: Person, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(text: str) -> str:
        raise RuntimeError("out of ink")

    monkeypatch.setattr(phones, "sha256", broken)
    alice.phone.raise_request_exception = False
    answer = alice.phone.get(API + "me/")
    assert answer.status_code == 500
    assert b"out of ink" not in answer.content
    about = [
        line for line in heard.lines if line.get("request_id") == answer["X-Request-ID"] and line["level"] == "error"
    ]
    assert [line["logger"] for line in about] == ["django.request", "capturegraph.request_log"]
    assert "out of ink" in about[0]["exception"]
    assert about[1]["status"] == 500


def test_a_word_of_anybody_forges_no_line(heard: Heard) -> None:
    Client().generic("GET\n{}", "/%0a{%22event%22:%22answered%22}")
    logging.getLogger("x").warning("one\ntwo")
    assert [line["event"] for line in heard.lines if line["logger"] == "x"] == ["one\ntwo"]
    assert [line["method"] for line in heard.answered()] == ["other"]


def test_a_job_is_one_line(world: World, clock: Clock, heard: Heard) -> None:
    job = world.stones.target.jobs.get(kind="apply_batch")
    assert work.do(job_id=job.pk, clock=timezone.now) == "done"
    assert work.do(job_id=job.pk, clock=timezone.now) is None
    (line,) = [line for line in heard.lines if line["event"] == "job ended"]
    assert {name: line[name] for name in ("kind", "id", "fencing_token", "outcome", "ms")} == {
        "kind": "apply_batch", "id": str(job.pk), "fencing_token": 1, "outcome": "done", "ms": 0.0,
    }  # fmt: skip


# --- what is taken out of a text, and what is not ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("at 38.8951, -77.0364.", "at [number], [number]."),
        ("redis://carol:p%40ss@queue:6379/0", "redis://carol:[secret]@queue:6379/0"),
        ("token=" + "aB3_" * 10, "token=[secret]"),
        ("Key (code_sha256)=(" + "0f" * 32 + ")", "Key (code_sha256)=([secret])"),
        ("got b'\\xff\\xd8\\xff\\xe0 and so on'", "got [bytes]"),
    ],
)
def test_what_has_such_a_shape_is_taken_out(text: str, left: str) -> None:
    assert logs.scrub(text) == left


@pytest.mark.parametrize(
    "text",
    [
        "Task 0b9f4c1e-5f0e-4f64-9c4c-2f9a3c0e8d11 took 0.1234s", "127.0.0.1:8000", "10.123.45.67", "5.2.19",
        "2026-06-01T09:00:00.123456+00:00", "0003_periodic_services", "capturegraph_candidateslot", "a_cycle_runs_once",
        "File \"/srv/capturegraph/app/capturegraph/services/work.py\", line 51, in do", "12.5 s", "3.1 MB",
    ],
)  # fmt: skip
def test_what_one_needs_to_find_a_fault_stays(text: str) -> None:
    assert logs.scrub(text) == text
