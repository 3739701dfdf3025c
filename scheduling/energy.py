"""How strongly a photograph that is there already speaks against another one so many σ away.

An energy takes distances in σ, any shape, and gives energies of the same shape: large where near, falling to 0. A
distance that is not known (NaN) has none.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from .values import FloatArray, positive

Energy: TypeAlias = Callable[[FloatArray], FloatArray]


def gaussian(sigma: float) -> Energy:
    """The energy exp(-(d/σ)²): 1 at no distance, 0.367879 at σ, 0.018316 at 2σ. (No factor 2 in the exponent.)

    Raises ValueError or TypeError unless `sigma` is finite and above zero.
    """
    wide = positive(sigma, "sigma")

    def energy(distances: ArrayLike) -> FloatArray:
        exponent = np.square(np.asarray(distances, dtype=np.float64) / wide)
        return _known(np.exp(-exponent))

    return energy


def inverse(distances: ArrayLike) -> FloatArray:
    """The energy 1/d: infinite at no distance, and never quite 0, so that far ones count as well."""
    with np.errstate(divide="ignore"):
        return _known(1.0 / np.asarray(distances, dtype=np.float64))


def _known(energies: FloatArray) -> FloatArray:
    # The one maximum that takes a number over a NaN.
    result: FloatArray = np.fmax(energies, 0.0)
    return result
