"""Nobody is sent to one place twice."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from ..facts import fact
from ..keys import key_of
from ..kinds import YES, Choice, HardStatefulRule, Linear, RuleVerdict, no
from ..state import AssignmentState


class OncePerSlotRule(HardStatefulRule[Any, Any]):
    """Nobody does one slot twice: not who is in its `done_by`, nor two allocations of the same `slot`.

    An allocation without a `slot` is a slot of its own.
    """

    name = "once_per_slot"

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `HardStatefulRule`."""
        if _has_done(entity, allocation):
            return no("has done it before")
        slot = slot_of(allocation)
        if any(slot_of(other.allocation) == slot for other in state.get_assignments_done_by(entity)):
            return no("has this slot already")
        return YES

    def linear(self, choices: Sequence[Choice[Any, Any]]) -> Iterable[Linear[Any, Any]]:
        """See `HardStatefulRule`."""
        groups: dict[Hashable, list[Choice[Any, Any]]] = {}
        for choice in choices:
            groups.setdefault((choice.entity_key, slot_of(choice.allocation)), []).append(choice)
            if _has_done(choice.entity, choice.allocation):
                yield Linear([(choice, 1)], at_most=0)
        for same in groups.values():
            if len(same) > 1:
                yield Linear([(choice, 1) for choice in same], at_most=1)


def slot_of(allocation: object) -> Hashable:
    """The slot that an allocation is about: its `slot`, by key, else the allocation itself."""
    slot = fact(allocation, "slot")
    return key_of(allocation if slot is None else slot)


def _has_done(entity: object, allocation: object) -> bool:
    done_by = fact(allocation, "done_by")
    return bool(done_by) and key_of(entity) in {key_of(one) for one in done_by}
