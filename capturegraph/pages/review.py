"""The review room: one photograph after the other, with all that helps to judge it beside it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from capturegraph.models import Capture
from capturegraph.models.membership import Role
from capturegraph.pages import review_words
from capturegraph.pages.access import person, place_for
from capturegraph.pages.review_sketch import sketch
from capturegraph.services.reviewing import bulk, queue, showing

KEYS = ("dark", "blurred", "place", "face", "other")


@login_required
@require_safe
def rooms(request: HttpRequest) -> HttpResponse:
    """Lead to where photographs wait for this person: at once, where that is one target only."""
    found = queue.targets_of(person(request))
    if len(found) == 1:
        return redirect("review", found[0][0].pk)
    return render(request, "console/reviews.html", {"rooms": found})


@login_required
@require_safe
def review(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the room; its script asks for the photographs."""
    place, now = place_for(request, target_id, at_least=Role.REVIEWER), timezone.now()
    shown = {
        "place": place,
        "target": place.target,
        "tab": "review",
        "reasons": [{"key": key, "code": code, "word": short(code)} for key, code in enumerate(KEYS, 1)],
        "clean": min(bulk.clean(target=place.target, by=place.user, now=now).count(), bulk.AT_ONCE),
        "words": _words(),
    }
    return render(request, "console/review.html", shown)


@login_required
@require_safe
def photo(request: HttpRequest, target_id: UUID, capture_id: UUID) -> HttpResponse:
    """Give everything about one photograph, for the room; opened by itself it leads there."""
    place = place_for(request, target_id, at_least=Role.REVIEWER)
    capture = showing.capture_in(place.target, capture_id)
    if capture is None:
        raise Http404
    if "X-Room" not in request.headers:
        return redirect("review", target_id)
    it = showing.seen(capture)
    shown = {
        "target": place.target,
        "it": it,
        "capture": capture,
        "today": timezone.localdate(),
        "facing": review_words.facing(capture.heading),
        "flags": review_words.flags(it.finding),
        "plate": review_words.plate(it),
        "distance": review_words.distance(it),
        "surely": review_words.surely(it),
        "sketch": sketch(it),
        "earlier": [{"capture": one, "why": short(one.review_reason)} for one in it.earlier],
        "near": [{"slot": one.slot, "linked": one.linked, "metres": review_words.metres(one.metres or 0)}
                 for one in it.near],
        "rejected_for": short(capture.review_reason),
    }  # fmt: skip
    return render(request, "console/review_photo.html", shown)


def short(reason: str) -> str:
    """A reason in a word, as it stands on a button; nothing of none."""
    words = {
        Capture.RejectedFor.DARK: _("dark"),
        Capture.RejectedFor.BLURRED: _("blurred"),
        Capture.RejectedFor.PLACE: _("place"),
        Capture.RejectedFor.FACE: _("face"),
        Capture.RejectedFor.OTHER: _("other"),
    }
    return str(words[Capture.RejectedFor(reason)]) if reason else ""


def _words() -> dict[str, Any]:
    """The sentences of the script."""
    return {
        "room": _("Review"),
        "left": _("%s left"),
        "pace": _("you need %s s for each"),
        "accepted": _("Accepted."),
        "rejected": _("Asked again."),
        "skipped": _("Skipped: it comes again later."),
        "undone": _("Taken back. It is yours to judge again."),
        "linked": _("Linked to “%s”."),
        "unlinked": _("The link to “%s” is taken back."),
        "lost": _("Somebody else has this photo, or has judged it (%s). Nothing was changed. Here is the next."),
        "waits": _("No connection. What you said of this photo is kept, and is sent as soon as there is one."),
        "offline": _("No connection. The next photo comes as soon as there is one."),
        "loading": _("The next photo is on its way."),
        "broken": _("This photo cannot be shown. Skip it, and tell the site admin."),
        "nothing_to_compare": _("There is no photo to compare it with."),
        "states": {"pending": _("not judged yet"), "accepted": _("accepted"), "rejected": _("rejected")},
        "clean": {"one": ngettext("Accept %s clean one", "Accept %s clean ones", 1),
                  "many": ngettext("Accept %s clean one", "Accept %s clean ones", 2)},
        "did_clean": {"one": ngettext("%s photo accepted.", "%s photos accepted.", 1),
                      "many": ngettext("%s photo accepted.", "%s photos accepted.", 2)},
        "undid_clean": {"one": ngettext("%s photo waits again.", "%s photos wait again.", 1),
                        "many": ngettext("%s photo waits again.", "%s photos wait again.", 2)},
        "no_clean": _("There is no clean photo now."),
    }  # fmt: skip
