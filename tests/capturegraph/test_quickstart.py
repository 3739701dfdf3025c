"""The command that a stranger types first: what it says, what a second run keeps, and that nothing is left behind."""

import io
import os
import re
import secrets
import signal
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import orjson
import psycopg
import pytest
from django.core.management import CommandError, call_command, load_command_class
from django.core.management.base import OutputWrapper
from served import Quickstart, Visitor, manage, quickstart, until

from capturegraph import demo
from capturegraph.models import User
from capturegraph.services.refusals import Refused

NEW_PASSWORD = "forty stones and one mile apart"


def join(running: Quickstart) -> str:
    """Take the first invite, and give the new volunteer's token."""
    token = secrets.token_urlsafe(32)
    asked = {"code": running.codes[0], "name": "Alice", "device_id": str(uuid4()), "token": token, "consent": True}
    answer = Visitor(running.url).post("/api/v1/join/", asked)
    assert answer.status == 201, answer.text
    return token


def targets(running: Quickstart, token: str) -> list[dict[str, object]]:
    return Visitor(running.url, token).get("/api/v1/targets/").json["results"]


def log_in(running: Quickstart, username: str, password: str) -> tuple[Visitor, str]:
    """Log in, and give the address that it leads to."""
    visitor = Visitor(running.url)
    return visitor, visitor.send_form("/login/", username=username, password=password).url.removeprefix(running.url)


@pytest.mark.slow
def test_a_second_run_reuses_what_is_there(tmp_path: Path) -> None:
    with quickstart(tmp_path) as first:
        assert len(set(first.codes)) == 2
        assert "█" not in first.said, "a drawing is for a terminal"
        token = join(first)
        (target,) = targets(first, token)
        assert (target["name"], target["counts"]["total"]) == (demo.target()["name"], 39)
        old = first.password_of("admin")
        desk, where = log_in(first, "carol", first.password_of("carol"))
        assert where.startswith("/password/")
        desk.send_form("/password/", old=first.password_of("carol"), new=NEW_PASSWORD, again=NEW_PASSWORD)
        codes = first.codes
        assert first.end(signal.SIGINT) == 0
    assert first.said.endswith("Stopped.\n")
    assert first.complained == ""
    with quickstart(tmp_path) as second:
        assert targets(second, token) == [target]
        assert "still here" in second.said
        assert "log in as carol with the password chosen there" in second.said
        assert second.password_of("admin") not in (None, old)
        assert log_in(second, "admin", second.password_of("admin"))[1].startswith("/password/")
        assert log_in(second, "carol", NEW_PASSWORD)[1] == "/console/"
        assert not set(second.codes) & set(codes)
        for code in (*codes, *second.codes):
            assert Visitor(second.url).get(f"/join/{code}").status == 200
        assert len(second.processes()) >= 4, "the command, the server, its worker, the worker with its beat"
        assert second.end(signal.SIGTERM) == 0
        assert second.processes() == [], "nobody is left behind"


def a_program_that_dies_stops_the_rest(running: Quickstart) -> None:
    """Kill the worker, and see everything end with one sentence."""
    mark = f"quickstart-{running.port}@".encode()
    for pid in running.processes():
        if mark in Path(f"/proc/{pid}/cmdline").read_bytes():
            os.kill(pid, signal.SIGKILL)
    until(lambda: running.process.poll() is not None, "the end", 40)
    assert running.end() == 3
    assert running.processes() == []
    assert running.complained.count("\n") == 1
    assert running.complained.startswith("The worker ended by itself")


@pytest.mark.slow
def test_without_the_demonstration_on_postgresql_and_redis(tmp_path: Path, postgresql_url: str, redis_url: str) -> None:
    """The same command on the other database and broker: two variables, nothing else."""
    name = f"capturegraph_quickstart_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    database = urlsplit(postgresql_url)._replace(path=f"/{name}").geturl()
    more = {
        "CAPTUREGRAPH_DATABASE_URL": database,
        "CAPTUREGRAPH_BROKER_URL": redis_url,
        "CAPTUREGRAPH_SWEEP_S": "1",
    }
    try:
        with quickstart(tmp_path, "--no-demo", **more) as running:
            assert running.codes == []
            assert running.password_of("carol") is None
            assert log_in(running, "admin", running.password_of("admin"))[1].startswith("/password/")
            ready = until(lambda: (now := Visitor(running.url).get("/readyz").json)["last_sweep_at"] and now, "a sweep")
            assert ready["database"] == "postgresql"
            a_program_that_dies_stops_the_rest(running)
        assert not list(tmp_path.glob("*.sqlite3"))
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = manage(tmp_path, "quickstart", "--port", str(port))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert f"Port {port} cannot be used" in refused.stderr
    assert not (tmp_path / "capturegraph.sqlite3").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["quickstart", "--port", "http"],
        ["quickstart", "--port", "0"],
        ["quickstart", "--port", "65536"],
        ["quickstart", "--port"],
        ["quickstart", "--prot", "8000"],
        ["quickstart", "8000"],
        ["quickstart", "--url", "photos.example.org"],
        ["createadmin"],
        ["createadmin", "--username", ""],
        ["createadmin", "--username", "a\nb"],
        ["createadmin", "--username", "max", "--name", "x" * 101],
    ],
)
def test_bad_input_is_one_sentence(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    command = load_command_class("capturegraph", arguments[0])
    command.stdout, command.stderr = OutputWrapper(sys.stdout), OutputWrapper(sys.stderr)
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", *arguments])
    told = capsys.readouterr()
    assert (ended.value.code, told.out, told.err.count("\n")) == (2, "", 1), told.err


def test_a_database_without_tables_is_said_in_one_sentence(tmp_path: Path) -> None:
    refused = manage(tmp_path, "createadmin", "--username", "max")
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1), refused.stderr
    assert "manage.py migrate" in refused.stderr


def test_production_gets_no_demonstration(tmp_path: Path) -> None:
    refused = manage(
        tmp_path, "quickstart", CAPTUREGRAPH_PRODUCTION="yes", CAPTUREGRAPH_SECRET_KEY="k" * 50,
        CAPTUREGRAPH_HOSTS="photos.example.org", CAPTUREGRAPH_ORIGINS="https://photos.example.org",
        CAPTUREGRAPH_DATABASE_URL=f"sqlite:///{tmp_path / 'a.sqlite3'}",
    )  # fmt: skip
    assert refused.returncode == 2
    assert "--no-demo" in refused.stderr


def said(*arguments: str) -> str:
    """Run a command in this process, and give what it printed."""
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_an_admin_is_made_and_their_password_replaced() -> None:
    made = said("createadmin", "--username", "max", "--name", "Max")
    user = User.objects.get(username="max")
    assert (user.is_staff, user.is_superuser, user.must_change_password, user.name) == (True, True, True, "Max")
    assert user.check_password(re.search(r"password (\S+)", made)[1])
    with pytest.raises(Refused, match="taken"):
        said("createadmin", "--username", "MAX")
    replaced = said("createadmin", "--username", "max", "--reset")
    user.refresh_from_db()
    assert user.check_password(re.search(r"password (\S+)", replaced)[1])
    with pytest.raises(CommandError, match="no account"):
        said("createadmin", "--username", "mox", "--reset")


def test_the_demonstration_is_the_published_stones() -> None:
    """Nothing is made up: position and words are those of the published file."""
    published = orjson.loads((Path(demo.__file__).parent / "boundary-stones-location.geojson").read_bytes())
    ours = orjson.loads(demo.places())
    assert len(ours["features"]) == 39
    for place, source in zip(ours["features"], published["features"], strict=True):
        assert place["geometry"] == source["geometry"]
        assert place["properties"]["external_id"] == source["properties"]["OBJECTID"]
        assert place["properties"]["title"] == f"Boundary stone {demo.stone(source['properties']['STONE_NUM'])}"
        assert place["properties"]["note"] == " ".join(source["properties"]["LOCATION_DESCRIPTION"].split())
    assert "District of Columbia, CC BY 4.0" in demo.target()["credit"]
