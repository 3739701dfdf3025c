"""Allocations that ask for certain entities."""

from typing import Any

from ..facts import fact
from ..keys import key_of
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, no


class RequestedEntityRule(HardPreliminaryRule[Any, Any]):
    """Only entities that the allocation's `requested` has, known by their keys; all where it has nobody."""

    name = "requested"

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        requested = fact(allocation, "requested")
        if not requested or key_of(entity) in {key_of(one) for one in requested}:
            return YES
        return no("somebody else was asked for")
