"""One place that may need a photograph."""

from __future__ import annotations

import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import Count, Exists, OuterRef, Q, Value
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from capturegraph.models.batch import Batch
from capturegraph.models.target import Target
from scheduling import grid

if TYPE_CHECKING:
    from scheduling.geodesy import Box


class CandidateSlotQuerySet(models.QuerySet["CandidateSlot"]):
    """Reads of slots."""

    def of(self, target: Target) -> CandidateSlotQuerySet:
        """Give the slots of one target."""
        return self.filter(target=target)

    def free(self) -> CandidateSlotQuerySet:
        """Give those that somebody could be sent to."""
        return self.filter(state=CandidateSlot.State.WAITING, seats_left__gt=0)

    def inside(self, boxes: Iterable[Box]) -> CandidateSlotQuerySet:
        """Give those in any of some boxes, by the grid cell first, since that is what the index holds."""
        anywhere = Q()
        for box in boxes:
            south, north, west, east = box
            cells = Q()
            for first, last in grid.cell_ranges(box):
                cells |= Q(cell__range=(first, last))
            anywhere |= cells & Q(latitude__range=(south, north), longitude__range=(west, east))
        return self.filter(anywhere)

    def counts(self, now: datetime) -> dict[str, int]:
        """Count the slots by what a person sees: `held` ones are not counted as `waiting`."""
        total = Counter(_NOTHING)
        for counted in self.counts_by_target(now).values():
            total.update(counted)
        return dict(total)

    def counts_by_target(self, now: datetime) -> dict[UUID, dict[str, int]]:
        """Count as `counts`, for each target by itself, in one query; a target without slots is all noughts."""
        from capturegraph.models.assignment import Assignment

        found: dict[UUID, dict[str, int]] = defaultdict(lambda: dict(_NOTHING))
        held_now = Exists(Assignment.objects.live(now).filter(slot=OuterRef("pk")))
        groups = self.order_by().annotate(held=held_now).values_list("target", "state", "held")
        for target_id, state, held, number in groups.annotate(number=Count("pk")):
            found[target_id]["held" if held and state == CandidateSlot.State.WAITING else state] += number
            found[target_id]["total"] += number
        return found


class CandidateSlot(models.Model):
    """One place that may need a photograph, with its rank in the tour. People say "slot"."""

    class State(models.TextChoices):
        POOL = "pool", _("in the pool")
        WAITING = "waiting", _("waiting")
        FULFILLED = "fulfilled", _("done")
        WITHDRAWN = "withdrawn", _("withdrawn")
        NOT_CAPTURABLE = "not_capturable", _("unreachable")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    target = models.ForeignKey(Target, on_delete=models.CASCADE, related_name="slots")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, null=True, related_name="slots")
    external_id = models.CharField(max_length=200, null=True, blank=True)
    title = models.CharField(max_length=200, blank=True)
    note = models.TextField(max_length=2000, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    cell = models.BigIntegerField(null=True, editable=False)
    heading = models.FloatField(null=True, blank=True, help_text=_("Degrees clockwise from true north."))
    window_from = models.DateTimeField(null=True, blank=True, help_text=_("Not before this time."))
    window_until = models.DateTimeField(null=True, blank=True, help_text=_("Before this time."))
    counts_from = models.DateTimeField(
        null=True, blank=True, help_text=_("Photographs taken before this do not count: it was asked for afresh.")
    )
    priority = models.SmallIntegerField(default=50)
    required_count = models.SmallIntegerField(default=1, help_text=_("How many different people."))
    seats_left = models.IntegerField(
        default=1,
        editable=False,
        help_text=_("required_count − people counted − people on the way. Negative where more came than were asked."),
    )
    skills = models.JSONField(
        default=list, blank=True, db_default=Value([], models.JSONField()),
        help_text=_("What somebody has to be able to do, as words; plans keep to it."),
    )  # fmt: skip
    reference = models.CharField(
        max_length=200, blank=True, db_default="", editable=False,
        help_text=_("The photograph to take again: its name in the storage."),
    )  # fmt: skip
    rank = models.IntegerField(default=0, help_text=_("Neighbours in rank are neighbours on the ground."))
    state = models.CharField(max_length=14, choices=State.choices, default=State.WAITING)
    reopened_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text=_("When it was last asked for again; who said no before may be asked again."),
    )
    offered_first_to = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+",
        help_text=_("Whose photograph of it was rejected."),
    )  # fmt: skip
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = CandidateSlotQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["target", "external_id"], name="an_external_id_is_one_slots"),
            models.CheckConstraint(
                condition=Q(latitude=None, longitude=None, cell=None)
                | Q(latitude__range=(-90, 90), longitude__range=(-180, 180), cell__isnull=False),
                name="a_slot_lies_on_the_earth",
            ),
            models.CheckConstraint(
                condition=Q(window_from=None) | Q(window_until=None) | Q(window_until__gt=models.F("window_from")),
                name="a_time_window_is_open_for_a_while",
            ),
            models.CheckConstraint(condition=Q(priority__range=(0, 100)), name="a_priority_is_0_to_100"),
            models.CheckConstraint(condition=Q(required_count__range=(1, 100)), name="a_slot_asks_for_1_to_100_people"),
            models.CheckConstraint(
                condition=Q(seats_left__lte=models.F("required_count")), name="seats_are_not_invented"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["pool", "waiting", "fulfilled", "withdrawn", "not_capturable"]),
                name="a_slot_is_in_a_known_state",
            ),
        )
        indexes = (
            models.Index(
                fields=["target", "-priority", "rank"],
                condition=Q(state="waiting", seats_left__gt=0),
                name="free_slot_in_tour_order",
            ),
            models.Index(
                fields=["target", "priority", "cell", "latitude", "longitude"],
                condition=Q(state="waiting", seats_left__gt=0),
                name="free_slot_by_place",
            ),
            models.Index(
                fields=["target", "offered_first_to"],
                condition=Q(state="waiting", seats_left__gt=0, offered_first_to__isnull=False),
                name="free_slot_offered_first",
            ),
            models.Index(fields=["target", "cell", "latitude", "longitude"], name="slot_by_place"),
            models.Index(fields=["target", "state"], name="slot_by_state"),
            models.Index(fields=["target", "updated_at", "id"], name="slot_listing"),
        )

    def __str__(self) -> str:
        return self.title or self.external_id or str(self.id)

    @property
    def key(self) -> str:
        """What makes a re-upload an update: the external id, else the row's own."""
        return self.external_id or str(self.id)

    @property
    def reference_version(self) -> str | None:
        """A word that changes whenever the reference photograph does: it stands in the file's name, after the id."""
        # A row that was not read back has the database's default there, which is no text.
        name = self.reference if isinstance(self.reference, str) else ""
        return name.rpartition("/")[2][37:53] or None


_NOTHING = dict.fromkeys([*CandidateSlot.State.values, "held", "total"], 0)
