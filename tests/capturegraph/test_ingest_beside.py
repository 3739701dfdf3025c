"""Photographs beside one another: the same bytes, the same look, one person at two places; in whatever order."""

import itertools
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection
from ingesting import asked, codes, flag, found, look, scene, stores
from served import until
from stories import Clock, Person, at

from capturegraph.models import Capture, Event, Job, PhotoFinding, Target
from capturegraph.services import work
from capturegraph.services.ingest import beside
from capturegraph.services.jobs import Held

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


@pytest.fixture(autouse=True)
def noon(clock: Clock) -> None:
    """An hour at which the sun stands high over Washington."""
    clock.forward(hours=8)


A, A_AGAIN, A_ONCE_MORE, B = scene(1), scene(1, quality=60), scene(1, quality=40), scene(2)


@pytest.fixture
def elsewhere(clock: Clock, alice: Person, bob: Person) -> Target:
    target = Target.objects.create(name="Memorials", hand_out="queue")
    alice.joins(target, "volunteer")
    bob.joins(target, "volunteer")
    return target


def before(clock: Clock, **much: float) -> datetime:
    return clock.now - timedelta(**much)


# --- the same look ----------------------------------------------------------------------------------------------------


def test_the_same_view_in_other_bytes(stones: Target, alice: Person, bob: Person, clock: Clock) -> None:
    first = stores(alice, stones, A, taken_at=before(clock, minutes=9))
    other = stores(alice, stones, B, taken_at=before(clock, minutes=8))
    own = stores(alice, stones, A_AGAIN, taken_at=before(clock, minutes=7))
    his = stores(bob, stones, A_ONCE_MORE, taken_at=before(clock, minutes=6))
    look(clock.now)
    assert (codes(first), codes(other)) == ([], [])
    named = flag(own, "near_duplicate")
    assert (named["capture"], named["own"], named["bits"] <= 10) == (first, True, True)
    named = flag(his, "near_duplicate")
    assert (named["capture"] in (first, own), named["own"]) == (True, False)


def test_of_other_targets_nothing_is_said(
    stones: Target, elsewhere: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    stores(alice, elsewhere, A)
    clock.forward(minutes=1)
    here = stores(bob, stones, A_AGAIN)
    look(clock.now)
    assert codes(here) == []


# --- the same bytes ---------------------------------------------------------------------------------------------------


def test_the_same_file_for_two_targets(
    stones: Target, elsewhere: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    first = stores(alice, elsewhere, A, taken_at=before(clock, minutes=9))
    here = stores(bob, stones, A, taken_at=before(clock, minutes=8))
    again = stores(bob, elsewhere, A, taken_at=before(clock, minutes=7))
    look(clock.now)
    assert codes(first) == []
    named = flag(here, "same_photo")
    assert (named["capture"], named["own"]) == (None, False), "nobody learns which one it is in another target"
    named = flag(again, "same_photo")
    assert (named["capture"], named["own"]) == (first, False)
    assert "near_duplicate" not in codes(again)


# --- one person at two places -----------------------------------------------------------------------------------------


def test_nobody_flies(stones: Target, elsewhere: Target, alice: Person, bob: Person, clock: Clock) -> None:
    here = stores(alice, stones, scene(1), 0, taken_at=before(clock, minutes=20))
    there = stores(alice, stones, scene(2), 9_000, taken_at=before(clock, minutes=18))
    far = stores(alice, elsewhere, scene(3), -9_000, taken_at=before(clock, minutes=17))
    his = stores(bob, stones, scene(4), 90_000, taken_at=before(clock, minutes=19))
    look(clock.now)
    assert (codes(here), codes(his)) == ([], [])
    named = flag(there, "too_fast")
    assert (named["capture"], named["metres"], named["seconds"], named["kmh"]) == (here, 9000, 120, 269)
    assert flag(far, "too_fast")["capture"] is None


def test_what_comes_late_in_between_explains_the_way(stones: Target, alice: Person, clock: Clock) -> None:
    stores(alice, stones, scene(1), 0, taken_at=before(clock, seconds=100))
    last = stores(alice, stones, scene(3), 5_600, taken_at=before(clock, seconds=0))
    look(clock.now)
    assert codes(last) == ["too_fast"]
    between = stores(alice, stones, scene(2), 4_900, taken_at=before(clock, seconds=50))
    look(clock.now)
    assert (codes(between), codes(last)) == (["too_fast"], [])
    assert (found(last).flag_count, found(last).flags) == (0, [])
    told = Event.objects.filter(verb="flagged anew").latest("pk")
    assert (str(told.row_id), told.data) == (last, {"flags": [], "because_of": between})


def test_a_picture_of_the_library_was_taken_who_knows_where(stones: Target, alice: Person, clock: Clock) -> None:
    stores(alice, stones, scene(1), 0, taken_at=before(clock, minutes=3))
    far = stores(alice, stones, scene(2), 90_000, taken_at=before(clock, minutes=2), from_library=True)
    near = stores(alice, stones, scene(3), 30, taken_at=before(clock, minutes=1))
    look(clock.now)
    assert (codes(far), codes(near)) == ([], [])


# --- in whatever order ------------------------------------------------------------------------------------------------


def a_day(target: Target, other: Target, alice: Person, bob: Person, now: datetime) -> list[str]:
    """Photographs of which nearly each has something to do with another; two were taken at the same moment."""
    taken: list[tuple[Person, Target, bytes, int, int]] = [
        (alice, target, A, 0, 600), (alice, target, A_AGAIN, 9_000, 540), (bob, target, A_ONCE_MORE, 0, 540),
        (bob, other, A, 9_000, 480), (alice, other, A_AGAIN, 0, 420), (alice, target, B, 20, 360),
    ]  # fmt: skip
    return [
        stores(who, where, data, east_m, taken_at=now - timedelta(seconds=ago))
        for who, where, data, east_m, ago in taken
    ]


def test_the_order_in_which_they_are_looked_into_changes_nothing(
    stones: Target, elsewhere: Target, alice: Person, bob: Person, clock: Clock
) -> None:
    captures = a_day(stones, elsewhere, alice, bob, clock.now)
    orders = random.Random(9).sample(list(itertools.permutations(captures)), 6)
    seen = set()
    for order in (tuple(captures), tuple(captures[::-1]), *orders):
        Capture.objects.update(looked_into_at=None)
        PhotoFinding.objects.all().delete()
        Job.objects.update(state="waiting", ended_at=None, lease_until=None, token=0)
        for capture in order:
            assert work.do(job_id=Job.objects.get(row_id=capture).pk, clock=lambda: clock.now) == "done"
        seen.add(str([(codes(capture), found(capture).flags) for capture in captures]))
    assert len(seen) == 1
    assert [codes(one) for one in captures] == [
        [], ["too_fast", "near_duplicate"], ["near_duplicate"], ["same_photo", "too_fast"],
        ["same_photo", "too_fast", "near_duplicate"], [],
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")
def test_two_that_are_looked_into_at_once_see_one_another(
    stones: Target, elsewhere: Target, alice: Person, bob: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capturegraph.services.jobs.ring", lambda job_id: True)
    captures = a_day(stones, elsewhere, alice, bob, clock.now)
    now = clock.now
    due = [job.pk for job in asked()]

    def done(job: UUID) -> Any:
        try:
            return work.do(job_id=job, clock=lambda: now)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(due)) as pool:
        assert list(pool.map(done, due)) == ["done"] * len(due)
    assert [codes(one) for one in captures] == [
        [], ["too_fast", "near_duplicate"], ["near_duplicate"], ["same_photo", "too_fast"],
        ["same_photo", "too_fast", "near_duplicate"], [],
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
@pytest.mark.only_on("postgresql")
def test_who_compares_waits_for_who_has_not_committed(
    stones: Target, alice: Person, bob: Person, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("capturegraph.services.jobs.ring", lambda job_id: True)
    first = stores(alice, stones, A, taken_at=before(clock, minutes=9))
    second = stores(bob, stones, A_AGAIN, taken_at=before(clock, minutes=8))
    jobs = {str(job.row_id): job.pk for job in asked()}
    now, done, still_mine = clock.now, list[Any](), Held.still_mine

    def other() -> None:
        done.append(work.do(job_id=jobs[second], clock=lambda: now))
        connection.close()

    thread = Thread(target=other)

    def committing(held: Held) -> None:
        still_mine(held)
        if str(held.job.row_id) == first:
            thread.start()
            until(lambda: done or waiting_for_turns(), "the other one to wait, or to have gone on", 60)

    monkeypatch.setattr(Held, "still_mine", committing)
    assert work.do(job_id=jobs[first], clock=lambda: now) == "done"
    thread.join()
    assert (done, codes(second)) == (["done"], ["near_duplicate"])


def waiting_for_turns() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
        return bool(cursor.fetchone()[0])


# --- among very many --------------------------------------------------------------------------------------------------


def test_among_many_the_alike_ones_are_found(stones: Target, alice: Person, clock: Clock) -> None:
    """Two thousand others, some of which differ in exactly as many bits as are allowed, or in one more."""
    first = stores(alice, stones, A, taken_at=before(clock, days=9))
    look(clock.now)
    mine = found(first).perceptual_hash
    dice = random.Random(3)
    hashes = [dice.getrandbits(64) - (1 << 63) for _ in range(2_000)]
    hashes += [_differing(mine, bits, dice) for bits in (10, 11)]
    rows = [
        Capture(
            pk=uuid4(), target=stones, volunteer=alice.user, taken_at=clock.now, captured_at=clock.now,
            received_at=clock.now, fingerprint="x", photo="captures/x.jpg", photo_sha256=f"{number:064x}",
            state="stored", looked_into_at=clock.now, **at(0),
        )
        for number in range(len(hashes))
    ]  # fmt: skip
    Capture.objects.bulk_create(rows)
    PhotoFinding.objects.bulk_create(
        PhotoFinding(capture=row, target=stones, photo_sha256=row.photo_sha256, found_at=clock.now, perceptual_hash=one)
        for row, one in zip(rows, hashes, strict=True)
    )
    capture = Capture.objects.get(pk=first)
    told = beside.look(capture, mine).others
    assert {pk for pk, changes in told.items() if changes.get("near_duplicate")} == {rows[-2].pk}


def _differing(one: int, bits: int, dice: random.Random) -> int:
    other = one & ((1 << 64) - 1)
    for place in dice.sample(range(64), bits):
        other ^= 1 << place
    return other - (1 << 64) if other >= 1 << 63 else other
