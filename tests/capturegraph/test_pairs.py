"""Two at once never see only themselves: no slot waits that has what it needs. `tests.benchmarks pairs` has 500."""

import pytest
from pairs import forgotten, photograph_and_file, targets_not_held, two_at_one_slot, unlocked_slots
from race import violations

from capturegraph.models import CandidateSlot, Capture, Target

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.only_on("postgresql")


@pytest.fixture
def stones() -> Target:
    return Target.objects.create(name="Boundary stones")


def test_two_photographs_at_once_of_a_slot_for_two(stones: Target) -> None:
    two_at_one_slot(stones, 40)
    assert (Capture.objects.count(), CandidateSlot.objects.filter(state="fulfilled").count()) == (80, 40)
    assert (forgotten(stones.pk), violations(stones.pk)) == ([], [])


def test_a_photograph_of_a_place_that_is_being_put_in(stones: Target) -> None:
    photograph_and_file(stones, 12)
    assert (Capture.objects.count(), CandidateSlot.objects.filter(state="fulfilled").count()) == (12, 12)
    assert (forgotten(stones.pk), violations(stones.pk)) == ([], [])


@on_postgresql
def test_without_locks_two_photographs_see_only_themselves(stones: Target) -> None:
    with unlocked_slots():
        two_at_one_slot(stones, 2)
    assert forgotten(stones.pk) == ["slot 0", "slot 1"]


@on_postgresql
def test_without_holding_the_target_a_photograph_is_forgotten(stones: Target) -> None:
    with targets_not_held():
        photograph_and_file(stones, 1)
    assert forgotten(stones.pk) == ["place"]
