"""Who should do what: entities (volunteers) for allocations (slots), under rules, by a chain of algorithms.

from scheduling import assign

rules = assign.rules_from([{"rule": "skills"}, {"rule": "most_slots", "most": 8}])
planner = assign.Planner([assign.OrToolsAssignmentAlgorithm(), assign.LoadBalancingAssignmentAlgorithm()], rules)
plan = planner.run(requests, volunteers)
plan.assignments, plan.unfilled, plan.metrics, plan.why(volunteer, request)
"""

from .algorithms import (
    ALGORITHMS,
    BacktrackingAssignmentAlgorithm,
    LoadBalancingAssignmentAlgorithm,
    OrToolsAssignmentAlgorithm,
)
from .candidates import Candidates, generate
from .contract import Algorithm, Assignment, AssignmentState, Candidate, IncompleteSolutionError
from .keys import key_of
from .kinds import (
    Choice,
    HardPreliminaryRule,
    HardStatefulRule,
    Linear,
    Rule,
    RuleVerdict,
    SoftPreliminaryRule,
    SoftStatefulRule,
)
from .metrics import Metrics, gini, metrics
from .plan import Plan, Prune
from .planner import Planner
from .problem import Problem
from .rules import RULES, AvailabilityRule, RequestedEntityRule, rules_from
from .scores import aggregate
from .spans import DateRange, TimeWindow
from .teams import Budget, fill, ranked, teams
from .things import Request, Volunteer
from .unfilled import Answer, Cause, Standing, Unfilled
from .verifier import Breach, Violation, violations
from .watching import Watch, unwatched

__all__ = [
    "ALGORITHMS",
    "RULES",
    "Algorithm",
    "Answer",
    "Assignment",
    "AssignmentState",
    "AvailabilityRule",
    "BacktrackingAssignmentAlgorithm",
    "Breach",
    "Budget",
    "Candidate",
    "Candidates",
    "Cause",
    "Choice",
    "DateRange",
    "HardPreliminaryRule",
    "HardStatefulRule",
    "IncompleteSolutionError",
    "Linear",
    "LoadBalancingAssignmentAlgorithm",
    "Metrics",
    "OrToolsAssignmentAlgorithm",
    "Plan",
    "Planner",
    "Problem",
    "Prune",
    "Request",
    "RequestedEntityRule",
    "Rule",
    "RuleVerdict",
    "SoftPreliminaryRule",
    "SoftStatefulRule",
    "Standing",
    "TimeWindow",
    "Unfilled",
    "Violation",
    "Volunteer",
    "Watch",
    "aggregate",
    "fill",
    "generate",
    "gini",
    "key_of",
    "metrics",
    "ranked",
    "rules_from",
    "teams",
    "unwatched",
    "violations",
]
