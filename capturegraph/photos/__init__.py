"""Bytes → facts about a photo. No database, no Django: everything here works on a file alone.

`inspect` decides whether bytes are one photo that can be kept, and says what it is; `NotAPhoto` says why not.
"""

from capturegraph.photos.inspect import MAX_BYTES, MAX_PIXELS, NotAPhoto, PhotoFacts, inspect, suffix_for

__all__ = ["MAX_BYTES", "MAX_PIXELS", "NotAPhoto", "PhotoFacts", "inspect", "suffix_for"]
