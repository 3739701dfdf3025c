"""How evenly work is spread, for CP-SAT: as even as can be, or else with the least sum of squared loads."""

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .contract import AssignmentState
from .problem import Problem


@dataclass(frozen=True)
class Aim:
    """Something to maximise: as an expression of the solver, and as a number of a plan."""

    expression: Any
    worth: Callable[[AssignmentState[Any, Any]], float]


class Loads:
    """The loads of all entities, past work and pins included, as whole numbers between two bounds each."""

    def __init__(self, problem: Problem[Any, Any], takes: Mapping[Hashable, list[Any]], seats: int):
        """`takes` are the solver's yes or no of each entity, `seats` how many there are to be given away."""
        self.problem, self.takes, opening = problem, takes, problem.opening()
        self.before = {key: round(opening.load(entity)) for key, entity in problem.entities.items()}
        self.given = {key: opening.count(entity) for key, entity in problem.entities.items()}
        self.bounds = {key: (self.before[key], self.before[key] + len(mine)) for key, mine in takes.items()}
        self._even: list[Any] = []
        self._loads: dict[Hashable, tuple[Any, Any]] = {}
        self.level = level(list(self.bounds.values()), seats)

    def of(self, state: AssignmentState[Any, Any]) -> dict[Hashable, int]:
        """The loads in a plan."""
        entities = self.problem.entities.items()
        return {key: self.before[key] + state.count(entity) - self.given[key] for key, entity in entities}

    def even(self, model: Any, total: Callable[..., Any]) -> Aim:
        """Whether nobody has more than one above the level to which all seats would fill everybody up."""
        even = model.new_bool_var("even")
        self._even.append(even)
        for key, (first, last) in self.bounds.items():
            load = total(self.takes[key]) + first
            model.add(load >= within(self.level, first, last)).only_enforce_if(even)
            model.add(load <= within(self.level + 1, first, last)).only_enforce_if(even)

        return Aim(total([even]), lambda state: self.is_even(self.of(state)))

    def is_even(self, loads: Mapping[Hashable, int]) -> bool:
        """Whether every load is at the level or one above it, as far as its bounds allow."""
        return all(
            within(self.level, *bounds) <= loads[key] <= within(self.level + 1, *bounds)
            for key, bounds in self.bounds.items()
        )

    def squares(self, state: AssignmentState[Any, Any]) -> int:
        """The sum of squared loads in a plan."""
        return sum(load**2 for load in self.of(state).values())

    def hints(self, state: AssignmentState[Any, Any]) -> Iterator[tuple[Any, int]]:
        """The variables that have been made here, with their values in a plan."""
        loads = self.of(state)
        for variable in self._even:
            yield variable, int(self.is_even(loads))
        for key, (load, square) in self._loads.items():
            yield load, loads[key]
            yield square, loads[key] ** 2

    def fair(self, model: Any, total: Callable[..., Any]) -> Aim:
        """The sum of squares, negative. A square is above its tangents at whole numbers, and on them there."""
        squares = []
        for key, (first, last) in self.bounds.items():
            square = model.new_int_var(first**2, last**2, f"square of {key}")
            load = model.new_int_var(first, last, f"load of {key}")
            model.add(load == total(self.takes[key]) + first)
            for at in range(first, last):
                model.add(square >= (2 * at + 1) * load - at * (at + 1))
            squares.append(square)
            self._loads[key] = load, square
        return Aim(total(squares, [-1] * len(squares)), lambda state: -self.squares(state))


def level(bounds: list[tuple[int, int]], seats: int) -> int:
    """The highest level to which everybody can be filled up, each within their bounds, by so many seats."""
    top = max((last for _, last in bounds), default=0)
    for at in range(1, top + 1):
        if sum(within(at, first, last) - first for first, last in bounds) > seats:
            return at - 1
    return top


def within(value: int, first: int, last: int) -> int:
    """A value moved between two bounds."""
    return min(max(value, first), last)
