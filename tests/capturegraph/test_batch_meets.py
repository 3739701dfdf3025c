"""What happens between the moment a file is compared and the moment it is written: it is seen under the lock."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from bringing_in import sheet, states, table, upload
from race import at_once
from stories import Clock, Person, place

from capturegraph.models import Batch, CandidateSlot, Target, User
from capturegraph.services.batching import batches

pytestmark = pytest.mark.django_db


class Meanwhile:
    """Somebody who does something just before a file is written."""

    def __init__(self, act: Callable[[], Any]) -> None:
        self._act = act

    def say(self, step: str, done: int = 0, total: int = 0) -> None:
        if step == "Writing":
            self._act()

    def still_mine(self) -> None:
        pass


def apply_while(carol: Person, seen: dict[str, Any], clock: Clock, act: Callable[[], Any], **how: Any) -> Batch:
    return batches.apply(batch_id=UUID(seen["id"]), by=carol.user, now=clock.now, watch=Meanwhile(act), **how)


def test_a_slot_claimed_meanwhile_is_protected(stones: Target, carol: Person, alice: Person, clock: Clock) -> None:
    upload(carol, stones, table("1 oak 0"))
    for mode, file in (("add", "1 oak 90"), ("replace", "2 elm 500")):
        seen = upload(carol, stones, table(file), mode=mode, dry_run=True)
        assert seen["counts"]["protected"] == (mode == "replace")
        done = apply_while(carol, seen, clock, lambda: alice.asks(stones))
        assert (done.counts["protected"], done.counts["removed"], done.counts["changed"]) == (1, 0, 0)
    oak = CandidateSlot.objects.get(external_id="1")
    assert (oak.longitude, oak.state) == (pytest.approx(place(0)[1]), "waiting")
    assert alice.gets(stones) == "oak"


def test_a_photograph_taken_meanwhile_closes_what_is_written(
    stones: Target, carol: Person, bob: Person, clock: Clock
) -> None:
    seen = upload(carol, stones, table("1 oak 0"), dry_run=True)
    done = apply_while(carol, seen, clock, lambda: bob.shoots(stones, 0))
    assert (done.counts["covered"], states(stones)) == (1, {"oak": "fulfilled"})


def test_a_slot_that_is_done_meanwhile_is_not_withdrawn(
    stones: Target, carol: Person, bob: Person, clock: Clock
) -> None:
    upload(carol, stones, table("1 oak 0"))
    seen = upload(carol, stones, table("2 elm 500"), mode="replace", dry_run=True)
    assert seen["counts"]["removed"] == 1
    done = apply_while(carol, seen, clock, lambda: bob.shoots(stones, 0))
    assert (done.counts["removed"], states(stones)["oak"]) == (0, "fulfilled")


def test_another_file_applied_meanwhile_brings_no_place_in_twice(stones: Target, carol: Person, clock: Clock) -> None:
    file = sheet("title", "0,oak", "300,elm")
    seen = upload(carol, stones, file, dry_run=True)
    done = apply_while(carol, seen, clock, lambda: upload(carol, stones, file))
    assert (done.counts["added"], done.counts["kept"]) == (0, 2)
    assert CandidateSlot.objects.count() == 2


def test_the_same_batch_applied_meanwhile_is_applied_once(stones: Target, carol: Person, clock: Clock) -> None:
    seen = upload(carol, stones, sheet("title", "0,oak"), dry_run=True)
    done = apply_while(carol, seen, clock, lambda: carol.post(f"batches/{seen['id']}/apply/"))
    assert (done.state, CandidateSlot.objects.count()) == ("applied", 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_bring_in_the_same_places_at_once(stones: Target, carol: Person) -> None:
    file = sheet("title", *(f"{n * 100},stone {n}" for n in range(40)))
    seen = [upload(carol, stones, file, dry_run=True)["id"] for _ in range(4)]
    now, by = stones.created_at, User.objects.get(pk=carol.user.pk)
    jobs = [lambda pk=pk: batches.apply(batch_id=UUID(pk), by=by, now=now) for pk in seen]
    done = at_once(jobs)
    assert sorted(batch.counts["added"] for batch in done) == [0, 0, 0, 40]
    assert CandidateSlot.objects.count() == 40
