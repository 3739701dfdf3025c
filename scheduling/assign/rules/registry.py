"""What a form has to know of a rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ...values import at_least_zero
from ..kinds import Rule


@dataclass(frozen=True)
class Parameter:
    """One number that a form asks for: its name, its words, its unit, what it proposes, and whether it may be empty."""

    name: str
    label: str
    unit: str
    default: float | None
    required: bool = True


@dataclass(frozen=True)
class RuleKind:
    """One kind of rule: the class that makes it, in a few words what it says, and the numbers that it needs."""

    rule: Callable[..., Rule]
    label: str
    parameters: tuple[Parameter, ...] = ()

    @property
    def name(self) -> str:
        """The name by which settings and prune logs know it."""
        return str(getattr(self.rule, "name", self.rule.__name__))

    def build(self, values: Mapping[str, object] | None = None) -> Rule:
        """The rule for numbers in the parameters' units; what is not given is as proposed.

        Raises ValueError or TypeError naming the parameter and the value.
        """
        given = dict(values or {})
        known = {parameter.name: parameter for parameter in self.parameters}
        for name in given.keys() - known.keys():
            raise ValueError(f"{self.name} knows no {name}, got {given[name]!r}")
        return self.rule(**{name: _number(one, given.get(name, one.default)) for name, one in known.items()})


def _number(parameter: Parameter, value: object) -> float | None:
    if value is None and not parameter.required:
        return None
    return at_least_zero(value, parameter.name)
