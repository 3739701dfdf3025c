"""What people make of captures."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework import serializers

from capturegraph.api.serializers.fields import Operation
from capturegraph.api.serializers.people import Id
from capturegraph.models import Capture


class ReviewIn(Operation):
    """Accepting or rejecting a capture, or undoing that."""

    verdict = serializers.ChoiceField(choices=Capture.Review.choices)
    reason = serializers.ChoiceField(
        choices=Capture.RejectedFor.choices,
        required=False,
        help_text=gettext_lazy("Of a rejection, for its volunteer."),
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")
    token = serializers.UUIDField(
        required=False,
        help_text=gettext_lazy("Of the claim: the verdict is refused where that is somebody else's by now."),
    )


class NextReviewIn(Operation):
    """Asking for the next capture to look at. `after` are those in hand, to be given the one that comes after."""

    target = serializers.UUIDField()
    after = serializers.ListField(child=Id(), max_length=2, required=False, default=list)


class UndoReviewIn(Operation):
    """Taking the last verdict back."""

    target = serializers.UUIDField()


class ClaimIn(Operation):
    """Keeping a claim for longer."""

    token = serializers.UUIDField()


class GiveBackIn(ClaimIn):
    """Letting others look at a capture; one that is skipped comes last for the caller for half an hour."""

    skip = serializers.BooleanField(required=False, default=False)


class AcceptCleanIn(Operation):
    """Accepting the captures that are clean, the oldest first, or only counting them."""

    most = serializers.IntegerField(
        min_value=1, max_value=500, required=False, default=500, help_text=gettext_lazy("As many as were shown.")
    )
    dry_run = serializers.BooleanField(required=False, default=False)


class UndoCleanIn(Operation):
    """Undoing that, by the id that it was given."""

    change = serializers.UUIDField()


class DisputeIn(Operation):
    """Why a rejected capture is good."""

    text = serializers.CharField(max_length=1000)


class ClaimOut(serializers.Serializer[Any]):
    """A capture that is the caller's to judge until then. The flags make one look; they decide nothing."""

    capture = serializers.UUIDField()
    token = serializers.UUIDField()
    until = serializers.DateTimeField()
    volunteer = serializers.CharField()
    captured_at = serializers.DateTimeField()
    review = serializers.CharField()
    flags = serializers.ListField(child=serializers.DictField())
    disputed = serializers.CharField(allow_null=True, help_text=gettext_lazy("What its volunteer says to a rejection."))


class WhyNoneOut(serializers.Serializer[Any]):
    """Why there is nothing to look at: `done`, `others` (they look at it now) or `own`."""

    code = serializers.CharField()
    text = serializers.CharField()


class NextReviewOut(serializers.Serializer[Any]):
    """The next capture to look at, and how many wait; those that others look at, and one's own, are not to be done."""

    claim = ClaimOut(allow_null=True)
    reason = WhyNoneOut(allow_null=True)
    left = serializers.IntegerField()
    elsewhere = serializers.IntegerField()
    own = serializers.IntegerField()
    pace_s = serializers.FloatField(
        allow_null=True, help_text=gettext_lazy("Seconds that the caller needs for one, the middle of the last ones.")
    )


class CleanOut(serializers.Serializer[Any]):
    """How many captures were meant, and the id by which that is undone."""

    count = serializers.IntegerField()
    change = serializers.UUIDField(allow_null=True)


class DisputeOut(serializers.Serializer[Any]):
    """What a volunteer says to a rejection, and the answer."""

    id = serializers.UUIDField()
    capture = serializers.UUIDField()
    state = serializers.CharField(help_text=gettext_lazy("open, upheld or granted"))
    text = serializers.CharField()
    said_at = serializers.DateTimeField()
    answer = serializers.CharField(allow_blank=True)
    answered_at = serializers.DateTimeField(allow_null=True)


class LinkIn(Operation):
    """Saying that a capture shows a slot, or taking that back."""

    slot = serializers.UUIDField()
    linked = serializers.BooleanField(required=False, default=True)


class MatchOut(serializers.Serializer[Any]):
    """One slot that a capture counts for, or did; distances in σ, null where the place is not known."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    state = serializers.CharField()
    metres = serializers.FloatField(allow_null=True)
    heading_off_deg = serializers.FloatField(allow_null=True)
    distance = serializers.FloatField(allow_null=True)
    probability = serializers.FloatField(allow_null=True)
    terms = serializers.DictField()
    manual = serializers.BooleanField()
    kept = serializers.BooleanField()
    active = serializers.BooleanField()


class ReviewOut(serializers.Serializer[Any]):
    """A capture as it stands after people have looked at it."""

    id = serializers.UUIDField()
    target = serializers.UUIDField()
    state = serializers.ChoiceField(choices=Capture.State.choices)
    review = serializers.CharField(help_text=gettext_lazy("The verdict: pending, accepted or rejected."))
    reviewed_at = serializers.DateTimeField(allow_null=True)
    review_reason = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    counts = serializers.BooleanField()
    reason = serializers.CharField(allow_null=True)
    matches = MatchOut(many=True)
