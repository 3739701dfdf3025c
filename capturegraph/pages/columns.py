"""Saying which column of a file is what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from capturegraph.formats import FEATURE_ID
from capturegraph.models import Batch, ColumnChoice
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.services.batching import batch_jobs
from capturegraph.services.batching import columns as services
from capturegraph.services.refusals import Conflict, Invalid

PLACE = "place"
FIELDS = {
    "latitude": (gettext_lazy("Latitude"), gettext_lazy("Degrees north, like 38.8951; south is negative.")),
    "longitude": (gettext_lazy("Longitude"), gettext_lazy("Degrees east, like 7.45; west is negative.")),
    PLACE: (gettext_lazy("Place as a geometry"), gettext_lazy("One column with WKT, like POINT (7.45 46.95).")),
    "external_id": (gettext_lazy("Id"), gettext_lazy("By it the next file changes the same place.")),
    "title": (gettext_lazy("Title"), gettext_lazy("What volunteers read first.")),
    "note": (gettext_lazy("Note"), gettext_lazy("What helps to find it.")),
    "heading": (gettext_lazy("Heading"), gettext_lazy("Degrees clockwise from north: which way to look.")),
    "priority": (gettext_lazy("Priority"), gettext_lazy("From 0 to 100; higher ones come first.")),
    "required_count": (gettext_lazy("How many people"), gettext_lazy("So many different people photograph it.")),
    "skills": (gettext_lazy("What it takes"), gettext_lazy("Words, with semicolons between them.")),
    "window_from": (gettext_lazy("From when"), gettext_lazy("By the clocks of this target.")),
    "window_until": (gettext_lazy("Until when"), gettext_lazy("By the clocks of this target.")),
}
OWN_ID = "own"


@login_required
@require_http_methods(["GET", "POST"])
def columns(request: HttpRequest, target_id: UUID, batch_id: UUID) -> HttpResponse:
    """Show the columns of a file with the guesses chosen, and read it as somebody says."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    batch = get_object_or_404(Batch, target=place.target, pk=batch_id)
    if batch.state not in services.OPEN or not batch.reading.get("header"):
        return redirect("preview", place.target.pk, batch.pk)
    if request.method == "GET":
        return render(request, "console/columns.html", _shown(place, batch, _now(batch)))
    if request.POST.get("what") == "forget":
        return _forget(request, place, batch)
    asked = {field: request.POST.get(field, "") for field in _fields(batch)}
    return _choose(request, place, batch, asked)


def _choose(request: HttpRequest, place: Place, batch: Batch, asked: Mapping[str, str]) -> HttpResponse:
    what: dict[str, Any] = {"columns": _by_name(batch, asked), "remember": request.POST.get("remember") == "on",
                            "by": place.user, "now": timezone.now()}  # fmt: skip
    missing = [str(FIELDS[field][0]) for field in ("latitude", "longitude") if what["columns"].get(field) == ""]
    if missing and not batch.reading["header"]["geometry"]:
        sentence = _("Say where the places are: latitude and longitude, or a column with geometries.")
        return render(request, "console/columns.html", _shown(place, batch, asked, sentence), status=400)
    if batch_jobs.is_large(batch.file.size):
        return redirect("working", place.target.pk, batch_jobs.read_again(batch=batch, **what).pk)
    try:
        services.choose(batch_id=batch.pk, **what)
    except Invalid as refused:
        return render(request, "console/columns.html", _shown(place, batch, asked, refused.detail), status=400)
    except Conflict as refused:
        messages.info(request, refused.detail)
    return redirect("preview", place.target.pk, batch.pk)


def _forget(request: HttpRequest, place: Place, batch: Batch) -> HttpResponse:
    try:
        services.forget(batch_id=batch.pk, by=place.user, now=timezone.now())
    except (Conflict, Invalid) as refused:
        messages.info(request, refused.detail)
    else:
        messages.info(request, _("Forgotten. Such files are read by the names of their columns again."))
    return redirect("columns", place.target.pk, batch.pk)


def _fields(batch: Batch) -> list[str]:
    """The fields that this file can fill: places of a map layer are its geometries."""
    geometry = batch.reading["header"]["geometry"]
    return [field for field in FIELDS if not (geometry and field in ("latitude", "longitude", PLACE))]


def _now(batch: Batch) -> dict[str, str]:
    """What is chosen now, by the number of the column in the header."""
    names, read = batch.reading["header"]["names"], dict(batch.reading["columns"])
    if read.get("latitude") and read["latitude"] == read.get("longitude"):
        read[PLACE] = read.pop("latitude")
        del read["longitude"]
    found = {field: str(names.index(column)) for field, column in read.items() if column in names}
    own = read.get("external_id") == FEATURE_ID and FEATURE_ID not in names
    return found | ({"external_id": OWN_ID} if own else {})


def _by_name(batch: Batch, asked: Mapping[str, str]) -> dict[str, str]:
    """Field → name of the column that was chosen, empty for none; nonsense is none."""
    names = batch.reading["header"]["names"]
    by_number = {str(number): name for number, name in enumerate(names)} | {OWN_ID: FEATURE_ID}
    chosen = {field: by_number.get(value, "") for field, value in asked.items()}
    place = chosen.pop(PLACE, "")
    if place and not (chosen["latitude"] and chosen["longitude"]):
        chosen |= {"latitude": place, "longitude": place}
    return chosen


def _shown(place: Place, batch: Batch, chosen: Mapping[str, str], refused: str = "") -> dict[str, object]:
    header = batch.reading["header"]
    examples = [", ".join(header["examples"].get(name, [])) for name in header["names"]]
    options = [(str(number), name, examples[number]) for number, name in enumerate(header["names"])]
    rows = []
    for field in _fields(batch):
        label, help_text = FIELDS[field]
        value = chosen.get(field, "")
        shown = examples[int(value)] if value.isdecimal() and int(value) < len(examples) else ""
        rows.append({"field": field, "label": label, "help": help_text, "chosen": value, "example": shown,
                     "own": field == "external_id" and header["own_ids"]})  # fmt: skip
    known = ColumnChoice.objects.filter(target=place.target, header=header["key"]).select_related("created_by").first()
    return {
        "place": place, "target": place.target, "tab": "import", "batch": batch, "rows": rows, "options": options,
        "known": known, "refused": refused or batch.reading.get("refused", ""), "examples": examples,
    }  # fmt: skip
