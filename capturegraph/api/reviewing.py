"""The review room: what to look at next, for the caller alone, and what is done with many at once."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from capturegraph.api import serializers
from capturegraph.api.access import caller, target_for
from capturegraph.api.problems import checked
from capturegraph.api.reviews import check_may_review
from capturegraph.models import Capture, Dispute, PhotoFinding, ReviewClaim, Target
from capturegraph.models.membership import Role
from capturegraph.services.reviewing import bulk, claims, disputes, figures, queue, undoing
from capturegraph.services.reviewing.queue import Waiting


class NextReview(APIView):
    """The queue."""

    @extend_schema(request=serializers.NextReviewIn, responses=serializers.NextReviewOut)
    def post(self, request: Request) -> Response:
        """Claim the next capture of a target: flagged ones first, then disputes, then the oldest.

        What the caller looks at already is given again; nobody else is given it meanwhile. A claim holds for five
        minutes, and longer where nobody else asks.
        """
        asked = checked(serializers.NextReviewIn(data=request.data))
        user = caller(request)
        target = target_for(user, asked["target"], at_least=Role.REVIEWER).target
        claim = claims.next_claim(target=target, by=user, now=timezone.now(), token=uuid4(), after=asked["after"])
        return _given(request, target, claim)


class UndoReview(APIView):
    """The caller's last verdict."""

    @extend_schema(request=serializers.UndoReviewIn, responses=serializers.NextReviewOut)
    def post(self, request: Request) -> Response:
        """Take it back, and claim its capture again."""
        asked = checked(serializers.UndoReviewIn(data=request.data))
        user = caller(request)
        target = target_for(user, asked["target"], at_least=Role.REVIEWER).target
        claim = undoing.undo_last(
            target=target, by=user, now=timezone.now(), token=uuid4(), operation_id=asked.get("operation_id")
        )
        return _given(request, target, claim)


class Claim(APIView):
    """A claim that the caller has."""

    @extend_schema(request=serializers.ClaimIn, responses=serializers.ClaimOut)
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Keep it for five more minutes."""
        check_may_review(request, capture_id)
        asked = checked(serializers.ClaimIn(data=request.data))
        claim = claims.renew(capture_id=capture_id, by=caller(request), token=asked["token"], now=timezone.now())
        return Response(_claim(claim))


class GiveBack(APIView):
    """The end of a claim."""

    @extend_schema(request=serializers.GiveBackIn, responses={204: None})
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Let others look at it."""
        check_may_review(request, capture_id)
        asked = checked(serializers.GiveBackIn(data=request.data))
        claims.give_back(
            capture_id=capture_id, by=caller(request), token=asked["token"], skip=asked["skip"], now=timezone.now(),
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        return Response(status=204)


class AcceptClean(APIView):
    """Everything that is clean: unflagged, counted, and taken within the threshold with a probability of 95 %."""

    @extend_schema(request=serializers.AcceptCleanIn, responses=serializers.CleanOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Accept it, up to 500 captures; with “dry_run” only count."""
        user, now = caller(request), timezone.now()
        target = target_for(user, target_id, at_least=Role.REVIEWER).target
        asked = checked(serializers.AcceptCleanIn(data=request.data))
        if asked["dry_run"]:
            number = min(bulk.clean(target=target, by=user, now=now).count(), bulk.AT_ONCE)
            return Response({"count": number, "change": None})
        done = bulk.accept_clean(
            target=target, by=user, now=now, change_id=uuid4(), most=asked["most"],
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        return Response({"count": done.number, "change": done.change})


class UndoClean(APIView):
    """Clean captures that were accepted at once."""

    @extend_schema(request=serializers.UndoCleanIn, responses=serializers.CleanOut)
    def post(self, request: Request, target_id: UUID) -> Response:
        """Let them wait again, where nothing was said of them since; a repeat is success."""
        user = caller(request)
        target = target_for(user, target_id, at_least=Role.REVIEWER).target
        change = checked(serializers.UndoCleanIn(data=request.data))["change"]
        done = bulk.undo_clean(target=target, change_id=change, by=user, now=timezone.now())
        return Response({"count": done.number, "change": done.change})


class DisputeOf(APIView):
    """What a volunteer says to a rejection."""

    @extend_schema(request=serializers.DisputeIn, responses={201: serializers.DisputeOut, 200: serializers.DisputeOut})
    def post(self, request: Request, capture_id: UUID) -> Response:
        """Say, once, why one's rejected photo is good; somebody else than who rejected it looks again."""
        asked = checked(serializers.DisputeIn(data=request.data))
        dispute, created = disputes.dispute(
            capture_id=capture_id, text=asked["text"], by=caller(request), now=timezone.now(), dispute_id=uuid4(),
            operation_id=asked.get("operation_id"),
        )  # fmt: skip
        shown = {
            "id": dispute.pk, "capture": dispute.capture_id, "state": dispute.state, "text": dispute.said,
            "said_at": dispute.said_at, "answer": dispute.answer, "answered_at": dispute.answered_at,
        }  # fmt: skip
        return Response(shown, status=201 if created else 200)


def _given(request: Request, target: Target, claim: ReviewClaim | None) -> Response:
    user = caller(request)
    waiting = queue.count(target=target, user=user, now=timezone.now())
    return Response(
        {
            "claim": _claim(claim) if claim else None,
            "reason": None if claim else _why_none(waiting),
            **waiting._asdict(),
            "pace_s": figures.own_pace_s(target=target, user=user),
        }
    )


def _claim(claim: ReviewClaim) -> dict[str, Any]:
    capture = Capture.objects.select_related("volunteer").get(pk=claim.pk)
    finding = PhotoFinding.objects.filter(capture=capture).first()
    dispute = Dispute.objects.filter(capture=capture, state=Dispute.State.OPEN).first()
    return {
        "capture": capture.pk,
        "token": claim.token,
        "until": claim.until,
        "volunteer": str(capture.volunteer),
        "captured_at": capture.captured_at,
        "review": capture.review,
        "flags": finding.flags if finding else [],
        "disputed": dispute.said if dispute else None,
    }


def _why_none(waiting: Waiting) -> dict[str, str]:
    if waiting.elsewhere:
        text = ngettext(
            "%d photo waits, and somebody else looks at it now.",
            "%d photos wait, and others look at them now.",
            waiting.elsewhere,
        )
        return {"code": "others", "text": text % waiting.elsewhere}
    if waiting.own:
        text = ngettext(
            "Only %d photo of your own waits. Somebody else has to look at it.",
            "Only %d photos of your own wait. Somebody else has to look at them.",
            waiting.own,
        )
        return {"code": "own", "text": text % waiting.own}
    return {"code": "done", "text": _("Every photo has been reviewed.")}
