"""The phone's page."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from capturegraph.models import Target
from capturegraph.staticfiles import ENTRY, HashedModulesStorage

FIRST_STYLES = ("tokens", "bare", "base", "controls", "phone", "slot", "large")
_STYLE_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_STYLE_SPACE = re.compile(r"\s*([{};])\s*")
_SYMBOL = re.compile(r'<symbol id="([^"]+)"')


@require_safe
def field(request: HttpRequest) -> HttpResponse:
    """Show the shell: the same bytes for everybody. The phone brings token and target itself.

    Style, marks and the map of modules are written into the page: on a bad signal each request costs more than its
    bytes. They are allowed by their digests, so that the page stays the same and may be kept; also in the answer that
    it has not changed, whose headers replace the kept ones.
    """
    parts = parts_now()
    allowed = allowed_with(parts)
    response = _shell(request, parts, allowed)
    response._csp_update = allowed  # type: ignore[attr-defined]
    return response


def parts_now() -> dict[str, Any]:
    """Give what is written into the page of the language that is spoken now."""
    language = get_language() or settings.LANGUAGE_CODE
    return _parts(language) if settings.DEBUG else _kept(language)


def allowed_with(parts: dict[str, Any]) -> dict[str, list[str]]:
    """Give what the page may do beside what every page may."""
    return {
        "style-src": [_allowed(parts["style"])],
        "script-src": [_allowed(parts["import_map"])] if parts["import_map"] else [],
        **tiles_allowed(),
    }


def tiles_allowed() -> dict[str, list[str]]:
    """Give what pages with maps may do beside: ask where the targets' own maps come from."""
    return {"connect-src": Target.objects.tile_hosts()}


@gzip_page
@conditional_page
def _shell(request: HttpRequest, parts: dict[str, Any], allowed: dict[str, list[str]]) -> HttpResponse:
    response = render(request, "field.html", parts)
    # What may be asked is told in a header, and kept with the page: another header is another page.
    version = hashlib.sha256(response.content + json.dumps(allowed).encode())
    response.headers["ETag"] = f'"{version.hexdigest()[:32]}"'
    return response


def _parts(language: str) -> dict[str, Any]:
    entry, members = _entry(language)
    imports = dict.fromkeys(members, entry)
    return {
        "sprite": _sprite(),
        "style": "".join(_style(name) for name in FIRST_STYLES),
        "entry": entry,
        "import_map": json.dumps({"imports": imports}, separators=(",", ":")) if imports else "",
    }


@cache
def _kept(language: str) -> dict[str, Any]:
    return _parts(language)


def _entry(language: str) -> tuple[str, list[str]]:
    """Give the address of the first script, and those of the modules that are in it already."""
    storage: Any = staticfiles_storage
    if isinstance(storage, HashedModulesStorage) and (first := storage.first(language)):
        return first
    return storage.url(ENTRY), []


def _style(name: str) -> str:
    return _STYLE_SPACE.sub(r"\1", _STYLE_COMMENT.sub("", _read(f"style/{name}.css")))


def _read(name: str) -> str:
    found = finders.find(name)
    return Path(str(found)).read_text(encoding="utf-8")


def _sprite() -> str:
    """Give the marks as part of the page; their names get a beginning of their own, no element's id is like one."""
    return _SYMBOL.sub(r'<symbol id="mark-\1"', _read("marks.svg")).replace("<svg ", '<svg hidden="" ', 1)


def _allowed(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
