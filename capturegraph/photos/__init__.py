"""Bytes → facts about a photo. No database, no Django: everything here works on a file alone.

`inspect` decides whether bytes are one photo that can be kept, and says what it is; `NotAPhoto` says why not.
`exif` reads what the camera wrote beside the pixels. `develop` makes the copies to be shown, which say nothing of that,
and measures the pixels (`measuring`); `small` makes a single copy.
"""

from capturegraph.photos.developing import Developed, develop
from capturegraph.photos.inspect import MAX_BYTES, MAX_PIXELS, NotAPhoto, PhotoFacts, inspect, suffix_for
from capturegraph.photos.measuring import Measures, bits_apart, nearest

__all__ = [
    "MAX_BYTES",
    "MAX_PIXELS",
    "Developed",
    "Measures",
    "NotAPhoto",
    "PhotoFacts",
    "bits_apart",
    "develop",
    "inspect",
    "nearest",
    "suffix_for",
]
