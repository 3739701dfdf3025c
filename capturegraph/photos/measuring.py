"""Figures of a photo's pixels: how sharp, how dark, how burnt out, and what it looks like in 64 bits.

They make somebody look, and decide nothing. The thresholds were chosen by measuring 14 made views and 3 photographs.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL.Image import Image, Resampling

MEASURED_SIDE = 1024
"""Pixels of the longer side at which a photo is measured; a smaller photo is measured as it is."""

BLURRED_BELOW = 40.0
"""Sharpness (see `Measures`) below which a photo is called blurred.

Sharp photographs have 280 to 1,270; blurred by 1.5 pixels (standard deviation) they have 35 to 136, by 2 pixels 14
to 57.
"""

DARK_SHARE_ABOVE = 0.75
"""Share of nearly black pixels above which a photo is called too dark."""

BRIGHT_SHARE_ABOVE = 0.40
"""Share of burnt-out pixels above which a photo is called too bright."""

NEAR_DUPLICATE_BITS = 10
"""Of 64 bits, the most in which two pictures of the same view at the same moment differ.

Copies written anew, made smaller, brighter, darker, noisy or blurred differ in 0 to 4 bits, those cut by 2 % at each
edge in 6 (10 at most), by 4 % in 12; of 136 pairs of different views the nearest differ in 12, half of them
in 32 and more.
"""

_BLACK, _BURNT = 16, 250
_HASH_SIDE, _HASH_KEPT = 32, 8


@dataclass(frozen=True)
class Measures:
    """What the pixels of a photo say.

    `sharpness` is the variance of the Laplacian of the luminance (0 to 255) at `MEASURED_SIDE`; `brightness` is the
    mean luminance, 0 to 1; `dark_share` and `bright_share` are the shares of pixels that are nearly black and burnt
    out; `perceptual_hash` is 64 bits as a signed number, to be compared by `bits_apart`.
    """

    sharpness: float
    brightness: float
    dark_share: float
    bright_share: float
    perceptual_hash: int


def measure(photo: Image) -> Measures:
    """Measure an upright picture, in any mode, of at least one pixel."""
    grey = photo if photo.mode == "L" else photo.convert("L")
    if max(grey.size) > MEASURED_SIDE:
        grey = grey.copy()
        grey.thumbnail((MEASURED_SIDE, MEASURED_SIDE), Resampling.LANCZOS)
    luminance = np.asarray(grey)
    return Measures(
        sharpness=_sharpness(luminance),
        brightness=float(luminance.mean()) / 255,
        dark_share=float((luminance <= _BLACK).mean()),
        bright_share=float((luminance >= _BURNT).mean()),
        perceptual_hash=_perceptual_hash(grey),
    )


def bits_apart(a: int, b: int) -> int:
    """Bits in which two hashes differ, 0 to 64."""
    return ((a ^ b) & 0xFFFF_FFFF_FFFF_FFFF).bit_count()


def nearest(perceptual_hash: int, others: NDArray[np.int64], most_bits: int) -> NDArray[np.intp]:
    """Where in `others` (n hashes) those are that differ in at most `most_bits`, the nearest first, else in order."""
    apart = np.bitwise_count(np.bitwise_xor(others, np.int64(perceptual_hash)).view(np.uint64))
    found = np.flatnonzero(apart <= most_bits)
    return found[np.argsort(apart[found], kind="stable")]


def _sharpness(luminance: NDArray[np.uint8]) -> float:
    """Variance of the Laplacian (the four neighbours less four times the pixel), without the outermost pixels."""
    if min(luminance.shape) < 3:
        return 0.0
    pixels = luminance.astype(np.int16)
    laplacian = pixels[:-2, 1:-1] + pixels[2:, 1:-1] + pixels[1:-1, :-2] + pixels[1:-1, 2:] - 4 * pixels[1:-1, 1:-1]
    return float(laplacian.var(dtype=np.float64))


def _cosines() -> NDArray[np.float64]:
    """Give the rows of the discrete cosine transform (type II) that are kept, but for the constant one."""
    frequencies = np.arange(1, _HASH_KEPT + 1)[:, None]
    places = (2 * np.arange(_HASH_SIDE) + 1)[None, :]
    return np.cos(np.pi * frequencies * places / (2 * _HASH_SIDE))


_COSINES = _cosines()


def _perceptual_hash(grey: Image) -> int:
    """Give the signs, against their median, of the 8 × 8 lowest frequencies (pHash; Zauner 2010)."""
    pixels = np.asarray(grey.resize((_HASH_SIDE, _HASH_SIDE), Resampling.LANCZOS), dtype=np.float64)
    low = _COSINES @ pixels @ _COSINES.T
    bits = np.packbits((low > np.median(low)).ravel())
    return int.from_bytes(bits.tobytes(), "big", signed=True)
