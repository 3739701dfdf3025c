"""Nobody is asked again for what they have declined."""

from typing import Any

from ..facts import fact
from ..keys import key_of
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, no


class DeclinedRule(HardPreliminaryRule[Any, Any]):
    """Refuses whoever is in the allocation's `declined_by`, known by key."""

    name = "declined"

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        declined = fact(allocation, "declined_by")
        if not declined or key_of(entity) not in {key_of(one) for one in declined}:
            return YES
        return no("has declined it")
