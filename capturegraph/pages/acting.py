"""What a coordinator decides with one tap on the board; the answer takes the place of what was tapped."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext
from django.views.decorators.http import require_POST

from capturegraph.models import Assignment, CandidateSlot, Membership
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.services.board import needs
from capturegraph.services.hand_out import places
from capturegraph.services.people import members
from capturegraph.services.refusals import Refused


@login_required
@require_POST
def act(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Do `what` with `row`, and say what became of it."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    do = ACTS.get(request.POST.get("what", ""))
    row = _id(request.POST.get("row", ""))
    if do is None or row is None:
        raise Http404
    status = 200
    try:
        said = do(place, row, request.POST.get("text", "").replace("\0", ""), timezone.now())
    except Refused as refused:
        said, status = refused.detail, refused.status
    if "HX-Request" in request.headers:
        return render(request, "console/told.html", {"said": said, "good": status == 200}, status=status)
    (messages.success if status == 200 else messages.warning)(request, said)
    return redirect("board", target_id)


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _slot(place: Place, slot_id: UUID) -> CandidateSlot:
    slot = CandidateSlot.objects.of(place.target).filter(pk=slot_id).first()
    if slot is None:
        raise Http404
    return slot


def _release(place: Place, row: UUID, text: str, now: datetime) -> str:
    held = Assignment.objects.filter(pk=row, target=place.target).select_related("slot", "volunteer").first()
    if held is None:
        raise Http404
    places.take_back(assignment_id=row, by=place.user, now=now)
    return _("“%(place)s” waits again. %(who)s has been told.") % {"place": held.slot, "who": held.volunteer}


def _become(state: str, said: str) -> Callable[[Place, UUID, str, datetime], str]:
    def change(place: Place, row: UUID, text: str, now: datetime) -> str:
        slot = _slot(place, row)
        places.change_slot(slot_id=slot.pk, by=place.user, values={"state": state}, now=now)
        return _(said) % slot

    return change


def _keep(place: Place, row: UUID, text: str, now: datetime) -> str:
    slot = needs.keep_trying(slot_id=_slot(place, row).pk, by=place.user, now=now)
    return _("“%s” goes on being tried. Another no closes it.") % slot


def _message(place: Place, row: UUID, text: str, now: datetime) -> str:
    sent, _first = members.write_note(target=place.target, by=place.user, text=text, users=[row], now=now)
    return ngettext("Sent to %d person.", "Sent to %d people.", sent) % sent


def _ask_reviewers(place: Place, row: UUID, text: str, now: datetime) -> str:
    reviewers = Membership.objects.current().filter(target=place.target, role=Role.REVIEWER, user__is_active=True)
    to = list(reviewers.values_list("user", flat=True))
    text = _("Photos wait for a reviewer in “%s”.") % place.target
    sent, _first = members.write_note(target=place.target, by=place.user, text=text, users=to, now=now)
    return ngettext("Sent to %d person.", "Sent to %d people.", sent) % sent


def _free(place: Place, row: UUID, text: str, now: datetime) -> str:
    freed = needs.free_places(target_id=place.target.pk, volunteer_id=row, by=place.user, now=now)
    return ngettext("%d place is free for others.", "%d places are free for others.", freed) % freed


ACTS: dict[str, Callable[[Place, UUID, str, datetime], str]] = {
    "release": _release,
    "close": _become("not_capturable", gettext_noop("“%s” is closed: nobody is sent there any more.")),
    "withdraw": _become("withdrawn", gettext_noop("“%s” is withdrawn.")),
    "wait": _become("waiting", gettext_noop("“%s” waits again.")),
    "keep": _keep,
    "message": _message,
    "ask_reviewers": _ask_reviewers,
    "free": _free,
}
