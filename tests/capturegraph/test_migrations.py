"""A database of the first release, with something of everything in it, becomes one of today, and can be taken back."""

import json
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import migrations
from django.db.migrations.loader import MigrationLoader
from django.db.models import NOT_PROVIDED
from served import MANAGE, environment

FILL = """
from datetime import timedelta
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
apps = MigrationExecutor(connection).loader.project_state([("capturegraph", "0001_spine")]).apps
make = lambda model, /, **values: apps.get_model("capturegraph", model).objects.create(**values)
now = timezone.now()
alice = make("User", name="Alice")
stones = make("Target", name="Stones", created_at=now, updated_at=now)
make("Membership", user=alice, target=stones, created_at=now)
slot = make("CandidateSlot", target=stones, title="oak", latitude=38.9, longitude=-77.0, cell=1, heading=90)
lease = dict(started_at=now, expires_at=now + timedelta(hours=1))
make("Assignment", target=stones, slot=slot, volunteer=alice, **lease)
taken = dict(target=stones, volunteer=alice, received_at=now, fingerprint="x", latitude=38.9, longitude=-77.0)
first = make("Capture", taken_at=now - timedelta(minutes=5), **taken)
make("Capture", taken_at=now + timedelta(days=400), **taken)
make("Match", capture=first, slot=slot, person_key=alice.person_key, metres=1, distance=0.02, created_at=now)
make("ServiceRun", service="sweep", cycle=now, started_at=now, completed_at=now)
make("ServiceRun", service="sweep", cycle=now + timedelta(minutes=1), started_at=now)
"""
LOOK = """
import json
from django.utils import timezone
from capturegraph.models import Assignment, Capture, Match, Plan, ServiceRun, Target, User
from capturegraph.services.hand_out import assignments
from django.db.models import F
held = Assignment.objects.get()
alice = User.objects.get(name="Alice")
before = (held.state, held.reason, held.note, held.plan_id)
assignments.release(assignment_id=held.pk, by=alice, now=timezone.now())
held.refresh_from_db()
print(json.dumps({
    "assignment": before,
    "released": held.state,
    "plans": Plan.objects.count(),
    "captured_as_taken": Capture.objects.filter(captured_at=F("taken_at")).count(),
    "captured_as_received": Capture.objects.filter(captured_at=F("received_at")).count(),
    "matches": list(Match.objects.values_list("active", "kept")),
    "runs": sorted(ServiceRun.objects.values_list("state", flat=True)),
    "target": list(Target.objects.values_list("heading_sigma_deg", "batch_size")[0]),
}))
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.sqlite3'}"
        return
    server = request.getfixturevalue("postgresql_url")
    name = f"capturegraph_migrated_{tmp_path.name[-20:].strip('_').lower().replace('-', '_')}"
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    yield urlsplit(server)._replace(path=f"/{name}").geturl()
    with psycopg.connect(server, autocommit=True) as admin:
        admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def manage(url: str, var: Path, *arguments: str) -> str:
    env = environment(var, CAPTUREGRAPH_DATABASE_URL=url)
    done = subprocess.run([*MANAGE, *arguments], env=env, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.slow
def test_a_filled_database_of_the_first_release_becomes_one_of_today(url: str, tmp_path: Path) -> None:
    manage(url, tmp_path, "migrate", "capturegraph", "0001", "-v0")
    manage(url, tmp_path, "shell", "-v0", "-c", FILL)
    manage(url, tmp_path, "migrate", "-v0")
    assert json.loads(manage(url, tmp_path, "shell", "-v0", "-c", LOOK)) == {
        "assignment": ["held", "", "", None],
        "released": "released",
        "plans": 0,
        "captured_as_taken": 1,
        "captured_as_received": 1,
        "matches": [[True, False]],
        "runs": ["abandoned", "completed"],
        "target": [None, None],
    }
    manage(url, tmp_path, "migrate", "capturegraph", "0001", "-v0")
    manage(url, tmp_path, "migrate", "-v0")


# --- what runs goes on while a newer schema is there already ----------------------------------------------------------

# These add columns that older code does not fill, and take one away: the README says to stop first.
NEEDED_A_STOP = {"0001_spine", "0002_hard_cases", "0003_periodic_services"}
TAKES_AWAY = (
    migrations.RemoveField, migrations.RenameField, migrations.DeleteModel, migrations.RenameModel,
    migrations.AlterModelTable,
)  # fmt: skip


def breaks_older_code(migration: migrations.Migration) -> list[str]:
    """What in a migration would end in errors of a process that still runs the release before."""
    new = {
        operation.name.lower() for operation in migration.operations if isinstance(operation, migrations.CreateModel)
    }
    found = []
    for operation in migration.operations:
        if isinstance(operation, TAKES_AWAY):
            found.append(operation.describe())
        if isinstance(operation, migrations.AddField) and operation.model_name.lower() not in new:
            field = operation.field
            filled = field.null or field.db_default is not NOT_PROVIDED or field.many_to_many
            found += [] if filled else [f"{operation.describe()}: neither null nor db_default"]
    return found


def test_a_migration_adds_only_what_the_release_before_can_live_with() -> None:
    loader = MigrationLoader(None)
    ours = {name: one for (app, name), one in loader.disk_migrations.items() if app == "capturegraph"}
    broken = {
        name: found for name, one in ours.items() if name not in NEEDED_A_STOP and (found := breaks_older_code(one))
    }
    assert broken == {}
    assert len(ours) > len(NEEDED_A_STOP)
    assert breaks_older_code(ours["0002_hard_cases"])
    assert breaks_older_code(ours["0003_periodic_services"])
