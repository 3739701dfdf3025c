"""What a plan leaves out whatever its rules: people, places, and pairs that a coordinator keeps apart.

They stand among the rules of a plan, and only of a plan, each at most once:

- `{"rule": "people", "only": [user, …]}`: nobody else is sent;
- `{"rule": "places", "least_priority": 60, "batch": id or null}`: no other places are asked for;
- `{"rule": "apart", "pairs": [[slot, user], …]}`: who is never sent where.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from capturegraph.services.refusals import Invalid

PEOPLE, PLACES, APART = "people", "places", "apart"
NAMES = frozenset((PEOPLE, PLACES, APART))
MOST = 5_000
MOST_PRIORITY = 100
Json = dict[str, Any]
Pair = tuple[str, str]


class Limits(NamedTuple):
    """What is left of a target for a plan; `only` and `batch` None: everybody, everything."""

    only: frozenset[str] | None = None
    least_priority: int = 0
    batch: str | None = None
    never: frozenset[Pair] = frozenset()

    def sends(self, volunteer: str) -> bool:
        """Say whether somebody may be sent at all."""
        return self.only is None or volunteer in self.only

    def asks_for(self, priority: int, batch: UUID | None) -> bool:
        """Say whether a place is asked for."""
        return priority >= self.least_priority and (self.batch is None or str(batch) == self.batch)

    def kept_from(self, slot: str) -> list[str]:
        """Give who is never sent to a place."""
        return sorted(volunteer for place, volunteer in self.never if place == slot)

    def as_rules(self) -> list[Json]:
        """Give them as they stand among the rules; what leaves nothing out is not there."""
        found: list[Json] = []
        if self.only is not None:
            found.append({"rule": PEOPLE, "only": sorted(self.only)})
        if self.least_priority or self.batch:
            found.append({"rule": PLACES, "least_priority": self.least_priority, "batch": self.batch})
        if self.never:
            found.append({"rule": APART, "pairs": sorted(map(list, self.never))})
        return found


def of(rules: Iterable[Mapping[str, Any]]) -> Limits:
    """Read the limits among the rules of a plan."""
    by_name = {one["rule"]: one for one in rules if one["rule"] in NAMES}
    people, places, never = by_name.get(PEOPLE), by_name.get(PLACES, {}), by_name.get(APART, {})
    return Limits(
        None if people is None else frozenset(people["only"]), places.get("least_priority", 0), places.get("batch"),
        frozenset((slot, volunteer) for slot, volunteer in never.get("pairs", ())),
    )  # fmt: skip


def without(rules: Iterable[Mapping[str, Any]]) -> list[Json]:
    """Give the rules of a plan without the limits."""
    return [dict(one) for one in rules if one["rule"] not in NAMES]


def put(rules: Iterable[Mapping[str, Any]], limits: Limits) -> list[Json]:
    """Give the rules of a plan with other limits."""
    return [*without(rules), *limits.as_rules()]


def one_person(rules: Iterable[Mapping[str, Any]], gone: UUID, keep: UUID) -> list[Json]:
    """Give the rules of a plan after two people turned out to be one."""
    named = {str(gone): str(keep)}
    limits = of(rules)
    only = None if limits.only is None else frozenset(named.get(one, one) for one in limits.only)
    never = frozenset((slot, named.get(who, who)) for slot, who in limits.never)
    return put(rules, limits._replace(only=only, never=never))


def checked(value: Sequence[Mapping[str, Any]], *, field: str = "rules") -> list[Json]:
    """Give the limits of settings as they are kept.

    Raises:
        Invalid: naming what cannot be, as `field` and its place in the list.
    """
    limits, seen = Limits(), set[str]()
    for place, one in enumerate(value):
        if not isinstance(one, Mapping) or one.get("rule") not in NAMES:
            continue
        name, at = str(one["rule"]), f"{field}.{place}"
        if name in seen:
            raise _invalid(f"{at}.rule", _("The rule “%s” is there twice.") % name)
        seen.add(name)
        limits = limits._replace(**_READ[name](one, at))
    return limits.as_rules()


def _people(one: Mapping[str, Any], at: str) -> Json:
    return {"only": frozenset(_id(each, f"{at}.only") for each in _list(one, "only", at))}


def _places(one: Mapping[str, Any], at: str) -> Json:
    _known(one, ("least_priority", "batch"), at)
    least, batch = one.get("least_priority", 0), one.get("batch")
    if type(least) is not int or not 0 <= least <= MOST_PRIORITY:
        reason = _("%(value)s is no number from 0 to %(most)d.") % {"value": str(least)[:40], "most": MOST_PRIORITY}
        raise _invalid(f"{at}.least_priority", reason)
    return {"least_priority": least, "batch": None if batch is None else _id(batch, f"{at}.batch")}


def _never(one: Mapping[str, Any], at: str) -> Json:
    pairs = _list(one, "pairs", at)
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise _invalid(f"{at}.pairs", _("Write each as the id of a slot and the id of a volunteer."))
    where = f"{at}.pairs"
    return {"never": frozenset((_id(slot, where), _id(volunteer, where)) for slot, volunteer in pairs)}


_READ = {PEOPLE: _people, PLACES: _places, APART: _never}


def _list(one: Mapping[str, Any], name: str, at: str) -> list[Any]:
    _known(one, (name,), at)
    found = one.get(name)
    if not isinstance(found, list | tuple) or len(found) > MOST:
        raise _invalid(f"{at}.{name}", _("Write a list of up to %d ids.") % MOST)
    return list(found)


def _known(one: Mapping[str, Any], names: Sequence[str], at: str) -> None:
    for name in one:
        if name != "rule" and name not in names:
            raise _invalid(f"{at}.{str(name)[:100]}", _("There is no such field."))


def _id(value: Any, field: str) -> str:
    try:
        return str(UUID(str(value)[:40]))
    except ValueError:
        raise _invalid(field, _("“%s” is no id.") % str(value)[:40]) from None


def _invalid(field: str, reason: str) -> Invalid:
    return Invalid(f"{field}: {reason}", errors=[{"field": field, "reason": reason}])
