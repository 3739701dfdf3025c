"""The periodic sweep: what time has made due, tidied up once a cycle."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from capturegraph.models import Capture
from capturegraph.services import events
from capturegraph.services.hand_out.assignments import SWEEP_AT_ONCE, sweep_leases
from capturegraph.services.ingest import asking
from capturegraph.services.matches import matching
from capturegraph.services.privacy import blurring
from capturegraph.services.uploads import direct, parts
from capturegraph.services.writing import hold_target_shared, writing


def sweep(*, now: datetime) -> dict[str, int]:
    """Do every step until nothing is left; say how much each did."""
    done = {}
    for name, step in STEPS.items():
        done[name] = 0
        while helping := step(now):
            done[name] += helping
    return done


def _end_leases(now: datetime) -> int:
    return sweep_leases(now=now)


def _drop_parts(now: datetime) -> int:
    return parts.sweep(now=now, at_once=SWEEP_AT_ONCE) or parts.sweep_files(now=now)


def _give_up_direct_uploads(now: datetime) -> int:
    return direct.sweep(now=now)


def _ask_for_photos(now: datetime) -> int:
    with writing():
        return asking.sweep(now=now)


def _uncount_photo_less(now: datetime) -> int:
    with writing():
        due = Capture.objects.photo_less(now).order_by("received_at", "pk")
        targets = set(due.values_list("target", flat=True)[:SWEEP_AT_ONCE])
        for target_id in sorted(targets):
            # Before any capture, as everybody who locks both does.
            hold_target_shared(target_id)
        # One whose photograph is arriving at this moment is passed over.
        locked = due.filter(target__in=targets).select_for_update(no_key=True, of=("self",), skip_locked=True)
        late = list(locked[:SWEEP_AT_ONCE])
        count = matching.uncount(late, now=now, why=matching.NO_PHOTO) if late else 0
        for capture in late:
            events.record(
                at=now, verb="uncounted", noun="capture", row_id=capture.pk, target_id=capture.target_id,
                data={"why": matching.NO_PHOTO},
            )  # fmt: skip
    return count


STEPS: dict[str, Callable[[datetime], int]] = {
    "leases": _end_leases,
    "photo_less": _uncount_photo_less,
    "parts": _drop_parts,
    "direct_uploads": _give_up_direct_uploads,
    "photos": _ask_for_photos,
    "blur": blurring.ask,
}
"""What time makes due, each step a helping at a time; it gives how much it did, 0 when nothing is left."""
