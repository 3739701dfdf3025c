"""Phones in the same network: certificates that they can trust, who is let in by them, and who is not without --lan."""

import ipaddress
import os
import signal
import socket
import ssl
import stat
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from django.core.management import load_command_class
from django.core.management.base import OutputWrapper
from served import Quickstart, manage, quickstart

from capturegraph.management import certificates, lan
from capturegraph.management.certificates import Certificates, prepare

HOME = ipaddress.IPv4Address("192.168.1.7")
OFFICE = ipaddress.IPv4Address("10.0.0.7")
# An address of every machine that is not the one that everything listens on by itself.
OTHER_LOOPBACK = "127.0.0.2"
NOW = datetime.now(UTC).replace(microsecond=0)


def made(folder: Path, *addresses: certificates.Address, now: datetime = NOW) -> Certificates:
    return prepare(folder, addresses=addresses or (HOME,), names=("stones.local",), now=now)


def shaken(kept: Certificates, host: str) -> str:
    """Speak TLS with a server that shows the certificate, as a client that trusts the authority; say how it went."""
    here, there = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context(cafile=kept.authority)
    here.load_cert_chain(kept.server, kept.key)
    up, down = ssl.MemoryBIO(), ssl.MemoryBIO()
    server, client = here.wrap_bio(up, down, server_side=True), there.wrap_bio(down, up, server_hostname=host)
    waiting = [client, server]
    for _turn in range(10):
        for side in list(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
            except ssl.SSLCertVerificationError as error:
                return error.verify_message
    return "trusted" if not waiting else "stuck"


# --- certificates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("host", ["192.168.1.7", "10.0.0.7", "stones.local"])
def test_a_phone_with_the_authority_trusts_the_server(tmp_path: Path, host: str) -> None:
    assert shaken(made(tmp_path, HOME, OFFICE), host) == "trusted"


@pytest.mark.parametrize("host", ["192.168.1.8", "elm.local", "example.org"])
def test_no_other_host_is_trusted(tmp_path: Path, host: str) -> None:
    assert "mismatch" in shaken(made(tmp_path), host)


def test_the_authority_vouches_for_nothing_beyond_the_network(tmp_path: Path) -> None:
    """Who steals its key cannot deceive a phone about a bank."""
    kept = made(tmp_path)
    stolen = certificates._load(kept.authority.with_suffix(""))
    for addresses, names, host in (
        ([], ["example.org"], "example.org"),
        ([ipaddress.ip_address("8.8.8.8")], [], "8.8.8.8"),
    ):
        forged = certificates._make_server(stolen, addresses, names, NOW)
        certificates._keep(kept.server.with_suffix(""), forged)
        assert "permitted subtree violation" in shaken(kept, host)


def test_keys_are_their_owner_s_alone(tmp_path: Path) -> None:
    folder = tmp_path / "lan"
    made(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}
    assert modes == dict.fromkeys(("authority.crt", "authority.key", "server.crt", "server.key"), 0o600)


def contents(kept: Certificates) -> tuple[bytes, bytes]:
    return kept.authority.read_bytes(), kept.server.read_bytes()


def test_the_next_start_uses_them_again(tmp_path: Path) -> None:
    first = made(tmp_path, HOME)
    before = contents(first)
    later = made(tmp_path, HOME, now=NOW + timedelta(days=300))
    assert (first.new_authority, later.new_authority) == (True, False)
    assert contents(later) == before


def test_a_server_s_certificate_is_renewed_before_it_ends(tmp_path: Path) -> None:
    authority, server = contents(made(tmp_path))
    almost = NOW + certificates.SERVER_LIFE - timedelta(days=29)
    renewed = made(tmp_path, now=almost)
    assert (renewed.new_authority, contents(renewed)[0], contents(renewed)[1] != server) == (False, authority, True)
    ends = x509.load_pem_x509_certificate(renewed.server.read_bytes()).not_valid_after_utc
    assert ends == almost + certificates.SERVER_LIFE
    assert shaken(renewed, str(HOME)) == "certificate is not yet valid"


def test_an_authority_is_renewed_before_it_ends(tmp_path: Path) -> None:
    before = contents(made(tmp_path))
    renewed = made(tmp_path, now=NOW + certificates.AUTHORITY_LIFE - timedelta(days=29))
    assert renewed.new_authority
    assert not set(contents(renewed)) & set(before)


def test_another_address_gets_a_certificate_of_the_same_authority(tmp_path: Path) -> None:
    authority, server = contents(made(tmp_path, HOME))
    moved = made(tmp_path, OFFICE)
    assert (moved.new_authority, contents(moved)[0], contents(moved)[1] != server) == (False, authority, True)
    assert (shaken(moved, str(OFFICE)), "mismatch" in shaken(moved, str(HOME))) == ("trusted", True)


def test_a_public_address_needs_an_authority_that_may_vouch_for_it(tmp_path: Path) -> None:
    public = ipaddress.IPv4Address("203.0.114.7")
    made(tmp_path, HOME)
    moved = made(tmp_path, public)
    assert moved.new_authority
    assert shaken(moved, str(public)) == "trusted"


@pytest.mark.parametrize("name", ["authority.crt", "authority.key", "server.crt", "server.key"])
def test_what_is_damaged_is_made_anew(tmp_path: Path, name: str) -> None:
    made(tmp_path)
    (tmp_path / name).write_bytes(b"nothing of use")
    assert shaken(made(tmp_path), str(HOME)) == "trusted"


def test_a_key_of_another_certificate_is_not_used(tmp_path: Path) -> None:
    made(tmp_path / "a")
    made(tmp_path / "b")
    (tmp_path / "a" / "server.key").write_bytes((tmp_path / "b" / "server.key").read_bytes())
    assert shaken(made(tmp_path / "a"), str(HOME)) == "trusted"


def test_phones_take_the_authority_as_it_is(tmp_path: Path) -> None:
    kept = made(tmp_path)
    taken = x509.load_der_x509_certificate(certificates.as_der(kept.authority))
    assert taken == x509.load_pem_x509_certificate(kept.authority.read_bytes())
    assert isinstance(taken.public_key(), ec.EllipticCurvePublicKey)


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--lan", "--url", "https://photos.example.org"], "one of them"),
        (["--address", "192.168.1.7"], "--lan"),
        (["--lan", "--address", "stones"], "192.168.1.7"),
        (["--lan", "--address", "0.0.0.0"], "192.168.1.7"),
        (["--lan", "--address"], "argument"),
        (["--lan", "--port", "65535"], "65535"),
        (["--lan=yes"], "argument"),
    ],
)
def test_bad_options_are_one_sentence(arguments: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = load_command_class("capturegraph", "quickstart")
    command.stdout, command.stderr = OutputWrapper(sys.stdout), OutputWrapper(sys.stderr)
    with pytest.raises(SystemExit) as ended:
        command.run_from_argv(["manage.py", "quickstart", *arguments])
    told = capsys.readouterr()
    assert (ended.value.code, told.out, told.err.count("\n")) == (2, "", 1), told.err
    assert says in told.err


def test_a_machine_in_no_network_is_said_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(lan, "addresses", list)
    test_bad_options_are_one_sentence(["--lan"], "no network", capsys)


def test_a_taken_port_for_the_certificate_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        refused = manage(tmp_path, "quickstart", "--lan", "--address", OTHER_LOOPBACK, "--port", str(port - 1))
    assert (refused.returncode, refused.stdout, refused.stderr.count("\n")) == (2, "", 1)
    assert f"Port {port} cannot be used" in refused.stderr


def test_an_address_of_this_machine_is_found() -> None:
    found = lan.addresses()
    assert not any(one.is_loopback or one.is_unspecified for one in found)
    for one in found:
        with socket.socket() as own:
            own.bind((str(one), 0))


def listening(running: Quickstart) -> set[str]:
    """The addresses that anything of a quickstart listens on for TCP, as the system says it."""
    sockets = set()
    for pid in {running.process.pid, *running.processes()}:
        for entry in Path(f"/proc/{pid}/fd").glob("*"):
            try:
                sockets.add(os.readlink(entry))
            except OSError:
                continue
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].split(":")[0])
    return found


LOOPBACK_IN_HEX, EVERYWHERE_IN_HEX = "0100007F", "00000000"


@pytest.mark.slow
def test_without_lan_nothing_listens_beyond_this_machine(tmp_path: Path) -> None:
    with quickstart(tmp_path, "--no-demo") as running:
        assert listening(running) == {LOOPBACK_IN_HEX}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((OTHER_LOOPBACK, running.port), timeout=5)
    assert not (tmp_path / "lan").exists()


def fetched(url: str, trusting: Path | None = None, **headers: str) -> tuple[int, str, bytes]:
    context = ssl.create_default_context(cafile=trusting) if trusting else None
    try:
        with urllib.request.urlopen(
            urllib.request.Request(url, headers=headers), timeout=10, context=context
        ) as answer:
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read()


@pytest.mark.slow
def test_with_lan_a_phone_takes_the_certificate_and_comes_in_by_it(tmp_path: Path) -> None:
    with quickstart(tmp_path, "--lan", "--address", OTHER_LOOPBACK) as running:
        site, page = f"https://{OTHER_LOOPBACK}:{running.port}", f"http://{OTHER_LOOPBACK}:{running.port + 1}/"
        assert EVERYWHERE_IN_HEX in listening(running)
        assert f"runs at {site}/" in running.said
        assert page in running.said
        assert f"{site}/join/{running.codes[0]}" in running.said
        taken = the_authority(tmp_path, page)
        assert fetched(f"{site}/join/{running.codes[0]}", taken)[0] == 200
        assert fetched(f"{site}/healthz", taken, Host="photos.example.org")[0] == 400
        with pytest.raises(urllib.error.URLError, match=r"self-signed|unable to get local issuer"):
            fetched(f"{site}/healthz")
        with pytest.raises(urllib.error.URLError, match=r"not valid for|mismatch"):
            fetched(f"https://127.0.0.3:{running.port}/healthz", taken)
        assert running.end(signal.SIGTERM) == 0
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", running.port + 1))


def the_authority(folder: Path, page: str) -> Path:
    """Take the certificate as a phone does: from the page that tells how to install it."""
    status, kind, body = fetched(page, **{"Accept-Language": "de-AT,en;q=0.5"})
    assert (status, kind, b'lang="de"' in body) == (200, "text/html; charset=utf-8", True)
    assert lan.CERTIFICATE.encode() in body
    status, kind, body = fetched(page.rstrip("/") + lan.CERTIFICATE)
    assert (status, kind) == (200, "application/x-x509-ca-cert")
    assert fetched(page + "lan/authority.key")[0] == 404
    assert fetched(page + "../authority.key")[0] == 404
    path = folder / "taken.crt"
    path.write_text(ssl.DER_cert_to_PEM_cert(body))
    return path
