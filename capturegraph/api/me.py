"""What somebody can do about themselves."""

from __future__ import annotations

from uuid import UUID

import segno
from django.contrib.auth import logout
from django.http import StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import caller, calling_device, target_for
from capturegraph.api.originals import KEPT_BY_NOBODY, SEALED
from capturegraph.api.pagination import ByTime
from capturegraph.api.problems import checked
from capturegraph.models import Device, Membership, Message, User
from capturegraph.services import telling
from capturegraph.services.people import accounts, consent, erasing, exporting, links, members, phones
from capturegraph.services.people.invites import Invited
from capturegraph.services.refusals import Invalid


def shown_link(request: Request, made: Invited) -> Response:
    """Show a link that signs a phone in, this once."""
    address = request.build_absolute_uri(reverse("join", args=[made.code]))
    invite = made.invite
    drawn = segno.make(address, error="m").svg_data_uri(border=2, scale=4)
    body = {
        "link": address, "qr": drawn, "code": made.code, "expires_at": invite.expires_at, "target": invite.target_id
    }  # fmt: skip
    return Response(body, status=201, headers={"Cache-Control": "no-store"})


class Me(APIView):
    """Who is asking."""

    @extend_schema(responses=serializers.MeOut)
    def get(self, request: Request) -> Response:
        """Say who is asking, what they are and did in which target, and where they are to agree to new words."""
        user, device = caller(request), calling_device(request)
        mine = Membership.objects.current().filter(user=user).select_related("target").with_tally()
        body = {
            "id": user.pk, "name": str(user), "username": user.username if user.has_usable_password() else None,
            "memberships": [shapes.mine(one) for one in mine.order_by("created_at", "pk")],
            # What lies on a phone under the other's name is sent by this one.
            "formerly": list(User.objects.filter(merged_into=user).order_by("pk").values_list("pk", flat=True)),
        }  # fmt: skip
        return Response({**body, "device": shapes.device(device) if device else None})

    @extend_schema(request=serializers.EraseIn, responses=serializers.ErasedOut)
    def delete(self, request: Request) -> Response:
        """Erase oneself. It is not undone; photographs stay, without a name."""
        asked = checked(serializers.EraseIn(data=request.data))
        erased = erasing.erase(user=caller(request), confirm=asked["confirm"], now=timezone.now())
        logout(request._request)
        text = _(
            "Your name, your phones and your messages are deleted. Photos that you gave stay, without your name. "
            "To have one removed, ask the coordinator."
        )
        return Response({"erased_at": erased.at, "captures": erased.captures, "photos": erased.photos, "text": text})


class Login(APIView):
    """How the caller logs in where they have no phone."""

    @extend_schema(request=serializers.LoginIn, responses=serializers.LoginOut)
    def put(self, request: Request) -> Response:
        """Choose a log-in name and a password, who has none. A repeat is success."""
        asked = checked(serializers.LoginIn(data=request.data))
        user = accounts.add_login(user=caller(request), **asked, now=timezone.now())
        return Response({"username": user.username})


class Mine(APIView):
    """Taking part in a target."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, target_id: UUID) -> Response:
        """Leave it. What the caller captured stays, what they hold goes back to the others."""
        user = caller(request)
        target = target_for(user, target_id).target
        members.remove(target=target, user_id=user.pk, by=user, now=timezone.now())
        return Response(status=204)


class Devices(APIView):
    """The phones of the caller."""

    @extend_schema(responses=serializers.OwnDevicesOut)
    def get(self, request: Request) -> Response:
        """List those that were not signed out, the latest used first."""
        this = calling_device(request)
        rows = Device.objects.filter(user=caller(request), revoked_at=None).order_by("-last_seen_at", "pk")
        return Response({"results": [shapes.own_device(row, this=row == this) for row in rows]})


class OneDevice(APIView):
    """A phone of the caller."""

    @extend_schema(responses={204: None})
    def delete(self, request: Request, device_id: UUID) -> Response:
        """Sign it out, at once. A repeat is success."""
        phones.revoke_own(device_id=device_id, by=caller(request), now=timezone.now())
        return Response(status=204)


class DeviceLink(APIView):
    """A link for another phone of the caller."""

    @extend_schema(request=serializers.Operation, responses={201: serializers.LinkOut})
    def post(self, request: Request) -> Response:
        """Make one that works once, within a day; the one before stops working."""
        checked(serializers.Operation(data=request.data))
        user = caller(request)
        return shown_link(request, links.make_link(user=user, by=user, now=timezone.now()))


class Consent(APIView):
    """Agreeing to what a target asks of those who take part."""

    @extend_schema(request=serializers.ConsentIn, responses=serializers.MembershipOut)
    def post(self, request: Request) -> Response:
        """Agree to a version of it, which has to be the present one."""
        asked = checked(serializers.ConsentIn(data=request.data))
        member = consent.agree(
            user=caller(request), target_id=asked["target"], version=asked["version"], now=timezone.now()
        )
        return Response(shapes.membership(member))


class Messages(APIView):
    """What the caller was told."""

    @extend_schema(
        operation_id="me_messages_list",
        parameters=[OpenApiParameter("unseen", bool, description="Only what was not marked as seen.")],
        responses=serializers.MessageOut(many=True),
    )
    def get(self, request: Request) -> Response:
        """List it, the oldest first."""
        user, pages = caller(request), ByTime()
        rows = Message.objects.unseen_by(user) if _unseen(request) else Message.objects.filter(user=user)
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([shapes.message(one) for one in page])


def _unseen(request: Request) -> bool:
    word = request.query_params.get("unseen", "0").lower()
    if word not in ("0", "1", "false", "true"):
        reason = _("Write 1 or 0.")
        raise Invalid(reason, errors=[{"field": "unseen", "reason": reason}])
    return word in ("1", "true")


class Seen(APIView):
    """What the caller has read."""

    @extend_schema(request=serializers.SeenIn, responses=serializers.SeenOut)
    def post(self, request: Request) -> Response:
        """Mark messages as seen. A repeat is success."""
        asked, user = checked(serializers.SeenIn(data=request.data)), caller(request)
        seen = telling.mark_seen(by=user, ids=asked["ids"], now=timezone.now())
        return Response({"seen": seen, "unseen": Message.objects.unseen_by(user).count()})


class Export(APIView):
    """Everything that is kept of the caller."""

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request) -> StreamingHttpResponse:
        """Give a ZIP with `my-data.json` and the original photographs."""
        user: User = caller(request)
        headers = {
            "Content-Disposition": 'attachment; filename="capturegraph-my-data.zip"',
            **SEALED,
            **KEPT_BY_NOBODY,
        }
        pieces = exporting.my_data(user=user, now=timezone.now())
        return StreamingHttpResponse(pieces, content_type="application/zip", headers=headers)
