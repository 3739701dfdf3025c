"""Who takes part in a target, for its coordinators."""

from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers, shapes
from capturegraph.api.access import Access, caller, target_for
from capturegraph.api.me import shown_link
from capturegraph.api.pagination import ByTime
from capturegraph.api.problems import checked
from capturegraph.models import Membership, User
from capturegraph.models.membership import Role
from capturegraph.services.people import links, members, merging
from capturegraph.services.refusals import NotFound


def _coordinated(request: Request, target_id: UUID) -> Access:
    return target_for(caller(request), target_id, at_least=Role.COORDINATOR)


def _member(access: Access, user_id: UUID) -> User:
    member = Membership.objects.filter(target=access.target, user=user_id).select_related("user").first()
    if member is None:
        raise NotFound(_("There is no such member."))
    return member.user


class Members(APIView):
    """The members of a target."""

    @extend_schema(operation_id="members_list", responses=serializers.MemberOut(many=True))
    def get(self, request: Request, target_id: UUID) -> Response:
        """List them, those who were removed too."""
        access, pages = _coordinated(request, target_id), ByTime()
        rows = Membership.objects.filter(target=access.target).select_related("user").with_figures(timezone.now())
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response([shapes.member(one) for one in page])


class OneMember(APIView):
    """One member of a target."""

    @extend_schema(request=serializers.MemberIn, responses=serializers.MemberOut)
    def patch(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Give them another role."""
        access, by, now = _coordinated(request, target_id), caller(request), timezone.now()
        role = checked(serializers.MemberIn(data=request.data))["role"]
        changed = members.change_role(target=access.target, user_id=user_id, role=role, by=by, now=now)
        return Response(
            shapes.member(
                Membership.objects.select_related("user").with_figures(now).get(pk=changed.pk)
            )
        )  # fmt: skip

    @extend_schema(responses={204: None})
    def delete(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Take them out. What they captured stays; what they hold goes back. A repeat is success."""
        access = _coordinated(request, target_id)
        members.remove(target=access.target, user_id=user_id, by=caller(request), now=timezone.now())
        return Response(status=204)


class MemberLink(APIView):
    """A link for a member's new phone."""

    @extend_schema(request=serializers.Operation, responses={201: serializers.LinkOut})
    def post(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Make one that works once, within a day; the one before stops working."""
        access = _coordinated(request, target_id)
        checked(serializers.Operation(data=request.data))
        user, by = _member(access, user_id), caller(request)
        return shown_link(request, links.make_link(user=user, by=by, target=access.target, now=timezone.now()))


class Merge(APIView):
    """Two members who are one person."""

    @extend_schema(request=serializers.MergeIn, responses=serializers.MemberOut)
    def post(self, request: Request, target_id: UUID, user_id: UUID) -> Response:
        """Give everything of this member to another one. It is not undone. A repeat is success."""
        access, now = _coordinated(request, target_id), timezone.now()
        into = checked(serializers.MergeIn(data=request.data))["into"]
        gone, keep = _member(access, user_id), _member(access, into)
        merging.merge(keep=keep, gone=gone, by=caller(request), now=now)
        rows = Membership.objects.filter(target=access.target, user=keep).select_related("user")
        return Response(shapes.member(rows.with_figures(now).get()))


class Notes(APIView):
    """Messages from the coordinators."""

    @extend_schema(request=serializers.NoteIn, responses={201: serializers.SentOut, 200: serializers.SentOut})
    def post(self, request: Request, target_id: UUID) -> Response:
        """Write to some members, or to all."""
        access = _coordinated(request, target_id)
        asked = checked(serializers.NoteIn(data=request.data))
        sent, first = members.write_note(
            target=access.target, by=caller(request), text=asked["text"], users=asked.get("users"), now=timezone.now(),
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        return Response({"sent": sent}, status=201 if first else 200)
