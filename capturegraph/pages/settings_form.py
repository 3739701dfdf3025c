"""The settings of a target as a form: in groups, in the units that people think in, each with what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from django import forms
from django.forms import BoundField
from django.utils.translation import gettext_lazy as _

from capturegraph.models import Target
from capturegraph.services.planning import choices

LINES = {"rows": 3}


class Group(NamedTuple):
    """Settings that belong together: an anchor, a title, one sentence, and their names."""

    name: str
    title: Any
    about: Any
    fields: tuple[str, ...]


GROUPS = (
    Group("about", _("What and for whom"), _("Volunteers read it on their phones."),
          ("name", "instructions", "safety_note", "contact", "time_zone")),
    Group("counts", _("Which photos count"), _("How near is near enough, drawn to scale on one of your places."),
          ("sigma_m", "threshold", "max_accuracy_m", "accuracy_required", "heading_sigma_deg", "heading_required",
           "covers_waiting")),
    Group("hand-out", _("Who is sent where"), _("Which place a phone is given next, and for how long."),
          ("hand_out", "lease_min", "declines_needed")),
    Group("refresh", _("Refresh"), _("A few places at a time, chosen where coverage is thinnest, or all of them."),
          ("batch_size",)),
    Group("consent", _("What people agree to"),
          _("Shown before somebody joins. A change asks everybody again, the next time that they look."),
          ("consent_text", "run_by", "kept_for", "photo_licence")),
    Group("public", _("What everybody sees"),
          _("Nothing, unless you open it: accepted photos, small, at an address that needs no log-in."),
          ("public", "public_round_m", "public_exact", "public_names")),
    Group("map", _("Map"), _("Without an address, the outline that comes with the product is drawn."),
          ("tiles_url", "credit")),
)  # fmt: skip
ABOUT_HAND_OUT = {
    Target.HandOut.LOOK_AHEAD: _("The first stop of the best short walk from where somebody stands. It gets the most "
                                 "places done, with the least walking."),
    Target.HandOut.NEAREST: _("Always the nearest free place. Easy to foresee; corners tend to be left to the end."),
    Target.HandOut.PLANNED: _("What a plan says for that person and time; without a plan, the best short walk."),
    Target.HandOut.QUEUE: _("One list for everybody, in the order of one tour. Right where one person walks it all."),
}  # fmt: skip


def _number(label: Any, least: float, most: float, help_text: Any, step: str = "any", **more: Any) -> forms.FloatField:
    widget = forms.NumberInput(attrs={"step": step, "inputmode": "decimal"})
    return forms.FloatField(min_value=least, max_value=most, label=label, help_text=help_text, widget=widget, **more)


def _text(label: Any, length: int, help_text: Any = "", *, lines: bool = False, **more: Any) -> forms.CharField:
    widget = forms.Textarea(attrs=LINES) if lines else forms.TextInput
    return forms.CharField(
        max_length=length, label=label, help_text=help_text, widget=widget, required=more.pop("required", False), **more
    )


class SettingsForm(forms.Form):
    """Every setting. What was shown travels with it, so that only what somebody changed here is changed."""

    name = _text(_("Name"), 200, required=True)
    instructions = _text(_("What does a good photograph show?"), 4000, _("One or two sentences."), lines=True)
    safety_note = _text(_("For their safety"), 2000, lines=True)
    contact = _text(_("Whom can volunteers ask?"), 200, _("A name and a telephone number or an address."))
    time_zone = _text(_("Time zone"), 64, _("Like Europe/Paris. Times on these pages are in it."), required=True)
    sigma_m = _number(
        _("σ, metres"), 0.1, 100_000, _("How far off a good position may well be. 50 m suits most phones.")
    )
    threshold = _number(_("Threshold, in σ"), 0.01, 100, _("A photo counts when it is closer than this many σ."))
    max_accuracy_m = _number(
        _("Worst accuracy that counts, metres"), 1, 10_000,
        _("A phone says how well it knows its place. Less well than this, and a reviewer has to look."),
    )  # fmt: skip
    accuracy_required = forms.BooleanField(
        required=False, label=_("A photo whose accuracy the phone does not say does not count")
    )
    heading_sigma_deg = _number(
        _("σ of the direction, degrees"), 1, 180,
        _("For places that ask for a direction. Empty: directions are not compared."), required=False,
    )  # fmt: skip
    heading_required = forms.BooleanField(
        required=False, label=_("A photo without a direction does not count where one is asked for")
    )
    covers_waiting = forms.BooleanField(
        required=False, label=_("A photo also closes places that nobody holds"),
        help_text=_("Why send somebody where a photo has been taken already?"),
    )  # fmt: skip
    hand_out = forms.ChoiceField(
        choices=Target.HandOut.choices, label=_("Which place comes next?"), widget=forms.RadioSelect
    )
    lease_min = _number(
        _("A place is kept for, minutes"), 1, 10_080,
        _("At least so long. Somebody who has far to walk keeps it for three times the way."),
    )  # fmt: skip
    declines_needed = forms.IntegerField(
        min_value=1, max_value=100, label=_("How many people have to say no?"),
        help_text=_("Then nobody is sent there any more. A coordinator’s word is enough by itself."),
    )  # fmt: skip
    batch_size = forms.IntegerField(
        min_value=1, max_value=100_000, required=False, label=_("Places that wait at a time"),
        help_text=_("Empty: every place waits. Else the others lie in the pool until it is their turn."),
    )  # fmt: skip
    consent_text = _text(_("What do they agree to?"), 10_000, lines=True)
    run_by = _text(_("Who runs it?"), 200)
    kept_for = _text(_("How long are photos and names kept?"), 200)
    photo_licence = _text(_("Licence of the photos"), 200, _("Like CC BY 4.0."))
    public = forms.BooleanField(
        required=False, label=_("Accepted photos are for everybody"),
        help_text=_("Whoever takes part is told of it, and asked again. It can be closed again at any time."),
    )  # fmt: skip
    public_round_m = forms.IntegerField(
        min_value=0, max_value=100_000, label=_("Positions are rounded to, metres"),
        help_text=_("Each becomes the middle of a square of this size. 0 is exact, and has to be allowed besides."),
    )  # fmt: skip
    public_exact = forms.BooleanField(
        required=False, label=_("Exact positions may be shown"), help_text=_("Needed for 0 metres, and only then."),
    )  # fmt: skip
    public_names = forms.BooleanField(
        required=False, label=_("Photographers are named"), help_text=_("By the name that each has joined with."),
    )  # fmt: skip
    tiles_url = _text(_("Address of a map of your own"), 500, _("A PMTiles file or a MapLibre style, with https://."))
    credit = _text(_("Credit shown on the map"), 200)

    def __init__(self, data: Mapping[str, Any] | None, *, target: Target) -> None:
        self.target = target
        super().__init__(data, initial=_shown(target))
        for name, field in self.fields.items():
            described = [f"id_{name}_helptext"] * bool(field.help_text) + [f"{name}-now"] * (name in EXPLAINED)
            field.widget.attrs["aria-describedby"] = " ".join(described)
        self._add_planning()

    def _add_planning(self) -> None:
        """Add the rules and algorithms of plans; one that this release does not know stays as it is."""
        chosen = {one.get("rule"): one for one in self.target.planning_rules}
        for rule in choices.rules():
            key = f"rule_{rule.name}"
            self.fields[key] = forms.BooleanField(required=False, label=rule.label)
            self.initial[key] = rule.name in chosen
            for one in rule.parameters:
                label = f"{one.label} ({one.unit})" if one.unit else str(one.label)
                value = chosen.get(rule.name, {}).get(one.name, one.default)
                typed = forms.NumberInput(attrs={"step": "any"})
                self.fields[f"{key}_{one.name}"] = forms.FloatField(required=False, label=label, widget=typed)
                self.initial[f"{key}_{one.name}"] = value
        names: list[tuple[str, Any]] = [("", _("none"))]
        names += [(one.name, one.label) for one in choices.algorithms() if one.available]
        for place, turn in enumerate((_("First try"), _("then"), _("then"))):
            has = (self.target.planning_algorithms[place : place + 1] or [""])[0]
            also = [] if has in dict(names) else [(has, has)]
            self.fields[f"algorithm_{place}"] = forms.ChoiceField(choices=names + also, required=False, label=turn)
            self.initial[f"algorithm_{place}"] = has
        for each in self.fields.values():
            each.show_hidden_initial = True

    def groups(self) -> Iterator[dict[str, Any]]:
        """Give the groups with their fields."""
        for group in GROUPS:
            yield {"group": group, "fields": [self[name] for name in group.fields]}

    def rules(self) -> Iterator[dict[str, Any]]:
        """Give the rules of plans, each with the numbers that it needs."""
        for rule in choices.rules():
            numbers = [self[f"rule_{rule.name}_{one.name}"] for one in rule.parameters]
            yield {"field": self[f"rule_{rule.name}"], "numbers": numbers, "hard": rule.hard}

    def unknown_rules(self) -> list[str]:
        """Give the names of rules that the target has and that this release does not know."""
        known = {rule.name for rule in choices.rules()}
        return [str(one.get("rule")) for one in self.target.planning_rules if one.get("rule") not in known]

    def algorithms(self) -> list[BoundField]:
        """Give the fields that say which algorithm is tried first, and what after it."""
        return [self[f"algorithm_{place}"] for place in range(3)]

    def has_plan_errors(self) -> bool:
        """Say whether something is wrong with the rules or algorithms of plans, which are folded away."""
        return any(name.startswith(("rule_", "algorithm_")) for name in self.errors)

    def hand_out_shown(self) -> str:
        """Give the way to hand out that the page was opened with."""
        return str(self.data.get("initial-hand_out") or self.initial["hand_out"])

    def choices_of_hand_out(self) -> list[tuple[str, Any, Any]]:
        """Give each way to hand out: its value, its name, and what it is good for."""
        return [(one.value, one.label, ABOUT_HAND_OUT[one]) for one in Target.HandOut]

    def changes(self) -> dict[str, Any]:
        """Give, as the service takes it, what somebody changed on the page; the rest may have changed elsewhere."""
        asked, found = self.cleaned_data, {}
        for name in self.changed_data:
            if name == "lease_min":
                found["lease_s"] = round(asked[name] * 60)
            elif not name.startswith(("rule_", "algorithm_")):
                # Browsers send the ends of lines as on paper tape.
                found[name] = asked[name].replace("\r\n", "\n") if isinstance(asked[name], str) else asked[name]
        if any(name.startswith("rule_") for name in self.changed_data):
            found["planning_rules"] = self._rules_asked()
        if any(name.startswith("algorithm_") for name in self.changed_data):
            named = [asked[f"algorithm_{place}"] for place in range(3)]
            found["planning_algorithms"] = [one for one in named if one] + self.target.planning_algorithms[3:]
        return found

    def _rules_asked(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        before = {one.get("rule"): one for one in self.target.planning_rules}
        for rule in choices.rules():
            if self.cleaned_data[f"rule_{rule.name}"]:
                numbers = {one.name: self.cleaned_data[f"rule_{rule.name}_{one.name}"] for one in rule.parameters}
                said = {name: int(v) if v == int(v) else v for name, v in numbers.items() if v is not None}
                found.append({**before.get(rule.name, {}), "rule": rule.name, **said})
        known = {rule.name for rule in choices.rules()}
        return found + [one for name, one in before.items() if name not in known]

    def take_errors(self, errors: list[dict[str, Any]], detail: str) -> None:
        """Put what a service refused beside the fields that it is about."""
        for one in errors or [{"field": "", "reason": detail}]:
            field = self._field_of(str(one["field"]))
            self.add_error(field, str(one["reason"]))

    def _field_of(self, setting: str) -> str | None:
        if setting == "lease_s":
            return "lease_min"
        listed, __, rest = setting.partition(".")
        place = rest.split(".")[0]
        if listed == "planning_rules" and place.isdecimal():
            setting = f"rule_{self._rules_asked()[int(place)]['rule']}"
        if listed == "planning_algorithms":
            setting = f"algorithm_{place}"
        return setting if setting in self.fields else None


EXPLAINED = {"sigma_m", "threshold", "max_accuracy_m", "heading_sigma_deg", "lease_min", "batch_size", "public_round_m"}
"""Fields that a script explains while they are changed."""


def _shown(target: Target) -> dict[str, Any]:
    values = {name: getattr(target, name) for name in SettingsForm.base_fields if hasattr(target, name)}
    return {name: _plain(value) for name, value in {**values, "lease_min": target.lease_s / 60}.items()}


def _plain(value: Any) -> Any:
    """Give 50 for 50.0: nobody types the rest."""
    return int(value) if isinstance(value, float) and value.is_integer() else value
