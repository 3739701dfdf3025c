"""ZIPs of photos that want to harm: what they cost is bounded by what they declare, before anything is unpacked."""

import io
import tracemalloc
import zipfile

import format_twins as twins
import pytest

from capturegraph.photos import archives


@pytest.mark.parametrize("how", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_lies_costs_no_more_memory_than_it_declares(how: int) -> None:
    lied = io.BytesIO(twins.lying("a.jpg", bytes(30_000_000), 1000, how))
    tracemalloc.start()
    try:
        (picture,) = archives.pictures_in(lied)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert picture.file is None
    assert peak < 2_000_000


def listing(count: int) -> io.BytesIO:
    """A ZIP that lists so many files without a name, and holds none of them."""
    listed = (b"PK\x01\x02" + bytes(42)) * count
    return io.BytesIO(listed + b"PK\x05\x06" + bytes(8) + len(listed).to_bytes(4, "little") + bytes(6))


def test_a_zip_with_a_crowd_of_entries_is_refused_before_they_are_listed() -> None:
    crowd = listing(100_000)
    tracemalloc.start()
    try:
        with pytest.raises(archives.NotAnArchive, match="Split it"):
            archives.pictures_in(crowd)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000


def test_a_file_without_a_name_is_one_that_cannot_be_read() -> None:
    assert list(archives.pictures_in(listing(1))) == [archives.Picture("", "", None)]
