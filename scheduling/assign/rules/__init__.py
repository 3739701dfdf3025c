"""Every rule by its name, with what a form has to ask for. A new one is a file here and a line below."""

from collections.abc import Iterable, Mapping

from ..kinds import Rule
from .availability import AvailabilityRule, TimeWindowRule
from .caps import MostSlotsRule
from .declined import DeclinedRule
from .experience import ExperiencedWithNewcomerRule
from .nearness import DistanceRule, NearnessRule, OnTheWayRule
from .never import NeverRule
from .once import OncePerSlotRule
from .overlaps import NoOverlapRule
from .registry import Parameter, RuleKind
from .requested import RequestedEntityRule
from .skills import SkillRule
from .walking import MostWalkingRule, walk_m

_KINDS = (
    RuleKind(SkillRule, "Has the skills and the role"),
    RuleKind(RequestedEntityRule, "Was asked for"),
    RuleKind(AvailabilityRule, "Is not away"),
    RuleKind(
        TimeWindowRule, "Has time then", (Parameter("least_minutes", "At least", "min", default=None, required=False),)
    ),
    RuleKind(DistanceRule, "Is not too far from it", (Parameter("most_m", "At most", "m", 5_000.0),)),
    RuleKind(DeclinedRule, "Has not declined it before"),
    RuleKind(NeverRule, "Is not kept from it by hand"),
    RuleKind(MostSlotsRule, "Has not enough already", (Parameter("most", "At most", "slots", 12.0),)),
    RuleKind(MostWalkingRule, "Does not walk too far", (Parameter("most_m", "At most", "m", 10_000.0),)),
    RuleKind(NoOverlapRule, "Is in one place at a time"),
    RuleKind(OncePerSlotRule, "Has not done it before"),
    RuleKind(
        ExperiencedWithNewcomerRule,
        "Newcomers go with somebody experienced",
        (Parameter("from_size", "In teams of at least", "people", 2.0),),
    ),
    RuleKind(NearnessRule, "Rather near where one is", (Parameter("half_m", "Half as good at", "m", 1_000.0),)),
    RuleKind(OnTheWayRule, "Rather near the other stops", (Parameter("half_m", "Half as good at", "m", 500.0),)),
)

RULES: dict[str, RuleKind] = {kind.name: kind for kind in _KINDS}


def rules_from(settings: Iterable[Mapping[str, object]]) -> list[Rule]:
    """Rules from plain settings: `[{"rule": "most_slots", "most": 8}, {"rule": "no_overlap"}]`.

    Raises ValueError or TypeError naming an unknown rule, an unknown parameter, or a value that a rule refuses.
    """
    rules = []
    for setting in settings:
        values = dict(setting)
        name = values.pop("rule", None)
        if name not in RULES:
            raise ValueError(f"rule must be one of {', '.join(RULES)}, got {name!r}")
        rules.append(RULES[str(name)].build(values))
    return rules


__all__ = [
    "RULES",
    "AvailabilityRule",
    "DeclinedRule",
    "DistanceRule",
    "ExperiencedWithNewcomerRule",
    "MostSlotsRule",
    "MostWalkingRule",
    "NearnessRule",
    "NeverRule",
    "NoOverlapRule",
    "OnTheWayRule",
    "OncePerSlotRule",
    "Parameter",
    "RequestedEntityRule",
    "RuleKind",
    "SkillRule",
    "TimeWindowRule",
    "rules_from",
    "walk_m",
]
