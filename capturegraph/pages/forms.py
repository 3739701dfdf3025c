"""What people type into the console."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext_lazy as _

from capturegraph.models import Batch


class TargetForm(forms.Form):
    """A new target: the rest has sensible defaults, and can be changed later."""

    name = forms.CharField(max_length=200, label=_("What is it called?"))
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

    def clean_time_zone(self) -> str:
        """Refuse what the time-zone database does not know."""
        name: str = self.cleaned_data["time_zone"]
        if name not in available_timezones():
            raise forms.ValidationError(_("There is no such time zone. Write one like Europe/Paris."))
        return name


class UploadForm(forms.Form):
    """A file of places, and what becomes of those that are not in it."""

    file = forms.FileField(label=_("File with places"), allow_empty_file=True)
    mode = forms.ChoiceField(choices=Batch.Mode.choices, initial=Batch.Mode.ADD, widget=forms.RadioSelect)


class InviteForm(forms.Form):
    """How many may use an invite, and for how long."""

    uses = forms.IntegerField(min_value=1, max_value=100_000, initial=30, label=_("For how many people?"))
    days = forms.IntegerField(min_value=1, max_value=366, initial=14, label=_("Good for how many days?"))


class PasswordForm(forms.Form):
    """A password of one's own."""

    old = forms.CharField(
        label=_("Your password until now"),
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        strip=False,
    )
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
