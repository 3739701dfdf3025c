"""`python -m skewed SECONDS module …`: a process whose clock is off by so many seconds, whoever reads it in Python.

The clock that measures spans stays as it is, as it does on a machine whose time is set wrong.
"""

import datetime
import runpy
import sys
import time
from typing import Any

_real = datetime.datetime


def skew(seconds: float) -> None:
    """Set the clocks of `time` and `datetime` wrong. Before anything else is imported: names are bound only once."""
    for name in ("localtime", "gmtime", "ctime"):
        setattr(time, name, _of_now(getattr(time, name)))
    told, told_ns = time.time, time.time_ns
    time.time = lambda: told() + seconds
    time.time_ns = lambda: told_ns() + int(seconds * 1e9)
    off = datetime.timedelta(seconds=seconds)

    class Kind(type):
        def __instancecheck__(cls, it: object) -> bool:
            return isinstance(it, _real)

        def __subclasscheck__(cls, kind: type) -> bool:
            return issubclass(kind, _real)

    class Skewed(_real, metaclass=Kind):
        def __new__(cls, *args: Any, **kwargs: Any) -> Any:
            return _real(*args, **kwargs)

        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return _real.now(tz) + off

        @classmethod
        def utcnow(cls) -> Any:
            return _real.now(datetime.UTC).replace(tzinfo=None) + off

        @classmethod
        def today(cls) -> Any:
            return _real.now() + off

    Skewed.__name__ = Skewed.__qualname__ = "datetime"
    datetime.datetime = Skewed


def _of_now(tell: Any) -> Any:
    return lambda moment=None: tell(time.time() if moment is None else moment)


if __name__ == "__main__":
    skew(float(sys.argv[1]))
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
