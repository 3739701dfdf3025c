"""The service worker's file and the app's manifest, also where static files have no hashes in their names."""

import re
from urllib.parse import unquote

import orjson
import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.django_db


def package(client: Client, **headers: str) -> dict[str, object]:
    text = client.get("/sw.js", headers=headers).content.decode()
    found = re.search(r"^const PACKAGE = (.*);$", text, re.MULTILINE)
    assert found
    return orjson.loads(found[1])


def test_the_worker_names_what_the_page_needs_and_each_of_it_is_there(client: Client) -> None:
    """Also what is imported only when somebody taps; never the same twice, nor another language's sentences."""
    known = package(client)
    files = [*known["files"], *known["map"], *known["tiles"]]  # type: ignore[misc]
    assert len(set(files)) == len(files)
    assert [name for name in files if not finders.find(unquote(name.removeprefix("/static/")))] == []
    assert {"/static/field/photos-screen.js", "/static/field/queue.js", "/static/style/photos.css"} <= set(files)
    assert "/static/words/en.js" in files
    assert not {"/static/words/fr.js", "/static/words/de.js"} & set(files)
    assert any("maplibre-gl" in name for name in known["map"])  # type: ignore[attr-defined]
    assert not any("maplibre-gl" in name for name in known["files"])  # type: ignore[attr-defined]
    # What only targets with a map of their own need is fetched for them alone.
    assert {"/static/tiles/base.js", "/static/tiles/around.js"} <= set(known["tiles"])  # type: ignore[call-overload]
    assert any("vendor/pmtiles" in name for name in known["tiles"])  # type: ignore[attr-defined]
    others = [*known["files"], *known["map"]]  # type: ignore[misc]
    assert not any("pmtiles" in name or "/tiles/" in name for name in others)


def test_another_language_is_another_version(client: Client) -> None:
    """The page of one language is never given out with the sentences of another."""
    english, french = package(client), package(client, **{"Accept-Language": "fr"})
    assert english["version"] != french["version"]
    assert "/static/words/fr.js" in french["files"]  # type: ignore[operator]
    assert package(client) == english


def test_it_is_looked_at_again_at_every_start_and_may_be_had_without_imports(client: Client) -> None:
    whole, plain = client.get("/sw.js"), client.get("/sw.js?plain")
    assert whole.headers["Content-Type"].startswith("text/javascript")
    assert whole.headers["Cache-Control"] == "no-cache"
    assert whole.content.startswith(b"import { sendInBackground }")
    assert plain.content.startswith(b"const sendInBackground = null;")
    assert client.get("/sw.js", headers={"If-None-Match": whole.headers["ETag"]}).status_code == 304


def test_the_manifest_starts_on_the_field_page(client: Client) -> None:
    answer = client.get("/manifest.webmanifest")
    assert answer.headers["Content-Type"] == "application/manifest+json"
    assert answer.json()["start_url"] == "/field/"
    icons = {icon["src"].removeprefix("/static/") for icon in answer.json()["icons"]}
    assert all(finders.find(icon) for icon in icons)
