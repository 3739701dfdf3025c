"""The rows beside the brute-force model of all memories (tests/scheduling/store_machine.py)."""

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from capturegraph.models import Membership, Target, User
from tests.capturegraph.test_store import Rows
from tests.scheduling.store_contract import Memory
from tests.scheduling.store_machine import USERS, StoreMachine

LIMITS = settings(
    deadline=None, max_examples=15, stateful_step_count=12, suppress_health_check=list(HealthCheck)
)  # fmt: skip


class OneOfMany(Rows):
    """A target of its own for each story, on the same few people."""

    def __init__(self, target: Target, passer_by: User) -> None:
        self.target, self._clock, self._passer_by = target, timezone.now, passer_by


@pytest.mark.django_db
def test_the_rows_do_what_the_model_does() -> None:
    people = [User.objects.create_user(name, name=name.title()) for name in USERS]
    passer_by = User.objects.create_user("max")

    class RowMachine(StoreMachine):
        def memories(self) -> list[Memory]:
            target = Target.objects.create(name="Stones")
            for person in people:
                Membership.objects.create(user=person, target=target, created_at=timezone.now())
            return [OneOfMany(target, passer_by)]

    run_state_machine_as_test(RowMachine, settings=LIMITS)
