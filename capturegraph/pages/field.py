"""The phone's page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import conditional_page, require_safe


@require_safe
@conditional_page
def field(request: HttpRequest) -> HttpResponse:
    """Show the shell: the same bytes for everybody. The phone brings token and target itself."""
    return render(request, "field.html")
