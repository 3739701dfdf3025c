"""Files of places: uploaded, looked at, applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from capturegraph.formats import Row
from capturegraph.models import Batch, CandidateSlot
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import UploadForm
from capturegraph.services import batches
from capturegraph.services.candidates import Difference
from capturegraph.services.refusals import Conflict, Invalid

LATEST_SHOWN = 10
POINTS_SHOWN = 5000
COUNTED = ("added", "changed", "removed", "protected", "kept", "errors")


@login_required
@require_http_methods(["GET", "POST"])
def upload(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Take a file and go on to what it would do."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if request.method == "POST" and form.is_valid():
        batch = _previewed(place, form)
        if batch:
            return redirect("preview", place.target.pk, batch.pk)
    latest = Batch.objects.filter(target=place.target, state=Batch.State.APPLIED).order_by("-applied_at")[:LATEST_SHOWN]
    shown = {"place": place, "target": place.target, "tab": "import", "form": form, "latest": latest}
    return render(request, "console/import.html", shown, status=400 if form.errors else 200)


def _previewed(place: Place, form: UploadForm) -> Batch | None:
    uploaded = form.cleaned_data["file"]
    if uploaded.size > settings.MAX_BATCH_BYTES:
        megabytes = settings.MAX_BATCH_BYTES // 2**20
        form.add_error("file", _("The file is larger than %d MB. Split it, and add the parts one by one.") % megabytes)
        return None
    file = batches.File(uploaded.name, uploaded.read())
    try:
        return batches.preview(
            target=place.target, file=file, mode=form.cleaned_data["mode"], by=place.user, now=timezone.now()
        )
    except Invalid as refused:
        form.add_error("file", refused.detail)
        return None


@login_required
@require_http_methods(["GET", "POST"])
def preview(request: HttpRequest, target_id: UUID, batch_id: UUID) -> HttpResponse:
    """Show what a file would do, and do it or forget it."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    batch = get_object_or_404(Batch, target=place.target, pk=batch_id)
    if request.method == "POST":
        return _decide(request, place, batch)
    if batch.state != Batch.State.PREVIEWED:
        return redirect("board", place.target.pk)
    return render(request, "console/preview.html", _shown(place, batch))


def _shown(place: Place, batch: Batch, refused: str = "") -> dict[str, object]:
    return {
        "place": place,
        "target": place.target,
        "tab": "import",
        "batch": batch,
        "columns": _columns(batch.reading.get("columns", {})),
        "tiles": [(name, batch.counts.get(name, 0)) for name in COUNTED],
        "does": [(name, batch.counts.get(name, 0)) for name in COUNTED[:3] if batch.counts.get(name, 0)],
        "refused": refused,
        "points": _points(batches.look(batch=batch, now=timezone.now()).found),
    }


def _columns(columns: Mapping[str, str]) -> list[tuple[str, str]]:
    """Which column was read as which field; one that holds both coordinates is named once, as the place."""
    both = columns.get("latitude")
    if both is None or both != columns.get("longitude"):
        return list(columns.items())
    rest = [(field, column) for field, column in columns.items() if column != both]
    return [*rest, ("place", both)]


def _points(found: Difference) -> dict[str, object]:
    """What goes where, as GeoJSON; of each kind evenly chosen where there are more than a look can take in."""
    kinds: list[tuple[str, Sequence[Row | CandidateSlot]]] = [
        ("pool", found.kept),
        ("added", found.added),
        ("changed", [row for __, row in found.changed]),
        ("removed", found.removed),
        ("protected", found.protected),
    ]
    features = [
        {
            "type": "Feature",
            "properties": {"mark": mark, "title": one.title},
            "geometry": {"type": "Point", "coordinates": [one.longitude, one.latitude]},
        }
        for mark, some in kinds
        for one in some[:: max(1, -(-len(some) // POINTS_SHOWN))]
        if one.latitude is not None
    ]
    return {"type": "FeatureCollection", "features": features}


def _decide(request: HttpRequest, place: Place, batch: Batch) -> HttpResponse:
    if request.POST.get("what") == "discard":
        batches.discard(batch_id=batch.pk)
        messages.info(request, _("The file was discarded. Nothing has been changed."))
        return redirect("import", place.target.pk)
    if request.POST.get("what") != "apply":
        raise Http404
    skip = request.POST.get("skip_bad_rows") == "on"
    try:
        done = batches.apply(batch_id=batch.pk, by=place.user, now=timezone.now(), skip_bad_rows=skip)
    except (Conflict, Invalid) as refused:
        return render(request, "console/preview.html", _shown(place, batch, refused.detail), status=refused.status)
    messages.success(request, _applied(done))
    return redirect("board", place.target.pk)


def _applied(batch: Batch) -> str:
    n = batch.counts["added"] + batch.counts["changed"] + batch.counts["removed"]
    if n == 0:
        return _("%s: everything was there already. Nothing has been changed.") % batch.file_name
    sentence = ngettext("%(file)s: one place changed.", "%(file)s: %(n)d places brought in or changed.", n)
    return sentence % {"file": batch.file_name, "n": n}
