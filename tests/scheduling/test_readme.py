"""What the README says of `scheduling` on its own is what it does."""

import doctest
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "README.md"
TITLE = "## Use `scheduling` on its own"


def test_the_examples_of_the_readme_are_true() -> None:
    _, title, rest = README.read_text().partition(TITLE)
    if not title:
        pytest.skip(f"README.md has no section {TITLE!r}")
    section = rest.partition("\n## ")[0]
    examples = doctest.DocTestParser().get_doctest(section.replace("```", ""), {}, "README.md", str(README), 0)
    assert len(examples.examples) > 10
    told: list[str] = []
    assert doctest.DocTestRunner().run(examples, out=told.append).failed == 0, "".join(told)
