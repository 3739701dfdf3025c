"""A thousand hostile files: each is refused in a sentence or developed, and nothing else comes of it."""

import io
from pathlib import Path

import pytest
from hostile_photos import Hostile, hostile_photos
from test_develop import chunks_of

from capturegraph.photos import MAX_PIXELS, NotAPhoto, develop, inspect

ROOT = Path(__file__).parents[2]
EVERY = 23

# In production a reader's warning is a line in the log and not an error.
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def outcome(hostile: Hostile) -> str:
    """What becomes of a file: the sentence of its refusal, or nothing."""
    file = io.BytesIO(hostile.data)
    try:
        facts = inspect(file)
    except NotAPhoto as refusal:
        return refusal.reason
    assert 0 < facts.width * facts.height <= MAX_PIXELS
    made = develop(file)
    assert {name for data in made.small.values() for name in chunks_of(data)} <= {"VP8 ", "VP8L", "ALPH", "VP8X"}
    return ""


@pytest.mark.parametrize("which", range(EVERY))
def test_some_hostile_files(which: int) -> None:
    chosen = [hostile for number, hostile in enumerate(hostile_photos(count=EVERY * 5)) if number % EVERY == which]
    told = [outcome(hostile) for hostile in chosen]
    assert len(told) == 5
    assert all(not reason or reason.endswith(".") for reason in told)


def test_the_same_seed_gives_the_same_files() -> None:
    def made(seed: int) -> list[Hostile]:
        # The writer of AVIF films notes the hour.
        return [
            one for one in hostile_photos(seed=seed, count=40) if (one.what, one.media_type) != ("film", "image/avif")
        ]

    assert made(0) == made(0)
    assert made(0) != made(1)


def test_an_avif_that_says_it_is_small_gets_no_more_memory_for_it() -> None:
    """It says 64 × 64 and holds 16,000 × 16,000 pixels."""
    with pytest.raises(NotAPhoto):
        inspect(ROOT / "tests" / "data" / "photos" / "lying.avif")
