"""Slots that ask for more than one person: who gets a seat, and what a photograph ends."""

import pytest
from stories import Person, slots_in

from capturegraph.models import Assignment, CandidateSlot, Target

pytestmark = pytest.mark.django_db


def state_of(name: str) -> tuple[str, int]:
    slot = CandidateSlot.objects.get(external_id=name)
    return slot.state, slot.seats_left


def test_a_slot_for_two_people_is_given_to_two_and_no_more(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=2, a=0)
    assert [alice.gets(stones), bob.gets(stones), rita.gets(stones)] == ["a", "a", "all_held"]
    assert sorted(Assignment.objects.values_list("seat", flat=True)) == [0, 1]
    assert state_of("a") == ("waiting", 0)


def test_a_seat_given_back_is_the_one_that_is_filled_again(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=2, a=0)
    hers = alice.asks(stones)["assignment"]
    bob.asks(stones)
    alice.releases(hers["id"])
    assert rita.gets(stones) == "a"
    assert sorted(Assignment.objects.filter(state="held").values_list("seat", flat=True)) == [0, 1]


def test_nobody_is_sent_to_photograph_a_place_twice(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, required_count=2, a=0)
    alice.shoots(stones, 0)
    assert [alice.gets(stones), bob.gets(stones)] == ["none_for_you", "a"]


@pytest.mark.parametrize("way", ["look_ahead", "nearest", "planned", "queue"])
def test_nobody_gets_two_seats_of_one_slot(stones: Target, alice: Person, way: str) -> None:
    Target.objects.update(hand_out=way)
    slots_in(stones, required_count=5, a=0)
    walk = alice.post(f"targets/{stones.pk}/reserve-walk/", {"stops": 3}).json()
    assert [stop["slot"]["title"] for stop in walk["stops"]] == ["a"]
    assert (Assignment.objects.count(), state_of("a")) == (1, ("waiting", 4))


def test_a_photo_ends_the_way_of_whoever_took_it_and_leaves_the_others_theirs(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=3, a=0)
    hers, his = alice.asks(stones)["assignment"]["id"], bob.asks(stones)["assignment"]["id"]
    alice.shoots(stones, 0, assignment=hers)
    assert Assignment.objects.get(pk=hers).state == "fulfilled"
    assert Assignment.objects.get(pk=his).state == "held"
    # One counted, one on the way, one free.
    assert state_of("a") == ("waiting", 1)
    assert [bob.gets(stones), rita.gets(stones), alice.gets(stones)] == ["a", "a", "none_for_you"]


def test_photos_of_one_person_are_one_person(stones: Target, alice: Person, bob: Person) -> None:
    slots_in(stones, required_count=2, a=0)
    alice.shoots(stones, 0)
    alice.shoots(stones, 3)
    assert state_of("a") == ("waiting", 1)
    bob.shoots(stones, 0)
    assert state_of("a") == ("fulfilled", 0)


def test_the_last_photo_that_was_needed_ends_everybody_s_way(
    stones: Target, alice: Person, bob: Person, rita: Person
) -> None:
    slots_in(stones, required_count=2, a=0)
    alice.asks(stones)
    bob.asks(stones)
    for passer_by in (rita, alice):
        passer_by.shoots(stones, 0)
    assert state_of("a") == ("fulfilled", 0)
    assert not Assignment.objects.filter(state="held").exists()
