"""What plans say to people."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from capturegraph.models import Plan
from scheduling import assign


def algorithm(name: str) -> str:
    """Say which algorithm that is."""
    names = {
        "load_balancing": _("load balancing"), "backtracking": _("backtracking"), "or_tools": _("the best there is"),
    }  # fmt: skip
    return names.get(name, name.replace("_", " "))


def planning_by(name: str) -> str:
    """Say that an algorithm is at work."""
    return _("Planning: %s") % algorithm(name)


def rule(name: str) -> str:
    """Say a rule in a few words; one that only the engine knows, or that is not known here, by its name."""
    if name == "unavailable":
        return _("Is not away all that time")
    kind = assign.RULES.get(name)
    return _(kind.label) if kind else name.replace("_", " ")


def refusal(name: str, reason: str) -> str:
    """Say that a rule refuses somebody, with the engine's own words where there are none here."""
    sentences = {
        "skills": _("They lack a skill that the place asks for, or have another role."),
        "requested": _("Somebody else was asked for."),
        "availability": _("They are away for some of that time."),
        "unavailable": _("They are away all that time."),
        "time_window": _("They have no time then."),
        "distance": _("It is too far from where they set out."),
        "declined": _("They have said no to it."),
        "never": _("They are kept from it by hand."),
        "most_slots": _("They have as much as they may have."),
        "most_walking": _("They would walk too far."),
        "no_overlap": _("They are somewhere else at that time."),
        "once_per_slot": _("They have done it, or are on the way there."),
        "experienced_with_newcomer": _("Nobody in the team would know the way."),
    }
    sentence = sentences.get(name)
    if sentence is None:
        return reason or rule(name)
    return f"{sentence} ({reason})" if any(letter.isdigit() for letter in reason) else sentence


def agreement(name: str, score: float | None) -> str:
    """Say that a rule has nothing against somebody, or how much it likes them."""
    if score is None:
        return _("Nothing against it.")
    return _("Liked %(percent)d %%.") % {"percent": round(100 * score)}


def standing(value: str) -> str:
    """Say how somebody stands to a place in a plan."""
    sentences = {
        "assigned": _("They go there."),
        "pinned": _("They go there whatever the rules say: that was fixed before."),
        "ruled_out": _("A rule speaks against it."),
        "ruled_out_by_plan": _("It would be possible, but not beside what else the plan has."),
        "others_came_first": _("They could go there; others suit better, or have less to do."),
        "possible": _("They could go there: a seat is free."),
        "unknown": _("They, or the place, were not part of the question when this was answered."),
    }
    return sentences[value]


def cause(code: str) -> str:
    """Say why nobody, or too few, go somewhere."""
    sentences = {
        "no_candidates": _("Nobody may do it."),
        "too_few_candidates": _("Fewer people may do it than it needs."),
        "all_at_cap": _("Those who may do it have enough already."),
        "ruled_out": _("Those who may do it cannot beside what else they do."),
        "team_impossible": _("Those who are left make no team."),
        "budget": _("The search was stopped before it got there."),
        "left_out": _("The algorithm left it out."),
    }
    return sentences.get(code, code)


def changed(code: str) -> str:
    """Say what is not any more as it was when a plan was answered."""
    sentences = {
        "slot_gone": _("The place does not wait for anybody any more."),
        "window": _("The place is open at another time, or its time has gone by."),
        "moved": _("The place is somewhere else."),
        "seat_taken": _("Somebody else is on the way there, or has a plan to go."),
        "has_it": _("They are on the way there already."),
        "member_removed": _("They do not take part any more."),
        "declined": _("They have said no to it."),
        "photographed": _("They have photographed it."),
        "planned_elsewhere": _("Another plan sends them somewhere else at that time."),
        "rule": _("A rule speaks against it now."),
        "team": _("Somebody who was to go with them cannot."),
    }
    return sentences.get(code, code)


def not_a_draft(plan: Plan) -> str:
    """Say why a plan cannot be changed or answered."""
    if plan.state == Plan.State.ACCEPTED:
        return _("This plan was accepted already. Make another one.")
    return _("This plan was discarded. Make another one.")


def present(plan: Plan) -> dict[str, Any]:
    """Give the state of a plan as it is shown with a refusal."""
    return {"plan": str(plan.pk), "state": plan.state}
