"""What every memory of a BatchedDistanceStore must do: one suite, inherited by the tests of each memory.

A subclass gives the fixture `memory`. Positions are metres east of `ORIGIN`; `place` turns them into degrees. What the
store hands back is only ever asked for its name, so a memory may return other objects than it was given.
"""

from collections.abc import Iterable
from typing import Any, Protocol

import pytest
from geopy.distance import geodesic

import scheduling as cgsh

ORIGIN = (38.8951, -77.0364)


def place(east_m: float) -> tuple[float, float]:
    """Latitude and longitude of a point so many metres east of the origin (west of it where negative)."""
    there = geodesic(meters=abs(east_m)).destination(ORIGIN, bearing=90 if east_m >= 0 else 270)
    return (there.latitude, there.longitude)


class Memory(Protocol):
    """What the suite needs of a memory under test."""

    @property
    def sessions(self) -> Iterable[object]:
        """All captures so far, in the order of their keys where they have one; read anew each time."""

    def persistence(self) -> cgsh.organize.Persistence[Any]:
        """A fresh handle on the same memory, as after a restart of the process."""

    def slot(self, name: str, east_m: float | None) -> object:
        """A candidate to be given to `set_batch`, without a location where `east_m` is None."""

    def name_of(self, slot: object) -> str:
        """The name of what came back."""

    def capture(self, east_m: float | None, key: str | None = None) -> object:
        """Add a usable capture to `sessions`; equal in content to any other at the same place that has no key."""

    def user(self, name: str) -> str:
        """The id of the volunteer called so."""


class Story:
    """A store over a memory, told by names."""

    def __init__(self, memory: Memory, covers_waiting: bool):
        self.memory, self.covers_waiting = memory, covers_waiting
        self.store: Any = None

    def build(self, sigma_m: float = 50, **options: Any) -> "Story":
        self.store = cgsh.organize.BatchedDistanceStore(
            persistence=self.memory.persistence(),
            sessions=self.memory.sessions,
            distance_fn=cgsh.distance.location(sigma_m=sigma_m),
            covers_waiting=self.covers_waiting,
            **options,
        )
        return self

    def batch(self, **east_m: float | None) -> None:
        self.store.set_batch([self.memory.slot(name, east) for name, east in east_m.items()])

    def ask(self, user: str) -> str | None:
        slot = self.store.request_slot(self.memory.user(user))
        return None if slot is None else self.memory.name_of(slot)

    def settle(self) -> list[str]:
        return sorted(self.memory.name_of(slot) for slot in self.store.settle())

    def upload(self, east_m: float | None, key: str | None = None) -> list[str]:
        """Upload a capture and let it count: the names of the slots it has fulfilled."""
        self.memory.capture(east_m, key)
        return self.settle()


class StoreContract:
    """Inherit this, and give `memory`."""

    @pytest.fixture
    def memory(self) -> Memory:
        raise NotImplementedError

    @pytest.fixture(params=[False, True], ids=["held_only", "covers_waiting"])
    def story(self, memory: Memory, request: pytest.FixtureRequest) -> Story:
        return Story(memory, request.param)

    def test_two_volunteers_walk_the_tour(self, story: Story) -> None:
        story.build().batch(A=0, B=300, C=100, D=200, E=400)
        assert [story.ask("alice"), story.ask("alice"), story.ask("bob")] == ["A", "A", "C"]
        assert story.upload(49) == ["A"]  # C is 51 m away
        assert [story.ask("alice"), story.ask("bob")] == ["D", "C"]

    def test_neighbours_in_rank_are_neighbours_on_the_ground(self, story: Story) -> None:
        story.build().batch(A=0, B=300, C=100, D=200, E=400)
        users = ("alice", "bob", "carol", "rita", "zoe")
        assert [story.ask(user) for user in users] == ["A", "C", "D", "B", "E"]

    def test_the_tour_begins_at_the_first_slot_given(self, story: Story) -> None:
        story.build().batch(N=None, B=200, C=500, A=0)
        assert [story.ask(user) for user in ("alice", "bob", "carol", "rita")] == ["B", "A", "C", "N"]

    def test_one_capture_fulfils_both_held_slots(self, story: Story) -> None:
        story.build().batch(A=0, B=60)
        assert [story.ask("alice"), story.ask("bob")] == ["A", "B"]
        assert story.upload(30) == ["A", "B"]
        assert [story.ask("alice"), story.ask("bob")] == [None, None]

    def test_any_holder_s_slot_is_fulfilled_and_the_other_s_untouched(self, story: Story) -> None:
        story.build().batch(A=0, B=100)
        assert [story.ask("alice"), story.ask("bob")] == ["A", "B"]
        assert story.upload(100) == ["B"]
        assert [story.ask("alice"), story.ask("bob")] == ["A", None]

    def test_a_distance_of_exactly_the_threshold_does_not_fulfil(self, story: Story) -> None:
        exactly = cgsh.geodesy.metres(place(0), place(50))
        story.build(sigma_m=exactly).batch(A=0)
        assert story.ask("alice") == "A"
        assert story.upload(50) == []
        assert story.ask("alice") == "A"

    def test_a_hair_less_than_the_threshold_fulfils(self, story: Story) -> None:
        exactly = cgsh.geodesy.metres(place(0), place(50))
        story.build(sigma_m=exactly * (1 + 1e-9)).batch(A=0)
        assert story.ask("alice") == "A"
        assert story.upload(50) == ["A"]

    def test_the_threshold_counts_in_sigmas(self, story: Story) -> None:
        story.build(threshold=2.0).batch(A=0)
        assert story.ask("alice") == "A"
        assert story.upload(101) == []
        assert story.upload(99) == ["A"]

    def test_a_holder_keeps_the_slot_while_the_batch_is_empty(self, story: Story) -> None:
        story.build().batch(A=0, B=100)
        assert story.ask("alice") == "A"
        story.batch()
        assert story.store.is_empty()
        assert [story.ask("alice"), story.ask("bob")] == ["A", None]

    def test_a_new_batch_leaves_assignments_alone(self, story: Story) -> None:
        story.build().batch(A=0, B=100)
        assert story.ask("alice") == "A"
        story.batch(C=1000, D=1100)
        assert [story.ask("alice"), story.ask("bob"), story.ask("carol")] == ["A", "C", "D"]
        assert story.ask("rita") is None  # B was replaced
        assert story.upload(0) == ["A"]

    def test_a_held_slot_in_the_next_batch_has_one_holder(self, story: Story) -> None:
        first, second = (story.memory.slot(name, east) for name, east in (("A", 0), ("B", 100)))
        story.build().store.set_batch([first, second])
        assert story.ask("alice") == "A"
        story.store.set_batch([first, second])
        assert [story.ask("bob"), story.ask("carol"), story.ask("alice")] == ["B", None, "A"]

    def test_the_store_is_empty_when_nothing_waits(self, story: Story) -> None:
        assert story.build().store.is_empty()
        story.batch(A=0, B=100)
        assert not story.store.is_empty()
        assert story.ask("alice") == "A"
        assert not story.store.is_empty()
        assert story.ask("bob") == "B"
        assert story.store.is_empty()
        assert story.ask("carol") is None

    def test_a_late_upload_that_sorts_first_is_new(self, story: Story) -> None:
        story.memory.capture(5000, key="m")
        story.memory.capture(6000, key="z")
        story.build().batch(A=0)
        assert story.ask("alice") == "A"
        assert story.upload(10, key="a") == ["A"]

    def test_a_second_capture_of_equal_content_is_new(self, story: Story) -> None:
        story.memory.capture(0)
        story.build().batch(A=0)
        assert story.ask("alice") == "A"
        assert story.settle() == []
        assert story.upload(0) == ["A"]

    def test_captures_before_the_first_build_are_the_baseline(self, story: Story) -> None:
        story.memory.capture(0)
        story.memory.capture(100, key="k")
        story.build().batch(A=0, B=100)
        assert [story.ask("alice"), story.ask("bob")] == ["A", "B"]
        assert story.settle() == []
        story.build()
        assert [story.ask("alice"), story.ask("bob")] == ["A", "B"]

    def test_the_first_settling_of_a_memory_is_the_baseline_whatever_is_held(self, story: Story) -> None:
        persistence = story.memory.persistence()
        persistence.set_batch([story.memory.slot("A", 0)])
        assert persistence.request(story.memory.user("alice")) is not None
        story.memory.capture(0)
        assert story.build().ask("alice") == "A"

    def test_a_capture_counts_once(self, story: Story) -> None:
        story.build().batch(A=0)
        assert story.ask("alice") == "A"
        assert story.upload(0, key="k") == ["A"]
        story.batch(B=10)
        assert story.settle() == []
        story.build()
        assert story.ask("bob") == "B"
        assert story.settle() == []

    def test_a_capture_while_nothing_waits_is_seen(self, story: Story) -> None:
        story.build()
        assert story.upload(0) == []
        story.batch(A=0)
        assert story.ask("alice") == "A"
        assert story.settle() == []

    def test_a_restart_forgets_nothing(self, story: Story) -> None:
        story.memory.capture(100)
        story.build().batch(A=0, B=100, C=200)
        assert [story.ask("alice"), story.ask("bob")] == ["A", "B"]
        story.build()
        assert [story.ask("bob"), story.ask("alice")] == ["B", "A"]
        assert not story.store.is_empty()
        assert story.ask("carol") == "C"

    def test_building_after_a_restart_settles_what_came_meanwhile(self, story: Story) -> None:
        story.build().batch(A=0, B=100)
        assert story.ask("alice") == "A"
        story.memory.capture(20)
        story.build()
        assert story.settle() == []
        assert story.ask("alice") == "B"

    def test_a_waiting_slot_is_covered_only_where_that_is_asked_for(self, story: Story) -> None:
        story.build().batch(A=0, B=300, C=600)
        assert story.ask("alice") == "A"
        assert story.upload(310) == (["B"] if story.covers_waiting else [])
        assert [story.ask("alice"), story.ask("bob")] == ["A", "C" if story.covers_waiting else "B"]

    def test_a_slot_without_location_waits_last_and_is_never_fulfilled(self, story: Story) -> None:
        story.build().batch(N=None, A=0, B=100)
        assert [story.ask("alice"), story.ask("bob"), story.ask("carol")] == ["A", "B", "N"]
        assert story.upload(0) == ["A"]
        assert [story.ask("alice"), story.ask("carol")] == [None, "N"]

    def test_a_capture_without_location_fulfils_nothing(self, story: Story) -> None:
        story.build().batch(A=0, N=None)
        assert [story.ask("alice"), story.ask("bob")] == ["A", "N"]
        assert story.upload(None) == []
        assert [story.ask("alice"), story.ask("bob")] == ["A", "N"]

    def test_covered_candidates_are_left_out_where_that_is_asked_for(self, story: Story) -> None:
        story.memory.capture(110)
        story.build(close_covered=True).batch(A=0, B=100, C=200)
        assert [story.ask("alice"), story.ask("bob"), story.ask("carol")] == ["A", "C", None]

    def test_covered_candidates_wait_by_default(self, story: Story) -> None:
        story.memory.capture(110)
        story.build().batch(A=0, B=100, C=200)
        assert [story.ask("alice"), story.ask("bob"), story.ask("carol")] == ["A", "B", "C"]

    def test_a_fulfilled_slot_is_not_handed_out_again(self, story: Story) -> None:
        story.build().batch(A=0, B=100)
        assert story.ask("alice") == "A"
        assert story.upload(5) == ["A"]
        assert [story.ask("bob"), story.ask("alice")] == ["B", None]
