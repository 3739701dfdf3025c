"""Settings are safe without anything set, and a value that cannot be is one sentence at the start."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from served import MANAGE, ROOT, environment, manage

from capturegraph import variables
from capturegraph.settings import VARIABLES
from capturegraph.variables import Bucket

PRODUCTION = {
    "CAPTUREGRAPH_PRODUCTION": "yes",
    "CAPTUREGRAPH_SECRET_KEY": "no secret: fifty or more characters, of many different kinds.",
    "CAPTUREGRAPH_HOSTS": "photos.example.org",
    "CAPTUREGRAPH_ORIGINS": "https://photos.example.org",
    "CAPTUREGRAPH_DATABASE_URL": "postgresql://capturegraph@127.0.0.1/capturegraph",
}


def shown(var: Path, *names: str, **more: str) -> list[str]:
    """Load the settings in a process of its own, and give some of them."""
    script = "from capturegraph import settings\n" + "".join(f"print(repr(settings.{name}))\n" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(var, **more),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAPTUREGRAPH_PRODUCTION", "perhaps"),
        ("CAPTUREGRAPH_SECRET_KEY", "short"),
        ("CAPTUREGRAPH_ORIGINS", "photos.example.org"),
        ("CAPTUREGRAPH_DATABASE_URL", "mysql://localhost/x"),
        ("CAPTUREGRAPH_DATABASE_URL", "nonsense"),
        ("CAPTUREGRAPH_DATABASE_URL", "postgresql://localhost:port/x"),
        ("CAPTUREGRAPH_BROKER_URL", "smtp://localhost"),
        ("CAPTUREGRAPH_SWEEP_S", "soon"),
        ("CAPTUREGRAPH_SWEEP_S", "0"),
        ("CAPTUREGRAPH_KEEP_REFUSED_DAYS", "0"),
        ("CAPTUREGRAPH_KEEP_POSITIONS_DAYS", "1.5"),
        ("CAPTUREGRAPH_LOG_LEVEL", "LOUD"),
        ("CAPTUREGRAPH_EMAIL_URL", "mail.example.org"),
        ("CAPTUREGRAPH_EMAIL_URL", "http://mail.example.org"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://mail.example.org:many/"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://mail.example.org/?tls=perhaps"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://mail.example.org/?ttls=yes"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtps://mail.example.org/?tls=yes"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://carol:a/b@mail.example.org"),
        ("CAPTUREGRAPH_EMAIL_URL", "smtp://carol:a#b@mail.example.org"),
        ("CAPTUREGRAPH_FILES_URL", "/srv/photos"),
        ("CAPTUREGRAPH_FILES_URL", "https://s3.example.org/photos"),
        ("CAPTUREGRAPH_FILES_URL", "s3://"),
        ("CAPTUREGRAPH_FILES_URL", "s3://key@photos"),
        ("CAPTUREGRAPH_FILES_URL", "s3://key:sec/ret@photos"),
        ("CAPTUREGRAPH_FILES_URL", "s3://key:sec#ret@photos"),
        ("CAPTUREGRAPH_FILES_URL", "s3://photos?endpoint=s3.example.org"),
        ("CAPTUREGRAPH_FILES_URL", "s3://photos?adressing=path"),
        ("CAPTUREGRAPH_FILES_URL", "s3://photos?addressing=sideways"),
        ("CAPTUREGRAPH_VAR", "/dev/null/var"),
    ],
)
def test_a_malformed_value_stops_the_start_with_its_name(tmp_path: Path, name: str, value: str) -> None:
    refused = subprocess.run(
        [*MANAGE, "check"], env={**environment(tmp_path), name: value}, capture_output=True, text=True
    )
    assert (refused.returncode, refused.stdout) == (2, "")
    assert refused.stderr.count("\n") == 1, refused.stderr
    assert name in refused.stderr
    if "sec" in value:
        assert "'sec" not in refused.stderr, "a secret, or a piece of one"


@pytest.mark.parametrize("missing", [name for name in PRODUCTION if name != "CAPTUREGRAPH_PRODUCTION"])
def test_production_guesses_nothing(tmp_path: Path, missing: str) -> None:
    refused = manage(tmp_path, "check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert missing in refused.stderr


def test_production_passes_djangos_own_check(tmp_path: Path) -> None:
    checked = manage(tmp_path, "check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert checked.returncode == 0, checked.stderr


def test_without_anything_set_it_is_safe(tmp_path: Path) -> None:
    names = ("DEBUG", "ALLOWED_HOSTS", "SESSION_COOKIE_HTTPONLY", "X_FRAME_OPTIONS")
    assert shown(tmp_path, *names) == ["False", "['localhost', '127.0.0.1', '[::1]']", "True", "'DENY'"]
    assert stat.S_IMODE(os.stat(tmp_path / "secret-key").st_mode) == 0o600


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    first, second = shown(tmp_path, "SECRET_KEY"), shown(tmp_path, "SECRET_KEY")
    assert first == second != shown(tmp_path / "other", "SECRET_KEY")
    assert len(first[0]) > 50


MAIL = ("MAIL.backend", "MAIL.host", "MAIL.port", "MAIL.user", "MAIL.password", "MAIL.tls", "MAIL.ssl", "MAIL.sender")


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("", ["dummy", "", 25, "", "", False, False, "capturegraph@localhost"]),
        ("console:", ["console", "", 25, "", "", False, False, "capturegraph@localhost"]),
        (
            "smtp://mail.example.org",
            ["smtp", "mail.example.org", 25, "", "", False, False, "capturegraph@mail.example.org"],
        ),
        (
            "smtp://carol%40example.org:a%2Fb%23c@mail.example.org:2525/?tls=yes",
            ["smtp", "mail.example.org", 2525, "carol@example.org", "a/b#c", True, False, "carol@example.org"],
        ),
        (
            "smtp://mail.example.org/?tls=yes&from=photos@example.org",
            ["smtp", "mail.example.org", 587, "", "", True, False, "photos@example.org"],
        ),
        (
            "smtps://u:p@mail.example.org",
            ["smtp", "mail.example.org", 465, "u", "p", False, True, "capturegraph@mail.example.org"],
        ),
    ],
)
def test_an_address_of_a_mail_server(tmp_path: Path, url: str, read: list[object]) -> None:
    told = shown(tmp_path, *MAIL, "MAIL_IS_SENT", "EMAIL_HOST", "EMAIL_USE_TLS", CAPTUREGRAPH_EMAIL_URL=url)
    assert told == [*map(repr, read), repr(bool(url)), repr(read[1]), repr(read[5])]


def test_the_table_is_all_that_is_read_from_outside() -> None:
    """Whoever adds a variable writes a line of the table, where people look for it."""
    source = (ROOT / "capturegraph" / "settings.py").read_text()
    assert source.count("os.environ") == 2, "once for the table, once for what production insists on"
    for path in (ROOT / "capturegraph").rglob("*.py"):
        if path.name not in ("settings.py", "quickstart.py"):
            assert "environ.get" not in path.read_text(), path
    for variable in VARIABLES:
        assert variable.name.startswith("CAPTUREGRAPH_")
        assert variable.purpose.endswith(".")


def test_files_are_kept_where_the_variable_says(tmp_path: Path) -> None:
    (here,) = shown(tmp_path, "STORAGES['default']")
    assert "FileSystemStorage" in here
    url = "s3://key:a%2Fb%40c@photographs/of/stones?endpoint=https://s3.example.org&region=eu-1&public=https://p.example.org"
    (there,) = shown(tmp_path, "STORAGES['default']['OPTIONS']['place']", CAPTUREGRAPH_FILES_URL=url)
    assert there == repr(
        Bucket(
            "photographs",
            "of/stones",
            "key",
            "a/b@c",
            "https://s3.example.org",
            "https://p.example.org",
            "eu-1",
            "path",
        )
    )
    (plain,) = shown(tmp_path, "STORAGES['default']['OPTIONS']['place']", CAPTUREGRAPH_FILES_URL="s3://photographs")
    assert plain == repr(Bucket("photographs"))


def test_without_the_extra_it_says_which_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(variables, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="scale"):
        variables.files("s3://photographs")
