"""Nobody is in two places at once."""

from collections.abc import Iterable, Sequence
from typing import Any

from ..keys import key_of
from ..kinds import YES, Choice, HardStatefulRule, Linear, RuleVerdict, no
from ..spans import begins_before, overlap, span_of
from ..state import AssignmentState
from .caps import by_entity


class NoOverlapRule(HardStatefulRule[Any, Any]):
    """Nobody is given two allocations whose windows or days overlap. What has no window overlaps nothing."""

    name = "no_overlap"

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `HardStatefulRule`."""
        span = span_of(allocation)
        if span is None:
            return YES
        for other in state.get_assignments_done_by(entity):
            theirs = span_of(other.allocation)
            if theirs is not None and key_of(other.allocation) != key_of(allocation) and overlap(span, theirs):
                return no(f"does {key_of(other.allocation)} at that time")
        return YES

    def linear(self, choices: Sequence[Choice[Any, Any]]) -> Iterable[Linear[Any, Any]]:
        """At most one of all that go on when one of them begins: spans that overlap pairwise share such a moment."""
        spans = {choice.allocation_key: span_of(choice.allocation) for choice in choices}
        timed = [(key, span) for key, span in spans.items() if span is not None]
        together = dict.fromkeys(
            tuple(key for key, other in timed if overlap(other, first) and not begins_before(first, other))
            for _, first in timed
        )
        for mine in by_entity(choices).values():
            by_key = {choice.allocation_key: choice for choice in mine}
            for keys in together:
                some = [by_key[key] for key in keys if key in by_key]
                if len(some) > 1:
                    yield Linear([(choice, 1) for choice in some], at_most=1)
