"""Hands on `scheduling`, so that `import capturegraph.scheduling as cgsh` works as it did in CaptureGraph."""

from scheduling import *  # noqa: F403
from scheduling import __all__ as __all__
