"""How far it is from where somebody is. All read `start`, `last_position` and the allocation's `location`."""

from typing import Any

from ...values import positive
from ..kinds import YES, HardPreliminaryRule, RuleVerdict, SoftPreliminaryRule, SoftStatefulRule, no
from ..places import metres, place_of, start_of
from ..state import AssignmentState


class DistanceRule(HardPreliminaryRule[Any, Any]):
    """Refuses what is farther than `most_m` metres from where the entity was last, or sets out.

    A place that is not known is near enough: the rule cannot tell.
    """

    name = "distance"

    def __init__(self, most_m: float):
        self.most_m = positive(most_m, "most_m")

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `HardPreliminaryRule`."""
        here, there = start_of(entity), place_of(allocation)
        if here is None or there is None:
            return YES
        far = metres(here, there)
        return YES if far <= self.most_m else no(f"{far:.0f} m away, {self.most_m:.0f} m allowed")


class NearnessRule(SoftPreliminaryRule[Any, Any]):
    """Prefers what is near where the entity was last, or sets out: 1 there, 1/2 at `half_m` metres. Unknown: 1/2."""

    name = "nearness"

    def __init__(self, half_m: float):
        self.half_m = positive(half_m, "half_m")

    def evaluate(self, entity: Any, allocation: Any) -> RuleVerdict:
        """See `SoftPreliminaryRule`."""
        here, there = start_of(entity), place_of(allocation)
        if here is None or there is None:
            return RuleVerdict(True, 0.5)
        return RuleVerdict(True, self.half_m / (self.half_m + metres(here, there)))


class OnTheWayRule(SoftStatefulRule[Any, Any]):
    """Prefers what is near anything else the entity does, or its start: 1 there, 1/2 at `half_m` metres. Unknown: 1/2.

    So walks become compact. Solvers see the start only: there is no order of events in them.
    """

    name = "on_the_way"

    def __init__(self, half_m: float):
        self.half_m = positive(half_m, "half_m")

    def evaluate(self, entity: Any, allocation: Any, state: AssignmentState[Any, Any]) -> RuleVerdict:
        """See `SoftStatefulRule`."""
        there = place_of(allocation)
        stops = [start_of(entity), *(place_of(one.allocation) for one in state.get_assignments_done_by(entity))]
        known = [stop for stop in stops if stop is not None]
        if there is None or not known:
            return RuleVerdict(True, 0.5)
        return RuleVerdict(True, self.half_m / (self.half_m + min(metres(stop, there) for stop in known)))
