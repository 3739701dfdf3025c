"""What people type into the console."""

from __future__ import annotations

import re
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from capturegraph.models import Batch, Target
from capturegraph.models.membership import Role
from capturegraph.services.people import invites
from capturegraph.services.webhooks.topics import TOPICS

_PAIR = re.compile(r"([+-]?\d{1,3}(?:\.\d{1,17})?)(?:\s*[,;]\s*|\s+)([+-]?\d{1,3}(?:\.\d{1,17})?)", re.ASCII)


class TargetForm(forms.Form):
    """A new target: a name is enough, the rest has sensible defaults and can be changed later."""

    name = forms.CharField(
        max_length=200, label=_("What is it called?"),
        help_text=_("People are asked to join it by this name: “Bridges of the valley”."),
    )  # fmt: skip
    instructions = forms.CharField(
        required=False,
        max_length=4000,
        label=_("What does a good photograph show?"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Volunteers read it. One or two sentences."),
    )
    contact = forms.CharField(
        required=False,
        max_length=200,
        label=_("Whom can volunteers ask?"),
        help_text=_("A name and a telephone number or an address."),
    )
    time_zone = forms.CharField(
        max_length=64, initial="UTC", label=_("Time zone"), help_text=_("Like Europe/Paris."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip

    draft = forms.BooleanField(
        required=False, label=_("Keep it a draft, to be looked through before it is opened"),
        help_text=_("Nobody is given a place until then."),
    )  # fmt: skip

    def later(self) -> list[forms.BoundField]:
        """Give the fields that nobody has to fill in now."""
        return [self[name] for name in ("instructions", "contact", "time_zone")]

    def clean(self) -> dict[str, Any]:
        """Say a draft as the state that it is."""
        asked: dict[str, Any] = super().clean() or self.cleaned_data
        if asked.pop("draft", False):
            asked["state"] = Target.State.DRAFT
        return asked

    def clean_time_zone(self) -> str:
        """Refuse what the time-zone database does not know."""
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write one like Europe/Paris."))
        return name


class CopyForm(forms.Form):
    """What another target like this one is called, and whether the places come along."""

    name = forms.CharField(max_length=200, label=_("What is the copy called?"))
    places = forms.BooleanField(required=False, label=_("With its places, to be photographed anew"))
    operation_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


class UploadForm(forms.Form):
    """A file of places, and what becomes of those that are not in it."""

    file = forms.FileField(label=_("File with places"), allow_empty_file=True)
    mode = forms.ChoiceField(choices=Batch.Mode.choices, initial=Batch.Mode.ADD, widget=forms.RadioSelect)


class GenerateForm(forms.Form):
    """Places to be drawn: where, in which way, how far apart."""

    KINDS = (
        ("grid", _("A grid over the area")),
        ("perimeter", _("Along its edge")),
        ("line", _("Along a line")),
        ("void_and_cluster", _("Where there is least so far")),
    )

    kind = forms.ChoiceField(choices=KINDS, initial="grid", widget=forms.RadioSelect)
    corners = forms.CharField(
        max_length=60_000,
        label=_("Corners"),
        help_text=_("One on each line: latitude, longitude. Tap on the map, or type them."),
        widget=forms.Textarea(attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false"}),
    )
    spacing_m = forms.FloatField(
        label=_("How many metres apart?"), min_value=0.1, max_value=1_000_000, initial=100,
        widget=forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"}),
    )  # fmt: skip
    count = forms.IntegerField(
        label=_("How many places?"), required=False, min_value=1, max_value=1000, initial=20,
        help_text=_("The widest gaps are filled first."),
    )  # fmt: skip

    def clean_corners(self) -> list[list[float]]:
        """Read the lines as [longitude, latitude]; refuse the first that is none, by its number."""
        found = []
        for number, line in enumerate(self.cleaned_data["corners"].splitlines(), start=1):
            if not line.strip():
                continue
            pair = _PAIR.fullmatch(line.strip())
            if pair is None or abs(float(pair[1])) > 90 or abs(float(pair[2])) > 180:
                sentence = _("Line %(number)d is no place: write it like 38.8951, -77.0364.")
                raise forms.ValidationError(sentence % {"number": number})
            found.append([float(pair[2]), float(pair[1])])
        return found

    def area(self) -> dict[str, Any]:
        """Give what was drawn as GeoJSON: a line where one is wanted, else the area inside of the corners."""
        corners = self.cleaned_data["corners"]
        if self.cleaned_data["kind"] == "line":
            return {"type": "LineString", "coordinates": corners}
        return {"type": "Polygon", "coordinates": [[*corners, *corners[:1]]]}


class InviteForm(forms.Form):
    """How many may use an invite, for how long, and as what they come in.

    `code` was made with the page: the same form sent twice makes one invite.
    """

    role = forms.ChoiceField(
        choices=[(role.value, role.label) for role in (Role.VOLUNTEER, Role.REVIEWER, Role.COORDINATOR)],
        required=False, initial=Role.VOLUNTEER, label=_("As what?"),
    )  # fmt: skip
    uses = forms.IntegerField(min_value=1, max_value=100_000, initial=30, label=_("For how many people?"))
    days = forms.IntegerField(min_value=1, max_value=366, initial=14, label=_("Good for how many days?"))
    code = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean_code(self) -> str:
        """Refuse a code that nobody made by chance."""
        return checked_code(self.cleaned_data["code"])


def checked_code(code: str) -> str:
    """Give a code back that is none or looks like one of ours.

    Raises:
        ValidationError: it does not.
    """
    if code and not invites.is_typed_code(code):
        raise forms.ValidationError(_("This page is out of date. Load it again."))
    return code


class PosterForm(forms.Form):
    """What a poster says, and on what it is printed; of a new invite also for how many and how long it is."""

    code = forms.CharField(max_length=40, widget=forms.HiddenInput)
    languages = forms.MultipleChoiceField(
        choices=settings.LANGUAGES, label=_("In which languages?"), widget=forms.CheckboxSelectMultiple
    )
    paper = forms.ChoiceField(choices=[("a4", "A4"), ("letter", "Letter")], initial="a4", label=_("Paper"))
    uses = forms.IntegerField(
        min_value=1, max_value=100_000, initial=500, required=False, label=_("For how many people?")
    )
    days = forms.IntegerField(
        min_value=1, max_value=366, initial=60, required=False, label=_("Good for how many days?")
    )

    def clean_code(self) -> str:
        """Refuse a code that nobody made by chance."""
        return checked_code(self.cleaned_data["code"])


class NoteForm(forms.Form):
    """A message that shows on phones."""

    to = forms.ChoiceField(
        choices=[
            ("holders", _("whoever holds a place now")), ("volunteers", _("all volunteers")), ("all", _("everybody")),
        ],
        initial="holders", label=_("To whom?"),
    )  # fmt: skip
    text = forms.CharField(
        max_length=1000, label=_("What do you want to say?"), widget=forms.Textarea(attrs={"rows": 3})
    )
    operation_id = forms.UUIDField(required=False, widget=forms.HiddenInput)


class ProfileForm(forms.Form):
    """What plans know of a member."""

    skills = forms.CharField(
        required=False, max_length=1000, label=_("What can they do?"),
        help_text=_("Words with commas between, like “drone, ladder”. Places that ask for them are planned for them."),
    )  # fmt: skip
    newcomer = forms.ChoiceField(
        required=False, label=_("New to this?"),
        choices=[("", _("until their first photo that counts")), ("yes", _("yes")), ("no", _("no"))],
    )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """Give it as the service takes it."""
        asked = self.cleaned_data
        skills = [word.strip() for word in asked["skills"].split(",") if word.strip()]
        return {"skills": skills, "newcomer": {"yes": True, "no": False}.get(asked["newcomer"])}


class WebhookForm(forms.Form):
    """An address, and what it is to be told; no topic means all of them."""

    url = forms.URLField(
        max_length=500, assume_scheme="https", label=_("Address of the receiver"),
        help_text=_("Like https://example.org/hook. Addresses of private networks are refused."),
        widget=forms.URLInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip
    topics = forms.MultipleChoiceField(
        required=False, choices=[(name, name) for name in TOPICS], widget=forms.CheckboxSelectMultiple,
        label=_("What it is told"),
    )  # fmt: skip


class EmailForm(forms.Form):
    """Where a link to a new password is to go."""

    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )


class NewPasswordForm(forms.Form):
    """A password of one's own."""

    new = forms.CharField(
        label=_("Your new password"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
        help_text=_("At least 10 characters. Three words that you can remember do well."),
    )
    again = forms.CharField(
        label=_("The new one once more"),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        strip=False,
    )

    def clean(self) -> dict[str, Any]:
        """Both new ones are the same."""
        values: dict[str, Any] = super().clean() or {}
        if values.get("new") and values.get("again") and values["new"] != values["again"]:
            self.add_error("again", _("The two new passwords differ."))
        return values


class PasswordForm(NewPasswordForm):
    """Another password than before."""

    old = forms.CharField(
        label=_("Your password until now"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
    field_order = ("old", "new", "again")
