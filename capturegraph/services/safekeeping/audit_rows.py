"""Rows against rows: what the database was to hold, and what is written down in two places."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.db.models import CharField, Count, Exists, F, Max, Min, OuterRef, Q
from django.db.models.functions import Cast
from django.db.models.sql import Query
from django.utils.translation import gettext as _

from capturegraph.models import (
    Assignment,
    Batch,
    CandidateSlot,
    Capture,
    Dispute,
    Event,
    Match,
    Membership,
    PhotoFinding,
    Plan,
    ReviewClaim,
    Webhook,
)
from capturegraph.services.safekeeping import tables
from capturegraph.services.safekeeping.finding import Finding, Findings, Look, row
from capturegraph.services.writing import rows
from scheduling import grid

MOST_OF_ONE = 100
"""Rows that are named of one broken constraint."""


def constraints(look: Look) -> Findings:
    """Find constraints that the database does not have, and rows that break one."""
    for model in tables.kept():
        table = model._meta.db_table
        with connection.cursor() as cursor:
            there = connection.introspection.get_constraints(cursor, table)
        for constraint in model._meta.constraints:
            if constraint.name not in there:
                yield Finding("constraint_missing", table, _("the database does not hold “%s”") % constraint.name)
            for pk in _breaking(model, constraint):
                yield Finding("constraint_broken", row(model, pk), _("breaks “%s”") % constraint.name)


def _breaking(model: type[models.Model], constraint: models.BaseConstraint) -> list[Any]:
    if isinstance(constraint, models.CheckConstraint):
        return [pk for (pk,) in _breaking_check(model, constraint)]
    if isinstance(constraint, models.UniqueConstraint):
        return _breaking_unique(model, constraint)
    return []


def _breaking_check(model: type[models.Model], constraint: models.CheckConstraint) -> list[tuple[Any, ...]]:
    # As the database says it: what is not known breaks nothing. The ORM's "exclude" would give that, too.
    query = Query(model=model, alias_cols=False)
    condition: Any = constraint.condition
    where = query.build_where(condition)
    sql, values = where.as_sql(query.get_compiler(connection=connection), connection)
    quote = connection.ops.quote_name
    pk, table = quote(str(model._meta.pk.column)), quote(model._meta.db_table)
    return rows(f"SELECT {pk} FROM {table} WHERE NOT ({sql}) LIMIT {MOST_OF_ONE}", list(values))  # noqa: S608


def _breaking_unique(model: type[models.Model], constraint: models.UniqueConstraint) -> list[Any]:
    some = model._base_manager.filter(constraint.condition or Q()).order_by()
    said = {f"said_{n}": expression for n, expression in enumerate(constraint.expressions)}
    names = [*constraint.fields, *said]
    known = Q(**{f"{name}__isnull": False for name in names})
    twice = some.annotate(**said).filter(known).values(*names).annotate(first=_first(model), times=Count("pk"))
    return list(twice.filter(times__gt=1).values_list("first", flat=True)[:MOST_OF_ONE])


def _first(model: type[models.Model]) -> Any:
    # PostgreSQL before 18 knows no smallest UUID.
    return Min(Cast("pk", CharField()))


def references(look: Look) -> Findings:
    """Find rows that speak of rows that are not there."""
    for model in tables.kept():
        for field in model._meta.concrete_fields:
            if not isinstance(field, models.ForeignKey):
                continue
            there = field.related_model._base_manager.filter(pk=OuterRef(field.attname))
            lost = model._base_manager.filter(**{f"{field.attname}__isnull": False}).exclude(Exists(there))
            for pk, other in lost.order_by("pk").values_list("pk", field.attname)[:MOST_OF_ONE]:
                yield Finding("reference_lost", row(model, pk), _("its %s, %s, is not there") % (field.name, other))


def copies(look: Look) -> Findings:
    """Find what is written down in two rows, and differs."""
    for code, wrong, what in (
        ("other_target", Assignment.objects.exclude(target=F("slot__target")), _("is in another target than its slot")),
        ("other_target", Dispute.objects.exclude(target=F("capture__target")), _OTHER),
        ("other_target", ReviewClaim.objects.exclude(target=F("capture__target")), _OTHER),
        ("other_target", PhotoFinding.objects.exclude(target=F("capture__target")), _OTHER),
        ("other_target", Match.objects.exclude(slot__target=F("capture__target")), _("joins two targets")),
        (
            "other_person", Match.objects.exclude(person_key=F("capture__volunteer__person_key")),
            _("counts somebody else than who took the photo"),
        ),
        (
            "consent_ahead", Membership.objects.filter(consent_version__gt=F("target__consent_version")),
            _("agreed to words that were never shown"),
        ),
        (
            "other_plan", Plan.objects.exclude(accepted_run=None).exclude(accepted_run__plan=F("pk")),
            _("accepted an answer to another plan"),
        ),
    ):  # fmt: skip
        for pk in wrong.order_by("pk").values_list("pk", flat=True)[:MOST_OF_ONE]:
            yield Finding(code, row(wrong.model, pk), str(what))
    last = Event.objects.aggregate(last=Max("pk"))["last"] or 0
    for pk in Webhook.objects.filter(last_event__gt=last).values_list("pk", flat=True):
        yield Finding("webhook_ahead", row(Webhook, pk), _("has told of events that there are not"))
    yield from _cells()


_OTHER = "is in another target than its photo"


def _cells() -> Findings:
    placed = CandidateSlot.objects.filter(latitude__isnull=False).order_by("pk")
    for pk, latitude, longitude, cell in placed.values_list("pk", "latitude", "longitude", "cell").iterator():
        if latitude is not None and longitude is not None and cell != grid.cell(latitude, longitude):
            yield Finding("cell_differs", row(CandidateSlot, pk), _("is not found by its place: its cell is another"))


def batches(look: Look) -> Findings:
    """Find files of places that did not add as many places as they say."""
    applied = Batch.objects.filter(state__in=[Batch.State.APPLIED, Batch.State.UNDONE]).order_by("pk")
    for one in applied.annotate(number=Count("slots")).only("pk", "counts").iterator(chunk_size=500):
        said = one.counts.get("added", 0)
        if said != one.number:
            words = _("says that it added %(said)d places, and there are %(number)d")
            yield Finding("batch_counts", row(Batch, one.pk), words % {"said": said, "number": one.number})


def photo_findings(look: Look) -> Findings:
    """Find figures of photographs that are of other bytes, or that count their flags wrongly."""
    every = PhotoFinding.objects.order_by("pk").values_list("pk", "photo_sha256", "capture__photo_sha256", "flags",
                                                            "flag_count")  # fmt: skip
    for pk, of, there, flags, count in every.iterator(chunk_size=500):
        if of != there:
            yield Finding("finding_of_other_bytes", row(PhotoFinding, pk), _("speaks of another photo"))
        if len(flags) != count:
            yield Finding("flags_miscounted", row(PhotoFinding, pk), _("counts its flags wrongly"))
    odd = Capture.objects.filter(state=Capture.State.AWAITING_PHOTO).exclude(photo="").order_by("pk")
    for pk in odd.values_list("pk", flat=True)[:MOST_OF_ONE]:
        yield Finding("photo_not_said", row(Capture, pk), _("waits for the photo that it names"))
