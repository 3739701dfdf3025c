"""The nouns. One file each: fields, constraints, QuerySet, `__str__`. Writing them is the business of `services`."""

from capturegraph.models.assignment import Assignment
from capturegraph.models.availability import Availability
from capturegraph.models.batch import Batch
from capturegraph.models.blurring import Blurring
from capturegraph.models.candidate_slot import CandidateSlot
from capturegraph.models.capture import Capture
from capturegraph.models.column_choice import ColumnChoice
from capturegraph.models.device import Device
from capturegraph.models.direct_upload import DirectUpload
from capturegraph.models.dispute import Dispute
from capturegraph.models.event import Event
from capturegraph.models.invite import Invite
from capturegraph.models.job import Job
from capturegraph.models.match import Match
from capturegraph.models.membership import Membership
from capturegraph.models.message import Message
from capturegraph.models.opening_check import OpeningCheck
from capturegraph.models.photo_finding import PhotoFinding
from capturegraph.models.photo_part import PhotoPart
from capturegraph.models.plan import Plan
from capturegraph.models.plan_pin import PlanPin
from capturegraph.models.plan_run import PlanRun
from capturegraph.models.review_claim import ReviewClaim
from capturegraph.models.service_lease import ServiceLease
from capturegraph.models.service_run import ServiceRun
from capturegraph.models.service_runner import ServiceRunner
from capturegraph.models.target import Target
from capturegraph.models.user import User
from capturegraph.models.webhook import Delivery, Webhook

__all__ = [
    "Assignment",
    "Availability",
    "Batch",
    "Blurring",
    "CandidateSlot",
    "Capture",
    "ColumnChoice",
    "Delivery",
    "Device",
    "DirectUpload",
    "Dispute",
    "Event",
    "Invite",
    "Job",
    "Match",
    "Membership",
    "Message",
    "OpeningCheck",
    "PhotoFinding",
    "PhotoPart",
    "Plan",
    "PlanPin",
    "PlanRun",
    "ReviewClaim",
    "ServiceLease",
    "ServiceRun",
    "ServiceRunner",
    "Target",
    "User",
    "Webhook",
]
