"""Who gets which slot, and when it is done: a store over a memory of few verbs."""

from .assignments import AssignmentStore
from .attributes import AttributePersistence
from .batched import BatchedDistanceStore, in_tour_order
from .identity import session_identities, slot_identity
from .persistence import Persistence, RamPersistence, covered

__all__ = [
    "AssignmentStore",
    "AttributePersistence",
    "BatchedDistanceStore",
    "Persistence",
    "RamPersistence",
    "covered",
    "in_tour_order",
    "session_identities",
    "slot_identity",
]
