"""The rules of the house that import-linter cannot say. One that is in the way says that code is in the wrong room."""

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "capturegraph"
DOORS = ("admin", "api", "management", "pages", "tasks.py")
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 400, 40
TOP = {
    ".ci", ".gitattributes", ".gitignore", ".npmrc", "LICENSE", "README.md", "capturegraph", "manage.py",
    "package-lock.json", "package.json", "pyproject.toml", "scheduling", "static", "templates", "tests",
}  # fmt: skip

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> list[Path]:
    """Our own Python files, without the migrations, which are records."""
    found = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path for path in found if "migrations" not in path.parts)


def room(path: Path) -> str:
    """The part of the app that a file is in; an empty text for what is not the app."""
    return path.relative_to(APP).parts[0] if path.is_relative_to(APP) else ""


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def called(node: ast.AST) -> str:
    """What a call calls, as written: "timezone.now"."""
    return ast.unparse(node.func) if isinstance(node, ast.Call) else ""


def places(paths: list[Path], wrong: Callable[[ast.AST], bool]) -> list[str]:
    """Where something is that should not be there."""
    return [
        f"{path.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}: {ast.unparse(node)[:60]}"
        for path in paths
        for node in ast.walk(tree(path))
        if wrong(node)
    ]


def functions(path: Path) -> Iterator[tuple[str, Function]]:
    """Every function of a file, by its whole name; what is private, or inside of something private, has a "_" in it."""

    def inside(node: ast.AST, name: str) -> Iterator[tuple[str, Function]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, Function):
                yield f"{name}.{child.name}", child
                yield from inside(child, f"{name}.{child.name}.<locals>")
            elif isinstance(child, ast.ClassDef):
                yield from inside(child, f"{name}.{child.name}")
            else:
                yield from inside(child, name)

    yield from inside(tree(path), str(path.relative_to(ROOT)))


def tracked() -> list[str]:
    """Every file that is, or would be, in the repository."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("no git checkout here")
    listing = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listing, capture_output=True, text=True, check=True).stdout.split("\0")
    return [name for name in names if name and (ROOT / name).exists()]


# --- rooms ------------------------------------------------------------------------------------------------------------


def test_transactions_are_in_services_only() -> None:
    words = re.compile(r"\b(atomic|select_for_update|on_commit|set_autocommit|savepoint)\b")
    elsewhere = [path for path in sources("capturegraph") if room(path) != "services"]
    assert places(elsewhere, lambda node: bool(words.search(called(node)))) == []
    decorated = [
        name
        for path in elsewhere
        for name, function in functions(path)
        if any("atomic" in ast.unparse(decorator) for decorator in function.decorator_list)
    ]
    assert decorated == []


def test_doors_write_no_rows() -> None:
    words = re.compile(r"\.(create|bulk_create|bulk_update|get_or_create|update_or_create|raw|extra)$")
    doors = [path for path in sources("capturegraph") if room(path) in DOORS]
    assert places(doors, lambda node: bool(words.search(called(node)))) == []
    managers = re.compile(r"\bobjects\b.*\.(update|delete)$", re.DOTALL)
    assert places(doors, lambda node: bool(managers.search(called(node)))) == []


def test_the_clock_is_read_in_doors_only() -> None:
    clock = re.compile(r"\b(timezone\.(now|localtime|localdate)|datetime\.(now|utcnow|today)|date\.today|time\.time)$")
    elsewhere = [path for path in sources("capturegraph", "scheduling") if room(path) not in DOORS]
    assert places(elsewhere, lambda node: bool(clock.search(called(node)))) == []


def test_no_service_throws_dice() -> None:
    """Chance comes in as an argument, or is a secret; a default argument may name it."""
    dice = re.compile(r"(^|\.)(random|uuid[14]|shuffle|choice|randint|default_rng)$|^random\.|^np\.random\.")
    found = places(sources("capturegraph/services"), lambda node: bool(dice.search(called(node))))
    assert [place for place in found if "secrets." not in place] == []


def test_services_know_nothing_of_http() -> None:
    http = re.compile(r"from django\.(http|shortcuts|views|urls|contrib\.messages)\b|import django\.http")
    assert places(sources("capturegraph/services", "capturegraph/models"), _imports(http)) == []


def test_no_signals() -> None:
    """What a change brings with it is written where the change is."""
    signals = re.compile(r"from django\.(db\.models|core|dispatch).*\b(signals|receiver|Signal|post_save|pre_save)\b")
    assert places(sources("capturegraph"), _imports(signals)) == []


def _imports(pattern: re.Pattern[str]) -> Callable[[ast.AST], bool]:
    return lambda node: isinstance(node, ast.Import | ast.ImportFrom) and bool(pattern.search(ast.unparse(node)))


# --- size and words ---------------------------------------------------------------------------------------------------


def test_files_are_short() -> None:
    own = [path for folder in ("static", "templates") for path in (ROOT / folder).rglob("*") if path.is_file()]
    own = [path for path in own if path.suffix in (".js", ".css", ".html") and "vendor" not in path.parts]
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in [*sources("capturegraph", "scheduling", "tests", ".ci"), *own]
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_functions_are_short() -> None:
    lengths = {
        f"{name}:{function.lineno}": (function.end_lineno or 0) - function.lineno + 1
        for path in sources("capturegraph", "scheduling", "tests", ".ci")
        for name, function in functions(path)
    }
    assert {name: length for name, length in lengths.items() if length > MOST_LINES_OF_A_FUNCTION} == {}


def test_every_public_function_says_what_it_does() -> None:
    silent = [
        name
        for path in sources("capturegraph", "scheduling")
        for name, function in functions(path)
        if not ast.get_docstring(function) and not _is_private(name) and not _repeats(function)
    ]
    assert silent == []


def _is_private(name: str) -> bool:
    return any(part.startswith(("_", "<")) for part in name.split(".py.")[1].split("."))


def _repeats(function: Function) -> bool:
    return any(re.search(r"overload|\.setter", ast.unparse(decorator)) for decorator in function.decorator_list)


def test_no_room_for_odds_and_ends() -> None:
    names = {"utils", "util", "core", "common", "helpers", "helper", "misc", "shared", "lib"}
    every = [
        *sources("capturegraph", "scheduling", "tests"),
        *(ROOT / "static").glob("*.js"),
        *(ROOT / "static").glob("*/*.js"),
    ]
    assert [path for path in every if names & {path.stem, *path.relative_to(ROOT).parts}] == []


# --- what is in the repository ----------------------------------------------------------------------------------------


def test_the_top_level_holds_what_it_should() -> None:
    assert {name.split("/")[0] for name in tracked()} - TOP == set()


# A letter of each stands in brackets, so that this file is not what it looks for.
MACHINE = r"/w[o]rk/|/r[o]ot/|/h[o]me/[a-z]|/U[s]ers/[a-z]|C:\\U[s]ers|/tmp/t[e]am"
REGISTRY = r"p[y]pi\.|python[h]osted|registry\.n[p]m|n[p]mjs\.|y[a]rnpkg\.|artifact[o]ry|\"res[o]lved\":"
UNFINISHED = r"\b(T[O]DO|F[I]XME|X[X]X)\b"


@pytest.mark.parametrize("unwanted", [MACHINE, REGISTRY, UNFINISHED])
def test_no_file_holds_what_belongs_elsewhere(unwanted: str) -> None:
    """No path of somebody's machine, no registry's address, nothing left for later."""
    pattern, found = re.compile(unwanted), []
    for name in tracked():
        if name.startswith(("static/vendor/", "tests/data/")):
            continue
        try:
            lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [
            f"{name}:{number}: {line.strip()[:80]}" for number, line in enumerate(lines, 1) if pattern.search(line)
        ]
    assert found == []


def test_no_two_files_of_the_tests_have_one_name() -> None:
    """pytest imports them all by their bare names: of two, one is not run, and one helper is taken for the other."""
    rooms = [path for path in (ROOT / "tests").iterdir() if path.is_dir() and path.name not in ("data", "benchmarks")]
    names = [path.name for room_ in rooms for path in room_.glob("*.py") if path.name != "conftest.py"]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.xdist_group("house")
def test_tests_of_a_group_run_in_one_process(request: pytest.FixtureRequest) -> None:
    """Browsers and whole fleets of processes, two at once, make each other late."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        pytest.skip("there is only one process")
    assert request.node.nodeid.endswith("@house")
