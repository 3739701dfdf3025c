"""Developing: small pictures that say nothing but what is seen, upright, and figures of the pixels."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageEnhance, ImageFilter
from PIL.ExifTags import GPS, IFD, Base
from PIL.JpegImagePlugin import JpegImageFile
from served import needed

from capturegraph.photos import bits_apart, develop, inspect, nearest, webp
from capturegraph.photos.developing import SIDES
from capturegraph.photos.loading import load
from capturegraph.photos.measuring import BLURRED_BELOW, BRIGHT_SHARE_ABOVE, DARK_SHARE_ABOVE, NEAR_DUPLICATE_BITS

PHOTOS = Path(__file__).parents[1] / "data" / "photos"
LYING = (5, 6, 7, 8)
RED, GREEN, BLUE, YELLOW = (200, 40, 40), (40, 180, 40), (40, 40, 200), (200, 200, 60)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> bytes:
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


def slope(width: int = 300, height: int = 200) -> Image.Image:
    """Dark at one side, bright at the other."""
    return Image.linear_gradient("L").rotate(90).resize((width, height)).convert("RGB")


def scene(seed: int, width: int = 1200, height: int = 900) -> Image.Image:
    """A view with large and small things in it, and no other's."""
    random = np.random.default_rng(seed)
    image = Image.new("RGB", (width, height))
    for grain, share in ((4, 0.6), (16, 0.5), (64, 0.4), (300, 0.3)):
        layer = Image.fromarray(random.integers(0, 256, (grain * 3 // 4, grain, 3), dtype=np.uint8))
        image = Image.blend(image, layer.resize((width, height), Image.Resampling.BICUBIC), share)
    return image


def chunks_of(webp: bytes) -> list[str]:
    """The names of the chunks of a WebP (RFC 9649, section 2.3), whose lengths must add up to the file's."""
    assert (webp[:4], webp[8:12], int.from_bytes(webp[4:8], "little") + 8) == (b"RIFF", b"WEBP", len(webp))
    names, at = [], 12
    while at < len(webp):
        names.append(webp[at : at + 4].decode())
        length = int.from_bytes(webp[at + 4 : at + 8], "little")
        at += 8 + length + length % 2
    assert at == len(webp)
    return names


def told(**values: Any) -> Image.Exif:
    """EXIF of a phone that tells everything."""
    exif = Image.Exif()
    exif[Base.Make], exif[Base.Model] = values.get("make", "Acme"), values.get("model", "Acme Phone 3")
    exif[Base.Orientation] = values.get("orientation", 1)
    gps = exif.get_ifd(IFD.GPSInfo)
    gps[GPS.GPSLatitudeRef], gps[GPS.GPSLatitude] = "N", (38.0, 53.0, 22.0)
    gps[GPS.GPSLongitudeRef], gps[GPS.GPSLongitude] = "W", (77.0, 2.0, 7.0)
    gps[GPS.GPSImgDirectionRef], gps[GPS.GPSImgDirection] = values.get("north", "T"), values.get("heading", 271.5)
    return exif


# --- the small pictures -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_a_photo_becomes_small_ones_of_every_side(kind: str) -> None:
    photo = io.BytesIO(encoded(slope(3000, 2000), kind))
    assert inspect(photo).width == 3000
    made = develop(photo)
    sizes = {side: opened(data).size for side, data in made.small.items()}
    assert sizes == {256: (256, 171), 1024: (1024, 683), 2048: (2048, 1365)}
    assert (made.width, made.height, tuple(sorted(made.small))) == (3000, 2000, SIDES)
    shown = opened(made.small[1024]).convert("L")
    assert abs(shown.getpixel((40, 300)) - shown.getpixel((980, 300))) > 200
    assert photo.closed is False


def test_a_small_photo_is_not_made_larger() -> None:
    made = develop(io.BytesIO(encoded(slope(30, 20))))
    assert {opened(data).size for data in made.small.values()} == {(30, 20)}


def test_only_the_sides_that_are_asked_for() -> None:
    assert sorted(develop(io.BytesIO(encoded(slope())), sides=[64, 90]).small) == [64, 90]
    with pytest.raises(ValueError, match=r"\(\)"):
        develop(io.BytesIO(encoded(slope())), sides=())


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_large_picture_is_the_same_after_its_strips(kind: str) -> None:
    """Factors, strips and the reader's own making smaller leave no seam and no shift."""
    large = slope(6_500, 3_300)
    made = opened(develop(io.BytesIO(encoded(large, kind)), sides=[512]).small[512])
    wanted = np.asarray(large.resize(made.size, Image.Resampling.LANCZOS), dtype=int)
    assert np.abs(np.asarray(made.convert("RGB"), dtype=int) - wanted).max() <= 6


@pytest.mark.parametrize("picture", [slope(6_500, 3_300), slope(300, 200).convert("RGBA")], ids=["large", "clear"])
def test_a_webp_is_the_same_where_libwebp_cannot_be_found(
    picture: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not every build of Pillow shows the library that it carries."""
    data = encoded(picture, "WEBP")
    ours = opened(develop(io.BytesIO(data), sides=[200]).small[200])
    monkeypatch.setattr(webp, "LIBRARY", None)
    theirs = opened(develop(io.BytesIO(data), sides=[200]).small[200])
    assert (ours.size, ours.mode) == (theirs.size, theirs.mode)
    assert np.abs(np.asarray(ours, dtype=int) - np.asarray(theirs, dtype=int)).max() <= 6


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_every_kind_of_png(mode: str) -> None:
    grey = np.linspace(0, 255, 400 * 300).reshape(300, 400).astype(np.uint8)
    wide = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    made = develop(io.BytesIO(encoded(wide, "PNG")), sides=[200])
    assert made.measures.brightness == pytest.approx(0.5, abs=0.02)
    assert opened(made.small[200]).mode in ("RGB", "RGBA")


def test_what_is_clear_stays_clear() -> None:
    clear = Image.new("RGBA", (400, 300), (200, 10, 10, 0))
    clear.paste((10, 10, 200, 255), (0, 0, 200, 300))
    shown = opened(develop(io.BytesIO(encoded(clear, "PNG")), sides=[100]).small[100])
    assert (shown.getpixel((20, 20))[3], shown.getpixel((80, 20))[3]) == (255, 0)


def test_the_colours_of_another_profile_are_shown_in_plain_ones() -> None:
    """In the profile of this photo red and blue have changed places, for whoever obeys it."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    swapped = profile.replace(b"rXYZ", b"....").replace(b"bXYZ", b"rXYZ").replace(b"....", b"bXYZ")
    data = encoded(Image.new("RGB", (40, 40), RED), "PNG", icc_profile=swapped)
    red, _, blue = opened(develop(io.BytesIO(data)).small[256]).getpixel((9, 9))
    assert blue > 150 > 90 > red


# --- upright ----------------------------------------------------------------------------------------------------------


def held(orientation: int, kind: str) -> bytes:
    """Four colours, stored so that they are upright for whoever obeys the orientation."""
    if kind == "HEIC":
        return (PHOTOS / f"orientation_{orientation}.heic").read_bytes()
    turn = Image.Transpose
    turned = {
        2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE, 6: turn.ROTATE_90,
        7: turn.TRANSVERSE, 8: turn.ROTATE_270,
    }  # fmt: skip
    upright = Image.new("RGB", (64, 48), RED)
    for box, colour in (((32, 0, 64, 24), GREEN), ((0, 24, 32, 48), BLUE), ((32, 24, 64, 48), YELLOW)):
        upright.paste(colour, box)
    stored = upright.transpose(turned[orientation]) if orientation in turned else upright
    return encoded(stored, kind, exif=told(orientation=orientation))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "HEIC"])
def test_upright_however_it_was_held(kind: str, orientation: int) -> None:
    photo = io.BytesIO(held(orientation, kind))
    inspect(photo)
    made = develop(photo)
    assert (made.width, made.height) == (64, 48)
    shown = opened(made.small[256]).convert("RGB")
    corners = [shown.getpixel(place) for place in ((10, 10), (54, 10), (10, 38), (54, 38))]
    for seen, wanted in zip(corners, (RED, GREEN, BLUE, YELLOW), strict=True):
        assert max(abs(a - b) for a, b in zip(seen, wanted, strict=True)) < 40


# --- nothing is told --------------------------------------------------------------------------------------------------


def talkative(kind: str) -> bytes:
    """A photo with everything beside its pixels that its type can hold."""
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    xmp = {} if kind == "PNG" else {"xmp": b"<x:xmpmeta xmlns:x='adobe:ns:meta/'>Somebody</x:xmpmeta>"}
    return encoded(slope(), kind, exif=told(orientation=6), icc_profile=profile, **xmp)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_nothing_is_told_but_what_is_seen(kind: str) -> None:
    for data in develop(io.BytesIO(talkative(kind))).small.values():
        assert set(chunks_of(data)) <= {"VP8 ", "VP8L", "ALPH", "VP8X"}
        assert b"Acme" not in data
        assert set(opened(data).info) <= {"loop", "background", "timestamp", "duration"}


def test_exiftool_finds_nothing_either(tmp_path: Path) -> None:
    there = shutil.which("exiftool") is not None
    needed("exiftool", present=there, otherwise="exiftool is not here: install the package libimage-exiftool-perl")
    for kind in ("JPEG", "PNG", "WEBP", "AVIF"):
        (tmp_path / f"{kind}.orig").write_bytes(talkative(kind))
        for side, data in develop(io.BytesIO(talkative(kind))).small.items():
            (tmp_path / f"{kind}-{side}.webp").write_bytes(data)
    command = ["exiftool", "-json", "-G1", "-a", "-u", *map(str, sorted(tmp_path.iterdir()))]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    beside = {one["SourceFile"]: {name for name in one if name.split(":")[0] not in PLAIN} for one in found}
    assert all(bool(names) == name.endswith(".orig") for name, names in beside.items()), beside
    assert len(found) == 16


PLAIN = ("SourceFile", "ExifTool", "System", "File", "RIFF", "Composite")


# --- what the camera says ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "model", "camera"),
    [
        ("Acme", "Acme Phone 3", "Acme Phone 3"),
        ("ACME ", "Phone\t3\n", "ACME Phone 3"),
        ("", "Phone 3", "Phone 3"),
        ("Acme", "", "Acme"),
        ("A" * 90, "B" * 90, "A" * 90 + " " + "B" * 9),
        ("\x1b[31m", "<b>", "[31m <b>"),
    ],
)
def test_make_and_model_in_one_line(make: str, model: str, camera: str) -> None:
    assert inspect(io.BytesIO(encoded(slope(), exif=told(make=make, model=model)))).camera == camera


@pytest.mark.parametrize(
    ("north", "heading", "read"),
    [("T", 271.5, 271.5), ("T", 360.0, 0.0), ("T", 0.0, 0.0), ("M", 90.0, None), ("", 90.0, None), ("T", 361.0, None)],
)
def test_where_the_camera_looked(north: str, heading: float, read: float | None) -> None:
    assert inspect(io.BytesIO(encoded(slope(), exif=told(north=north, heading=heading)))).heading == read


def test_exif_that_is_too_long_is_not_read() -> None:
    exif = told(make="x" * 300_000)
    facts = inspect(io.BytesIO(encoded(slope(), "PNG", exif=exif)))
    assert (facts.camera, facts.latitude) == ("", None)


def test_opening_a_jpeg_reads_no_exif(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pillow asks it for dots per inch, and each of a million of them would become an object."""
    data = encoded(slope(), exif=told())
    asked: list[Any] = []
    monkeypatch.setattr(JpegImageFile, "getexif", lambda self: asked.append(self) or Image.Exif())
    JpegImageFile(io.BytesIO(data))
    assert asked
    asked.clear()
    from capturegraph.photos.kinds import JPEG

    load(io.BytesIO(data), JPEG, 100)
    assert asked == []


# --- the figures ------------------------------------------------------------------------------------------------------


def measures(image: Image.Image, **options: Any) -> Any:
    return develop(io.BytesIO(encoded(image, quality=90, **options))).measures


def test_a_blurred_photo_is_less_sharp() -> None:
    sharp, blurred = measures(scene(1)), measures(scene(1).filter(ImageFilter.GaussianBlur(6)))
    assert sharp.sharpness > BLURRED_BELOW > blurred.sharpness


def test_dark_and_bright_photos() -> None:
    day = measures(scene(1))
    night = measures(ImageEnhance.Brightness(scene(1)).enhance(0.06))
    glare = measures(ImageEnhance.Brightness(scene(1)).enhance(4))
    assert night.dark_share > DARK_SHARE_ABOVE > day.dark_share
    assert glare.bright_share > BRIGHT_SHARE_ABOVE > day.bright_share
    assert night.brightness < day.brightness < glare.brightness


def test_copies_of_one_view_look_alike_and_others_do_not() -> None:
    first = scene(1)
    copies = (
        measures(first), measures(first.resize((800, 600))), measures(ImageEnhance.Brightness(first).enhance(1.2)),
        measures(first.crop((20, 15, 1180, 885))), measures(first.transpose(Image.Transpose.ROTATE_90),
        exif=told(orientation=6)),
    )  # fmt: skip
    others = [measures(scene(seed)).perceptual_hash for seed in range(2, 12)]
    for copy in copies:
        assert bits_apart(copies[0].perceptual_hash, copy.perceptual_hash) <= NEAR_DUPLICATE_BITS
        assert min(bits_apart(copy.perceptual_hash, other) for other in others) > NEAR_DUPLICATE_BITS


def test_hashes_are_signed_numbers_of_64_bits() -> None:
    hashes = [measures(scene(seed, 120, 90)).perceptual_hash for seed in range(12)]
    assert all(-(2**63) <= one < 2**63 for one in hashes)
    assert min(hashes) < 0 < max(hashes)
    assert (bits_apart(0, -1), bits_apart(-1, -2), bits_apart(-(2**63), 2**63 - 1), bits_apart(5, 5)) == (64, 1, 64, 0)


def test_the_nearest_first() -> None:
    others = np.array([-1, 0b111, 0, 0b1, -(2**63), 0b11], dtype=np.int64)
    assert nearest(0, others, 2).tolist() == [2, 3, 4, 5]
    assert nearest(-1, others, 1).tolist() == [0]
    assert nearest(0, np.array([], dtype=np.int64), 64).tolist() == []
    random = np.random.default_rng(0).integers(-(2**63), 2**63 - 1, 1000)
    found = nearest(int(random[7]), random, 24).tolist()
    wanted = [n for n, one in enumerate(random.tolist()) if bits_apart(one, int(random[7])) <= 24]
    assert (found[0], sorted(found)) == (7, wanted)


def test_a_picture_of_one_pixel() -> None:
    made = develop(io.BytesIO(encoded(Image.new("RGB", (1, 1), (255, 255, 255)))))
    assert (made.measures.sharpness, made.measures.bright_share, made.measures.dark_share) == (0, 1, 0)
