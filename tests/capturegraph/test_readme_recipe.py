"""What the README tells people to type and to copy names things that there are."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import get_commands
from served import ROOT, environment

from capturegraph.settings import VARIABLES

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^ *```(\w*)\n(.*?)^ *```", README, re.DOTALL | re.MULTILINE)
UNITS = [text for kind, text in BLOCKS if kind == "ini"]


def starts() -> list[str]:
    return [line.removeprefix("ExecStart=") for text in UNITS for line in text.splitlines() if "ExecStart=" in line]


def test_every_variable_of_the_readme_is_in_the_table() -> None:
    named = set(re.findall(r"\bCAPTUREGRAPH_[A-Z_]+\b", README))
    assert named
    assert named - {"CAPTUREGRAPH_TEST_POSTGRES"} <= {variable.name for variable in VARIABLES}


def test_every_command_of_the_readme_is_there() -> None:
    typed = set(
        re.findall(r"(?:^|[\s`(&;])(?:manage\.py|manage|capturegraph) ([a-z]\w+)(?= |`|\n|$)", README, re.MULTILINE)
    )
    commands = {word for word in typed if word in {"migrate", "collectstatic"} or f"manage.py {word}" in README}
    assert {"migrate", "collectstatic", "quickstart", "services"} <= typed
    assert commands - set(get_commands()) == set()
    assert set(re.findall(r"&& (?:manage|capturegraph) (\w+)", README)) <= set(get_commands())


def test_every_migration_of_the_readme_is_there() -> None:
    there = {path.name[:4] for path in (ROOT / "capturegraph" / "migrations").glob("0*.py")}
    named = set(re.findall(r"migrate\s+capturegraph\s+(\d{4})", README))
    assert named
    assert named <= there


@pytest.mark.slow
def test_every_unit_starts_a_program_that_is_there_with_options_that_it_knows(tmp_path: Path) -> None:
    assert len(starts()) >= 3
    for command in starts():
        program, *options = command.split()
        if program.startswith("/usr/local/bin/"):
            assert f"install -m 755 /dev/stdin {program} <<" in README, "the recipe makes it"
            continue
        assert program.startswith("/srv/capturegraph/app/.venv/bin/"), program
        installed = Path(sys.executable).parent / Path(program).name
        assert installed.exists(), program
        subcommand = [word for word in options if word in ("worker", "beat")]
        app = ["-A", "capturegraph.celery", *subcommand] if subcommand else []
        env = environment(tmp_path, CAPTUREGRAPH_LOG_LEVEL="ERROR", COLUMNS="200")
        asked = subprocess.run([installed, *app, "--help"], cwd=ROOT, env=env, capture_output=True, text=True)
        # Of Celery itself, before the word for what it is to be.
        spoken = asked.stdout + ("-A --quiet" if subcommand else "")
        for option in (word.split("=")[0] for word in options if word.startswith("-")):
            assert re.search(rf"{option}(?![\w-])", spoken), f"{program} knows no {option}"


@pytest.mark.parametrize("command", range(len(starts())))
def test_every_file_and_module_that_a_unit_names_is_there(command: int) -> None:
    for word in starts()[command].split()[1:]:
        if re.fullmatch(r"capturegraph/[\w.]+", word):
            assert (ROOT / word).is_file(), word
        elif re.fullmatch(r"capturegraph\.\w+(:\w+)?", word):
            assert (ROOT / (word.split(":")[0].replace(".", "/") + ".py")).is_file(), word


def test_folders_of_the_readme_are_the_ones_that_the_recipe_makes() -> None:
    recipe = README.partition("### From a bare Debian")[2].partition("\n## ")[0]
    named = set(re.findall(r"/srv/capturegraph/(\w+)", recipe))
    assert named <= {"app", "uv", "var", "backup"}
    for folder in named:
        assert re.search(rf"(git clone .*|venv |mkdir .*|_VAR=|backup/)/?(srv/capturegraph/)?{folder}", recipe), folder
