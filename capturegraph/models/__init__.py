"""The nouns. One file each: fields, constraints, QuerySet, `__str__`. Writing them is the business of `services`."""

from capturegraph.models.assignment import Assignment
from capturegraph.models.batch import Batch
from capturegraph.models.candidate_slot import CandidateSlot
from capturegraph.models.capture import Capture
from capturegraph.models.device import Device
from capturegraph.models.event import Event
from capturegraph.models.invite import Invite
from capturegraph.models.match import Match
from capturegraph.models.membership import Membership
from capturegraph.models.service_run import ServiceRun
from capturegraph.models.target import Target
from capturegraph.models.user import User

__all__ = [
    "Assignment",
    "Batch",
    "CandidateSlot",
    "Capture",
    "Device",
    "Event",
    "Invite",
    "Match",
    "Membership",
    "ServiceRun",
    "Target",
    "User",
]
