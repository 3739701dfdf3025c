"""How much is enough for one."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from ...values import whole
from ..facts import fact
from ..kinds import YES, Choice, HardStatefulRule, Linear, RuleVerdict, no
from ..state import AssignmentState


class MostSlotsRule(HardStatefulRule[Any, Any]):
    """Nobody is given more than `most` allocations, or than the entity's own `capacity` where it has one."""

    name = "most_slots"
    at_cap = True

    def __init__(self, most: float):
        self.most = whole(int(most) if most == int(most) else most, "most")

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `HardStatefulRule`."""
        most = self._most(entity)
        return YES if state.count(entity) < most else no(f"has {most} already, as many as allowed")

    def linear(self, choices: Sequence[Choice[Any, Any]]) -> Iterable[Linear[Any, Any]]:
        """See `HardStatefulRule`."""
        for mine in by_entity(choices).values():
            yield Linear([(choice, 1) for choice in mine], at_most=self._most(mine[0].entity))

    def _most(self, entity: Any) -> int:
        own = fact(entity, "capacity")
        return self.most if own is None else whole(own, "capacity")


def by_entity(choices: Sequence[Choice[Any, Any]]) -> dict[Hashable, list[Choice[Any, Any]]]:
    """Choices in groups of one entity each."""
    groups: dict[Hashable, list[Choice[Any, Any]]] = {}
    for choice in choices:
        groups.setdefault(choice.entity_key, []).append(choice)
    return groups
