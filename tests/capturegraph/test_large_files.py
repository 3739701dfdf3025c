"""A file so large that nobody wants to wait for it: the pages give it to a worker, and can be left."""

import re
from typing import Any

import pytest
from bringing_in import send, states, table
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from stories import Clock, Person

from capturegraph.models import Job, Target
from capturegraph.services import jobs, work
from capturegraph.services.batching import batch_jobs

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

FILE = table("1 oak 0", "2 elm 500").encode()


@pytest.fixture
def desk(carol: Person, monkeypatch: pytest.MonkeyPatch) -> Client:
    monkeypatch.setattr(jobs, "ring", lambda job_id: True)
    monkeypatch.setattr(batch_jobs, "LARGE_BYTES", 50)
    monkeypatch.setattr(batch_jobs, "LARGE_ROWS", 1)
    return carol.desk()


def import_(desk: Client, target: Target, data: bytes = FILE) -> str:
    form = {"file": SimpleUploadedFile("places.csv", data), "mode": "add"}
    answer = desk.post(f"/console/targets/{target.pk}/import/", form)
    assert answer.status_code == 302
    return answer["Location"]


def works(clock: Clock) -> None:
    work.do(job_id=Job.objects.get(state="waiting").pk, clock=lambda: clock.now)


def state(page: HttpResponse) -> str:
    found = re.search(r'data-state="(\w+)"', page.content.decode())
    assert found is not None
    return found[1]


def test_looking_and_applying_go_on_without_the_page(stones: Target, desk: Client, clock: Clock) -> None:
    waits = import_(desk, stones)
    page = desk.get(waits)
    assert (state(page), b'http-equiv="refresh"' in page.content) == ("waiting", True)
    works(clock)
    seen = desk.get(waits)["Location"]
    assert "/import/" in seen
    assert b"places.csv" in desk.get(seen).content
    waits = desk.post(seen, {"what": "apply"})["Location"]
    assert state(desk.get(waits)) == "waiting"
    works(clock)
    assert desk.get(waits)["Location"] == f"/console/targets/{stones.pk}/"
    assert states(stones) == {"oak": "waiting", "elm": "waiting"}


def test_what_went_wrong_is_said_and_the_page_stands_still(stones: Target, desk: Client, clock: Clock) -> None:
    waits = import_(desk, stones, b"nothing that is a table of places, and quite a lot of it")
    works(clock)
    page = desk.get(waits)
    assert (state(page), b'http-equiv="refresh"' in page.content) == ("failed", False)
    assert "No column for latitude" in page.content.decode()


def test_it_can_be_stopped_from_the_page(stones: Target, desk: Client, clock: Clock) -> None:
    waits = import_(desk, stones)
    desk.post(waits, {"what": "cancel"})
    assert state(desk.get(waits)) == "cancelled"
    assert Job.objects.get().ended_at == clock.now


def test_the_import_page_leads_back_to_work_under_way(stones: Target, desk: Client, clock: Clock) -> None:
    waits = import_(desk, stones)
    page = desk.get(f"/console/targets/{stones.pk}/import/").content.decode()
    assert f'href="{waits}"' in page
    assert "places.csv" in page
    works(clock)
    page = desk.get(f"/console/targets/{stones.pk}/import/").content.decode()
    assert f'href="{waits}"' not in page


def test_the_page_goes_on_by_itself_when_the_work_is_done(stones: Target, desk: Client, clock: Clock) -> None:
    """It asks for a part of itself; that cannot be another page, so the browser is told where to go."""
    waits = import_(desk, stones)
    asking = {"HX-Request": "true"}
    assert state(desk.get(waits, headers=asking)) == "waiting"
    works(clock)
    answer = desk.get(waits, headers=asking)
    assert (answer.status_code, answer["HX-Redirect"]) == (200, desk.get(waits)["Location"])


def test_a_file_that_takes_long_is_not_read_while_a_program_waits(
    stones: Target, desk: Client, carol: Person, settings: Any
) -> None:
    settings.MAX_WAITED_FOR_BYTES = len(FILE) - 1
    answer = send(carol, stones, FILE, "places.csv")
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert "Prefer: respond-async" in answer.json()["detail"]
    assert send(carol, stones, FILE, "places.csv", {"Prefer": "respond-async"}).status_code == 202
    settings.MAX_BATCH_BYTES = len(FILE) - 1
    assert send(carol, stones, FILE, "places.csv", {"Prefer": "respond-async"}).status_code == 413
