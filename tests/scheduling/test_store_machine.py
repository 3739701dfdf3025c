"""RAM, and CaptureGraph's plain object as JSON keeps it, beside the brute-force model."""

from hypothesis import settings

from tests.scheduling.store_contract import Memory
from tests.scheduling.store_machine import StoreMachine
from tests.scheduling.store_memories import AttributeMemory, Mappings, Objects, RamMemory


class Memories(StoreMachine):
    def memories(self) -> list[Memory]:
        return [kind(make()) for kind in (RamMemory, AttributeMemory) for make in (Mappings, Objects)]


TestMemories = Memories.TestCase
TestMemories.settings = settings(deadline=None, max_examples=40, stateful_step_count=20)
