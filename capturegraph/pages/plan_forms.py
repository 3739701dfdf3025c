"""What coordinators type where they plan: a day and its hours, and what people can do. By a target's clocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from capturegraph.formats.times import moment
from capturegraph.models import Availability, Membership, Plan

LAST_YEAR = 9998
BLANKS = 1


def at(day: str, clock: str, zone: ZoneInfo) -> datetime:
    """Give the moment that a day and a time of day mean in a zone.

    Raises:
        forms.ValidationError: in a sentence, for what is none, for what the clocks skip, and for what comes twice.
    """
    try:
        found = moment(f"{day} {clock}".strip(), zone, ends=False)
    except ValueError as refused:
        raise forms.ValidationError(_("This time %s") % refused) from None
    if found is None or found.year > LAST_YEAR:
        raise forms.ValidationError(_("Write a day and a time."))
    return found


class DayForm(forms.Form):
    """When: a day, from when and until when, by the clocks of the target."""

    name = forms.CharField(
        max_length=200, required=False, label=gettext_lazy("Name"),
        help_text=gettext_lazy("If you like; else the day is its name."),
    )  # fmt: skip
    day = forms.DateField(
        label=gettext_lazy("Day"), input_formats=["%Y-%m-%d"], widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    begin = forms.CharField(label=gettext_lazy("From"), max_length=12, widget=forms.TimeInput({"type": "time"}))
    end = forms.CharField(label=gettext_lazy("Until"), max_length=12, widget=forms.TimeInput({"type": "time"}))

    def __init__(self, data: Any = None, *, zone: str, plan: Plan | None = None, now: datetime | None = None) -> None:
        self.zone = ZoneInfo(zone)
        super().__init__(data, initial=self._first(plan, now))

    def _first(self, plan: Plan | None, now: datetime | None) -> dict[str, Any]:
        if plan is None:
            return {"day": now.astimezone(self.zone).date() if now else None, "begin": "10:00", "end": "16:00"}
        begin, end = (one.astimezone(self.zone) for one in (plan.from_at, plan.until_at))
        return {"name": plan.name, "day": begin.date(), "begin": f"{begin:%H:%M}", "end": f"{end:%H:%M}"}

    def clean(self) -> dict[str, Any]:
        """Make moments of them."""
        values: dict[str, Any] = super().clean() or {}
        for field, name in (("begin", "from_at"), ("end", "until_at")):
            if values.get("day") and values.get(field):
                try:
                    values[name] = at(values["day"].isoformat(), values[field], self.zone)
                except forms.ValidationError as refused:
                    self.add_error(field, refused)
        if "from_at" in values and values.get("until_at", values["from_at"]) < values["from_at"]:
            self.add_error("end", _("That is before it begins."))
        return values

    def wanted(self) -> dict[str, Any]:
        """Give the values of a plan."""
        return {name: self.cleaned_data[name] for name in ("name", "from_at", "until_at")}


class ChoiceForm(forms.Form):
    """Who, and where: the people ticked, and from which priority on, of which file."""

    everybody = forms.BooleanField(required=False)
    people = forms.MultipleChoiceField(required=False)
    least_priority = forms.IntegerField(min_value=0, max_value=100, required=False)
    batch = forms.UUIDField(required=False)

    def __init__(self, data: Any, people: list[str]) -> None:
        super().__init__(data)
        self.fields["people"].choices = [(one, one) for one in people]  # type: ignore[attr-defined]

    def wanted(self) -> dict[str, Any]:
        """Give the arguments of the service; everybody ticked is everybody who may come, too."""
        said, all_of_them = self.cleaned_data, {one for one, __ in self.fields["people"].choices}  # type: ignore[attr-defined]
        every = said["everybody"] or set(said["people"]) == all_of_them
        return {
            "only": None if every else said["people"], "least_priority": said["least_priority"] or 0,
            "batch_id": said["batch"],
        }  # fmt: skip


class PersonForm(forms.Form):
    """What is known of somebody: where they set out, how much they carry, how far they walk, what they can do."""

    latitude = forms.FloatField(required=False, min_value=-90, max_value=90, label=gettext_lazy("Starts at latitude"))
    longitude = forms.FloatField(required=False, min_value=-180, max_value=180, label=gettext_lazy("Longitude"))
    capacity = forms.IntegerField(
        required=False, min_value=0, max_value=10_000, label=gettext_lazy("Most places"),
        help_text=gettext_lazy("Empty: as many as the rules allow."),
    )  # fmt: skip
    most_km = forms.FloatField(
        required=False, min_value=0.001, max_value=1_000, label=gettext_lazy("Most walking, km"),
        help_text=gettext_lazy("Empty: as far as the rules allow."),
    )  # fmt: skip
    skills = forms.CharField(
        required=False, max_length=1_000, label=gettext_lazy("Can do"),
        help_text=gettext_lazy("Words like “ladder; permit”."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, member: Membership, zone: str) -> None:
        self.zone = ZoneInfo(zone)
        km = None if member.most_walking_m is None else member.most_walking_m / 1000
        first = {
            "latitude": member.start_latitude, "longitude": member.start_longitude, "capacity": member.capacity,
            "most_km": km, "skills": "; ".join(member.skills),
        }  # fmt: skip
        super().__init__(data, initial=first)
        said = list(member.availabilities.order_by("from_at", "until_at", "pk"))
        self.times = self._typed(data) if data is not None else [*map(self._row, said)]
        self.times += [{"kind": "there", "from": "", "until": "", "error": ""}] * BLANKS

    def _row(self, one: Availability) -> dict[str, str]:
        begin, end = (moment_.astimezone(self.zone) for moment_ in (one.from_at, one.until_at))
        return {"kind": one.kind, "from": _typed_like(begin), "until": _typed_like(end), "error": ""}

    def _typed(self, data: Any) -> list[dict[str, str]]:
        columns = (data.getlist(name) for name in ("kind", "from", "until"))
        rows = [dict(zip(("kind", "from", "until"), row, strict=True), error="") for row in zip(*columns, strict=False)]
        return [row for row in rows[:300] if row["from"].strip() or row["until"].strip()]

    def clean(self) -> dict[str, Any]:
        """Both of a place or neither; and every time is one."""
        values: dict[str, Any] = super().clean() or {}
        if (values.get("latitude") is None) != (values.get("longitude") is None) and not self.errors:
            self.add_error("longitude", _("Write both, or neither."))
        values["times"] = []
        for row in self.times:
            if not (row["from"] or row["until"]):
                continue
            try:
                begin, end = (at(row[name].replace("T", " "), "", self.zone) for name in ("from", "until"))
                values["times"].append((row["kind"], begin, end))
            except forms.ValidationError as refused:
                row["error"] = refused.messages[0]
                self.add_error(None, refused)
        return values

    def wanted(self) -> dict[str, Any]:
        """Give the values of a member."""
        said = self.cleaned_data
        start = {"latitude": said["latitude"], "longitude": said["longitude"]}
        return {
            "start": None if said["latitude"] is None else start, "capacity": said["capacity"],
            "most_walking_m": None if said["most_km"] is None else round(said["most_km"] * 1000, 1),
            "skills": said["skills"],
        }  # fmt: skip


def _typed_like(local: datetime) -> str:
    """A moment as the field shows it; with its offset where the clocks show that time twice."""
    twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return local.isoformat(timespec="minutes") if twice else f"{local:%Y-%m-%dT%H:%M}"
