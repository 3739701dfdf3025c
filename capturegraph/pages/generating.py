"""Places that are drawn rather than listed."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from capturegraph.models import CandidateSlot
from capturegraph.models.membership import Role
from capturegraph.pages.access import Place, place_for
from capturegraph.pages.forms import GenerateForm
from capturegraph.services.batching import generating
from capturegraph.services.refusals import Invalid


@login_required
@require_http_methods(["GET", "POST"])
def generate(request: HttpRequest, target_id: UUID) -> HttpResponse:
    """Show the map to draw on, and go on to what the drawn places would do."""
    place = place_for(request, target_id, at_least=Role.COORDINATOR)
    form = GenerateForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        onward = _drawn(place, form)
        if onward:
            return onward
    shown = {
        "place": place, "target": place.target, "tab": "import", "form": form,
        "any": CandidateSlot.objects.of(place.target).exists(),
    }  # fmt: skip
    return render(request, "console/generate.html", shown, status=400 if form.errors else 200)


def _drawn(place: Place, form: GenerateForm) -> HttpResponse | None:
    said = form.cleaned_data
    wanted = generating.Wanted(said["kind"], form.area(), said["spacing_m"], said["count"])
    try:
        batch = generating.generate(
            target=place.target, wanted=wanted, mode="add", by=place.user, now=timezone.now(), at_desk=True
        )
    except Invalid as refused:
        field = refused.errors[0]["field"] if refused.errors else None
        form.add_error({"area": "corners"}.get(str(field), field), refused.detail)
        return None
    return redirect("preview", place.target.pk, batch.pk)
