"""Who can do what."""

from typing import Any

from ..facts import fact
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, no


class SkillRule(HardPreliminaryRule[Any, Any]):
    """All of an allocation's `skills` must be among the entity's `skills`, and its `role` among the `roles` asked for.

    An allocation that asks for none takes everybody.
    """

    name = "skills"

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        wanted, roles = fact(allocation, "skills"), fact(allocation, "roles")
        if roles and fact(entity, "role") not in roles:
            return no("has another role")
        if wanted:
            has = fact(entity, "skills") or ()
            lacking = [one for one in wanted if one not in has]
            if lacking:
                return no(f"lacks {', '.join(map(str, lacking))}")
        return YES
