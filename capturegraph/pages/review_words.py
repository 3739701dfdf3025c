"""What a reviewer reads beside a photograph: flags in sentences, what the checks found, and how sure its place is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from capturegraph.models import Capture, PhotoFinding
from capturegraph.services.reviewing.showing import Seen

BEHIND, BESIDE = 120, 60
Figures = Mapping[str, Any]


class Flag(NamedTuple):
    """A flag in words: what, and what to do about it."""

    code: str
    title: str
    sentence: str


def metres(value: float) -> str:
    """A distance as people say it, with a space that does not break."""
    if value < 1_000:
        return _("%s m") % number_format(round(value), use_l10n=True)
    return _("%s km") % number_format(value / 1_000, 1 if value < 100_000 else 0, use_l10n=True)


def span(seconds: float) -> str:
    """A stretch of time as people say it."""
    whole = abs(seconds)
    if whole < 120:
        return _("%d s") % whole
    if whole < 7_200:
        return _("%d min") % round(whole / 60)
    if whole < 172_800:
        return _("%d h") % round(whole / 3_600)
    return ngettext("%d day", "%d days", round(whole / 86_400)) % round(whole / 86_400)


def _share(value: Any) -> str:
    return _("%d %%") % round(100 * float(value))


_SAYS: dict[str, tuple[Any, Any, Callable[[Figures], Any]]] = {
    "place_differs": (
        gettext_lazy("The photo file names another place"),
        gettext_lazy("%s from where the phone was at the shutter. Look at the picture: is it the right one?"),
        lambda it: metres(it["metres"]),
    ),
    "time_differs": (
        gettext_lazy("The photo file names another time"),
        gettext_lazy("%s from what the phone said. Look at the light: does it fit?"),
        lambda it: span(it["seconds"]),
    ),
    "too_fast": (
        gettext_lazy("Too quick from the photo before"),
        gettext_lazy("It would take %d km/h from there to here. One of the two may be from another place."),
        lambda it: round(it["km_h"]),
    ),
    "future": (
        gettext_lazy("Taken later than now"),
        gettext_lazy("By its own clock %s after it came in. Look at the light: does the time fit?"),
        lambda it: span(it["seconds"]),
    ),
    "blurred": (
        gettext_lazy("It may be blurred"),
        gettext_lazy("Its sharpness is only %d. Can what matters be seen?"),
        lambda it: round(it["sharpness"]),
    ),
    "dark": (
        gettext_lazy("It may be too dark"),
        gettext_lazy("%s of it is nearly black. Can what matters be seen?"),
        lambda it: _share(it["dark_share"]),
    ),
    "burnt_out": (
        gettext_lazy("It may be too bright"),
        gettext_lazy("%s of it is burnt out. Can what matters be seen?"),
        lambda it: _share(it["bright_share"]),
    ),
    "near_duplicate": (
        gettext_lazy("It looks like another photo"),
        gettext_lazy("Of 64 features %d differ. Is it a photo of its own?"),
        lambda it: it["bits"],
    ),
    "same_photo": (
        gettext_lazy("This very photo came in before"),
        gettext_lazy("The two files are the same. Is it a photo of this place, from this day?"),
        lambda it: (),
    ),
    "low_sun": (
        gettext_lazy("The sun was low"),
        gettext_lazy("It stood %d° above the horizon. Is there enough light?"),
        lambda it: round(it["altitude"]),
    ),
}
"""What is said of each flag: the title, the sentence, and the figure in it. A new flag is a line here."""


def flags(finding: PhotoFinding | None) -> list[Flag]:
    """Say each flag; one that is not known here by its name, so that it is not passed over."""
    found = []
    for one in finding.flags if finding else []:
        code = str(one.get("code", ""))
        said, title = _("Look at the picture: is it the right one?"), code
        if code in _SAYS:
            title, sentence, figure = _SAYS[code]
            # A figure that is missing leaves the title, which says enough to look.
            with suppress(KeyError, TypeError, ValueError):
                said = str(sentence) % figure(one)
        found.append(Flag(code, str(title), said))
    return found


def plate(it: Seen) -> list[str]:
    """Say in a few words what the checks found: sharp, lit, the sun. Nothing of what was not checked."""
    finding = it.finding
    if finding is None:
        return [_("Not checked yet")]
    raised, said = {one.get("code") for one in finding.flags}, []
    if finding.sharpness is not None:
        said.append(_("Blurred?") if "blurred" in raised else _("Sharp"))
    if finding.dark_share is not None or finding.bright_share is not None:
        lit = _("dark?") if "dark" in raised else _("too bright?") if "burnt_out" in raised else _("well lit")
        said.append(lit)
    if finding.sun_altitude is not None:
        said.append(_sun(it.capture, finding.sun_altitude, finding.sun_azimuth))
    return said or [_("Nothing could be measured")]


def _sun(capture: Capture, altitude: float, azimuth: float | None) -> str:
    if altitude <= 0:
        return _("the sun was down")
    high = _("%d° high") % round(altitude)
    if azimuth is None or capture.heading is None:
        return _("sun %s") % high
    off = abs((azimuth - capture.heading + 180) % 360 - 180)
    where = _("sun behind the camera") if off > BEHIND else _("sun beside") if off > BESIDE else _("sun in front")
    return f"{where}, {high}"


def distance(it: Seen) -> str:
    """Say how far off a photograph was taken, and how far is allowed."""
    if it.slot is None:
        return _("There is no place near this photo.")
    if it.explanation is None or it.explanation.metres is None:
        return _("It is not known where this photo was taken.")
    values = {"metres": metres(it.explanation.metres), "allowed": metres(it.target.allowed_m)}
    return _("%(metres)s from the slot. %(allowed)s are allowed.") % values


def surely(it: Seen) -> str:
    """Say how sure that is, given how well the phone knew its place."""
    if it.explanation is None or it.explanation.probability is None:
        return ""
    accuracy = it.capture.accuracy_m
    if accuracy is None:
        return _("The phone did not say how well it knew its place.")
    sure = it.explanation.probability
    values = {"accuracy": metres(accuracy), "percent": min(99, max(1, round(100 * sure)))}
    if sure > 0.99:
        return _("The phone knew its place to ±%(accuracy)s: more than 99 %% sure that it was inside.") % values
    if sure < 0.01:
        return _("The phone knew its place to ±%(accuracy)s: surely outside.") % values
    return _("The phone knew its place to ±%(accuracy)s: %(percent)d %% sure that it was inside.") % values


COMPASS = (
    gettext_lazy("north"), gettext_lazy("north-east"), gettext_lazy("east"), gettext_lazy("south-east"),
    gettext_lazy("south"), gettext_lazy("south-west"), gettext_lazy("west"), gettext_lazy("north-west"),
)  # fmt: skip


def facing(heading: float | None) -> str:
    """Say a direction in words; nothing of none."""
    return "" if heading is None else str(COMPASS[round(heading / 45) % 8])
