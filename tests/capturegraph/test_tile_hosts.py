"""Where maps of one's own come from is all that pages may ask beside this server; kept pages learn of a change."""

import pytest
from django.test import Client

from capturegraph.models import Target
from capturegraph.models.target import tile_host

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


def connects(client: Client, path: str) -> str:
    policy = client.get(path).headers["Content-Security-Policy"]
    return next(part.strip() for part in policy.split(";") if part.strip().startswith("connect-src"))


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://maps.example.org/a/b.pmtiles?c=1", "https://maps.example.org"),
        ("https://Maps.Example.org:8443/style.json", "https://maps.example.org:8443"),
        ("https://karten.müller.example/a.pmtiles", "https://karten.xn--mller-kva.example"),
        ("http://localhost:8000/a.pmtiles", "http://localhost:8000"),
        ("http://127.0.0.1/a.pmtiles", "http://127.0.0.1"),
        ("http://maps.example.org/a.pmtiles", None),
        ("http://localhost.example.org/a.pmtiles", None),
        ("https://a:b@maps.example.org/a.pmtiles", None),
        ("https://maps.example.org:99999/a.pmtiles", None),
        ("https://a b;script-src/a.pmtiles", None),
        ("https://*/a.pmtiles", None),
        ("//maps.example.org/a.pmtiles", None),
        ("", None),
    ],
)
def test_a_host_is_what_browsers_are_told_or_none(address: str, host: str | None) -> None:
    assert tile_host(address) == host


def test_pages_may_ask_the_hosts_of_maps_that_there_are_and_no_other(client: Client) -> None:
    for path in ("/field/", "/sw.js"):
        assert connects(client, path) == "connect-src 'self'"
    for number, name in enumerate(("b.example.org/1", "a.example.org/2", "b.example.org/3")):
        Target.objects.create(name=f"Target {number}", tiles_url=f"https://{name}.pmtiles")
    Target.objects.create(name="Old", tiles_url="http://old.example.org/1.pmtiles")
    for path in ("/field/", "/sw.js"):
        assert connects(client, path) == "connect-src 'self' https://a.example.org https://b.example.org"
    assert connects(client, "/login/") == "connect-src 'self'"
    Target.objects.all().delete()
    assert connects(client, "/field/") == "connect-src 'self'"


def test_a_page_that_is_kept_is_another_one_where_the_hosts_are_others(client: Client) -> None:
    """Its bytes are the same; its tag is not, and neither is the version of the worker that keeps it."""
    page, worker = client.get("/field/"), client.get("/sw.js")
    tags = {"If-None-Match": page.headers["ETag"]}
    assert client.get("/field/", headers=tags).status_code == 304
    Target.objects.create(name="Own", tiles_url="https://a.example.org/1.pmtiles")
    after = client.get("/field/", headers=tags)
    assert (after.status_code, after.content) == (200, page.content)
    assert client.get("/sw.js").content != worker.content
    again = client.get("/field/", headers={"If-None-Match": after.headers["ETag"]})
    assert again.status_code == 304
    assert "https://a.example.org" in again.headers["Content-Security-Policy"]
