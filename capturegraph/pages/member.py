"""One member of a target: what they hold and did, and what a coordinator may do for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from capturegraph.models import Assignment, Capture, Device, Membership
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import NoteForm, ProfileForm
from capturegraph.pages.inviting import picture
from capturegraph.pages.people import written
from capturegraph.services.hand_out import places
from capturegraph.services.people import links, members, merging
from capturegraph.services.planning import availability
from capturegraph.services.refusals import Invalid, Refused

ENDED_SHOWN = 10


def _place_and_member(request: HttpRequest, target_id: UUID, user_id: UUID) -> tuple[Place, Membership]:
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    rows = Membership.objects.filter(target=place.target, user=user_id).select_related("user")
    found = rows.for_desk(timezone.now()).first()
    if found is None:
        raise Http404
    return place, found


@login_required
@require_http_methods(["GET", "POST"])
def member(request: HttpRequest, target_id: UUID, user_id: UUID) -> HttpResponse:
    """Show a member, and do one thing for them: the field `what` says which."""
    place, one = _place_and_member(request, target_id, user_id)
    if request.method == "GET":
        return render(request, "console/member.html", _shown(place, one))
    does = DOES.get(request.POST.get("what", ""))
    if does is None:
        raise Http404
    try:
        said = does(request, place, one)
    except Refused as refused:
        form = ProfileForm(request.POST) if request.POST.get("what") == "profile" else None
        seen = {**_shown(place, one, form), "refused": refused.detail}
        return render(request, "console/member.html", seen, status=refused.status)
    messages.success(request, said)
    if not place.user.is_superuser and Membership.objects.role_of(place.user, place.target) != Role.COORDINATOR:
        # That was their own page: there is nothing here for them any more.
        return redirect("console")
    return redirect("member", place.target.pk, one.user_id)


def _shown(place: Place, one: Membership, profile: ProfileForm | None = None) -> dict[str, Any]:
    now = timezone.now()
    mine = Assignment.objects.filter(target=place.target, volunteer=one.user_id).select_related("slot")
    taken = Capture.objects.filter(target=place.target, volunteer=one.user_id)
    others = Membership.objects.current().filter(target=place.target).exclude(user=one.user_id)
    return {
        "place": place, "target": place.target, "tab": "people", "member": one, "now": now, "roles": Role.choices,
        "holds": mine.filter(pk__in=Assignment.objects.live(now).values("pk")).order_by("stop"),
        "ended": mine.exclude(ended_at=None).order_by("-ended_at")[:ENDED_SHOWN],
        "latest": taken.order_by("-captured_at").first(),
        "phones": Device.objects.live(now).filter(user=one.user_id).order_by("-last_seen_at"),
        "may_link": links.may_act_for(place.user, one.user), "may_return": members.may_come_back(one),
        "last": one.role == Role.COORDINATOR and not members.other_coordinators(place.target.pk, one.user_id),
        "profile": profile or _profile(one),
        "note": NoteForm(initial={"operation_id": uuid4(), "to": "all"}),
        "others": others.select_related("user").order_by("user__name", "pk")[:500],
    }  # fmt: skip


def _profile(one: Membership) -> ProfileForm:
    newcomer = "" if one.newcomer is None else "yes" if one.newcomer else "no"
    return ProfileForm(initial={"skills": ", ".join(one.skills), "newcomer": newcomer})


# --- what can be done -------------------------------------------------------------------------------------------------


def _change_role(request: HttpRequest, place: Place, one: Membership) -> str:
    role = request.POST.get("role", "")
    if role not in Role.values:
        raise Invalid(_("There is no such role."), errors=[{"field": "role", "reason": _("There is no such role.")}])
    members.change_role(target=place.target, user_id=one.user_id, role=role, by=place.user, now=timezone.now())
    return _("%(who)s is %(role)s now.") % {"who": one.user, "role": Role(role).label}


def _remove(request: HttpRequest, place: Place, one: Membership) -> str:
    members.remove(target=place.target, user_id=one.user_id, by=place.user, now=timezone.now())
    return _("%s is out. What they held went back to the others; their photos stay.") % one.user


def _take_in(request: HttpRequest, place: Place, one: Membership) -> str:
    members.take_in_again(target=place.target, user_id=one.user_id, by=place.user, now=timezone.now())
    return _("%s takes part again.") % one.user


def _release(request: HttpRequest, place: Place, one: Membership) -> str:
    wanted = request.POST.get("assignment", "")
    mine = Assignment.objects.filter(target=place.target, volunteer=one.user_id)
    row = next((each for each in mine if str(each.pk) == wanted), None)
    if row is None:
        raise Invalid(_("There is no such assignment."))
    taken = places.take_back(assignment_id=row.pk, by=place.user, now=timezone.now())
    return _("“%(place)s” is free again, and %(who)s was told.") % {"place": taken.slot, "who": one.user}


def _write(request: HttpRequest, place: Place, one: Membership) -> str:
    form = NoteForm({**request.POST.dict(), "to": "all"})
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    sent, _first = members.write_note(
        target=place.target, by=place.user, text=form.cleaned_data["text"], users=[one.user_id], now=timezone.now(),
        operation_id=form.cleaned_data["operation_id"],
    )  # fmt: skip
    return written(sent)


def _set_profile(request: HttpRequest, place: Place, one: Membership) -> str:
    form = ProfileForm(request.POST)
    if not form.is_valid():
        raise Invalid(str(next(iter(form.errors.values()))[0]))
    availability.set_profile(membership=one, values=form.values(), by=place.user, now=timezone.now())
    return _("Noted: plans keep to it.")


DOES: dict[str, Callable[[HttpRequest, Place, Membership], str]] = {
    "role": _change_role, "remove": _remove, "take-in": _take_in, "release": _release, "write": _write,
    "profile": _set_profile,
}  # fmt: skip


# --- a new phone, and two who are one ---------------------------------------------------------------------------------


@login_required
@require_POST
@never_cache
def link(request: HttpRequest, target_id: UUID, user_id: UUID) -> HttpResponse:
    """Make a link that signs a phone in as this member, and show it: this once."""
    place, one = _place_and_member(request, target_id, user_id)
    try:
        made = links.make_link(user=one.user, by=place.user, target=place.target, now=timezone.now())
    except Refused as refused:
        seen = {**_shown(place, one), "refused": refused.detail}
        return render(request, "console/member.html", seen, status=refused.status)
    address = request.build_absolute_uri(reverse("join", args=[made.code]))
    return render(
        request, "console/member.html",
        {**_shown(place, one), "made": made.invite, "link": address, "qr": picture(address)},
    )  # fmt: skip


@login_required
@require_http_methods(["GET", "POST"])
def merge(request: HttpRequest, target_id: UUID, user_id: UUID) -> HttpResponse:
    """Show what would move to another member (`into`), and move it. That is not undone."""
    place, one = _place_and_member(request, target_id, user_id)
    wanted = (request.POST if request.method == "POST" else request.GET).get("into", "")
    rows = Membership.objects.current().filter(target=place.target).select_related("user")
    keep = next((each for each in rows if str(each.user_id) == wanted), None)
    if keep is None:
        seen = {**_shown(place, one), "refused": _("Choose whom they are the same person as.")}
        return render(request, "console/member.html", seen, status=400)
    now = timezone.now()
    try:
        if request.method == "POST":
            merging.merge(keep=keep.user, gone=one.user, by=place.user, now=now)
            messages.success(
                request, _("%(one)s and %(other)s are one person now.") % {"one": one.user, "other": keep.user}
            )
            return redirect("member", place.target.pk, keep.user_id)
        moving = merging.preview(keep=keep.user, gone=one.user, by=place.user, now=now)
    except Refused as refused:
        seen = {**_shown(place, one), "refused": refused.detail}
        return render(request, "console/member.html", seen, status=refused.status)
    seen = {"place": place, "target": place.target, "tab": "people", "member": one, "keep": keep, "moving": moving}
    return render(request, "console/merge.html", seen)
