"""New settings: what they would do, and doing it: a helping at a time, beside phones, again where it was cut off."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.db import InterfaceError, OperationalError
from stories import Clock, Person, slots_in
from world import assert_no

from capturegraph.models import CandidateSlot, Capture, Event, Job, Match, Target
from capturegraph.services import jobs, slots, work
from capturegraph.services.matches import rejudging

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    return dict(CandidateSlot.objects.order_by("rank").values_list("external_id", "state"))


@pytest.fixture
def three(stones: Target, alice: Person, bob: Person) -> Target:
    """Slots a, b and c 300 m apart, photographed from 10, 30 and 70 m: the last one is not near enough."""
    slots_in(stones, a=0, b=300, c=600)
    for east_m in (10, 330, 670):
        alice.shoots(stones, east_m)
    assert states() == {"a": "fulfilled", "b": "fulfilled", "c": "waiting"}
    return stones


@pytest.fixture
def changes(carol: Person, stones: Target, clock: Clock) -> Callable[..., dict[str, Any]]:
    """Change settings, do the work that comes of it, and give its result."""

    def change(**values: Any) -> dict[str, Any]:
        answer = carol.patch(f"targets/{stones.pk}/", values)
        assert answer.status_code == 200, answer.content
        job = answer.json()["job"]
        if job is None:
            return {}
        assert work.do(job_id=job, clock=lambda: clock.now) == Job.State.DONE
        return dict(Job.objects.get(pk=job).result)

    return change


# --- what it does -----------------------------------------------------------------------------------------------------


def test_a_wider_threshold_closes_what_was_not_near_enough(three: Target, changes: Callable[..., Any]) -> None:
    assert changes(sigma_m=100) == {"closed": 1, "reopened": 0}
    assert set(states().values()) == {"fulfilled"}


def test_a_narrower_one_reopens_only_where_that_is_asked_for(three: Target, changes: Callable[..., Any]) -> None:
    assert changes(sigma_m=20) == {"closed": 0, "reopened": 0}
    assert states() == {"a": "fulfilled", "b": "fulfilled", "c": "waiting"}
    assert dict(Match.objects.values_list("slot__title", "kept")) == {"a": False, "b": True}
    assert changes(sigma_m=21, reopen=True) == {"closed": 0, "reopened": 1}
    assert states() == {"a": "fulfilled", "b": "waiting", "c": "waiting"}
    # Whoever said no to it before may be asked again.
    asked_again = CandidateSlot.objects.exclude(reopened_at=None).values_list("external_id", flat=True)
    assert list(asked_again) == ["b"]
    assert not Match.objects.filter(kept=True).exists()


def test_what_was_kept_counts_by_itself_again_when_the_settings_are_as_they_were(
    three: Target, changes: Callable[..., Any]
) -> None:
    changes(sigma_m=20)
    changes(sigma_m=50)
    assert not Match.objects.filter(kept=True).exists()
    assert states() == {"a": "fulfilled", "b": "fulfilled", "c": "waiting"}


def test_what_was_kept_goes_with_a_rejection_and_comes_back_with_its_undoing(
    three: Target, changes: Callable[..., Any], rita: Person
) -> None:
    changes(sigma_m=20)
    kept = Match.objects.get(kept=True).capture_id
    rita.post(f"captures/{kept}/review/", {"verdict": "rejected"})
    assert states()["b"] == "waiting"
    rita.post(f"captures/{kept}/review/", {"verdict": "pending"})
    assert states()["b"] == "fulfilled"


@pytest.mark.parametrize(
    ("values", "reason"),
    [({"max_accuracy_m": 5}, "inaccurate"), ({"accuracy_required": True}, "no_accuracy")],
)
def test_captures_become_unusable_and_usable_again(
    stones: Target, alice: Person, changes: Callable[..., Any], values: dict[str, Any], reason: str
) -> None:
    slots_in(stones, a=0)
    alice.shoots(stones, 0, accuracy_m=None if reason == "no_accuracy" else 8)
    changes(**values, reopen=True)
    assert (Capture.objects.get().unusable_reason, Capture.objects.get().counts) == (reason, False)
    assert states() == {"a": "waiting"}
    changes(max_accuracy_m=50, accuracy_required=False)
    assert (Capture.objects.get().unusable_reason, Capture.objects.get().counts) == ("", True)
    assert states() == {"a": "fulfilled"}


def test_directions_are_compared_from_then_on(
    stones: Target, alice: Person, bob: Person, changes: Callable[..., Any]
) -> None:
    slots_in(stones, a=0, b=500)
    CandidateSlot.objects.update(heading=0)
    Target.objects.update(heading_sigma_deg=None)
    alice.shoots(stones, 0, heading=180)
    bob.shoots(stones, 500)
    assert changes(heading_sigma_deg=30, reopen=True) == {"closed": 0, "reopened": 1}
    assert changes(heading_required=True, reopen=True) == {"closed": 0, "reopened": 1}
    assert changes(heading_sigma_deg=None) == {"closed": 2, "reopened": 0}


def test_covering_what_nobody_holds_is_taken_back_and_given(
    stones: Target, alice: Person, bob: Person, changes: Callable[..., Any]
) -> None:
    slots_in(stones, a=0, b=500)
    alice.shoots(stones, 0, assignment=alice.asks(stones)["assignment"]["id"])
    bob.shoots(stones, 500)
    assert changes(covers_waiting=False, reopen=True) == {"closed": 0, "reopened": 1}
    assert states() == {"a": "fulfilled", "b": "waiting"}
    assert changes(covers_waiting=True) == {"closed": 1, "reopened": 0}


def test_a_link_by_hand_outlives_new_settings(
    stones: Target, alice: Person, rita: Person, changes: Callable[..., Any]
) -> None:
    (slot,) = slots_in(stones, a=0)
    capture = alice.shoots(stones, 200)["id"]
    rita.post(f"captures/{capture}/link/", {"slot": slot.pk})
    changes(sigma_m=1, reopen=True)
    assert states() == {"a": "fulfilled"}


# --- what it would do -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "then", "closed", "reopened"),
    [({"sigma_m": 100}, 3, 1, 0), ({"sigma_m": 20}, 1, 0, 1), ({"max_accuracy_m": 5}, 0, 0, 2), ({}, 2, 0, 0),
     ({"covers_waiting": False}, 0, 0, 2)],
)  # fmt: skip
def test_the_preview_says_what_saving_does_and_changes_nothing(
    three: Target, carol: Person, changes: Callable[..., Any], values: dict[str, Any], then: int, closed: int,
    reopened: int,
) -> None:  # fmt: skip
    def everything() -> list[Any]:
        return [
            list(model.objects.order_by("pk").values()) for model in (Target, CandidateSlot, Capture, Match, Event, Job)
        ]

    before = everything()
    answer = carol.post(f"targets/{three.pk}/preview/", {**values, "reopen": True})
    assert answer.json() == {
        "captures": {"counting_now": 2, "counting_then": then}, "slots": {"closed": closed, "reopened": reopened}
    }  # fmt: skip
    assert everything() == before
    assert changes(**values, reopen=True) == ({"closed": closed, "reopened": reopened} if values else {})
    assert Match.objects.filter(active=True).values("capture").distinct().count() == then


def test_the_preview_of_a_setting_that_cannot_be_says_so(three: Target, carol: Person) -> None:
    assert_no(carol.post(f"targets/{three.pk}/preview/", {"sigma_m": 0}), 400, field="sigma_m")
    assert_no(carol.post(f"targets/{three.pk}/preview/", {"sigmas": 3}), 400, field="sigmas")


# --- the job ----------------------------------------------------------------------------------------------------------


def test_other_settings_make_no_job(stones: Target, changes: Callable[..., Any]) -> None:
    assert changes(name="Stones", hand_out="queue", declines_needed=3, lease_s=900) == {}
    assert not Job.objects.exists()


def test_the_same_operation_gives_the_same_job(stones: Target, carol: Person) -> None:
    body = {"sigma_m": 20, "operation_id": str(uuid4())}
    first, second = (carol.patch(f"targets/{stones.pk}/", body).json()["job"] for _time in range(2))
    assert first == second == str(Job.objects.get().pk)
    assert Job.objects.get().data == {"reopen": False}


def test_a_job_that_was_cut_off_is_done_by_the_next(
    three: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its worker is killed after the first helping; another takes it when the lease has run out."""
    monkeypatch.setattr(rejudging, "SLOTS_AT_ONCE", 1)
    job = carol.patch(f"targets/{three.pk}/", {"sigma_m": 100}).json()["job"]
    killed = jobs.claim(job_id=job, clock=lambda: clock.now)
    judge, done = rejudging._judge_slots, list[int]()

    def once(*given: Any) -> None:
        if done:
            raise SystemExit
        done.append(1)
        judge(*given)

    monkeypatch.setattr(rejudging, "_judge_slots", once)
    with pytest.raises(SystemExit):
        rejudging.rejudge(killed)
    monkeypatch.setattr(rejudging, "_judge_slots", judge)
    assert work.do(job_id=job, clock=lambda: clock.now) is None
    clock.forward(minutes=3)
    assert work.do(job_id=job, clock=lambda: clock.now) == Job.State.DONE
    assert set(states().values()) == {"fulfilled"}
    # Done once more, it finds nothing to do.
    before = list(Match.objects.order_by("pk").values())
    Job.objects.update(state="waiting", ended_at=None)
    work.do(job_id=job, clock=lambda: clock.now)
    assert list(Match.objects.order_by("pk").values()) == before


def test_a_photograph_that_comes_meanwhile_is_judged_once_and_by_the_new_settings(
    three: Target, carol: Person, bob: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejudging, "SLOTS_AT_ONCE", 1)
    job = carol.patch(f"targets/{three.pk}/", {"sigma_m": 20, "reopen": True}).json()["job"]
    judge = rejudging._judge_slots

    def with_a_visitor(*given: Any) -> None:
        bob.shoots(three, 300)
        judge(*given)

    monkeypatch.setattr(rejudging, "_judge_slots", with_a_visitor)
    work.do(job_id=job, clock=lambda: clock.now)
    assert states() == {"a": "fulfilled", "b": "fulfilled", "c": "waiting"}
    assert {match.capture.volunteer for match in Match.objects.filter(slot__title="b", active=True)} == {bob.user}


def test_nothing_is_kept_where_a_photograph_of_this_very_moment_will_do(
    three: Target, changes: Callable[..., Any], rita: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(some: Any) -> list[CandidateSlot]:
        # After the captures were locked, and before the slots are.
        rita.shoots(three, 300)
        return slots.locked(some)

    monkeypatch.setattr(rejudging, "slots", SimpleNamespace(locked=locked))
    assert changes(sigma_m=20) == {"closed": 0, "reopened": 0}
    assert not Match.objects.filter(kept=True).exists()
    assert {match.capture.volunteer for match in Match.objects.filter(slot__title="b", active=True)} == {rita.user}


def test_a_worker_that_was_given_up_changes_nothing(three: Target, carol: Person, clock: Clock) -> None:
    job = carol.patch(f"targets/{three.pk}/", {"sigma_m": 100}).json()["job"]
    late = jobs.claim(job_id=job, clock=lambda: clock.now)
    Job.objects.update(token=99)
    with pytest.raises(jobs.Stopped):
        rejudging.rejudge(late)
    # Nor what it has in hand at that moment.
    ids = list(three.slots.values_list("pk", flat=True))
    with pytest.raises(jobs.Stopped):
        rejudging._judge_slots(late, three.pk, ids, rejudging._Places(three.pk), "renew")
    assert states()["c"] == "waiting"


def fails_at_second(monkeypatch: pytest.MonkeyPatch, error: type[Exception]) -> Callable[[], None]:
    """Let one helping of places through and none after it; give what mends it."""
    monkeypatch.setattr(rejudging, "SLOTS_AT_ONCE", 1)
    judge, done = rejudging._judge_slots, list[int]()

    def once(*given: Any) -> None:
        if done:
            raise error("deadlock detected")
        done.append(1)
        judge(*given)

    monkeypatch.setattr(rejudging, "_judge_slots", once)
    return lambda: monkeypatch.setattr(rejudging, "_judge_slots", judge)


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_fault_that_passes_leaves_nothing_half_judged(
    three: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    job = carol.patch(f"targets/{three.pk}/", {"sigma_m": 100}).json()["job"]
    mend = fails_at_second(monkeypatch, error)
    assert work.do(job_id=job, clock=lambda: clock.now) is None
    assert carol.get(f"jobs/{job}/").json()["state"] == "running"
    mend()
    assert work.do(job_id=job, clock=lambda: clock.now) is None, "its lease has not run out"
    clock.forward(minutes=3)
    assert work.do(job_id=job, clock=lambda: clock.now) == Job.State.DONE
    assert set(states().values()) == {"fulfilled"}


def test_a_fault_that_stays_is_given_up(
    three: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = carol.patch(f"targets/{three.pk}/", {"sigma_m": 100}).json()["job"]
    fails_at_second(monkeypatch, OperationalError)
    for _time in range(jobs.MOST_CLAIMS):
        assert work.do(job_id=job, clock=lambda: clock.now) is None
        clock.forward(minutes=3)
    assert work.do(job_id=job, clock=lambda: clock.now) == Job.State.FAILED
    assert Job.objects.get().error_code == "given_up"


@pytest.mark.parametrize("values", [{"sigma_m": 20}, {}])
def test_after_a_fault_saving_once_more_looks_again_and_opens_as_was_asked(
    three: Target, carol: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch, values: dict[str, Any]
) -> None:
    url = f"targets/{three.pk}/"
    job = carol.patch(url, {"sigma_m": 20, "reopen": True}).json()["job"]
    mend = fails_at_second(monkeypatch, ZeroDivisionError)
    assert work.do(job_id=job, clock=lambda: clock.now) == Job.State.FAILED
    told = carol.get(f"jobs/{job}/").json()["error"]
    assert ("Nothing was changed" in told, "Save the settings once more." in told) == (False, True)
    mend()
    clock.forward(minutes=1)
    assert carol.patch(url, {"name": "Old stones"}).json()["job"] is None, "that has nothing to do with photos"
    again = carol.patch(url, values).json()["job"]
    assert again not in (None, job)
    assert carol.patch(url, values).json()["job"] is None, "it is about to be done"
    assert work.do(job_id=again, clock=lambda: clock.now) == Job.State.DONE
    assert states() == {"a": "fulfilled", "b": "waiting", "c": "waiting"}
    assert carol.patch(url, values).json()["job"] is None, "all is done"


def test_after_a_stop_saving_once_more_looks_again_and_opens_nothing_that_is_not_asked_for(
    three: Target, carol: Person, clock: Clock
) -> None:
    url = f"targets/{three.pk}/"
    job = carol.patch(url, {"sigma_m": 20, "reopen": True}).json()["job"]
    assert carol.post(f"jobs/{job}/cancel/").json()["state"] == "cancelled"
    clock.forward(minutes=1)
    again = carol.patch(url, {"sigma_m": 20}).json()["job"]
    assert work.do(job_id=again, clock=lambda: clock.now) == Job.State.DONE
    assert states() == {"a": "fulfilled", "b": "fulfilled", "c": "waiting"}
