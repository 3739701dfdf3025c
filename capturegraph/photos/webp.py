"""WebP by libwebp itself, which Pillow carries: it makes a picture smaller while it decodes it.

Pillow's reader is made for films and holds four whole copies of a picture: 960 MB at 60 million pixels (measured). The
functions and structures are those of libwebp's `decode.h`, whose first version of 2012 is still the one that it takes.
"""

import ctypes
import io
from typing import Any, NamedTuple

import numpy as np
from PIL import Image, _webp
from PIL.WebPImagePlugin import WebPImageFile

from capturegraph.photos.kinds import damaged, several_frames

_ABI = 0x0200
_RGB, _RGBA = 0, 1
_Int, _Pointer, _Size = ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t


class _Features(ctypes.Structure):
    _fields_ = (
        *((name, _Int) for name in ("width", "height", "has_alpha", "has_animation", "format")),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Pixels(ctypes.Structure):
    _fields_ = (("data", _Pointer), ("stride", _Int), ("size", _Size))


class _Planes(ctypes.Structure):
    _fields_ = (("planes", _Pointer * 4), ("strides", _Int * 4), ("sizes", _Size * 4))


class _PixelsOrPlanes(ctypes.Union):
    _fields_ = (("pixels", _Pixels), ("planes", _Planes))


class _Output(ctypes.Structure):
    _fields_ = (
        *((name, _Int) for name in ("colorspace", "width", "height", "is_external_memory")),
        ("u", _PixelsOrPlanes),
        ("pad", ctypes.c_uint32 * 4),
        ("private_memory", _Pointer),
    )


class _Options(ctypes.Structure):
    _fields_ = (
        *((name, _Int) for name in ("bypass_filtering", "no_fancy_upsampling", "use_cropping")),
        *((name, _Int) for name in ("crop_left", "crop_top", "crop_width", "crop_height")),
        *((name, _Int) for name in ("use_scaling", "scaled_width", "scaled_height", "use_threads")),
        *((name, _Int) for name in ("dithering_strength", "flip", "alpha_dithering_strength")),
        ("pad", ctypes.c_uint32 * 5),
    )


class _Config(ctypes.Structure):
    _fields_ = (("input", _Features), ("output", _Output), ("options", _Options))


class _Library(NamedTuple):
    """The functions of libwebp that are needed."""

    init: Any
    features: Any
    decode: Any
    free: Any


def _library() -> _Library | None:
    """Find libwebp; None where the build of Pillow hides it."""
    try:
        # Pillow's own extension is linked to libwebp, so that its functions are found through it.
        library = ctypes.CDLL(_webp.__file__)
        found = _Library(
            library.WebPInitDecoderConfigInternal, library.WebPGetFeaturesInternal, library.WebPDecode,
            library.WebPFreeDecBuffer,
        )  # fmt: skip
    except (OSError, AttributeError):
        return None
    found.init.argtypes = (ctypes.POINTER(_Config), _Int)
    found.features.argtypes = (ctypes.c_char_p, _Size, ctypes.POINTER(_Features), _Int)
    found.decode.argtypes = (ctypes.c_char_p, _Size, ctypes.POINTER(_Config))
    found.free.argtypes = (ctypes.POINTER(_Output),)
    return found


LIBRARY = _library()
"""None where Pillow's own reader has to do, which takes four times the memory."""


def canvas(data: bytes) -> tuple[int, int]:
    """Width and height as a WebP's first 30 bytes give them (RFC 9649, sections 2.5 to 2.7). Raises NotAPhoto."""
    bits = int.from_bytes(data[20:30], "little")
    chunk = data[12:16]
    if chunk == b"VP8X":
        return (bits >> 32 & 0xFFFFFF) + 1, (bits >> 56 & 0xFFFFFF) + 1
    if chunk == b"VP8L":
        return (bits >> 8 & 0x3FFF) + 1, (bits >> 22 & 0x3FFF) + 1
    if chunk == b"VP8 ":
        return bits >> 48 & 0x3FFF, bits >> 64 & 0x3FFF
    raise damaged()


def decoded(data: bytes, factor: int) -> Image.Image:
    """The picture, each side divided by `factor` (rounded up), with what is written beside its pixels.

    Judge its `canvas` before. Raises NotAPhoto for films and what is not whole.
    """
    photo = WebPImageFile(io.BytesIO(data))
    if photo.n_frames != 1:
        raise several_frames()
    image = _by_pillow(photo, factor) if LIBRARY is None else _by_libwebp(LIBRARY, photo.size, data, factor)
    image.info = {name: photo.info[name] for name in ("exif", "icc_profile", "xmp") if name in photo.info}
    return image


def _by_pillow(photo: WebPImageFile, factor: int) -> Image.Image:
    photo.load()
    return photo.reduce(factor)


def _by_libwebp(library: _Library, size: tuple[int, int], data: bytes, factor: int) -> Image.Image:
    config = _Config()
    if not library.init(ctypes.byref(config), _ABI):
        raise damaged()
    if library.features(data, len(data), ctypes.byref(config.input), _ABI):
        raise damaged()
    if config.input.has_animation:
        raise several_frames()
    width, height = config.input.width, config.input.height
    if (width, height) != size:
        raise damaged()
    mode = "RGBA" if config.input.has_alpha else "RGB"
    config.output.colorspace = _RGBA if config.input.has_alpha else _RGB
    if factor > 1:
        config.options.use_scaling = 1
        config.options.scaled_width, config.options.scaled_height = -(-width // factor), -(-height // factor)
    try:
        if library.decode(data, len(data), ctypes.byref(config)):
            raise damaged()
        return _picture(mode, config.output)
    finally:
        library.free(ctypes.byref(config.output))


def _picture(mode: str, output: _Output) -> Image.Image:
    pixels = output.u.pixels
    view = np.ctypeslib.as_array(ctypes.cast(pixels.data, ctypes.POINTER(ctypes.c_uint8)), (pixels.size,))
    # A copy: libwebp takes its memory back.
    return Image.frombuffer(mode, (output.width, output.height), view, "raw", mode, pixels.stride, 1).copy()
