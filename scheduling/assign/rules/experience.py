"""Newcomers go with somebody who knows the way."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

from ...values import at_least_zero
from ..facts import fact
from ..keys import required_count
from ..kinds import YES, Choice, HardStatefulRule, Linear, RuleVerdict, no
from ..state import AssignmentState


class ExperiencedWithNewcomerRule(HardStatefulRule[Any, Any]):
    """A team with a newcomer has somebody experienced in it.

    Who has a true `newcomer` is one, everybody else is experienced. The last seat decides. It is about teams of
    `from_size` and more: with 1, newcomers never go alone.
    """

    name = "experienced_with_newcomer"

    def __init__(self, from_size: float = 2):
        self.from_size = at_least_zero(from_size, "from_size")

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `HardStatefulRule`."""
        team = (*state.team(allocation), entity)
        if len(team) < required_count(allocation) or required_count(allocation) < self.from_size:
            return YES
        return no("nobody experienced in the team") if all(map(_newcomer, team)) else YES

    def linear(self, choices: Sequence[Choice[Any, Any]]) -> Iterable[Linear[Any, Any]]:
        """See `HardStatefulRule`."""
        groups: dict[Hashable, list[Choice[Any, Any]]] = {}
        for choice in choices:
            groups.setdefault(choice.allocation_key, []).append(choice)
        for key, team in groups.items():
            if required_count(team[0].allocation) >= self.from_size:
                experienced = [(choice, 1) for choice in team if not _newcomer(choice.entity)]
                yield Linear(experienced, at_least=1, if_filled=key)


def _newcomer(entity: object) -> bool:
    return bool(fact(entity, "newcomer"))
