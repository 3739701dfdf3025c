"""The command that a stranger types first: what it says, what a second run keeps, and that nothing is left behind."""

import secrets
import signal
import socket
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg
import pytest
from served import Quickstart, Visitor, manage, quickstart, until

from capturegraph import demo

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


def test_without_the_demonstration_on_postgresql_and_redis(tmp_path: Path, postgresql_url: str, redis_url: str) -> None:
    """The same command on the other database and broker: two variables, nothing else."""
    name = f"capturegraph_quickstart_{secrets.token_hex(6)}"
    with psycopg.connect(postgresql_url, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
        parts = psycopg.conninfo.conninfo_to_dict(postgresql_url)
    host = f"{parts.get('user', '')}:{parts.get('password', '')}@" if parts.get("user") else ""
    place = f"{parts['host']}:{parts['port']}" if not str(parts["host"]).startswith("/") else ""
    socket_folder = f"?host={parts['host']}" if not place else ""
    database = f"postgresql://{host}{place}/{name}{socket_folder}"
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
            ready = until(
                lambda: (now := Visitor(running.url).get("/readyz").json)["last_sweep_at"] and now, "a sweep"
            )
            assert ready["database"] == "postgresql"
        assert not list(tmp_path.glob("*.sqlite3"))
    finally:
        with psycopg.connect(postgresql_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_sigterm_leaves_nobody_behind(tmp_path: Path) -> None:
    with quickstart(tmp_path, "--no-demo") as running:
        assert len(running.processes()) >= 4, "the command, the server, its worker, the worker with its beat"
        assert running.end(signal.SIGTERM) == 0
        assert running.processes() == []


def test_a_program_that_dies_stops_the_rest(tmp_path: Path) -> None:
    with quickstart(tmp_path, "--no-demo") as running:
        mark = f"quickstart-{running.port}@".encode()
        for pid in running.processes():
            if mark in Path(f"/proc/{pid}/cmdline").read_bytes():
                import os

                os.kill(pid, signal.SIGKILL)
        until(lambda: running.process.poll() is not None, "the end", 40)
        assert running.end() == 3
        assert running.processes() == []
    assert running.complained.count("\n") == 1
    assert running.complained.startswith("The worker ended by itself")


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
        ["createadmin", "--username", "max"],
        ["createadmin", "--username", "max", "--name", "x" * 101],
    ],
)
def test_bad_input_is_one_sentence(tmp_path: Path, arguments: list[str]) -> None:
    refused = manage(tmp_path, *arguments)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert "Traceback" not in refused.stderr


def test_production_gets_no_demonstration(tmp_path: Path) -> None:
    refused = manage(
        tmp_path, "quickstart", CAPTUREGRAPH_PRODUCTION="yes", CAPTUREGRAPH_SECRET_KEY="k" * 50,
        CAPTUREGRAPH_HOSTS="photos.example.org", CAPTUREGRAPH_ORIGINS="https://photos.example.org",
        CAPTUREGRAPH_DATABASE_URL=f"sqlite:///{tmp_path / 'a.sqlite3'}",
    )  # fmt: skip
    assert refused.returncode == 2
    assert "--no-demo" in refused.stderr


def test_an_admin_is_made_and_their_password_replaced(tmp_path: Path) -> None:
    assert manage(tmp_path, "migrate", "--verbosity", "0").returncode == 0
    made = manage(tmp_path, "createadmin", "--username", "max", "--name", "Max")
    assert made.returncode == 0, made.stderr
    taken = manage(tmp_path, "createadmin", "--username", "MAX")
    assert (taken.returncode, taken.stderr.count("\n")) == (2, 1)
    reset = manage(tmp_path, "createadmin", "--username", "max", "--reset")
    assert reset.returncode == 0
    assert reset.stdout != made.stdout
    unknown = manage(tmp_path, "createadmin", "--username", "mox", "--reset")
    assert (unknown.returncode, unknown.stderr.count("\n")) == (2, 1)


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
