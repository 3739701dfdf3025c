"""Every algorithm by its name. A new one is a file here and a line below."""

from collections.abc import Callable
from typing import Any

from ..contract import Algorithm
from .backtracking import BacktrackingAssignmentAlgorithm
from .load_balancing import LoadBalancingAssignmentAlgorithm
from .or_tools import OrToolsAssignmentAlgorithm

# A million steps, the class's own default, can be minutes; where there is a complete plan it mostly takes few.
_SECONDS_NOT_MINUTES = 20_000

ALGORITHMS: dict[str, Callable[[], Algorithm[Any, Any]]] = {
    "load_balancing": LoadBalancingAssignmentAlgorithm,
    "backtracking": lambda: BacktrackingAssignmentAlgorithm(max_iterations=_SECONDS_NOT_MINUTES),
    "or_tools": OrToolsAssignmentAlgorithm,
}

__all__ = [
    "ALGORITHMS",
    "BacktrackingAssignmentAlgorithm",
    "LoadBalancingAssignmentAlgorithm",
    "OrToolsAssignmentAlgorithm",
]
