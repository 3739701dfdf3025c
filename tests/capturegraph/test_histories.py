"""Random histories end as the oracle says they must, in whatever order the photographs come."""

import pytest
from histories import history
from playing import differs, people

pytestmark = [pytest.mark.django_db, pytest.mark.slow_on("postgresql")]

TOGETHER = 10


@pytest.mark.parametrize("first", range(0, 60, TOGETHER))
def test_a_history_ends_as_the_oracle_says(first: int) -> None:
    users = people()
    wrong = {seed: said for seed in range(first, first + TOGETHER) if (said := differs(history(seed), users))}
    assert wrong == {}
