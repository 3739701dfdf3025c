"""Work in the background: one worker at a time, seen from outside, stopped on request, done once whatever happens."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from bringing_in import counts, send, states, table, upload
from celery import current_app
from stories import Clock, Person, footprint

from capturegraph.models import Batch, CandidateSlot, Event, Job, Target
from capturegraph.services import jobs, work
from capturegraph.services.batching import batches, candidates
from capturegraph.services.jobs import Held, Stopped

pytestmark = pytest.mark.django_db

LATER = {"Prefer": "respond-async"}
FILE = table("1 oak 0", "2 elm 500").encode()


@pytest.fixture(autouse=True)
def nobody_hears(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """No message leaves a test: the ids that were rung for."""
    rung: list[Any] = []
    monkeypatch.setattr(jobs, "ring", lambda job_id: bool(rung.append(job_id)) or True)
    return rung


@pytest.fixture
def asked(stones: Target, carol: Person) -> dict[str, Any]:
    """A job that brings in two places, written down."""
    answer = send(carol, stones, FILE, "places.csv", LATER)
    assert (answer.status_code, answer["Location"]) == (202, f"/api/v1/jobs/{answer.json()['id']}/")
    return answer.json()


def do(job: dict[str, Any], clock: Clock) -> str | None:
    return work.do(job_id=job["id"], clock=lambda: clock.now)


def at_step(monkeypatch: pytest.MonkeyPatch, word: str, act: Callable[[], Any], *, after: bool = False) -> list[str]:
    """Let something happen when a worker comes to a step, or once it has said so; give the steps it said."""
    said, say = [], Held.say

    def hearing(held: Held, step: str, done: int = 0, total: int = 0) -> None:
        said.append(step)
        if word in step and not after:
            act()
        say(held, step, done, total)
        if word in step and after:
            act()

    monkeypatch.setattr(Held, "say", hearing)
    return said


# --- what is asked and answered ---------------------------------------------------------------------------------------


def test_a_file_is_brought_in_in_the_background(
    stones: Target, carol: Person, asked: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (asked["state"], asked["kind"], CandidateSlot.objects.count()) == ("waiting", "bring_in", 0)
    said = at_step(monkeypatch, "Writing", lambda: None)
    assert do(asked, clock) == "done"
    done = carol.get(f"jobs/{asked['id']}/").json()
    assert (done["state"], done["error"], done["ended_at"]) == ("done", "", clock.now.isoformat()[:19] + "Z")
    assert done["result"]["counts"] == counts(added=2)
    assert carol.get(f"batches/{done['result']['batch']}/").json()["state"] == "applied"
    assert states(stones) == {"oak": "waiting", "elm": "waiting"}
    assert [step.split()[0] for step in said] == ["Reading", "Comparing", "Reading", "Comparing", "Putting", "Writing"]
    assert carol.get(f"targets/{stones.pk}/jobs/").json()["results"] == [done]


def test_every_step_can_be_asked_for_later(stones: Target, carol: Person, clock: Clock) -> None:
    seen = send(carol, stones, FILE, "places.csv", {"Prefer": "wait=5, Respond-Async; x=1"}, dry_run=True).json()
    assert do(seen, clock) == "done"
    batch = Batch.objects.get()
    assert (batch.state, batch.counts) == ("previewed", counts(added=2))
    for verb, state in (("apply", "applied"), ("undo", "undone")):
        answer = carol.phone.post(f"/api/v1/batches/{batch.pk}/{verb}/", {}, "application/json", headers=LATER)
        assert (answer.status_code, answer["Preference-Applied"]) == (202, "respond-async")
        assert do(answer.json(), clock) == "done"
        assert Batch.objects.get().state == state
    assert states(stones) == {"oak": "withdrawn", "elm": "withdrawn"}


def test_without_the_wish_the_answer_is_the_batch(stones: Target, carol: Person) -> None:
    assert upload(carol, stones, FILE)["state"] == "applied"
    assert Job.objects.count() == 0


def test_the_same_operation_is_one_job_and_one_file(stones: Target, carol: Person, own_files: Path) -> None:
    operation = str(uuid4())
    first, again = (send(carol, stones, FILE, "p.csv", LATER, operation_id=operation).json() for _ in range(2))
    assert first == again
    assert (Job.objects.count(), sum(path.is_file() for path in own_files.rglob("*"))) == (1, 1)


@pytest.mark.parametrize(("data", "code"), [(b"nothing", "file_unreadable"), (b"lat,lon\n91,0\n", "rows_refused")])
def test_a_bad_file_says_why_and_leaves_nothing_behind(
    stones: Target, carol: Person, clock: Clock, own_files: Path, data: bytes, code: str
) -> None:
    asked = send(carol, stones, data, "places.csv", LATER).json()
    assert do(asked, clock) == "failed"
    failed = carol.get(f"jobs/{asked['id']}/").json()
    assert (failed["error_code"], failed["error"][-1] in ".?") == (code, True)
    assert failed["result"]["errors"]
    assert (Batch.objects.count(), [path for path in own_files.rglob("*") if path.is_file()]) == (0, [])


def test_a_fault_of_ours_ends_the_job_with_a_sentence(
    stones: Target, asked: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(candidates, "put", lambda *args, **kwargs: 1 / 0)
    assert do(asked, clock) == "failed"
    job = Job.objects.get()
    assert (job.error_code, "ZeroDivision" in job.error) == ("internal", False)
    assert (CandidateSlot.objects.count(), Batch.objects.count()) == (0, 0)


# --- stopping ---------------------------------------------------------------------------------------------------------


def test_what_nobody_has_begun_is_stopped_at_once(
    asked: dict[str, Any], carol: Person, clock: Clock, own_files: Path
) -> None:
    stopped = carol.post(f"jobs/{asked['id']}/cancel/")
    assert (stopped.status_code, stopped.json()["state"]) == (200, "cancelled")
    assert carol.post(f"jobs/{asked['id']}/cancel/").json() == stopped.json()
    assert do(asked, clock) is None
    assert [path for path in own_files.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("step", ["Reading", "Comparing", "Putting", "Writing"])
def test_stopping_takes_effect_at_the_next_step_and_leaves_nothing_behind(
    asked: dict[str, Any], carol: Person, clock: Clock, own_files: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    at_step(monkeypatch, step, lambda: carol.post(f"jobs/{asked['id']}/cancel/"))
    assert do(asked, clock) == "cancelled"
    left = footprint(own_files)
    assert (left["CandidateSlot"], left["Batch"], left["files"], left["Job"]) == (0, 0, 0, 1)


def test_stopping_after_the_last_step_undoes_what_was_written(
    asked: dict[str, Any], carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once more before the commit."""
    at_step(monkeypatch, "Writing", lambda: carol.post(f"jobs/{asked['id']}/cancel/"), after=True)
    assert do(asked, clock) == "cancelled"
    assert (CandidateSlot.objects.count(), Batch.objects.count(), Event.objects.filter(verb="applied").count()) == (
        0, 0, 0,
    )  # fmt: skip


def test_what_has_ended_cannot_be_stopped(asked: dict[str, Any], carol: Person, clock: Clock) -> None:
    do(asked, clock)
    refused = carol.post(f"jobs/{asked['id']}/cancel/")
    assert (refused.status_code, refused.json()["present"]["state"]) == (409, "done")
    assert CandidateSlot.objects.count() == 2


# --- one worker, exactly once -----------------------------------------------------------------------------------------


def test_a_message_that_comes_twice_is_done_once(asked: dict[str, Any], clock: Clock) -> None:
    assert (do(asked, clock), do(asked, clock)) == ("done", None)
    assert Event.objects.filter(verb="applied").count() == 1


def test_who_works_on_it_keeps_it_until_the_lease_runs_out(asked: dict[str, Any], clock: Clock) -> None:
    first = jobs.claim(job_id=asked["id"], clock=lambda: clock.now)
    clock.forward(seconds=119)
    assert jobs.claim(job_id=asked["id"], clock=lambda: clock.now) is None
    first.say("still here")
    clock.forward(seconds=119)
    assert jobs.claim(job_id=asked["id"], clock=lambda: clock.now) is None
    clock.forward(seconds=1)
    assert jobs.claim(job_id=asked["id"], clock=lambda: clock.now).token == first.token + 1


def test_a_worker_that_was_given_up_for_dead_changes_nothing_any_more(
    asked: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given_up() -> None:
        clock.forward(minutes=3)
        assert jobs.claim(job_id=asked["id"], clock=lambda: clock.now) is not None

    at_step(monkeypatch, "Writing", given_up, after=True)
    assert do(asked, clock) is None
    assert CandidateSlot.objects.count() == 0
    assert Batch.objects.get().state == "previewed", "the one who has it by now needs it"


def test_every_word_of_a_worker_shows_its_token(asked: dict[str, Any], clock: Clock) -> None:
    old = jobs.claim(job_id=asked["id"], clock=lambda: clock.now)
    clock.forward(minutes=3)
    new = jobs.claim(job_id=asked["id"], clock=lambda: clock.now)
    with pytest.raises(Stopped):
        old.say("I am back")
    with pytest.raises(Stopped):
        old.still_mine()
    assert old.end(Job.State.DONE) is False
    new.still_mine()
    new.say("Writing", 1, 2)
    job = Job.objects.get()
    assert (job.state, job.step, job.done, job.total) == ("running", "Writing", 1, 2)
    assert new.end(Job.State.DONE, result={"n": 1}) is True


def test_work_that_ends_every_worker_is_given_up_and_leaves_nothing_behind(
    asked: dict[str, Any], clock: Clock, own_files: Path
) -> None:
    for _ in range(jobs.MOST_CLAIMS):
        assert jobs.claim(job_id=asked["id"], clock=lambda: clock.now) is not None
        clock.forward(minutes=3)
    assert do(asked, clock) == "failed"
    job = Job.objects.get()
    assert (job.state, job.error_code, job.error[-1]) == ("failed", "given_up", ".")
    assert [path for path in own_files.rglob("*") if path.is_file()] == [], "its file, which nobody will read"
    assert do(asked, clock) is None


def test_a_lost_message_is_rung_again(asked: dict[str, Any], clock: Clock, nobody_hears: list[Any]) -> None:
    nobody_hears.clear()
    assert jobs.ring_for_due(now=clock.now) == 0, "its message may still be on the way"
    assert jobs.ring_for_due(now=clock.forward(minutes=1)) == 1
    held = jobs.claim(job_id=asked["id"], clock=lambda: clock.now)
    assert jobs.ring_for_due(now=clock.forward(minutes=1)) == 0
    assert jobs.ring_for_due(now=clock.forward(minutes=2)) == 1
    held.end(Job.State.FAILED)
    assert [str(job_id) for job_id in nobody_hears] == [asked["id"]] * 2


def test_the_second_worker_finds_the_batch_of_the_first(
    asked: dict[str, Any], clock: Clock, monkeypatch: pytest.MonkeyPatch, own_files: Path
) -> None:
    """The first one dies between looking and applying: no second batch, no second file."""
    with monkeypatch.context() as dying:
        dying.setattr(batches, "apply", lambda **how: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            do(asked, clock)
    assert (Batch.objects.get().state, Job.objects.get().state) == ("previewed", "running")
    clock.forward(minutes=3)
    assert do(asked, clock) == "done"
    assert (Batch.objects.get().state, CandidateSlot.objects.count()) == ("applied", 2)
    assert sum(path.is_file() for path in own_files.rglob("*")) == 1


# --- a broker that is down --------------------------------------------------------------------------------------------


@pytest.fixture
def silent() -> Iterator[int]:
    """A port where somebody listens and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.mark.only_on("sqlite")
@pytest.mark.parametrize("broker", ["redis://127.0.0.1:{}/0", "amqp://guest:guest@127.0.0.1:{}//"])
@pytest.mark.parametrize("listens", [True, False])
def test_a_broker_that_is_down_does_not_hold_up_the_request(
    silent: int, broker: str, listens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(jobs, "RING_S", 0.2)
    app = current_app._get_current_object()
    with app.connection_for_write(broker.format(silent if listens else 1)) as dead:
        url = dead.as_uri(include_password=True)
    monkeypatch.setattr(app.conf, "broker_write_url", url)
    monkeypatch.setattr(app.conf, "broker_url", url)
    assert jobs.ring(uuid4()) is False
