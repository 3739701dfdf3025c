"""Who takes part in a target: found, written to, paused together."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from capturegraph.models import Assignment, Invite, Membership, Target
from capturegraph.models.membership import MembershipQuerySet, Role
from capturegraph.pages import site_review
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import InviteForm, NoteForm
from capturegraph.services import targets
from capturegraph.services.opening import checks
from capturegraph.services.people import invites, members
from capturegraph.services.refusals import Invalid, Refused

SHOWN_AT_ONCE = 100
SHOWS = ("all", "out", "removed")
BACK_TO = ("people", "settings", "board")


@login_required
@require_safe
def people(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the members, who holds what, the invites that still work, and the forms for more."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    return render(request, "console/people.html", shown(place, request.GET))


@login_required
@require_POST
def write(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Write to all, to the volunteers, or to whoever holds a place now."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = NoteForm(request.POST)
    if form.is_valid():
        note = form.cleaned_data
        try:
            sent, _first = members.write_note(
                target=place.target, by=place.user, text=note["text"], to=note["to"],
                operation_id=note["operation_id"], now=timezone.now(),
            )  # fmt: skip
        except Invalid as refused:
            form.add_error("text", refused.detail)
        else:
            messages.success(request, written(sent))
            return redirect("people", place.target.pk)
    return render(request, "console/people.html", shown(place, {}, note=form), status=400)


def written(sent: int) -> str:
    """Say to how many a message went."""
    if not sent:
        return _("Nobody is there to read it: the message went to no one.")
    said = ngettext(
        "Written to %d person: it shows on their phone.", "Written to %d people: it shows on their phones.", sent
    )
    return said % sent


@login_required
@require_POST
def state(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Pause a target, close it, or open it (again): whoever holds a place is told at once."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    wanted, back = request.POST.get("state", ""), request.POST.get("back", "")
    if wanted not in Target.State.values or "\0" in wanted:
        messages.error(request, _("A target is open, paused, closed, or a draft."))
    else:
        out = Assignment.objects.live(timezone.now()).filter(target=place.target)
        told = out.values("volunteer").distinct().count()
        was_draft = place.target.state == Target.State.DRAFT and wanted == Target.State.OPEN
        left = checks.left(place.target) if was_draft else []
        values, now = {"state": wanted}, timezone.now()
        try:
            targets.change_target(target_id=place.target.pk, by=place.user, values=values, now=now)
        except Refused as refused:
            messages.warning(request, refused.detail)
            return redirect("site-review", place.target.pk)
        messages.success(request, site_review.told(left) if left else _turned(Target.State(wanted), told))
    return redirect(back if back in BACK_TO else "people", place.target.pk)


def _turned(now_is: Target.State, told: int) -> str:
    sentences = {
        Target.State.PAUSED: _("Paused: nobody is given a place. Photos are still taken."),
        Target.State.CLOSED: _("Closed: nobody is given a place. Photos are still taken."),
        Target.State.OPEN: _("Open: places are given out."),
        Target.State.DRAFT: _("A draft: nobody is given a place until it is opened."),
    }
    if not told or now_is == Target.State.DRAFT:
        return sentences[now_is]
    said = ngettext("%d person on the way was told.", "%d people on the way were told.", told)
    return f"{sentences[now_is]} {said % told}"


def shown(
    place: Place, asked: Mapping[str, Any], *, invite: InviteForm | None = None, note: NoteForm | None = None
) -> dict[str, Any]:
    """Give what the page shows; `asked` may hold `q` (part of a name), `show` (one of `SHOWS`) and `page`."""
    now = timezone.now()
    text = str(asked.get("q", ""))[:100].replace("\0", "").strip()
    show = asked.get("show") if asked.get("show") in SHOWS else "all"
    every = Membership.objects.filter(target=place.target)
    page = int(asked["page"]) if str(asked.get("page", "")).isdecimal() and len(str(asked["page"])) < 5 else 1
    found = _chosen(every, str(show), place).named(text)
    start = (max(page, 1) - 1) * SHOWN_AT_ONCE
    rows = list(_sorted(found).select_related("user").for_desk(now)[start : start + SHOWN_AT_ONCE + 1])
    holds = _holds(place, rows)
    return {
        "place": place, "target": place.target, "tab": "people", "now": now, "q": text, "show": show,
        "form": invite or InviteForm(initial={"code": invites.typed_code()}),
        "note": note or NoteForm(initial={"operation_id": uuid4()}),
        "members": [
            {"one": row, "holds": holds.get(row.user_id, []), "fresh": _fresh(row, now)} for row in rows[:SHOWN_AT_ONCE]
        ],
        "count": every.current().count(), "removed": every.exclude(removed_at=None).count(),
        "out": Assignment.objects.live(now).filter(target=place.target).values("volunteer").distinct().count(),
        "more": urlencode({"q": text, "show": show, "page": max(page, 1) + 1}) if len(rows) > SHOWN_AT_ONCE else "",
        "invites": Invite.objects.filter(
            target=place.target, for_user=None, revoked_at=None, uses_left__gt=0, expires_at__gt=now
        ).select_related("created_by").order_by("expires_at"),
    }  # fmt: skip


def _chosen(every: MembershipQuerySet, show: str, place: Place) -> MembershipQuerySet:
    if show == "removed":
        return every.exclude(removed_at=None)
    if show == "out":
        out = Assignment.objects.live(timezone.now()).filter(target=place.target)
        return every.current().filter(user__in=out.values("volunteer"))
    return every.current()


def _fresh(row: Any, now: datetime) -> bool:
    return bool(row.last_seen_at and now - row.last_seen_at < timedelta(minutes=1))


def _sorted(found: MembershipQuerySet) -> MembershipQuerySet:
    return found.order_by("role", "user__name", "pk")


def _holds(place: Place, rows: list[Membership]) -> dict[UUID, list[Assignment]]:
    held: dict[UUID, list[Assignment]] = {}
    now = timezone.now()
    live = Assignment.objects.live(now).filter(target=place.target, volunteer__in=[row.user_id for row in rows])
    for one in live.select_related("slot").order_by("stop", "expires_at"):
        held.setdefault(one.volunteer_id, []).append(one)
    return held
