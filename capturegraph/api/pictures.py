"""Small pictures, shown to whoever may see them."""

from __future__ import annotations

from typing import BinaryIO

from django.http import FileResponse, HttpResponse
from rest_framework.request import Request

from capturegraph.api.originals import SEALED
from capturegraph.photos import small

KEPT_S = 30 * 86_400
"""How long a browser may keep a picture whose address changes with it."""


def shown_small(request: Request, version: str, file: BinaryIO, *, immutable: bool) -> HttpResponse | FileResponse:
    """Give a small picture to whoever may see it, to be kept by their browser and by nothing on the way."""
    etag = f'"{version}"'
    response: HttpResponse | FileResponse
    if request.headers.get("If-None-Match") == etag:
        file.close()
        response = HttpResponse(status=304)
    else:
        response = FileResponse(file, content_type=small.MEDIA_TYPE)
    for name, value in {**SEALED, "ETag": etag, "Cross-Origin-Resource-Policy": "same-origin"}.items():
        response[name] = value
    response["Cache-Control"] = f"private, max-age={KEPT_S}, immutable" if immutable else "private, no-cache"
    response["Vary"] = "Authorization, Cookie"
    return response
