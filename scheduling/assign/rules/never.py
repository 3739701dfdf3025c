"""Somebody said by hand that these two do not go together."""

from typing import Any

from ..facts import fact
from ..keys import key_of
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, no


class NeverRule(HardPreliminaryRule[Any, Any]):
    """Refuses whoever is in the allocation's `never`, known by key."""

    name = "never"

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        never = fact(allocation, "never")
        if not never or key_of(entity) not in {key_of(one) for one in never}:
            return YES
        return no("is kept from it")
