"""Two reviewers and all photographs of a target at once: none is judged twice. Without claims, many are."""

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID, uuid4

import pytest
from pairs import crowd, in_step
from race import NINE_O_CLOCK, at_once

from capturegraph.models import Capture, Event, Membership, ReviewClaim, Target, User
from capturegraph.services.matches import reviews
from capturegraph.services.refusals import Conflict
from capturegraph.services.reviewing import bulk, claims, queue, undoing

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones")


@pytest.fixture
def reviewers(stones: Target) -> list[User]:
    users = [User.objects.create_user(f"reviewer {number}") for number in range(2)]
    Membership.objects.bulk_create(
        Membership(user=user, target=stones, role="reviewer", created_at=NINE_O_CLOCK) for user in users
    )
    return users


def photographs(target: Target, many: int) -> None:
    volunteer = User.objects.filter(username="volunteer 0").first() or crowd(target, 1)[0]
    Capture.objects.bulk_create(
        Capture(
            target=target, volunteer=volunteer, taken_at=NINE_O_CLOCK, captured_at=NINE_O_CLOCK, fingerprint="0" * 64,
            received_at=NINE_O_CLOCK + timedelta(seconds=number), state="stored", photo="p.jpg", photo_sha256="0" * 64,
        )
        for number in range(many)
    )  # fmt: skip


def judged(target: Target) -> Counter[UUID | None]:
    """How often each photograph was judged."""
    said = Event.objects.filter(target_id=target.pk, noun="capture", verb__in=["accepted", "rejected"])
    return Counter(said.values_list("row_id", flat=True))


def reviews_all(target: Target, by: User) -> int:
    """Judge until nothing is left, as the room does: the next one claimed before this one is judged."""
    done, chance, later = 0, random.Random(by.username), NINE_O_CLOCK + timedelta(hours=1)
    while claim := claims.next_claim(target=target, by=by, now=later, token=uuid4()):
        ahead = claims.next_claim(target=target, by=by, now=later, token=uuid4(), after=[claim.pk])
        assert ahead is None or ahead.pk != claim.pk
        verdict = chance.choice(("accepted", "rejected"))
        reviews.review(capture_id=claim.pk, verdict=verdict, by=by, now=later, token=claim.token)
        done += 1
    return done


@pytest.mark.parametrize("many", [60, pytest.param(500, marks=pytest.mark.slow)])
def test_none_is_judged_twice(stones: Target, reviewers: list[User], many: int) -> None:
    photographs(stones, many)
    done = at_once([partial(reviews_all, stones, by) for by in reviewers])
    assert sum(done) == many
    assert min(done) > 0
    assert judged(stones) == Counter(Capture.objects.values_list("pk", flat=True))
    assert not Capture.objects.filter(review="pending").exists()
    assert not ReviewClaim.objects.exists()


def unclaimed(target: Target, by: User) -> None:
    """What would be without claims: the first that waits is looked at, and judged."""
    later = NINE_O_CLOCK + timedelta(hours=1)
    first = queue.in_order(queue.waiting_for(by).filter(target=target), user=by, now=later).first()
    if first:
        reviews.review(capture_id=first.pk, verdict="accepted", note=by.username, by=by, now=later)


def test_without_claims_they_are(stones: Target, reviewers: list[User]) -> None:
    photographs(stones, 60)
    in_step(*([partial(unclaimed, stones, by) for _n in range(60)] for by in reviewers))
    assert max(judged(stones).values()) > 1


LATE = NINE_O_CLOCK + timedelta(minutes=6)


def says(by: User, claim: ReviewClaim | None) -> bool:
    """Judge with a claim; whether that was taken."""
    if claim is None:
        return False
    try:
        reviews.review(capture_id=claim.pk, verdict="rejected", by=by, now=LATE, token=claim.token)
    except Conflict:
        return False
    return True


def takes_over(target: Target, by: User) -> bool:
    """Claim what has run out, and judge it."""
    return says(by, claims.next_claim(target=target, by=by, now=LATE, token=uuid4()))


def test_a_claim_that_runs_out_in_the_hand(stones: Target, reviewers: list[User]) -> None:
    """One judges with an old token while the other takes the claim over: one of the two is told no, each time."""
    for _round in range(15):
        Capture.objects.all().delete()
        Event.objects.all().delete()
        photographs(stones, 1)
        old = claims.next_claim(target=stones, by=reviewers[0], now=NINE_O_CLOCK, token=uuid4())
        assert old
        jobs: list[Callable[[], bool]] = [partial(says, reviewers[0], old), partial(takes_over, stones, reviewers[1])]
        assert sorted(at_once(jobs)) == [False, True]
        assert [*judged(stones).values()] == [1]


def test_judged_in_bulk_and_one_by_one_at_once(stones: Target, reviewers: list[User]) -> None:
    """Bulk verdicts pass over what somebody looks at, and what was judged meanwhile."""
    photographs(stones, 30)
    one, other = reviewers
    later = NINE_O_CLOCK + timedelta(hours=1)
    bulk_clean, bulk.clean = bulk.clean, partial(_all_clean)  # type: ignore[assignment]
    try:

        def in_bulk() -> int:
            return sum(
                bulk.accept_clean(target=stones, by=other, now=later, change_id=uuid4(), most=3).number
                for _n in range(10)
            )

        done = at_once([partial(reviews_all, stones, one), in_bulk])
    finally:
        bulk.clean = bulk_clean
    assert sum(done) == 30
    assert set(judged(stones).values()) == {1}


def _all_clean(*, target: Target, by: User, now: object) -> object:
    """As clean as can be: whatever waits and nobody has claimed."""
    others = ReviewClaim.objects.filter(until__gt=now).exclude(reviewer=by).values("pk")
    return queue.waiting_for(by).filter(target=target, review="pending").exclude(pk__in=others).order_by("received_at")


def test_undone_at_once_it_is_undone_once(stones: Target, reviewers: list[User]) -> None:
    photographs(stones, 2)
    by, later = reviewers[0], NINE_O_CLOCK + timedelta(hours=1)
    assert reviews_all(stones, by) == 2
    operation = uuid4()

    def undo() -> UUID:
        return undoing.undo_last(target=stones, by=by, now=later, token=uuid4(), operation_id=operation).pk

    assert len(set(at_once([undo, undo]))) == 1
    assert Capture.objects.filter(review="pending").count() == 1
