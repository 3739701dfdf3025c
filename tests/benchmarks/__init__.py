"""Our figures beside those of the best that others have, in one run: `python -m tests.benchmarks tours`."""
