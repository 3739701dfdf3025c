"""Reviewers, settings and phones at once: the row locks decide, everything is written down, and the oracle agrees."""

import time
from datetime import timedelta
from functools import partial
from threading import Event as Flag
from uuid import UUID, uuid4

import pytest
from django.utils import timezone
from pairs import crowd, in_step
from race import NINE_O_CLOCK, at_once, shoot, violations
from stories import at, slots_in

from capturegraph.models import CandidateSlot, Capture, Event, Match, Membership, Target, User
from capturegraph.services import slots, targets, work
from capturegraph.services.matches import judging, matching, reviews
from capturegraph.services.uploads import captures
from capturegraph.services.writing import rows, writing

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.only_on("postgresql")]


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones")


@pytest.fixture
def reviewers(stones: Target) -> list[User]:
    users = [User.objects.create_user(f"reviewer {number}") for number in range(2)]
    Membership.objects.bulk_create(
        Membership(user=user, target=stones, role="reviewer", created_at=timezone.now()) for user in users
    )
    return users


def sent(target: Target, user: User, east_m: float) -> UUID:
    words = captures.Words(target_id=target.pk, taken_at=NINE_O_CLOCK, accuracy_m=5.0, **at(east_m))
    return captures.receive(capture_id=uuid4(), words=words, by=user, device=None, now=NINE_O_CLOCK)[0].pk


def said(capture: UUID, user: User, verdict: str) -> None:
    reviews.review(capture_id=capture, verdict=verdict, by=user, now=NINE_O_CLOCK)


def disagreements(target: Target) -> list[str]:
    """Pairs whose match is not what the rules say, whoever came first; and whatever else may never be."""
    wrong, target = list[str](), Target.objects.get(pk=target.pk)
    there, taken = list(target.slots.all()), list(Capture.objects.filter(target=target).select_related("volunteer"))
    should = {(one.capture_id, one.slot_id) for one in matching.compare(taken, there, target, NINE_O_CLOCK)}
    active = set(Match.objects.filter(slot__target=target, active=True).values_list("capture", "slot"))
    if should != active:
        wrong.append(f"{len(should - active)} matches are missing, {len(active - should)} too many")
    for row in taken:
        if row.counts == bool(judging.why_unusable(row, target, NINE_O_CLOCK)):
            wrong.append(f"{row} counts: {row.counts}")
    return wrong + violations(target.pk)


def test_of_two_reviewers_at_once_the_later_decides_and_both_are_written_down(
    stones: Target, reviewers: list[User]
) -> None:
    (volunteer,) = crowd(stones, 1)
    slots_in(stones, a=0)
    capture = sent(stones, volunteer, 0)
    for _round in range(10):
        said(capture, reviewers[0], "pending")
        Event.objects.filter(noun="capture").delete()
        at_once([partial(said, capture, reviewers[0], "rejected"), partial(said, capture, reviewers[1], "accepted")])
        events = list(Event.objects.filter(noun="capture", row_id=capture).order_by("pk"))
        row = Capture.objects.get()
        assert sorted(event.verb for event in events) == ["accepted", "rejected"]
        assert (row.review, row.reviewed_by) == (events[-1].verb, events[-1].actor)
        assert CandidateSlot.objects.get().state == ("fulfilled" if row.review == "accepted" else "waiting")
        assert disagreements(stones) == []


def test_reviews_settings_and_photographs_at_once(stones: Target, reviewers: list[User]) -> None:
    """Four photograph, two review what is there, and one changes the settings and has everything looked at again."""
    users = crowd(stones, 4)
    there = slots_in(stones, required_count=2, **{f"slot {number}": number * 30.0 for number in range(12)})
    before = [sent(stones, user, number * 60.0) for number in range(6) for user in users[:2]]

    def resettle(sigma_m: float) -> None:
        changed = targets.change_target(
            target_id=stones.pk, by=reviewers[0], values={"sigma_m": sigma_m}, now=NINE_O_CLOCK, reopen=True
        )
        assert changed.job
        work.do(job_id=changed.job.pk, clock=lambda: NINE_O_CLOCK)

    in_step(
        *([partial(shoot, stones.pk, user.pk, slot, NINE_O_CLOCK) for slot in there] for user in users),
        [partial(said, capture, reviewers[0], "rejected") for capture in before],
        [partial(said, capture, reviewers[1], "accepted") for capture in before[::-1]],
        [partial(resettle, sigma_m) for sigma_m in (20, 60, 35, 10, 80, 50, 25, 45, 15, 70, 30, 40)],
    )
    assert disagreements(stones) == []
    assert Event.objects.filter(noun="capture", verb="received", at__gt=NINE_O_CLOCK - timedelta(days=1)).count() == 60


def until_somebody_waits_for_me() -> None:
    waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
    for _look in range(1_000):
        if rows(waits, []):
            return
        time.sleep(0.01)
    raise AssertionError("nobody came")


def test_a_link_to_a_place_far_away_locks_all_its_places_by_id(stones: Target, reviewers: list[User]) -> None:
    """Somebody else locks both places in that order, and has the first one as the link begins."""
    (volunteer,) = crowd(stones, 1)
    east = {"a": 0, "b": 500}
    first, second = sorted(slots_in(stones, **east), key=lambda slot: slot.pk)
    capture, has_first = sent(stones, volunteer, east[first.title]), Flag()

    def counts() -> None:
        with writing():
            slots.locked(stones.slots.filter(pk=first.pk))
            has_first.set()
            until_somebody_waits_for_me()
            slots.locked(stones.slots.filter(pk=second.pk))

    def linked() -> None:
        has_first.wait()
        reviews.link(capture_id=capture, slot_id=second.pk, by=reviewers[0], now=NINE_O_CLOCK)

    at_once([counts, linked])
    assert set(CandidateSlot.objects.values_list("state", flat=True)) == {"fulfilled"}
