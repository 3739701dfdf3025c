"""What a file would do, as a diff; doing it; and what it did, with the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from capturegraph.formats import write_table
from capturegraph.models import Batch
from capturegraph.models.membership import Role
from capturegraph.pages import differing
from capturegraph.pages.access import Place, place_for
from capturegraph.services.batching import batch_jobs, batches, undoing
from capturegraph.services.refusals import Conflict, Invalid

COUNTED = ("added", "changed", "removed", "protected", "kept", "errors")
LOOKED_THROUGH = ("protected", "errors", "changed")
"""Kinds of rows in the order in which a person must look at them; the others are only counted until asked for."""

LISTED = (*LOOKED_THROUGH, "added", "removed")
ROWS_AT_FIRST, ROWS_A_PAGE = 5, 50


@login_required
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, target_id: UUID, batch_id: UUID) -> HttpResponse:
    """Show what a file would do, and do it or forget it; or what it did, and take it back."""
    place, batch = _file(request, target_id, batch_id)
    if request.method == "POST":
        return _decide(request, place, batch)
    if batch.state == Batch.State.FAILED:
        return redirect("columns", place.target.pk, batch.pk)
    if batch.state != Batch.State.PREVIEWED:
        return render(request, "console/batch.html", _done(request, place, batch))
    return render(request, "console/preview.html", _shown(request, place, batch))


@login_required
@require_safe
def errors_csv(request: HttpRequest, target_id: UUID, batch_id: UUID) -> HttpResponse:
    """Give the rows with errors as a table for a spreadsheet."""
    place, batch = _file(request, target_id, batch_id)
    rows = differing.errors(batch, batches.rows_of(batch=batch, now=timezone.now()) if batch.row_errors else {})
    cells = [(one["row"], one["title"], one["field"], one["reason"]) for one in rows]
    head = (_("Row"), _("Title"), _("Field"), _("What is wrong"))
    name = f"{place.target.pk}-errors.csv"
    return HttpResponse(
        write_table(head, cells), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )  # fmt: skip


@login_required
@require_safe
def places(request: HttpRequest, target_id: UUID, batch_id: UUID) -> JsonResponse:
    """Give the map what goes where, as GeoJSON: points that wear the sign of the counts, and a line for each move."""
    _place, batch = _file(request, target_id, batch_id)
    rows: dict[str, Any] = {"points": [], "moves": []}
    if batch.state == Batch.State.PREVIEWED:
        rows = batches.rows_of(batch=batch, now=timezone.now())
    points = [
        {"type": "Feature", "properties": {"mark": mark, "title": title},
         "geometry": {"type": "Point", "coordinates": [longitude, latitude]}}
        for mark, longitude, latitude, title in rows["points"]
    ]  # fmt: skip
    lines = [
        {"type": "Feature", "properties": {},
         "geometry": {"type": "LineString", "coordinates": [move[:2], move[2:]]}}
        for move in rows["moves"]
    ]  # fmt: skip
    return JsonResponse({"places": _collection(points), "moves": _collection(lines)})


def _collection(features: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": features}


def _file(request: HttpRequest, target_id: UUID, batch_id: UUID) -> tuple[Place, Batch]:
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    return place, get_object_or_404(Batch.objects.select_related("created_by"), target=place.target, pk=batch_id)


# --- what it would do -------------------------------------------------------------------------------------------------


def _shown(request: HttpRequest, place: Place, batch: Batch, refused: str = "") -> dict[str, object]:
    rows = batches.rows_of(batch=batch, now=timezone.now())
    asked = request.GET.get("show", "")
    does = [(name, batch.counts.get(name, 0)) for name in COUNTED[:3] if batch.counts.get(name, 0)]
    return {
        "place": place,
        "target": place.target,
        "tab": "import",
        "batch": batch,
        "columns": differing.columns(batch.reading.get("columns", {})),
        "tiles": [(name, batch.counts.get(name, 0)) for name in COUNTED],
        "does": does,
        "only_adds": [name for name, _n in does] in ([], ["added"]),
        "refused": refused,
        "sections": _sections(batch, rows, asked, request.GET.get("page", "1")),
        "whole": asked if asked in LISTED else "",
        "rest": [(name, batch.counts.get(name, 0)) for name in ("added", "removed", "kept") if batch.counts.get(name)],
        "names": differing.named(batch.reading.get("held", [])),
    }


def _sections(batch: Batch, rows: Mapping[str, Any], asked: str, page: str) -> list[dict[str, Any]]:
    """The kinds of rows that there are, each with its first rows; one kind alone, by pages, where it is asked for."""
    found = {
        "protected": differing.protected(batch),
        "errors": differing.errors(batch, rows),
        **{name: differing.changes(rows[name], batch) for name in ("changed", "added", "removed")},
    }
    if asked in LISTED:
        shown = Paginator(found[asked], ROWS_A_PAGE).get_page(page)
        return [_section(batch, asked, found[asked], list(shown), pages=shown)]
    return [_section(batch, name, found[name], found[name][:ROWS_AT_FIRST]) for name in LOOKED_THROUGH if found[name]]


def _section(
    batch: Batch, name: str, every: Sequence[Any], rows: Sequence[Any], pages: object = None
) -> dict[str, Any]:
    count = batch.counts.get(name, 0)
    return {
        "name": name, "count": count, "rows": rows, "more": 0 if pages else max(0, count - len(rows)), "pages": pages,
        # Errors without a row of their own are counted with the row: there may be more sentences than rows.
        "kept": len(every) if pages and name != "protected" and len(every) < count else 0,
    }  # fmt: skip


# --- doing it ---------------------------------------------------------------------------------------------------------


def _decide(request: HttpRequest, place: Place, batch: Batch) -> HttpResponse:
    what = request.POST.get("what")
    if what == "discard":
        batches.discard(batch_id=batch.pk)
        messages.info(request, _("The file was discarded. Nothing has been changed."))
        return redirect("import", place.target.pk)
    if what == "undo":
        return _undo(request, place, batch)
    if what != "apply":
        raise Http404
    options = batch_jobs.Options(*(request.POST.get(name) == "on" for name in ("skip_bad_rows", "release_held")))
    if batch.rows > batch_jobs.LARGE_ROWS and batch.state == Batch.State.PREVIEWED:
        job = batch_jobs.apply(batch=batch, by=place.user, now=timezone.now(), options=options)
        return redirect("working", place.target.pk, job.pk)
    try:
        done = batches.apply(batch_id=batch.pk, by=place.user, now=timezone.now(), **options._asdict())
    except (Conflict, Invalid) as refused:
        if batch.state != Batch.State.PREVIEWED:
            messages.info(request, refused.detail)
            return redirect("preview", place.target.pk, batch.pk)
        return render(
            request, "console/preview.html", _shown(request, place, batch, refused.detail), status=refused.status
        )
    messages.success(request, _applied(done))
    return redirect("board", place.target.pk)


def _applied(batch: Batch) -> str:
    n = batch.counts["added"] + batch.counts["changed"] + batch.counts["removed"]
    if n == 0:
        return _("%s: everything was there already. Nothing has been changed.") % batch.file_name
    sentence = ngettext("%(file)s: one place changed.", "%(file)s: %(n)d places brought in or changed.", n)
    return sentence % {"file": batch.file_name, "n": n}


# --- what it did ------------------------------------------------------------------------------------------------------


def _undo(request: HttpRequest, place: Place, batch: Batch) -> HttpResponse:
    if batch.rows > batch_jobs.LARGE_ROWS and batch.state == Batch.State.APPLIED:
        job = batch_jobs.undo(batch=batch, by=place.user, now=timezone.now())
        return redirect("working", place.target.pk, job.pk)
    try:
        undoing.undo(batch_id=batch.pk, by=place.user, now=timezone.now())
    except Conflict as refused:
        messages.info(request, refused.detail)
    return redirect("preview", place.target.pk, batch.pk)


def _done(request: HttpRequest, place: Place, batch: Batch) -> dict[str, object]:
    left = Paginator(undoing.left_of(batch), ROWS_A_PAGE).get_page(request.GET.get("page", "1"))
    done = [(name, batch.counts.get(name, 0)) for name in COUNTED]
    return {"place": place, "target": place.target, "tab": "import", "batch": batch, "tiles": done, "left": left}
