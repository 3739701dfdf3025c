"""Faces and number plates by the cascades that come inside of the wheel of opencv-python-headless 4 (not of 5).

Viola and Jones (2001): quick, without a network, and no promise. Faces that are turned far aside, covered, or smaller
than 24 pixels in a copy of 2048 are missed; bushes are taken for faces now and then, and blurred.
"""

from __future__ import annotations

import threading
from importlib import import_module
from typing import Any

import numpy as np
from PIL.Image import Image

from capturegraph.photos.blurring import Box

NEEDS = "cv2"
CASCADES = ("frontalface_default", "frontalface_alt2", "profileface", "russian_plate_number")
SMALLEST = 24
STEP = 1.1
NEIGHBOURS = 4


class Haar:
    """The blurrer. One photo at a time: the cascades keep notes in themselves while they look."""

    def __init__(self) -> None:
        import cv2

        self._one_at_a_time = threading.Lock()
        self._equalize: Any = cv2.equalizeHist
        folder = import_module("cv2.data").haarcascades
        paths = [f"{folder}haarcascade_{name}.xml" for name in CASCADES]
        self._cascades: list[Any] = [cv2.CascadeClassifier(path) for path in paths]
        if any(cascade.empty() for cascade in self._cascades):
            raise RuntimeError("this OpenCV has no cascades in it: install opencv-python-headless 4")

    def __call__(self, photo: Image) -> list[Box]:
        """Give the boxes of what looks like a face, from the front or either side, or like a plate."""
        grey = np.asarray(photo.convert("L"))
        with self._one_at_a_time:
            even = self._equalize(grey)
            found = [box for cascade in self._cascades for box in self._look(cascade, even)]
            # The cascade for profiles knows one side only.
            mirrored = np.ascontiguousarray(even[:, ::-1])
            wide = photo.width
            found += [(wide - right, top, wide - left, bottom)
                      for left, top, right, bottom in self._look(self._cascades[2], mirrored)]  # fmt: skip
        return found

    def _look(self, cascade: Any, grey: Any) -> list[Box]:
        found = cascade.detectMultiScale(grey, STEP, NEIGHBOURS, minSize=(SMALLEST, SMALLEST))
        return [(int(x), int(y), int(x + wide), int(y + high)) for x, y, wide, high in found]
