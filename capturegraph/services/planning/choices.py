"""Which rules and algorithms a plan can be made by, for those who may not call them; and settings of them, checked."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from capturegraph.services.refusals import Invalid
from scheduling import assign

MOST = 50
# What the registries say, so that it is found by whoever translates; a rule of one's own may say anything.
SAID = (
    gettext_noop("Has the skills and the role"), gettext_noop("Was asked for"), gettext_noop("Is not away"),
    gettext_noop("Has time then"), gettext_noop("At least"), gettext_noop("At most"), gettext_noop("Half as good at"),
    gettext_noop("Is not too far from it"), gettext_noop("Has not declined it before"),
    gettext_noop("Is not kept from it by hand"),
    gettext_noop("Has not enough already"), gettext_noop("Does not walk too far"),
    gettext_noop("Is in one place at a time"), gettext_noop("Has not done it before"),
    gettext_noop("Newcomers go with somebody experienced"), gettext_noop("In teams of at least"),
    gettext_noop("Rather near where one is"), gettext_noop("Rather near the other stops"),
)  # fmt: skip


class Number(NamedTuple):
    """A number that a rule needs: its name, words and unit, what is proposed, and whether it may be left out."""

    name: str
    label: str
    unit: str
    default: float | None
    required: bool


class RuleChoice(NamedTuple):
    """A rule: `hard` ones forbid, others prefer."""

    name: str
    label: str
    hard: bool
    parameters: list[Number]


class AlgorithmChoice(NamedTuple):
    """An algorithm, what it says of itself, and whether what it needs is installed here."""

    name: str
    label: str
    description: str
    available: bool


def rules() -> list[RuleChoice]:
    """Give every rule, with what a form has to ask for."""
    return [
        RuleChoice(
            name, _(kind.label), bool(getattr(kind.rule, "hard", True)),
            [Number(one.name, _(one.label), _(one.unit), one.default, one.required) for one in kind.parameters],
        )
        for name, kind in assign.RULES.items()
    ]  # fmt: skip


def algorithms() -> list[AlgorithmChoice]:
    """Give every algorithm."""
    found = []
    for name, make in assign.ALGORITHMS.items():
        about: object = make
        try:
            about, available = type(make()), True
        except ImportError:
            available = False
        description = (inspect.getdoc(about) or "").split("\n\n")[0].replace("\n", " ")
        found.append(AlgorithmChoice(name, name.replace("_", " "), description, available))
    return found


def checked_rules(value: Any, *, field: str = "rules") -> list[dict[str, Any]]:
    """Give settings of rules as they are kept, like `[{"rule": "most_slots", "most": 8}]`; nothing is no rule.

    Raises:
        Invalid: naming the one that cannot be, as `field` and its place in the list.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, list) or len(value) > MOST or not all(isinstance(one, Mapping) for one in value):
        raise _invalid(field, _("Write it like [{“rule”: “most_slots”, “most”: 8}]."))
    seen: set[str] = set()
    for place, one in enumerate(value):
        name = one.get("rule")
        if not isinstance(name, str) or name not in assign.RULES:
            known = ", ".join(assign.RULES)
            reason = _("There is no rule called “%(name)s”; the rules are %(known)s.")
            raise _invalid(f"{field}.{place}.rule", reason % {"name": str(name)[:40], "known": known})
        if name in seen:
            raise _invalid(f"{field}.{place}.rule", _("The rule “%s” is there twice.") % name)
        seen.add(name)
        _check_numbers(one, assign.RULES[name], f"{field}.{place}")
    return [dict(one) for one in value]


def _check_numbers(values: Mapping[str, Any], kind: Any, field: str) -> None:
    known = {one.name for one in kind.parameters}
    for name in values:
        if name != "rule" and name not in known:
            numbers = ", ".join(known) or _("no numbers")
            reason = _("The rule “%(rule)s” has no “%(name)s”; it has %(numbers)s.")
            said = {"rule": kind.name, "name": str(name)[:40], "numbers": numbers}
            raise _invalid(f"{field}.{str(name)[:100]}", reason % said)
    try:
        kind.build({name: value for name, value in values.items() if name != "rule"})
    except (ValueError, TypeError, OverflowError) as error:
        wrong = next((name for name in values if name in known and name in str(error)), "rule")
        reason = _("The rule “%(rule)s” cannot take this: %(why)s.") % {"rule": kind.name, "why": str(error)[:200]}
        raise _invalid(f"{field}.{wrong}", reason) from None


def checked_algorithms(value: Any, *, field: str = "algorithms") -> list[str]:
    """Give the names of a chain of algorithms as they are kept; nothing is the usual one.

    Raises:
        Invalid: one that there is not, or that is there twice, or needs what is not installed here.
    """
    if value is None or value == "":
        return []
    if not isinstance(value, list) or len(value) > MOST:
        raise _invalid(field, _("Write names of algorithms, in the order in which they are tried."))
    for place, name in enumerate(value):
        if not isinstance(name, str) or name not in assign.ALGORITHMS:
            reason = _("There is no algorithm called “%(name)s”; there are %(known)s.")
            known = ", ".join(assign.ALGORITHMS)
            raise _invalid(f"{field}.{place}", reason % {"name": str(name)[:40], "known": known})
        if name in value[:place]:
            raise _invalid(f"{field}.{place}", _("The algorithm “%s” is there twice.") % name)
        try:
            assign.ALGORITHMS[name]()
        except ImportError as error:
            reason = _("The algorithm “%(name)s” cannot run here: %(why)s.") % {"name": name, "why": error}
            raise _invalid(f"{field}.{place}", reason) from None
    return list(value)


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"{field}: {reason}", errors=[{"field": field, "reason": reason}])
