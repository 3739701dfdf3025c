"""Which representation is answered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request


class OneRepresentation(DefaultContentNegotiation):
    """Each address has one representation, so that what a client accepts need not be worked out at each request."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[Any, str]:
        """Take the view's own, whatever `Accept` says."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type
