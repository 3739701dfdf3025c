"""The people of the stories: alice and bob volunteer, carol coordinates, rita reviews, max administers, zoe is new."""

import pytest
from django.utils import timezone
from stories import Clock, Person
from world import World, furnish

from capturegraph.models import Target
from capturegraph.services import people


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A Monday, nine in the morning."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def stones(clock: Clock) -> Target:
    """A target without slots, where closer than 50 m is near enough."""
    return Target.objects.create(name="Boundary stones")


@pytest.fixture
def alice(stones: Target) -> Person:
    return Person("alice").joins(stones, "volunteer")


@pytest.fixture
def bob(stones: Target) -> Person:
    return Person("bob").joins(stones, "volunteer")


@pytest.fixture
def carol(stones: Target) -> Person:
    return Person("carol").joins(stones, "coordinator")


@pytest.fixture
def rita(stones: Target) -> Person:
    return Person("rita").joins(stones, "reviewer")


@pytest.fixture
def zoe(clock: Clock) -> Person:
    return Person("zoe")


@pytest.fixture
def max_(clock: Clock) -> Person:
    return Person("max", is_staff=True, is_superuser=True)


@pytest.fixture
def world(
    stones: Target, alice: Person, bob: Person, carol: Person, rita: Person, max_: Person, zoe: Person, clock: Clock
) -> World:
    """Everybody and everything, in the target of the others and in one that zoe coordinates."""
    memorials = Target.objects.create(name="Memorials")
    zoe.joins(memorials, "coordinator")
    yan = Person("yan").joins(memorials, "volunteer")
    revoked = Person("alice with her old phone").joins(stones, "volunteer")
    people.revoke_device(device=revoked.device, by=max_.user, now=clock.now)
    return World(
        furnish(stones, alice, clock.now),
        furnish(memorials, yan, clock.now),
        {
            "anonymous": None, "alice": alice, "bob": bob, "carol": carol, "zoe": zoe, "rita": rita, "max": max_,
            "revoked": revoked,
        },
    )  # fmt: skip
