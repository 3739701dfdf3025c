"""What makes the phone's page an app that opens without a network: its manifest, and its service worker."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import conditional_page, require_safe

from capturegraph.pages.field import allowed_with, parts_now

ICONS = ((192, "any"), (512, "any"), (512, "maskable"))
BACKGROUND = "field/background.js"
# What draws maps is a megabyte: it is kept once the page stands, and nothing waits for it.
_OF_MAPS = re.compile(r"vendor/(maplibre-gl|world-atlas)(@|%40)")
# And what draws maps of a target's own is kept where there is such a target.
_OF_TILES = re.compile(r"vendor/pmtiles(@|%40)|/tiles/")
_IN_PAGE = re.compile(r'"([^"\s#]+)"')
_IMPORT = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"']+)["']""")
_WORDS = re.compile(r"words/([a-z]{2})(?:-[a-z]+)?\.")


@require_safe
@cache_control(max_age=3600)
def manifest(request: HttpRequest) -> JsonResponse:
    """Say how the page is called, looks and starts once it is on the home screen."""
    icons = [
        {"src": static(_icon(size, purpose)), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
        for size, purpose in ICONS
    ]
    page = reverse("field")
    shown = {
        "id": page, "start_url": page, "scope": "/", "display": "standalone", "name": "Capturegraph",
        "short_name": "Capturegraph", "description": _("Which place needs a photo, and the way there."),
        "lang": get_language(), "background_color": "#f6f5f1", "theme_color": "#f6f5f1", "icons": icons,
    }  # fmt: skip
    return JsonResponse(shown, content_type="application/manifest+json")


def _icon(size: int, purpose: str) -> str:
    return f"icons/{size}.png" if purpose == "any" else f"icons/{size}-{purpose}.png"


@require_safe
@conditional_page
@cache_control(no_cache=True)
def service_worker(request: HttpRequest) -> HttpResponse:
    """Give the service worker, with the addresses of the files that make up the page of this language.

    It has one address for ever and no hash in it. Its text changes with every file and with the page, and that is how
    browsers learn that there is something new. With `?plain` it imports nothing, where browsers take no modules here.
    """
    parts = parts_now()
    allowed = allowed_with(parts)
    page = render_to_string("field.html", parts, request)
    files = _files(page, get_language() or settings.LANGUAGE_CODE)
    version = hashlib.sha256(json.dumps([page, files, allowed]).encode()).hexdigest()[:16]
    package = {
        "version": version, "page": reverse("field"), "static": settings.STATIC_URL,
        "files": [name for name in files if not _OF_MAPS.search(name) and not _OF_TILES.search(name)],
        "map": [name for name in files if _OF_MAPS.search(name)],
        "tiles": [name for name in files if _OF_TILES.search(name)],
    }  # fmt: skip
    sends = "const sendInBackground = null;"
    if "plain" not in request.GET:
        sends = f"import {{ sendInBackground }} from {json.dumps(staticfiles_storage.url(BACKGROUND))};"
    text = f"{sends}\nconst PACKAGE = {json.dumps(package)};\n{_source('sw.js')}"
    response = HttpResponse(text, content_type="text/javascript; charset=utf-8")
    response._csp_update = {"connect-src": allowed["connect-src"]}  # type: ignore[attr-defined]
    return response


def _files(page: str, language: str) -> list[str]:
    """Give the addresses of what the page uses: what stands in it, and whatever that imports, all the way down."""
    root = settings.STATIC_URL
    entry = {url for url in _IN_PAGE.findall(page) if url.startswith(root)}
    # What the import map sends elsewhere is never asked for under its own name.
    elsewhere = _sent_elsewhere(page)
    found, todo = set[str](), [*sorted(entry - elsewhere), *(static(_icon(size, purpose)) for size, purpose in ICONS)]
    while todo:
        url = todo.pop()
        if url in found or url in elsewhere or not url.startswith(root):
            continue
        words = _WORDS.search(url)
        if words and words[1] != language:
            continue
        found.add(url)
        todo += [urljoin(url, address) for address in _imports(unquote(url.removeprefix(root)))]
    return sorted(found)


def _sent_elsewhere(page: str) -> set[str]:
    found = re.search(r'<script type="importmap">(.*?)</script>', page, re.DOTALL)
    imports: dict[str, str] = json.loads(found[1])["imports"] if found else {}
    return set(imports) - set(imports.values())


def _imports(name: str) -> list[str]:
    if not name.endswith((".js", ".mjs")) or _OF_MAPS.search(name):
        return []
    return _read_imports(name) if not settings.DEBUG else _IMPORT.findall(_source(name))


@cache
def _read_imports(name: str) -> list[str]:
    return _IMPORT.findall(_source(name))


def _source(name: str) -> str:
    """Read a static file, under the name with a hash where there are such names, else where it is written."""
    storage: Any = staticfiles_storage
    name = unquote(name)
    if found := finders.find(name):
        return Path(str(found)).read_text(encoding="utf-8")
    with storage.open(name) as file:
        return str(file.read().decode())
