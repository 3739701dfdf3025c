"""`python -m tests.benchmarks tours|distances|coverage|stores` prints a table; status 1 where a target is missed.

`python -m tests.benchmarks plots [folder]` draws the pictures.
"""

import sys
from importlib import import_module

TABLES = ("tours", "distances", "coverage", "stores")


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["plots"]:
        from tests.benchmarks import plots

        return plots.draw(*arguments[1:2])
    if not arguments or not set(arguments) <= set(TABLES):
        print(__doc__)
        return 2
    missed = [name for name in arguments if not import_module(f"tests.benchmarks.{name}").table().print()]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
