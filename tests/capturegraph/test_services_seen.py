"""How the periodic services stand: on the page, in the administration, at the terminal, and for a monitoring system."""

import re
from collections.abc import Callable
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.test import Client
from stories import Person

from capturegraph.models import Job, ServiceLease, ServiceRun, ServiceRunner, Target
from capturegraph.services.cycles import leases, periodic, runners, standing
from capturegraph.services.cycles.leases import Claimed
from capturegraph.services.writing import database_now

pytestmark = pytest.mark.django_db

SERVICE = "retention"
Claim = Callable[[str], Claimed]


@pytest.fixture
def claims() -> Claim:
    """Three beats on three machines; one of them claims the cycle of today as soon as nobody holds it."""
    for name in ("app-1", "app-2", "app-3"):
        runners.sign_on(runner_id=name, name=f"{name}, process 7")
    rhythm = periodic.SERVICES[SERVICE].rhythm._replace(grace_s=0.0)

    def claim(runner_id: str) -> Claimed:
        ServiceLease.objects.filter(pk=SERVICE).update(held_until=database_now() - timedelta(seconds=1))
        claimed = leases.claim(service=SERVICE, runner_id=runner_id, rhythm=rhythm)
        assert claimed is not None
        return claimed

    return claim


@pytest.fixture
def taken_over(claims: Claim) -> Claimed:
    """app-1 claims and falls silent, app-2 takes over and ends it, app-3 notes why it did not begin."""
    lost, later = claims("app-1"), claims("app-2")
    assert periodic.run(service=SERVICE, claimed=later) == "completed"
    now = database_now()
    ServiceRun.objects.create(
        service=SERVICE, cycle=ServiceRun.objects.get(pk=later.run_id).cycle, state="blocked", runner_id="app-3",
        started_at=now, ended_at=now, reason="late_start: most of its turn is over",
    )  # fmt: skip
    return lost


def printed() -> str:
    out = StringIO()
    call_command("services", stdout=out)
    return out.getvalue()


# --- what happened ----------------------------------------------------------------------------------------------------


def test_the_page_tells_a_take_over_in_sentences(taken_over: Claimed, max_: Person) -> None:
    page = max_.desk().get("/console/services/", {"service": SERVICE}).content.decode()
    told = " ".join(re.sub(r"<[^>]+>", "", page).split())
    assert "Abandoned, then done" in told
    assert "app-1, process 7 claimed the cycle, token 1." in told
    assert "No word from its worker, and its lease of 30 s had run out: given up." in told
    assert "app-2, process 7 took over, token 2." in told
    assert "Done: there was nothing to do." in told
    assert "app-3, process 7, " in told
    assert "late_start: most of its turn is over" in told
    assert page.count('class="over"') == 1, "an arrow from the one lane to the other"
    assert [page.count(f'class="run {state}') for state in ("abandoned", "completed", "blocked")] == [1, 1, 1]
    assert "The record of this run" in told


def test_the_terminal_says_the_same(taken_over: Claimed) -> None:
    for service in set(periodic.SERVICES) - {SERVICE}:
        _completed(service, database_now())
    said = printed()
    assert "3 runners are there." in said
    assert "app-1, process 7: given up, its worker fell silent" in said
    assert "app-2, process 7: took over, token 2" in said
    assert "app-3, process 7: not begun, late_start" in said
    assert "Every cycle ran once. Nothing is late." in said


def test_a_cycle_that_never_came_to_an_end_is_said(claims: Claim) -> None:
    now = database_now()
    long_ago = leases.cycle_of(now, 86_400) - timedelta(days=2)
    ServiceRun.objects.create(
        service=SERVICE, cycle=long_ago, state="abandoned", runner_id="app-1", started_at=long_ago, ended_at=now,
        reason=leases.FELL_SILENT,
    )  # fmt: skip
    for service in periodic.SERVICES:
        _completed(service, now)
    assert [one.missed for one in standing.standings(now=now)] == [int(name == SERVICE) for name in periodic.SERVICES]
    assert "1 of the last cycles were begun and never came to an end." in printed()


def test_somebody_without_runs_sees_what_to_do_first(max_: Person) -> None:
    page = max_.desk().get("/console/services/").content.decode()
    assert "No runner is there" in page
    assert "Nothing ran yet" in page


# --- late -------------------------------------------------------------------------------------------------------------


def _completed(service: str, at: object) -> None:
    ServiceRun.objects.create(
        service=service, cycle=leases.cycle_of(at, periodic.SERVICES[service].rhythm.interval_s), state="completed",
        started_at=at, ended_at=at,
    )  # fmt: skip


@pytest.mark.parametrize(("intervals", "late"), [(1.9, False), (2.1, True)])
def test_nothing_completed_for_two_intervals_is_said_everywhere(intervals: float, late: bool, max_: Person) -> None:
    now = database_now()
    ServiceRunner.objects.create(id="r", name="r", started_at=now - timedelta(days=9), heartbeat_at=now)
    for service in periodic.SERVICES:
        _completed(service, now)
    rhythm = periodic.SERVICES[SERVICE].rhythm
    ServiceRun.objects.filter(service=SERVICE).delete()
    _completed(SERVICE, now - timedelta(seconds=intervals * rhythm.interval_s))
    page = max_.desk().get("/console/services/").content.decode()
    ready = Client().get("/readyz")
    metrics = Client().get("/metrics").content.decode()
    assert ('data-testid="late"' in page) is late
    assert (ready.status_code, ready.json()["late"]) == (200, [SERVICE] if late else [])
    assert f'capturegraph_service_late{{service="{SERVICE}"}} {float(late):.3f}\n' in metrics
    out = StringIO()
    if late:
        with pytest.raises(SystemExit) as ended:
            call_command("services", stdout=out, stderr=out)
        assert ended.value.code == 3
        assert out.getvalue().endswith("Late, nothing completed for two intervals: Forgetting.\n")
    else:
        assert printed().endswith("Nothing is late.\n")


# --- figures ----------------------------------------------------------------------------------------------------------

NAME, LABELS = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'\{[a-zA-Z_]\w*="[^"\\]*"(?:,[a-zA-Z_]\w*="[^"\\]*")*\}'
SAMPLE = re.compile(rf"({NAME})({LABELS})? (-?\d+(?:\.\d+)?)")


def figures(text: str) -> dict[str, float]:
    """Read Prometheus' text format as strictly as its server: help, type, then that family's samples, each once."""
    assert text.endswith("\n")
    found: dict[str, float] = {}
    helped, family = "", ""
    for line in text.splitlines():
        if line.startswith("# HELP "):
            helped = line.split(" ", 3)[2]
        elif line.startswith("# TYPE "):
            __, __, family, kind = line.split(" ")
            assert (family, kind) == (helped, "gauge")
            assert not any(name.split("{")[0] == family for name in found), "one block a family"
        else:
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == family
            key = sample[1] + (sample[2] or "")
            assert key not in found
            found[key] = float(sample[3])
    return found


def test_the_figures_are_valid_and_say_what_waits(stones: Target) -> None:
    now = database_now()
    for state, ended in (("waiting", None), ("waiting", None), ("failed", now), ("done", now)):
        Job.objects.create(kind="x", state=state, target=stones, created_at=now - timedelta(minutes=5), ended_at=ended)
    answer = Client().get("/metrics")
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    found = figures(answer.content.decode())
    assert [found[f'capturegraph_jobs{{state="{state}"}}'] for state in ("waiting", "failed", "running")] == [2, 1, 0]
    assert found["capturegraph_jobs_due"] == 2
    assert 299 < found["capturegraph_oldest_due_job_seconds"] < 400
    assert 0 < found["capturegraph_storage_free_bytes"] < found["capturegraph_storage_bytes"]
    assert found["capturegraph_runners"] == 0


# --- the administration -----------------------------------------------------------------------------------------------


def test_the_administration_leads_to_the_page_and_to_runs_and_events(
    taken_over: Claimed, max_: Person, stones: Target
) -> None:
    desk, lost = max_.desk(), taken_over.run_id
    job = Job.objects.create(kind="x", target=stones, created_at=database_now())
    rooms = {
        "/admin/": "/console/services/",
        f"/admin/capturegraph/servicerun/{lost}/change/": f"?service={SERVICE}&amp;run={lost}",
        "/admin/capturegraph/servicerunner/app-1/change/": "/admin/capturegraph/servicerun/?q=app-1",
        f"/admin/capturegraph/servicelease/{SERVICE}/change/": f"/console/services/?service={SERVICE}",
        f"/admin/capturegraph/job/{job.pk}/change/": f"/admin/capturegraph/event/?q={job.pk}",
    }
    for room, link in rooms.items():
        page = desk.get(room)
        assert page.status_code == 200
        assert link in page.content.decode(), room
        address = re.search(rf'href="([^"]*{re.escape(link)}[^"]*)"', page.content.decode())
        assert address, room
        assert desk.get(address[1].replace("&amp;", "&")).status_code == 200, room
