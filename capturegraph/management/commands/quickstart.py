"""`manage.py quickstart`: the whole thing, running on this machine, with something to try it on."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import urlsplit

import segno
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from capturegraph.management.command import Command as Base
from capturegraph.management.programs import ProgramEnded, Programs
from capturegraph.services import demonstration

HOST = "127.0.0.1"
START_WITHIN_S = 60.0
_UNDER = " " * 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(Base):
    """Prepares the database and the files, starts the server and the worker, and says what to open."""

    help = "Set up, start the web server and the worker, and say what to open. Ctrl-C stops everything."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=_port, default=8000, help="where the server listens, on this machine only")
        parser.add_argument("--no-demo", action="store_true", help="make no demonstration target, only the site admin")
        parser.add_argument(
            "--url", type=_address, help="the address others reach this by, through a proxy: https://photos.example.org"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C, SIGTERM or SIGHUP."""
        port, url = options["port"], options["url"] or f"http://{HOST}:{options['port']}"
        if settings.PRODUCTION and not options["no_demo"]:
            raise CommandError("CAPTUREGRAPH_PRODUCTION is on: add --no-demo, so that no demonstration is made there.")
        _check_port_is_free(port)
        with _signals_interrupt():
            try:
                self._run(port, url, demo=not options["no_demo"])
            except KeyboardInterrupt:
                self.stdout.write("\nStopped.")
            except ProgramEnded as ended:
                raise CommandError(str(ended), returncode=3) from None

    def _run(self, port: int, url: str, *, demo: bool) -> None:
        self._say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        self._say("Preparing the pages …")
        call_command("collectstatic", verbosity=0, interactive=False)
        now = timezone.now()
        admin = demonstration.account(username="admin", name="Site admin", admin=True, now=now)
        campaign = demonstration.campaign(now=now) if demo else None
        self._say("Starting …")
        with Programs(settings.VAR / "log", _environment(url)) as programs:
            programs.start("worker", _worker(port))
            programs.start("web server", _web_server(port))
            programs.wait_for(f"http://{HOST}:{port}/healthz", START_WITHIN_S)
            self._report(url, admin, campaign)
            programs.watch()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _report(self, url: str, admin: demonstration.Account, campaign: demonstration.Campaign | None) -> None:
        accounts = [("Site admin", f"{url}/admin/", admin)]
        self._say("\n" + self.style.SUCCESS(f"Capturegraph runs at {url}/"))
        if campaign:
            accounts.insert(0, ("Coordinator", f"{url}/console/", campaign.coordinator))
            self._report_invites(url, campaign)
        for who, page, account in accounts:
            self._say(f"\n  {who:<13}{page}\n{_UNDER}{_how_to_log_in(account)}")
        if any(account.password for __, __, account in accounts):
            self._say("\nThese passwords work once: choose your own at the first log-in.")
        self._say(f"Logs are in {settings.VAR / 'log'}. Ctrl-C stops everything.")

    def _report_invites(self, url: str, campaign: demonstration.Campaign) -> None:
        first, second = (f"{url}/join/{code}" for code in campaign.codes)
        if not campaign.made:
            self._say(
                f"“{campaign.target}” and what was done there are still here. The links to join are new ones: earlier\n"
                "ones still work, but cannot be shown again, since only their fingerprints are kept."
            )
        if _draws(sys.stdout):
            self._say("")
            segno.make(first, error="l").terminal(sys.stdout, border=2, compact=True)
        self._say(f"\n  Volunteer 1  {first}")
        self._say(f"  Volunteer 2  {second}\n{_UNDER}(in a private window: to the server, that is another phone)")
        if urlsplit(url).hostname == HOST:
            self._say(f"{_UNDER}(real phones need HTTPS and a way in: give its address as --url)")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 65535:
        return int(text)
    raise argparse.ArgumentTypeError("a port is a number from 1 to 65535.")


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise argparse.ArgumentTypeError("write an address like https://photos.example.org, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def _check_port_is_free(port: int) -> None:
    with socket.socket() as probe:
        # Connections of a server that has just stopped linger; they are no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise CommandError(
                f"Port {port} cannot be used ({error.strerror}). Choose another one: --port {port % 65535 + 1}",
                returncode=2,
            ) from None


@contextlib.contextmanager
def _signals_interrupt() -> Iterator[None]:
    """Let every wish to stop arrive as KeyboardInterrupt, once: a second Ctrl-C does not disturb the stopping."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def stop(number: int, frame: object) -> NoReturn:
        for each in SIGNALS:
            signal.signal(each, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _environment(url: str) -> dict[str, str]:
    name = urlsplit(url).hostname or HOST
    hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, HOST, "localhost", name])
    origins = dict.fromkeys([*settings.CSRF_TRUSTED_ORIGINS, url])
    paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "CAPTUREGRAPH_VAR": str(settings.VAR),
        "CAPTUREGRAPH_HOSTS": ",".join(hosts),
        "CAPTUREGRAPH_ORIGINS": ",".join(origins),
    }


def _web_server(port: int) -> list[str]:
    options = ["--interface", "wsgi", "--host", HOST, "--port", str(port), "--blocking-threads", "8", "--no-ws"]
    return [sys.executable, "-m", "granian", *options, "capturegraph.wsgi:application"]


def _worker(port: int) -> list[str]:
    # One node needs no talk among nodes, and on files that talk would pile up unread.
    alone = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--hostname", f"quickstart-{port}@{HOST}"]
    options = ["-B", "-P", "threads", "--concurrency", "2", "--loglevel", "INFO", *alone]
    return [sys.executable, "-m", "celery", "-A", "capturegraph.celery", "worker", *options]


def _how_to_log_in(account: demonstration.Account) -> str:
    name = account.user.username
    if account.password:
        return f"log in as {name} with {account.password}"
    return f"log in as {name} with the password chosen there (lost it? manage.py createadmin --reset --username {name})"


def _draws(stream: Any) -> bool:
    return stream.isatty() and "utf" in (getattr(stream, "encoding", "") or "").lower()
