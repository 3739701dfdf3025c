"""`manage.py quickstart`: the whole thing, running on this machine, with something to try it on."""

from __future__ import annotations

import argparse
import contextlib
import ipaddress
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

from capturegraph.management import lan
from capturegraph.management.certificates import Address
from capturegraph.management.command import Command as Base
from capturegraph.management.programs import ProgramEnded, Programs
from capturegraph.services import demonstration

HOST = "127.0.0.1"
START_WITHIN_S = 60.0
LAST_PORT = 65535
_UNDER = " " * 15
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Command(Base):
    """Prepares the database and the files, starts the server and the worker, and says what to open."""

    help = "Set up, start the web server and the worker, and say what to open. Ctrl-C stops everything."
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=_port, default=8000, help="where the server listens, on this machine only")
        parser.add_argument(
            "--lan",
            action="store_true",
            help="let phones of the same network in, over HTTPS with a certificate of our own",
        )
        parser.add_argument(
            "--address", type=_own_address, action="append", metavar="ADDRESS",
            help="with --lan: this machine's address there, where the one found is not the right one",
        )  # fmt: skip
        parser.add_argument("--no-demo", action="store_true", help="make no demonstration target, only the site admin")
        parser.add_argument(
            "--url", type=_address, help="the address others reach this by, through a proxy: https://photos.example.org"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until Ctrl-C, SIGTERM or SIGHUP."""
        port = options["port"]
        if settings.PRODUCTION and not options["no_demo"]:
            raise CommandError("CAPTUREGRAPH_PRODUCTION is on: add --no-demo, so that no demonstration is made there.")
        addresses = _lan_addresses(options)
        for each in (port, port + 1) if addresses else (port,):
            _check_port_is_free(lan.EVERYWHERE if addresses else HOST, each)
        with _signals_interrupt():
            try:
                way = _way_in(port, addresses, options["url"])
                self._run(way, demo=not options["no_demo"])
            except KeyboardInterrupt:
                self.stdout.write("\nStopped.")
            except ProgramEnded as ended:
                raise CommandError(str(ended), returncode=3) from None

    def _run(self, way: lan.Way, *, demo: bool) -> None:
        self._say("Preparing the database …")
        call_command("migrate", verbosity=0, interactive=False)
        self._say("Preparing the pages …")
        call_command("collectstatic", verbosity=0, interactive=False)
        now = timezone.now()
        admin = demonstration.account(username="admin", name="Site admin", admin=True, now=now)
        campaign = demonstration.campaign(now=now) if demo else None
        self._say("Starting …")
        with Programs(settings.VAR / "log", _environment(way)) as programs, lan.certificate_page(way):
            programs.start("worker", _worker(way.port))
            programs.start("web server", _web_server(way))
            programs.wait_for(f"{way.scheme}://{HOST}:{way.port}/healthz", START_WITHIN_S, way.authority)
            self._report(way.url, admin, campaign, way)
            programs.watch()

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()

    def _report(
        self, url: str, admin: demonstration.Account, campaign: demonstration.Campaign | None, way: lan.Way
    ) -> None:  # fmt: skip
        accounts = [("Site admin", f"{url}/admin/", admin)]
        self._say("\n" + self.style.SUCCESS(f"Capturegraph runs at {url}/"))
        if way.certificates:
            self._say(lan.instructions(way))
            _draw(way.certificate_url)
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
        _draw(first)
        self._say(f"\n  Volunteer 1  {first}")
        self._say(f"  Volunteer 2  {second}\n{_UNDER}(in a private window: to the server, that is another phone)")
        if urlsplit(url).hostname == HOST:
            self._say(f"{_UNDER}(real phones need a way in: --lan for those in this network, or a tunnel's --url)")


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError("a port is a number from 1 to 65535.")


def _address(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
        raise argparse.ArgumentTypeError("write an address like https://photos.example.org, without a path.")
    return f"{parts.scheme}://{parts.netloc}"


def _own_address(text: str) -> Address:
    try:
        address = ipaddress.IPv4Address(text)
    except ValueError:
        address = ipaddress.IPv4Address(0)
    if address.is_unspecified or address.is_multicast:
        raise argparse.ArgumentTypeError("write an address of this machine like 192.168.1.7.")
    return address


def _lan_addresses(options: dict[str, Any]) -> list[Address]:
    """Give the addresses that phones may use; none without --lan."""
    if not options["lan"]:
        if options["address"]:
            raise CommandError("--address belongs to --lan: add it.", returncode=2)
        return []
    if options["url"]:
        raise CommandError("--lan and --url are two ways in: give one of them.", returncode=2)
    if settings.PRODUCTION:
        raise CommandError("CAPTUREGRAPH_PRODUCTION is on: --lan is for trying out. Give --url.", returncode=2)
    if options["port"] == LAST_PORT:
        raise CommandError("--lan needs the next port too: give a --port below 65535.", returncode=2)
    found: list[Address] = options["address"] or lan.addresses()
    if not found:
        raise CommandError("This machine is in no network: connect it, or give --address.", returncode=2)
    return found


def _way_in(port: int, addresses: list[Address], url: str | None) -> lan.Way:
    if addresses:
        return lan.open_way(port, addresses, folder=settings.VAR / "lan", now=timezone.now())
    url = url or f"http://{HOST}:{port}"
    return lan.Way(url, port, HOST, (urlsplit(url).hostname or HOST,))


def _check_port_is_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        # Connections of a server that has just stopped linger; they are no reason to refuse.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
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


def _environment(way: lan.Way) -> dict[str, str]:
    hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, HOST, "localhost", *way.hosts])
    own = [f"{way.scheme}://{host}:{way.port}" for host in way.hosts] if way.certificates else []
    origins = dict.fromkeys([*settings.CSRF_TRUSTED_ORIGINS, way.url, *own])
    paths = [str(settings.BASE_DIR), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(path for path in paths if path),
        "PYTHONUNBUFFERED": "1",
        "CAPTUREGRAPH_VAR": str(settings.VAR),
        "CAPTUREGRAPH_HOSTS": ",".join(hosts),
        "CAPTUREGRAPH_ORIGINS": ",".join(origins),
    }


def _web_server(way: lan.Way) -> list[str]:
    # A phone that falls silent in the middle of a photo keeps its thread until it hangs up: others must not wait.
    options = [
        "--interface",
        "wsgi",
        "--host",
        way.bind,
        "--port",
        str(way.port),
        "--blocking-threads",
        "64",
        "--no-ws",
    ]
    if way.certificates:
        # Older phones know nothing newer than TLS 1.2.
        options += ["--ssl-certificate", str(way.certificates.server), "--ssl-keyfile", str(way.certificates.key)]
        options += ["--ssl-protocol-min", "tls1.2"]
    options += ["--log-config", str(settings.BASE_DIR / "capturegraph" / "granian.json")]
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


def _draw(link: str) -> None:
    """Show a link as a QR code where the terminal can."""
    stream = sys.stdout
    if stream.isatty() and "utf" in (getattr(stream, "encoding", "") or "").lower():
        print()  # noqa: T201
        segno.make(link, error="l").terminal(stream, border=2, compact=True)
