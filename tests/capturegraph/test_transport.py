"""Messages as files: whole or not there, taken once, in the order of sending, whoever sends and takes at once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from celery import Celery
from kombu import Connection

from capturegraph.celery import app
from capturegraph.transport import Transport


@pytest.fixture
def connect(tmp_path: Path) -> Callable[[], Connection]:
    return lambda: Connection(transport=Transport, transport_options={"folder": str(tmp_path)})


def taken(connection: Connection, queue: str) -> list[Any]:
    """Take messages until there is none."""
    with connection, connection.SimpleQueue(queue) as waiting:
        found = []
        try:
            while True:
                message = waiting.get(block=False)
                found.append(message.payload)
                message.ack()
        except Empty:
            return found


def send(connection: Connection, queue: str, messages: list[Any]) -> None:
    with connection, connection.SimpleQueue(queue) as waiting:
        for message in messages:
            waiting.put(message)


def test_in_the_order_of_sending_and_once(connect: Callable[[], Connection], tmp_path: Path) -> None:
    send(connect(), "sweeps", [{"number": number, "ünï": "çode"} for number in range(50)])
    assert [message["number"] for message in taken(connect(), "sweeps")] == list(range(50))
    assert taken(connect(), "sweeps") == []
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [], "what was taken is gone"


def test_many_send_and_take_at_the_same_time(connect: Callable[[], Connection]) -> None:
    """Nothing is lost, doubled, or seen before it is whole: long messages, many readers."""
    long = "x" * 200_000
    with ThreadPoolExecutor(8) as crowd:
        sending = [crowd.submit(send, connect(), "q", [[who, n, long] for n in range(25)]) for who in range(4)]
        taking = [crowd.submit(taken, connect(), "q") for _ in range(40)]
        for sent in sending:
            sent.result()
        found = [message for some in taking for message in some.result()]
    found += taken(connect(), "q")
    assert sorted((who, n) for who, n, __ in found) == [(who, n) for who in range(4) for n in range(25)]
    assert {text for __, __, text in found} == {long}


def test_a_file_that_is_still_being_written_is_not_taken(connect: Callable[[], Connection], tmp_path: Path) -> None:
    send(connect(), "q", ["whole"])
    (tmp_path / "q" / "00000000000000000000-half.coming").write_text('{"body": "ha')
    assert taken(connect(), "q") == ["whole"]


def test_queues_are_apart_and_can_be_emptied(connect: Callable[[], Connection], tmp_path: Path) -> None:
    odd = "../a queue/with.dots"
    send(connect(), odd, [1, 2])
    send(connect(), "plain", [3])
    assert {path.parent.parent for path in tmp_path.rglob("*.message")} == {tmp_path}
    with connect() as connection:
        channel = connection.default_channel
        assert channel._size(odd) == 2
        assert channel.queue_purge(odd) == 2
    assert taken(connect(), odd) == []
    assert taken(connect(), "plain") == [3]


def test_the_app_speaks_through_it(settings: Any, tmp_path: Path) -> None:
    with app.connection_for_write() as connection:
        assert type(connection.transport) is Transport
    with Celery(broker="filesystem://", set_as_current=False) as other:
        other.conf.broker_transport_options = {"folder": str(tmp_path)}
        other.send_task("capturegraph.sweep", queue="q", ignore_result=True)
    assert len(list((tmp_path / "q").glob("*.message"))) == 1
