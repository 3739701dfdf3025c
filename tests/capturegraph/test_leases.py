"""One run a cycle: who may start, who holds the lease, and what a worker that was overtaken may still do (nothing)."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from race import at_once

from capturegraph.models import ServiceLease, ServiceRun, ServiceRunner
from capturegraph.services.cycles import leases, runners
from capturegraph.services.cycles.leases import Claimed, Overtaken, Rhythm

pytestmark = pytest.mark.django_db(transaction=True)

# Nobody is silent here unless a test says so.
MINUTE = Rhythm(interval_s=60, ttl_s=20, silent_for=timedelta(days=1))
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)


class DatabaseClock:
    """The database's clock, turned by hand."""

    now = MIDNIGHT

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> DatabaseClock:
    turned = DatabaseClock()
    for module in (leases, runners):
        monkeypatch.setattr(module, "database_now", turned)
    return turned


@pytest.fixture
def signed_on(clock: DatabaseClock) -> Callable[..., list[str]]:
    def sign_on(count: int) -> list[str]:
        names = [f"runner-{number}" for number in range(count)]
        for name in names:
            runners.sign_on(runner_id=name, name=name)
        return names

    return sign_on


def claim(runner: str, rhythm: Rhythm = MINUTE, service: str = "sweep") -> Claimed | None:
    return leases.claim(service=service, runner_id=runner, rhythm=rhythm)


def states(service: str = "sweep") -> list[str]:
    return list(ServiceRun.objects.filter(service=service).order_by("pk").values_list("state", flat=True))


def work(claimed: Claimed | None, rhythm: Rhythm = MINUTE) -> bool:
    """Do a run as a worker does; false where it was not to be begun."""
    holding = leases.begin(claimed=claimed, rhythm=rhythm) if claimed else None
    if holding is None:
        return False
    with holding:
        holding.result["done"] = 1
    return True


# --- once a cycle -----------------------------------------------------------------------------------------------------


def test_a_cycle_is_given_out_once_and_the_next_one_again(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    first = claim(alone)
    assert first is not None
    assert claim(alone) is None, "somebody has it"
    assert work(first)
    assert claim(alone) is None, "it was done"
    clock.forward(60)
    second = claim(alone)
    assert second is not None
    assert second.token > first.token
    assert states() == ["completed", "running"]


def test_services_do_not_wait_for_each_other(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    assert claim(alone, service="sweep")
    assert claim(alone, service="retention")


def test_a_run_is_given_to_whose_turn_it_is(clock: DatabaseClock, signed_on: Callable[..., list[str]]) -> None:
    first, second, third = signed_on(3)
    assert (claim(second), claim(third)) == (None, None)
    clock.forward(21)
    assert (claim(first), claim(third)) == (None, None)
    assert claim(second)


def test_a_cycle_that_nobody_serves_is_anybody_s_after_a_while(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    __, __, third = signed_on(3)
    clock.forward(29)
    assert claim(third) is None
    clock.forward(1)
    assert claim(third)


def test_who_has_not_signed_on_starts_nothing(clock: DatabaseClock) -> None:
    clock.forward(59)
    assert claim("nobody") is None
    assert states() == []


@pytest.mark.parametrize("count", [1, 2, 3, 7, 12, 13, 20])
def test_any_number_of_runners_serves_every_cycle(
    clock: DatabaseClock, signed_on: Callable[..., list[str]], count: int
) -> None:
    """With the default margin; without the clamp, a fleet of twelve would have no window left."""
    names = signed_on(count)
    for _ in range(2 * 20):
        for name in names:
            work(claim(name))
        clock.forward(3)
    assert states().count("completed") == 2
    assert "running" not in states()
    assert not [run for run in ServiceRun.objects.filter(state="blocked") if "invalid" in run.reason]


def test_claims_at_the_same_moment_give_one_run(signed_on: Callable[..., list[str]]) -> None:
    names = signed_on(8)
    always = MINUTE._replace(grace_s=0)
    answers = at_once([lambda name=name: claim(name, always) for name in names])
    assert len([answer for answer in answers if answer]) == 1
    assert states() == ["running"]


# --- one worker -------------------------------------------------------------------------------------------------------


def test_a_message_that_comes_three_times_has_one_effect(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    claimed = claim(alone)
    assert [work(claimed) for _ in range(3)] == [True, False, False]
    assert states() == ["completed"]


def test_two_workers_that_take_it_at_once_begin_it_once(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    claimed = claim(alone)
    begun = at_once([lambda: leases.begin(claimed=claimed, rhythm=MINUTE) for _ in range(6)])
    assert len([holding for holding in begun if holding]) == 1


def test_a_message_that_comes_too_late_begins_nothing(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    late = claim(alone)
    clock.forward(21)
    assert claim(alone)
    assert not work(late)
    assert states() == ["abandoned", "running"]


# --- whose worker died, or was paused ---------------------------------------------------------------------------------


def test_a_silent_holder_is_given_up_and_the_cycle_runs_after_all(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    assert leases.begin(claimed=claim(alone), rhythm=MINUTE)
    clock.forward(19.9)
    assert claim(alone) is None, "it may still be alive"
    clock.forward(0.2)
    assert work(claim(alone))
    assert states() == ["abandoned", "completed"]
    assert ServiceRun.objects.earliest("pk").reason == "its worker fell silent"


def test_who_says_something_is_not_given_up(clock: DatabaseClock, signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    claimed = claim(alone)
    assert leases.begin(claimed=claimed, rhythm=MINUTE)
    for _ in range(5):
        clock.forward(15)
        leases.renew(service="sweep", token=claimed.token, ttl_s=20)
        assert claim(alone) is None


def test_a_holder_that_wakes_up_too_late_writes_nothing(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    paused = leases.begin(claimed=claim(alone), rhythm=MINUTE)
    assert paused is not None
    with paused.write():
        pass
    clock.forward(21)
    taken_over = claim(alone)
    with pytest.raises(Overtaken), paused.write():
        ServiceRunner.objects.all().delete()
    with pytest.raises(Overtaken):
        leases.renew(service="sweep", token=paused.run.token, ttl_s=20)
    with pytest.raises(Overtaken), paused:
        paused.result["done"] = 1
    assert ServiceRunner.objects.count() == 1
    assert states() == ["abandoned", "running"]
    assert ServiceLease.objects.get().token == taken_over.token
    assert work(taken_over)


def test_a_run_that_fails_says_why_and_is_tried_again_after_a_rest(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    holding = leases.begin(claimed=claim(alone), rhythm=MINUTE)
    with pytest.raises(ZeroDivisionError), holding:
        holding.result["done"] = 1 / 0
    run = ServiceRun.objects.get()
    assert (run.state, run.reason, run.result) == ("abandoned", "ZeroDivisionError: division by zero", {})
    assert claim(alone) is None, "what broke it is most likely still broken"
    clock.forward(15)
    assert work(claim(alone))


# --- what is seen -----------------------------------------------------------------------------------------------------


def test_a_turn_that_is_kept_for_a_newcomer_is_noted_once(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    first, __ = signed_on(2)
    settling = MINUTE._replace(settle_s=300)
    assert [claim(first, settling), claim(first, settling)] == [None, None]
    blocked = ServiceRun.objects.get()
    assert (blocked.state, blocked.runner_id) == ("blocked", first)
    assert "membership grace" in blocked.reason


def test_a_cycle_that_was_served_is_not_told_to_have_been_skipped(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    """It would read as if somebody had come too late for it, at every tick."""
    first, __ = signed_on(2)
    assert work(claim(first))
    token = ServiceLease.objects.get().token
    clock.forward(23)
    assert claim(first) is None
    assert states() == ["completed"]
    clock.forward(36)
    assert claim(first) is None
    assert (states(), ServiceLease.objects.get().token) == (["completed"], token)


def test_a_runner_that_signs_off_or_falls_silent_has_no_turn(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    first, second, third = signed_on(3)
    runners.sign_off(runner_id=first)
    clock.forward(31)
    assert runners.heartbeat(runner_id=third)
    usual = MINUTE._replace(silent_for=runners.SILENT_FOR)
    assert [claim(first, usual), claim(second, usual)] == [None, None]
    assert claim(third, usual)


def test_a_heartbeat_after_the_end_is_not_heard(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    assert runners.heartbeat(runner_id=alone)
    runners.sign_off(runner_id=alone)
    assert not runners.heartbeat(runner_id=alone)
    assert not runners.heartbeat(runner_id="nobody")


def test_a_run_whose_message_was_not_sent_is_given_back_at_once(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    first = claim(alone)
    leases.give_back(claimed=first, reason="the broker did not take its message")
    second = claim(alone)
    assert second is not None
    assert (work(first), work(second)) == (False, True)
    assert states() == ["abandoned", "completed"]


def test_a_broker_that_takes_nothing_is_noted_once_a_cycle(
    clock: DatabaseClock, signed_on: Callable[..., list[str]]
) -> None:
    (alone,) = signed_on(1)
    for _ in range(2):
        for _ in range(10):
            leases.give_back(claimed=claim(alone), reason="the broker did not take its message")
        clock.forward(60)
    assert states() == ["abandoned", "abandoned"]
    assert ServiceRun.objects.values("cycle").distinct().count() == 2
    assert work(claim(alone))


def test_a_run_that_somebody_began_is_not_given_back(signed_on: Callable[..., list[str]]) -> None:
    (alone,) = signed_on(1)
    claimed = claim(alone)
    assert leases.begin(claimed=claimed, rhythm=MINUTE)
    leases.give_back(claimed=claimed, reason="")
    assert claim(alone) is None, "it is still that worker's"
    assert states() == ["running"]
