"""Many places at once."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from capturegraph.api.serializers.fields import Strict, on_every_calendar
from capturegraph.services.board import changing


class ChangeSlotsIn(Strict):
    """One thing to do with many slots."""

    action = serializers.ChoiceField(choices=list(changing.ACTIONS))
    slots = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=changing.MOST,
        help_text="Ids; for “assign” at most 100.",
    )  # fmt: skip
    priority = serializers.IntegerField(min_value=0, max_value=100, default=50, help_text="For “priority”.")
    volunteer = serializers.UUIDField(required=False, help_text="To whom, for “assign”.")
    until = serializers.DateTimeField(
        required=False, validators=[on_every_calendar], help_text="To when it is planned; else for a day."
    )
    release_holders = serializers.BooleanField(default=False, help_text="Withdraw what somebody holds, too.")
    operation_id = serializers.UUIDField(required=False)


class UndoChangeIn(Strict):
    """Which change to undo."""

    change = serializers.UUIDField()


class LeftSlotOut(serializers.Serializer[Any]):
    """A slot that was left as it was."""

    slot = serializers.UUIDField()
    title = serializers.CharField()
    why = serializers.CharField(
        help_text="held, nobody, same, theirs, photographed, declined, window, changed, or the slot's state."
    )


class ChangedSlotsOut(serializers.Serializer[Any]):
    """What became of it."""

    id = serializers.UUIDField(help_text="By which it can be undone.")
    action = serializers.CharField()
    changed = serializers.IntegerField(help_text="How many slots.")
    told = serializers.IntegerField(help_text="How many people were told.")
    left = serializers.DictField(child=serializers.IntegerField(), help_text="How many were left, by why.")
    left_slots = LeftSlotOut(many=True, help_text="The first 200 of these.")
    undoable = serializers.BooleanField()
