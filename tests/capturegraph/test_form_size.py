"""Forms that are too large are refused by what they say of themselves: nothing of them is read, nor written."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, get_resolver
from stories import API, Person, photo
from world import assert_no

from capturegraph import form_size
from capturegraph.api.parsers import GuardedMultiPartParser
from capturegraph.models import Target

pytestmark = pytest.mark.django_db


class Unread:
    """A body that is not to be read."""

    def read(self, *_: object) -> bytes:
        raise AssertionError("It was read.")

    readline = read


def sends(client: Client, path: str, length: object) -> HttpResponse:
    body: dict[str, Any] = {"CONTENT_LENGTH": str(length), "wsgi.input": Unread()}
    return client.generic("POST", path, b"x", content_type="multipart/form-data; boundary=x", **body)


@pytest.mark.parametrize("how", ["phone", "desk"])
def test_the_api_refuses_what_is_too_large_unread(
    stones: Target, alice: Person, carol: Person, how: str, settings: Any
) -> None:
    doors = (
        (alice, "captures/", settings.MAX_PHOTO_BYTES),
        (carol, f"targets/{stones.pk}/references/", settings.MAX_ARCHIVE_BYTES),
        (carol, f"targets/{stones.pk}/batches/", settings.MAX_BATCH_BYTES),
        (alice, f"targets/{stones.pk}/request-slot/", 0),
    )
    for who, path, most in doors:
        client = who.phone if how == "phone" else who.desk()
        for length in (most + form_size.WORDS_BYTES + 1, 200_000_000_000):
            answer = sends(client, API + path, length)
            assert_no(answer, 413, "too_large")
            assert answer["Content-Type"] == "application/problem+json"


def test_pages_refuse_it_too_before_anybody_is_known(stones: Target, carol: Person) -> None:
    import_page = f"/console/targets/{stones.pk}/import/"
    for client, path in (
        (carol.desk(), import_page),
        (Client(), import_page),
        (Client(enforce_csrf_checks=True), "/login/"),
    ):
        answer = sends(client, path, 200_000_000_000)
        assert answer.status_code == 413
        assert "Send less at a time." in answer.content.decode()


def test_what_fits_is_taken_and_what_is_no_form_is_not_judged(stones: Target, carol: Person, settings: Any) -> None:
    settings.MAX_BATCH_BYTES = 1000
    file = SimpleUploadedFile("places.csv", b"title,lat,lon\nwell,1,2\n")
    fields = {"file": file, "dry_run": "true"}
    assert carol.phone.post(f"{API}targets/{stones.pk}/batches/", fields).status_code == 201
    capture = carol.shoots(stones, 0)["id"]
    assert carol.sends_photo(capture, photo()).status_code == 201


@pytest.mark.parametrize("length", ["", "many", "-5"])
def test_a_form_that_does_not_say_how_long_it_is_is_refused_all_the_same(alice: Person, length: str) -> None:
    assert sends(alice.phone, f"{API}captures/", length).status_code in (400, 411)


def routes(of: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for one in of.url_patterns:
        if isinstance(one, URLResolver):
            yield from routes(one, before + str(one.pattern))
        else:
            yield before + str(one.pattern), one.callback


def test_every_view_that_takes_files_is_known() -> None:
    views = dict(routes(get_resolver()))
    takes = {
        route
        for route, view in views.items()
        if GuardedMultiPartParser in getattr(getattr(view, "cls", None), "parser_classes", ())
    }
    assert takes == {route for route in form_size.WITH_FILES if route.startswith("api/")}
    assert set(form_size.WITH_FILES) <= set(views)
