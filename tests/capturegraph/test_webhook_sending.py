"""What a message to another program is sent to, and how long its answer is waited for."""

import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from receivers import listening
from stories import Clock

from capturegraph.services.webhooks import sending

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]


class Dripping(BaseHTTPRequestHandler):
    """An answer without end, a byte at a time."""

    def do_POST(self) -> None:
        with suppress(OSError):
            for _ in range(600):
                self.wfile.write(b"H")
                self.wfile.flush()
                time.sleep(0.05)

    def log_message(self, *_: Any) -> None:
        pass


def sent_to(url: str, clock: Clock) -> tuple[sending.Answer, float]:
    """The answer of an address, and after how many seconds."""
    begun = time.monotonic()
    answer = sending.post(url=url, secret="whsec_", message_id="x", body=b"{}", now=clock.now, private=True)
    return answer, time.monotonic() - begun


def test_an_answer_that_comes_a_byte_at_a_time_is_waited_for_no_longer(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "PATIENCE_S", 0.3)
    with listening() as receiver:
        receiver.server.RequestHandlerClass = Dripping
        answer, seconds = sent_to(receiver.url, clock)
    assert answer.error.startswith("no answer within")
    assert seconds < 20


def test_nor_is_a_name_that_nobody_can_look_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE_S", 0.2)
    given_up = threading.Event()
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_kwargs: given_up.wait(60) and [])
    answer, seconds = sent_to("http://example.org/", clock)
    given_up.set()
    assert answer.error.startswith("no answer within")
    assert seconds < 20


PRIVATE = (
    "http://127.0.0.1:1/", "http://localhost/", "http://[::1]/", "http://10.0.0.1/", "http://192.168.1.1/",
    "http://172.16.0.1/", "http://169.254.169.254/latest/", "http://0.0.0.0/", "http://[::ffff:127.0.0.1]/",
    "http://[fe80::1]/", "http://[fc00::1]/", "http://224.0.0.1/", "http://100.64.0.1/", "http://2130706433/",
    # What leads from IPv6 into IPv4 networks: of a provider, of one's own, by way of 6to4, and as it once was written.
    "http://[64:ff9b::10.0.0.5]/", "http://[64:ff9b:1::10.0.0.5]/", "http://[2002:a00:5::1]/", "http://[::10.0.0.5]/",
)  # fmt: skip


@pytest.mark.parametrize("url", PRIVATE)
def test_private_networks_are_refused(url: str, clock: Clock) -> None:
    answer = sending.post(url=url, secret="whsec_", message_id="x", body=b"{}", now=clock.now)
    assert answer == sending.Answer(error="its address is in a private network")


def test_public_addresses_behind_a_translator_are_taken() -> None:
    """A machine that has IPv6 only sees all of the old Internet so."""
    for host in ("64:ff9b::8.8.8.8", "2002:808:808::1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "8.8.8.8"):
        assert not sending.plainly_private(host)


def test_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> None:
    found = [(2, 1, 6, "", ("93.184.216.34", 80)), (2, 1, 6, "", ("10.0.0.1", 80))]
    monkeypatch.setattr("socket.getaddrinfo", lambda *_args, **_kwargs: found)
    answer = sending.post(url="http://example.org/", secret="whsec_", message_id="x", body=b"{}", now=clock.now)
    assert "private" in answer.error
