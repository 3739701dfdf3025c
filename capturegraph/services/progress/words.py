"""What the forecast says to people: a headline and a sentence, in their language."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from capturegraph.services.progress.figures import Forecast
from scheduling.completion import FEWEST_DAYS, QUIET_DAYS


class Said(NamedTuple):
    """A few words, and a sentence that goes with them."""

    headline: str
    sentence: str


def said(forecast: Forecast, *, done: int, left: int, today: date) -> Said:
    """Put a forecast into words, with what the coordinator can do where there is something."""
    if forecast.verdict == "foretold":
        return _foretold(forecast, today)
    places = ngettext("%d place is left.", "%d places are left.", left) % left
    if forecast.verdict == "done":
        return Said(_("All done"), ngettext("%d place, and it is done.", "All %d places are done.", done) % done)
    if forecast.verdict == "quiet":
        return Said(
            _("Standing still"),
            ngettext("No place was done for %d day.", "No place was done for %d days.", QUIET_DAYS) % QUIET_DAYS
            + " " + places + " " + _("A message to the volunteers may help."),
        )  # fmt: skip
    if forecast.verdict == "refilled":
        return Said(_("No end to foretell"), _("Places come out of the pool as others are done."))
    if forecast.verdict == "still":
        return Said(_("Nobody is sent out"), places + " " + _("Open the target, and they are given out again."))
    if forecast.verdict == "nothing":
        return Said(_("No places yet"), _("Bring in a file of places; then there is something to foretell."))
    return Said(
        _("Too early to say"),
        ngettext(
            "The end is foretold after %d day on which places were done.",
            "The end is foretold after %d days on which places were done.", FEWEST_DAYS + 1,
        ) % (FEWEST_DAYS + 1) + " " + places,
    )  # fmt: skip


def _foretold(forecast: Forecast, today: date) -> Said:
    if forecast.begins is None:
        return Said(_("Not within ten years"), _("At this pace it takes longer than ten years."))
    begins = day_of(forecast.begins, today)
    if forecast.ends is None or forecast.middle is None:
        return Said(_("Hard to say"), _("%s at the earliest; it may take years at this pace.") % begins)
    if forecast.begins == forecast.ends:
        return Said(_("about %s") % begins, _("finished that day at this pace"))
    span = {"begins": begins, "ends": day_of(forecast.ends, today)}
    return Said(
        _("about %s") % day_of(forecast.middle, today), _("finished, %(begins)s to %(ends)s at this pace") % span
    )


def day_of(day: date, today: date) -> str:
    """A day as people write it: without its year where that is this year."""
    return date_format(day, "j F" if day.year == today.year else "j F Y")
