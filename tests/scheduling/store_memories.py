"""The memories without a database, for the contract and for the machine of all memories."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from scheduling.organize import AttributePersistence, RamPersistence
from scheduling.values import pick
from tests.scheduling.store_contract import place


class Mappings:
    """Captures and slots as plain mappings."""

    def thing(self, east_m: float | None, **fields: Any) -> Any:
        location = None if east_m is None else dict(zip(("latitude", "longitude"), place(east_m), strict=True))
        return {"location": location, **fields}


class Objects:
    """Captures and slots as objects with latitude and longitude, like rows."""

    def thing(self, east_m: float | None, **fields: Any) -> Any:
        latitude, longitude = (None, None) if east_m is None else place(east_m)
        return SimpleNamespace(latitude=latitude, longitude=longitude, **fields)


@dataclass
class RamMemory:
    make: Any
    ram: RamPersistence = field(default_factory=RamPersistence)
    captures: list[Any] = field(default_factory=list)

    @property
    def sessions(self) -> "RamMemory":
        return self

    def __iter__(self) -> Iterator[object]:
        return iter(sorted(self.captures, key=lambda capture: str(pick(capture, "id"))))

    def persistence(self) -> RamPersistence:
        return self.ram

    def slot(self, name: str, east_m: float | None) -> object:
        return self.make.thing(east_m, external_id=name)

    def name_of(self, slot: object) -> str:
        return str(pick(slot, "external_id"))

    def capture(self, east_m: float | None, key: str | None = None) -> None:
        self.captures.append(self.make.thing(east_m, **({} if key is None else {"id": key})))

    def user(self, name: str) -> str:
        return name


class Saved:
    """CaptureGraph's plain object, which keeps nothing that JSON does not."""

    def __setattr__(self, name: str, value: Any) -> None:
        assert name in ("batched_assignments", "batched_batch", "batched_seen", "batched_prior_count")
        text = json.dumps(value, allow_nan=False)
        assert json.loads(text) == value
        self.__dict__[name] = json.loads(text)


@dataclass
class AttributeMemory(RamMemory):
    owner: Saved = field(default_factory=Saved)

    def persistence(self) -> Any:
        return AttributePersistence(self.owner)
