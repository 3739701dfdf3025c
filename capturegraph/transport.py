"""Messages as files, for a machine without a broker: a folder a queue, a file a message.

Kombu has a transport of this kind too. Its readers can take a file that is still being written, which ends the worker,
and carry messages through the machine's folder for temporary files. Here a message appears whole, by one rename, and is
taken by one rename, so that any number of processes may send and take.
"""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from queue import Empty
from time import monotonic_ns
from typing import Any
from urllib.parse import quote

from kombu.transport import filesystem, virtual
from kombu.utils.json import dumps, loads

WAITING, COMING, TAKEN = ".message", ".coming", ".taken"


class Channel(virtual.Channel):
    """The folder that `folder` of the transport options names."""

    def _folder(self, queue: str) -> Path:
        # A queue's name may hold what a folder's may not.
        folder = Path(self.connection.client.transport_options["folder"]) / quote(queue, safe="")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _waiting(self, queue: str) -> list[Path]:
        return sorted(path for path in self._folder(queue).iterdir() if path.suffix == WAITING)

    def _put(self, queue: str, message: Any, **kwargs: Any) -> None:
        # The names sort in the order of sending. This clock starts anew with the machine; what waited then comes last.
        path = self._folder(queue) / f"{monotonic_ns():020}-{uuid.uuid4()}{COMING}"
        path.write_text(dumps(message), encoding="utf-8")
        path.rename(path.with_suffix(WAITING))

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for path in self._waiting(queue):
            taken = path.with_suffix(TAKEN)
            try:
                path.rename(taken)
            except FileNotFoundError:
                # Another worker was quicker.
                continue
            payload = loads(taken.read_text(encoding="utf-8"))
            taken.unlink()
            return payload
        raise Empty

    def _purge(self, queue: str) -> int:
        gone = 0
        for path in self._waiting(queue):
            try:
                os.unlink(path)
            except FileNotFoundError:
                continue
            gone += 1
        return gone

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))


class Transport(filesystem.Transport):
    """What `filesystem://` means in this project."""

    Channel = Channel  # type: ignore[assignment]
    global_state = virtual.BrokerState()
    polling_interval = 0.25
