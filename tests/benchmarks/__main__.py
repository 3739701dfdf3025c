"""`python -m tests.benchmarks tours|distances|coverage|stores|batches|imports|board|assign|hand_out` prints a table,
and ends with status 1 if a target is missed.

So do `plans` and `requests [--million]`, on PostgreSQL, and `claims`, where many clients meet and connections are
killed, and `uploads`, cut and replayed against the running product.
`faults [--seed 0] [--count 40]` kills, stops and restarts beats, workers and brokers.
`histories [--count 10000]` and `pairs` hold what the product does against the oracle.
`exports` writes 100,000 rows as every kind of file, `progress` counts a campaign of 100,000 places.
`photos` develops 200 photos of 12 million pixels beside a bare loop of Pillow, and a thousand hostile files.
`python -m tests.benchmarks plots [folder]` draws the pictures.
"""

import sys
from importlib import import_module

TABLES = (
    "batches",
    "imports",
    "board",
    "tours",
    "distances",
    "coverage",
    "stores",
    "assign",
    "plans",
    "hand_out",
    "requests",
    "claims",
    "uploads",
    "histories",
    "pairs",
    "faults",
    "exports",
    "progress",
    "photos",
)
FLAGS = {"--databases", "--million", "--count", "--seed"}


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["plots"]:
        from tests.benchmarks import plots

        return plots.draw(*arguments[1:2])
    names = [name for name in arguments if name not in FLAGS and not name.isdigit()]
    if not names or not set(names) <= set(TABLES):
        print(__doc__)
        return 2
    missed = [name for name in names if not import_module(f"tests.benchmarks.{name}").table().print()]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
