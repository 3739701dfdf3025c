"""Photos: the facts of good ones, the refusal of everything else, and that neither takes long."""

import hashlib
import io
import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from capturegraph import photos
from capturegraph.photos import NotAPhoto, PhotoFacts, inspect, suffix_for

DATA = Path(__file__).parents[1] / "data"
CORPUS = sorted(path for path in (DATA / "corpora" / "pillow-images").iterdir() if path.name != "LICENSE")
HEIC = (DATA / "photos" / "still.heic").read_bytes()
NOISE = Image.frombytes("RGB", (120, 80), bytes(zlib.crc32(i.to_bytes(4, "big")) & 255 for i in range(120 * 80 * 3)))


def encoded(kind: str, image: Image.Image = NOISE, **options) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


GOOD = {
    "jpeg": encoded("JPEG", quality=90),
    "png": encoded("PNG"),
    "webp": encoded("WEBP"),
    "heic": HEIC,
    "avif": encoded("AVIF"),
}


def refused(data: bytes) -> NotAPhoto:
    with pytest.raises(NotAPhoto) as caught:
        inspect(io.BytesIO(data))
    return caught.value


def png_chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png_of(width: int, height: int) -> bytes:
    header = png_chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + png_chunk(b"IDAT", zlib.compress(bytes(99))) + png_chunk(b"IEND", b"")


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def webp_of(width: int, height: int) -> bytes:
    whole = bytearray(encoded("WEBP", exif=exif_of(6)))
    assert whole[12:16] == b"VP8X"
    whole[24:30] = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return bytes(whole)


def jpeg_of(width: int, height: int) -> bytes:
    whole = bytearray(GOOD["jpeg"])
    start = whole.index(b"\xff\xc0") + 5
    whole[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


def heic_of(width: int, height: int) -> bytes:
    # What is shown stays cut to 64 × 48 by its "clap": the size that counts is that of what must be decoded.
    coded = b"ispe" + bytes(4) + struct.pack(">II", 64, 64)
    assert HEIC.count(coded) == 1
    return HEIC.replace(coded, b"ispe" + bytes(4) + struct.pack(">II", width, height))


class TestGood:
    @pytest.mark.parametrize(
        ("name", "media_type", "size", "suffix"),
        [
            ("jpeg", "image/jpeg", (120, 80), ".jpg"),
            ("png", "image/png", (120, 80), ".png"),
            ("webp", "image/webp", (120, 80), ".webp"),
            ("heic", "image/heic", (64, 48), ".heic"),
            ("avif", "image/avif", (120, 80), ".avif"),
        ],
    )
    def test_facts(self, name, media_type, size, suffix):
        data = GOOD[name]
        facts = inspect(io.BytesIO(data))
        assert facts == PhotoFacts(name, media_type, *size, len(data), hashlib.sha256(data).hexdigest())
        assert suffix_for(facts.format) == suffix

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGBA", "LA", "I;16"])
    def test_png_modes(self, mode):
        assert inspect(io.BytesIO(encoded("PNG", Image.new(mode, (3, 2))))).width == 3

    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    @pytest.mark.parametrize("progressive", [False, True])
    def test_jpeg_modes(self, mode, progressive):
        facts = inspect(io.BytesIO(encoded("JPEG", Image.new(mode, (9, 17)), progressive=progressive)))
        assert (facts.width, facts.height) == (9, 17)

    @pytest.mark.parametrize("options", [{"lossless": True}, {"lossless": False}, {"exif": exif_of(6)}])
    def test_webp_kinds(self, options):
        assert inspect(io.BytesIO(encoded("WEBP", **options))).height == 80

    def test_a_path_and_a_file(self, tmp_path):
        path = tmp_path / "photo"
        path.write_bytes(GOOD["jpeg"])
        facts = inspect(path)
        assert inspect(str(path)) == facts
        with path.open("rb") as file:
            file.seek(7)
            assert inspect(file) == facts
            assert (file.closed, file.tell()) == (False, 0)

    def test_a_file_is_left_open_at_its_beginning_after_a_refusal_too(self):
        for data in (b"", b"no photo", GOOD["heic"][:-5], GOOD["png"][:-1], GOOD["webp"][:50]):
            file = io.BytesIO(data)
            with pytest.raises(NotAPhoto):
                inspect(file)
            assert (file.closed, file.tell()) == (False, 0)

    def test_a_missing_path_is_no_photo_error(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            inspect(tmp_path / "absent")

    def test_phones_put_companions_beside_the_picture(self):
        """Depth maps, previews and gain maps come as further pictures of JPEG and HEIC files."""
        mpo = encoded("MPO", save_all=True, append_images=[NOISE.resize((12, 8))])
        assert (inspect(io.BytesIO(mpo)).format, inspect(io.BytesIO(mpo)).width) == ("jpeg", 120)
        assert inspect(DATA / "photos" / "two.heic").width == 64

    def test_size_as_stored_whatever_the_orientation(self):
        facts = inspect(io.BytesIO(encoded("JPEG", exif=exif_of(6))))
        assert (facts.width, facts.height) == (120, 80)

    def test_an_unknown_format_has_no_suffix(self):
        with pytest.raises(KeyError):
            suffix_for("gif")


class TestRefused:
    def test_empty(self):
        refusal = refused(b"")
        assert refusal.code == "empty"
        assert refusal.reason == str(refusal) == "This photo is empty: 0 bytes arrived. Please take it again."

    def test_too_large(self, tmp_path):
        path = tmp_path / "huge.jpg"
        with path.open("wb") as file:
            file.write(GOOD["jpeg"])
            file.truncate(52_345_678)
        with pytest.raises(NotAPhoto) as caught:
            inspect(path)
        assert caught.value.code == "too_large"
        assert "52.3 MB" in caught.value.reason
        with path.open("r+b") as file:
            file.truncate(photos.MAX_BYTES)
        assert inspect(path).size == photos.MAX_BYTES

    @pytest.mark.parametrize("data", [b"x", b"lat,lon\n1,2\n", bytes(100), b"<svg/>", b"\xff\xd8", b"RIFFxxxxWAVE"])
    def test_no_image(self, data):
        refusal = refused(data)
        assert refusal.code == "not_an_image"
        assert refusal.reason == "This file is not a photo. Please send a JPEG, PNG, WebP, HEIC or AVIF photo."

    @pytest.mark.parametrize(
        ("data", "name"),
        [
            (encoded("GIF"), "a GIF"),
            (encoded("BMP"), "a BMP picture"),
            (encoded("TIFF"), "a TIFF or raw picture"),
            (encoded("PDF"), "a PDF"),
            (GOOD["avif"].replace(b"ftypavif", b"ftypavis"), "a video"),
            (HEIC.replace(b"ftypheic", b"ftyphevc"), "a video"),
            (b"\0\0\0\x18ftypisom" + bytes(40), "a video"),
        ],
    )
    def test_wrong_type(self, data, name):
        refusal = refused(data)
        assert refusal.code == "wrong_type"
        assert refusal.reason.startswith(f"This is {name}, not a photo that can be kept.")

    @pytest.mark.parametrize("kind", ["PNG", "WEBP"])
    def test_animations(self, kind):
        refusal = refused(encoded(kind, save_all=True, append_images=[NOISE.rotate(90), NOISE.rotate(180)]))
        assert refusal.code == "several_frames"

    @pytest.mark.parametrize("make", [png_of, webp_of, jpeg_of, heic_of])
    @pytest.mark.parametrize("side", [7_746, 9_500, 14_000])
    def test_too_many_pixels_are_refused_from_the_header(self, make, side):
        """Between them lie the limits at which Pillow warns and raises by itself."""
        data = make(side, side)
        refusal = refused(data)
        assert refusal.code == "too_many_pixels"
        assert "60 million" in refusal.reason

    def test_the_most_pixels_are_taken(self):
        whole = encoded("PNG", Image.new("1", (10_000, 6_000)))
        assert inspect(io.BytesIO(whole)).width == 10_000

    @pytest.mark.parametrize("name", GOOD)
    @pytest.mark.parametrize("part", [0.999, 0.98, 0.9, 0.5, 0.2])
    def test_truncated(self, name, part):
        data = GOOD[name]
        assert refused(data[: min(int(len(data) * part), len(data) - 1)]).code == "damaged"

    @pytest.mark.parametrize("missing", range(1, 13))
    def test_a_png_without_its_end(self, missing):
        assert refused(GOOD["png"][:-missing]).code == "damaged"

    def test_a_jpeg_without_its_end(self):
        large = encoded("JPEG", NOISE.resize((2000, 1500)), quality=85)
        for missing in (1, 2, 3, 50, 5_000):
            assert refused(large[:-missing]).code == "damaged"
            assert refused(GOOD["jpeg"][:-missing]).code == "damaged"

    @pytest.mark.parametrize("make", [png_of, jpeg_of])
    def test_no_pixels(self, make):
        assert refused(make(0, 5)).code == "damaged"

    def test_scans_without_end(self):
        """Each scan of 90 bytes costs a pass over all pixels: without a limit this file takes half a minute."""
        whole = encoded("JPEG", Image.new("L", (7_000, 7_000), 128), progressive=True)
        scan = whole[whole.rindex(b"\xff\xda") : -2]
        assert refused(whole[:-2] + scan * 2_000 + whole[-2:]).code == "damaged"

    def test_marks_across_two_chunks_are_counted_once(self, monkeypatch):
        for chunk in (1, 2, 3, 5, 7, 8, 64):
            monkeypatch.setattr(sys.modules["capturegraph.photos.inspect"], "_CHUNK", chunk)
            for name, data in GOOD.items():
                assert inspect(io.BytesIO(data)).format == name
            read_through = sys.modules["capturegraph.photos.inspect"]._read_through
            assert read_through(io.BytesIO(b"\xff\xda" * 9 + b"IEND\xaeB`\x82" * 5))[2:] == (9, 5)


class TestHostile:
    # In production a reader's warning is a line in the log and not an error.
    @pytest.mark.filterwarnings("ignore::UserWarning")
    @pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
    def test_every_file_of_the_corpus(self, path):
        try:
            facts = inspect(path)
        except NotAPhoto as refusal:
            told = refusal.reason
        else:
            told = "."
            assert facts.format in GOOD
            assert facts.width > 0
        assert told.endswith(".")

    def test_the_corpus_is_there(self):
        assert len(CORPUS) > 50

    def test_what_the_corpus_should_give(self):
        folder = DATA / "corpora" / "pillow-images"
        for name in ("hopper_orientation_6.jpg", "hopper_orientation_8.webp", "invalid-exif.jpg", "icc_profile.png"):
            assert inspect(folder / name).sha256 == hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in ("broken.png", "broken_data_stream.png", "truncated_end_chunk.png"):
            assert refused((folder / name).read_bytes()).code == "damaged"

    @given(st.sampled_from(sorted(GOOD)), st.integers(0, 400), st.binary(min_size=1, max_size=20))
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_bytes_overwritten_anywhere(self, name, place, bad):
        data = bytearray(GOOD[name])
        data[place : place + len(bad)] = bad
        try:
            assert inspect(io.BytesIO(bytes(data))).width * inspect(io.BytesIO(bytes(data))).height <= photos.MAX_PIXELS
        except NotAPhoto as refusal:
            told = refusal.reason
        else:
            told = "."
        assert told.endswith(".")

    @given(st.sampled_from([data[:16] for data in GOOD.values()]), st.binary(max_size=200))
    @pytest.mark.filterwarnings("ignore::UserWarning")
    def test_anything_after_a_good_beginning(self, head, rest):
        with pytest.raises(NotAPhoto):
            inspect(io.BytesIO(head + rest))

    @pytest.mark.parametrize(
        "error", [OSError, SyntaxError, struct.error, MemoryError, RecursionError, zlib.error, EOFError, KeyError]
    )
    def test_whatever_a_reader_raises_is_a_refusal(self, monkeypatch, error):
        def load(self):
            raise error("no")

        monkeypatch.setattr("PIL.PngImagePlugin.PngImageFile.load", load, raising=False)
        assert refused(GOOD["png"]).code == "damaged"

    def test_importing_changes_nothing_for_others(self):
        code = (
            "import warnings, numpy; from PIL import Image; before = (Image.MAX_IMAGE_PIXELS, list(warnings.filters));"
            "import capturegraph.photos;"
            "assert (Image.MAX_IMAGE_PIXELS, list(warnings.filters)) == before"
        )
        environment = os.environ | {"PYTHONPATH": str(Path(photos.__file__).parents[2])}
        subprocess.run([sys.executable, "-c", code], check=True, env=environment, timeout=300)
