"""The people of the stories: alice and bob volunteer, carol coordinates, rita reviews, max administers, zoe is new."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from buckets import InTheBucket, Wire, store_of_files
from django.db import connection
from django.utils import timezone
from stories import Clock, Person
from world import World, furnish

from capturegraph.models import Target
from capturegraph.services.people import phones


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A Monday, nine in the morning."""
    clock = Clock()
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def stones(clock: Clock) -> Target:
    """A target without slots, where closer than 50 m is near enough.

    It hands out by the list, so that a story can say beforehand who gets what. Stories of ways to go choose another.
    """
    return Target.objects.create(name="Boundary stones", hand_out="queue")


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
    phones.revoke_device(device=revoked.device, by=max_.user, now=clock.now)
    return World(
        furnish(stones, alice, clock.now),
        furnish(memorials, yan, clock.now),
        {
            "anonymous": None, "alice": alice, "bob": bob, "carol": carol, "zoe": zoe, "rita": rita, "max": max_,
            "revoked": revoked,
        },
    )  # fmt: skip


@pytest.fixture
def database_url(database: str, request: pytest.FixtureRequest) -> str:
    """Give the address of the database that this test is on, for a process of its own."""
    name = connection.settings_dict["NAME"]
    if database == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(request.getfixturevalue("postgresql_url"))._replace(path=f"/{name}").geturl()


@pytest.fixture(scope="session")
def wire() -> Iterator[Wire]:
    """A store of files that speaks S3, for all tests of this process."""
    with store_of_files() as wire:
        yield wire


@pytest.fixture
def bucket(wire: Wire, settings: Any, own_files: object) -> InTheBucket:
    """Files are kept in a bucket of this test's own, and nothing is wrong with the wire."""
    wire.mend()
    bucket = InTheBucket(wire, f"photographs-{uuid4().hex}")
    kept_in = {"BACKEND": "capturegraph.services.uploads.s3.S3Files", "OPTIONS": {"place": bucket.place}}
    settings.STORAGES = {**settings.STORAGES, "default": kept_in}
    return bucket
