"""All memories beside one brute-force model, step by step. A subclass names its memories."""

from itertools import pairwise, permutations

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import scheduling as cgsh
from tests.scheduling.store_contract import Memory, place

USERS = ("alice", "bob", "carol")
# Never exactly 50 m from a slot: there, a millimetre of the earth's shape would decide.
CAPTURES = st.none() | st.integers(-60, 670).filter(lambda east_m: east_m % 100 != 50)
SLOTS = st.lists(st.sampled_from(range(0, 700, 100)), max_size=5, unique=True)


class Model:
    """The rules told plainly, about numbers on a line: σ 50 m, threshold 1, slots 100 m apart."""

    def __init__(self, covers_waiting: bool, close_covered: bool):
        self.covers_waiting, self.close_covered = covers_waiting, close_covered
        self.held: dict[str, int] = {}
        self.waiting: list[int] = []
        self.captures: list[int | None] = []
        self.met = 0

    def near(self, slot: int, captures: list[int | None]) -> bool:
        return any(at is not None and abs(slot - at) < 50 for at in captures)

    def settle(self) -> set[int]:
        new, self.met = self.captures[self.met :], len(self.captures)
        done = {slot for slot in self.held.values() if self.near(slot, new)}
        if self.covers_waiting:
            done |= {slot for slot in self.waiting if self.near(slot, new)}
        self.held = {user: slot for user, slot in self.held.items() if slot not in done}
        self.waiting = [slot for slot in self.waiting if slot not in done or not self.covers_waiting]
        return done

    def open_ones(self, slots: list[int]) -> list[int]:
        return [slot for slot in slots if not (self.close_covered and self.near(slot, self.captures))]

    def set_batch(self, slots: list[int]) -> None:
        self.waiting = [slot for slot in slots if slot not in self.held.values()]

    def ask(self, user: str) -> int | None:
        if user not in self.held and self.waiting:
            self.held[user] = self.waiting.pop(0)
        return self.held.get(user)


def length(way: tuple[int, ...]) -> int:
    return sum(abs(a - b) for a, b in pairwise(way))


class StoreMachine(RuleBasedStateMachine):
    """Drives every memory of `memories` through the same story."""

    def memories(self) -> list[Memory]:
        raise NotImplementedError

    @initialize(covers_waiting=st.booleans(), close_covered=st.booleans(), before=st.lists(CAPTURES, max_size=2))
    def begin(self, covers_waiting: bool, close_covered: bool, before: list[int | None]) -> None:
        self.options = {"covers_waiting": covers_waiting, "close_covered": close_covered}
        self.model = Model(**self.options)
        self.under_test = self.memories()
        for east_m in before:
            self.capture(east_m, "first")
        self.model.met = len(before)
        self.build()

    def build(self) -> None:
        near = cgsh.distance.location(sigma_m=50)
        self.stores = [
            cgsh.organize.BatchedDistanceStore(memory.persistence(), memory.sessions, near, **self.options)
            for memory in self.under_test
        ]

    @rule(east_m=CAPTURES, key=st.sampled_from(["a", "m", "z"]))
    def capture(self, east_m: int | None, key: str) -> None:
        """A capture that may sort before earlier ones: what is new need not come last."""
        self.model.captures.append(east_m)
        for memory in self.under_test:
            memory.capture(east_m, f"{key}{len(self.model.captures)}")

    @rule()
    def settle(self) -> None:
        done = {str(slot) for slot in self.model.settle()}
        for memory, store in zip(self.under_test, self.stores, strict=True):
            assert {memory.name_of(slot) for slot in store.settle()} == done

    @rule()
    def restart(self) -> None:
        self.model.settle()
        self.build()

    @rule(slots=SLOTS)
    def set_batch(self, slots: list[int]) -> None:
        given = self.model.open_ones(slots)
        # Several ways may be as short: which one is taken is the tour's affair, that it is as short is checked.
        order = cgsh.organize.in_tour_order([{"east_m": east, "location": place(east)} for east in given])
        way = tuple(slot["east_m"] for slot in order)
        assert length(way) == min(length((*given[:1], *rest)) for rest in permutations(given[1:]))
        assert way[:1] == tuple(given[:1])
        self.model.set_batch(list(way))
        for memory, store in zip(self.under_test, self.stores, strict=True):
            store.set_batch([memory.slot(str(slot), slot) for slot in slots])

    @rule(name=st.sampled_from(USERS))
    def ask(self, name: str) -> None:
        slot = self.model.ask(name)
        for memory, store in zip(self.under_test, self.stores, strict=True):
            found = store.request_slot(memory.user(name))
            assert (None if found is None else memory.name_of(found)) == (None if slot is None else str(slot))

    @invariant()
    def they_agree(self) -> None:
        for store in getattr(self, "stores", ()):
            assert store.is_empty() == (not self.model.waiting)
