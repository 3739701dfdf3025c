"""One contract for every place where files are kept: a folder of this machine, and a store elsewhere."""

import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from buckets import InTheBucket
from django.core.exceptions import SuspiciousOperation
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from stories import photo

from capturegraph.services.refusals import FilesAway
from capturegraph.services.uploads import keeping

pytestmark = pytest.mark.xdist_group("s3")
PLACES = ("folder", "bucket")


@pytest.fixture(params=PLACES)
def files(request: pytest.FixtureRequest, own_files: Path) -> Callable[[], dict[str, bytes]]:
    """Give what is kept, by name, as somebody sees it who does not go through us."""
    if request.param == "bucket":
        bucket: InTheBucket = request.getfixturevalue("bucket")
        return bucket.files
    return lambda: {
        str(path.relative_to(own_files)): path.read_bytes() for path in own_files.rglob("*") if path.is_file()
    }


Files = Callable[[], dict[str, bytes]]


def test_what_is_saved_is_there_byte_for_byte(files: Files) -> None:
    data = photo(size=(300, 200))
    assert keeping.save("captures/a/one.jpg", io.BytesIO(data)) == "captures/a/one.jpg"
    assert files() == {"captures/a/one.jpg": data}
    with default_storage.open("captures/a/one.jpg", "rb") as file:
        assert file.read() == data
    assert default_storage.size("captures/a/one.jpg") == len(data)
    assert default_storage.exists("captures/a/one.jpg")


def test_a_file_is_read_from_anywhere_in_it(files: Files) -> None:
    data = bytes(range(256)) * 4000
    keeping.save("exports/one.zip", io.BytesIO(data))
    with default_storage.open("exports/one.zip", "rb") as file:
        assert file.seek(0, io.SEEK_END) == len(data)
        assert file.read() == b""
        file.seek(700_001)
        assert (file.read(5), file.tell()) == (data[700_001:700_006], 700_006)
        file.seek(3)
        assert file.read(500_000) == data[3:500_003]
        file.seek(-2, io.SEEK_CUR)
        assert file.read() == data[500_001:]


def test_a_name_is_never_taken_twice(files: Files) -> None:
    first = default_storage.save("batches/one.csv", ContentFile(b"1"))
    second = default_storage.save("batches/one.csv", ContentFile(b"2"))
    assert first != second
    assert files() == {first: b"1", second: b"2"}


def test_what_can_be_made_again_stays_as_it_came_first(files: Files) -> None:
    keeping.put("small/a/one.webp", b"first")
    keeping.put("small/a/one.webp", b"second")
    assert files() == {"small/a/one.webp": b"first"}


def test_deleted_files_are_gone_and_those_that_are_gone_no_error(files: Files) -> None:
    keeping.save("parts/a.part", io.BytesIO(b"1"))
    assert keeping.delete(["parts/a.part", "parts/b.part"]) == 2
    assert keeping.delete(["parts/a.part"]) == 1
    assert files() == {}
    assert not default_storage.exists("parts/a.part")


@pytest.mark.parametrize("ask", [default_storage.size, default_storage.open, default_storage.get_modified_time])
def test_what_is_not_there_is_that_and_nothing_else(files: Files, ask: Callable[[str], Any]) -> None:
    with pytest.raises(FileNotFoundError):
        ask("captures/a/none.jpg")
    assert not keeping.kept_since("captures/a/none.jpg", timezone.now())
    assert list(keeping.walked("captures")) == []


def test_folders_are_listed_and_walked(files: Files) -> None:
    names = ["captures/a/one.jpg", "captures/a/two.jpg", "captures/b/one.jpg", "small/a/one.webp"]
    before = timezone.now() - timedelta(seconds=2)
    for name in names:
        keeping.save(name, io.BytesIO(name.encode()))
    folders, there = default_storage.listdir("captures")
    assert (sorted(folders), there) == (["a", "b"], [])
    assert sorted(default_storage.listdir("captures/a")[1]) == ["one.jpg", "two.jpg"]
    assert sorted(default_storage.listdir("")[0]) == ["captures", "small"]
    walked = list(keeping.walked("captures"))
    assert [(file.name, file.size) for file in walked] == [(name, len(name)) for name in names[:3]]
    assert all(before <= file.written_at <= timezone.now() + timedelta(seconds=2) for file in walked)
    assert keeping.kept_since(names[0], timezone.now() + timedelta(seconds=2))
    assert not keeping.kept_since(names[0], before)


def test_no_name_leads_out_of_the_place(files: Files) -> None:
    keeping.save("captures/one.jpg", io.BytesIO(b"1"))
    for name in ("../secret", "captures/../../secret", "/etc/passwd"):
        with pytest.raises((SuspiciousOperation, FileNotFoundError)):
            default_storage.open(name, "rb")
        with pytest.raises(SuspiciousOperation):
            default_storage.save(f"captures/../../{name}", ContentFile(b"2"))
    assert list(files().values()) == [b"1"]


def test_what_fails_on_the_way_leaves_nothing(files: Files) -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise OSError("the disk that it came from")

    with pytest.raises(OSError, match="the disk"):
        keeping.save("captures/a/one.jpg", Breaking(b"1"))
    assert files() == {}


# --- what only a store elsewhere can do wrong -------------------------------------------------------------------------


def test_every_question_to_a_store_that_is_away_says_that_it_is_away(bucket: InTheBucket) -> None:
    keeping.save("captures/a/one.jpg", io.BytesIO(b"1" * 1000))
    bucket.wire.down = True
    asked: list[Callable[[], object]] = [
        lambda: keeping.save("captures/a/two.jpg", io.BytesIO(b"2")),
        lambda: default_storage.open("captures/a/one.jpg", "rb"),
        lambda: default_storage.exists("captures/a/one.jpg"),
        lambda: default_storage.size("captures/a/one.jpg"),
        lambda: default_storage.listdir("captures"),
        lambda: list(keeping.walked("captures")),
        lambda: default_storage.delete("captures/a/one.jpg"),
        lambda: keeping.kept_since("captures/a/one.jpg", timezone.now()),
    ]
    for ask in asked:
        with pytest.raises(FilesAway):
            ask()
    # Whoever has done what they had to is not told of what can wait.
    assert keeping.delete(["captures/a/one.jpg"]) == 0
    bucket.wire.mend()
    assert bucket.files() == {"captures/a/one.jpg": b"1" * 1000}


def test_a_file_that_breaks_off_is_away_and_not_shorter(bucket: InTheBucket) -> None:
    keeping.save("captures/a/one.jpg", io.BytesIO(b"1" * 900_000))
    bucket.wire.cut_down_after = 300_000
    with default_storage.open("captures/a/one.jpg", "rb") as file, pytest.raises(FilesAway):
        file.read()


def test_a_file_that_is_another_one_meanwhile_is_not_read_on(bucket: InTheBucket) -> None:
    keeping.save("captures/a/one.jpg", io.BytesIO(b"1" * 900_000))
    with default_storage.open("captures/a/one.jpg", "rb") as file:
        file.read(1)
        bucket.gets("captures/a/one.jpg", b"2" * 900_000)
        file.seek(500_000)
        with pytest.raises(FilesAway):
            file.read()


def test_bytes_damaged_on_the_way_up_are_refused_by_the_store(bucket: InTheBucket) -> None:
    keeping.save("captures/a/one.jpg", io.BytesIO(b"1" * 1000))
    sent = [seen for seen in bucket.wire.seen if seen.method == "PUT"]
    assert [bool(seen.headers.get("content-md5")) for seen in sent] == [True]
    # Nobody is to read it but through us, and no store but Amazon's has to know newer ways.
    assert not any(name.startswith(("x-amz-acl", "x-amz-checksum", "x-amz-trailer")) for name in sent[0].headers)


def test_a_large_file_goes_up_in_parts(bucket: InTheBucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("capturegraph.services.uploads.s3.WHOLE_BYTES", 1000)
    data = bytes(range(250)) * 40_000
    with io.BytesIO(data) as file:
        keeping.save("exports/one.zip", file)
        assert not file.closed
    assert bucket.files() == {"exports/one.zip": data}
    assert sum(seen.method == "PUT" for seen in bucket.wire.seen) == 2


def test_nobody_is_given_the_address_of_a_file(bucket: InTheBucket) -> None:
    assert default_storage.url("captures/a/one.jpg") == ""
