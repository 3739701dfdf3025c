"""Uploads cut at nine kinds of offset and replayed in five ways, over sockets that really break; the short form.

The long one is `python -m tests.benchmarks uploads`.
"""

import pytest

from tests.benchmarks import uploads

SEED = 20_261


@pytest.mark.slow
def test_a_cut_upload_is_one_capture_and_one_file_and_one_verdict() -> None:
    with uploads.started() as running:
        sent, left = uploads.run(running, rounds=1, seed=SEED)
    assert len(sent) == len(uploads.OFFSETS) * len(uploads.REPLAYS) == 45
    assert [f"{it}: {it.wrong}" for it in sent if it.wrong] == []
    assert left == []


@pytest.mark.slow
@pytest.mark.parametrize("how", uploads.CONTROLS)
def test_a_server_without_the_guard_is_caught(how: str) -> None:
    assert uploads.caught(how, SEED) > 0
