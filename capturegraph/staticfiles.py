"""How static files get their names, and how the modules that the phone needs first come in one piece.

There is no bundler: modules are served as they are written, and every page works that way. A phone with a bad signal
would pay for each of them with a round trip, so `collectstatic` also writes what `field/app.js` imports statically, all
the way down, into one file for each language. An import map in the page sends every later import of one of these
modules to that file, so that each still exists once.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from django.conf import settings
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

ENTRY = "field/app.js"
FIRST = "field/first.{language}.js"
MEMBERS = "field/first.json"
LANGUAGE_MODULE = re.compile(r"words/([a-z]{2})\.js")

_IMPORT = re.compile(r'^import\s*\{([^}]*)\}\s*from\s*"([^"]+)";[ \t]*$', re.MULTILINE)
_LATER = re.compile(r'\bimport\("(\.[^"]+)"\)')
_EXPORTED = re.compile(r"^export ((?:async )?function\*?|class|const) ([\w$]+)", re.MULTILINE)
_EXPORT_LIST = re.compile(r"^export\s*\{([^}]*)\};[ \t]*$", re.MULTILINE)
_FOREIGN = re.compile(r"^(import\b(?!\().*|export\b.*)$|\bimport\.meta\b", re.MULTILINE)
_BACKTICK = re.compile(r"(?<!\\)`")
_INDENT = re.compile(r"\n[ \t\n]+")
_COMMENT = re.compile(r"^[ \t]*(?://.*|/\*\*(?:[^*]|\*(?!/))*\*/)[ \t]*\n", re.MULTILINE)


class NotJoinableError(ValueError):
    """A module says something that joining does not understand; its name and the words come along."""


class Joined(NamedTuple):
    """Modules in one file: its text, and those of them that other modules may import from it."""

    text: str
    members: list[str]


class _Module(NamedTuple):
    name: str
    body: str
    imports: list[tuple[str, list[tuple[str, str]]]]
    exports: list[tuple[str, str]]


def join(
    entry: str,
    read: Callable[[str], str],
    *,
    into: str,
    first: tuple[str, ...] = (),
    others: Iterable[str] = (),
) -> Joined:
    """Write a module and everything that it imports statically as one module.

    Each becomes a block of its own, in the order in which a browser would run them. What the file exports is what other
    modules import from any of them, so that an import map can send those imports here.

    Args:
        entry: the module's name below the static root.
        read: gives the text of a module.
        into: the name of the file that is made; addresses of later imports are counted from its folder.
        first: modules that run before the rest, and that `import()` then finds here instead of fetching them.
        others: the names of all modules that there are besides.

    Raises:
        NotJoinableError: an import or export is written in another way than named, or two modules export one name.
    """
    modules: dict[str, _Module] = {}
    for name in (*first, entry):
        _collect(name, read, modules, ())
    number = {name: index for index, name in enumerate(modules)}
    blocks = [_block(module, number, into, first) for module in modules.values()]
    names: dict[str, str] = {}
    for module in modules.values():
        _take_names(module, names, first)
    wanted = _wanted(read, modules, others)
    names = {name: origin for name, origin in names.items() if name in wanted}
    exports = ", ".join(f"${name} as {name}" for name in sorted(names))
    taken = "".join(f"const ${name} = ${number[origin]}.{name};\n" for name, origin in sorted(names.items()))
    text = "".join(blocks) + taken + f"export {{ {exports} }};\n"
    return Joined(text, [name for name in modules if name not in first and name != entry])


def _wanted(read: Callable[[str], str], modules: Mapping[str, _Module], others: Iterable[str]) -> set[str]:
    """Give the names that modules elsewhere import from these."""
    found: set[str] = set()
    for other in others:
        if other not in modules:
            for names, address in _IMPORT.findall(read(other)):
                if _resolve(other, address) in modules:
                    found |= {name for name, _local in _pairs(names)}
    return found


def _collect(name: str, read: Callable[[str], str], modules: dict[str, _Module], above: tuple[str, ...]) -> None:
    if name in above:
        raise NotJoinableError(f"{name} imports itself by way of {', '.join(above[above.index(name) + 1 :])}.")
    if name in modules:
        return
    module = _parse(name, read(name))
    for imported, _names in module.imports:
        _collect(imported, read, modules, (*above, name))
    modules[name] = module


def _parse(name: str, text: str) -> _Module:
    text = _COMMENT.sub("", text)
    imports = [(_resolve(name, address), _pairs(names)) for names, address in _IMPORT.findall(text)]
    exports = [(local, local) for _kind, local in _EXPORTED.findall(text)]
    exports += [pair for names in _EXPORT_LIST.findall(text) for pair in _pairs(names)]
    body = _EXPORTED.sub(r"\1 \2", _EXPORT_LIST.sub("", _IMPORT.sub("", text)))
    if foreign := _FOREIGN.search(body):
        raise NotJoinableError(f"{name} cannot be joined: {foreign[0]}")
    if broken := next((line for line in body.split("\n") if len(_BACKTICK.findall(line)) % 2), None):
        # The indentation is taken away, and inside of such a text it would be a part of it.
        raise NotJoinableError(f"{name} cannot be joined, a template runs over more than a line: {broken}")
    return _Module(name, _INDENT.sub("\n", body).strip(), imports, exports)


def _resolve(name: str, address: str) -> str:
    return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))


def _pairs(names: str) -> list[tuple[str, str]]:
    """Read "a, b as c" as [("a", "a"), ("b", "c")]."""
    words = [one.split() for one in names.split(",") if one.strip()]
    return [(one[0], one[-1]) for one in words]


def _block(module: _Module, number: Mapping[str, int], into: str, first: tuple[str, ...]) -> str:
    def later(match: re.Match[str]) -> str:
        name = _resolve(module.name, match[1])
        if name in first:
            return f"Promise.resolve(${number[name]})"
        address = posixpath.relpath(name, posixpath.dirname(into))
        return f'import("{address if address.startswith(".") else f"./{address}"}")'

    taken = "".join(
        f"const {{ {', '.join(f'{name}: {local}' for name, local in names)} }} = ${number[imported]};\n"
        for imported, names in module.imports
    )
    given = ", ".join(f"{name}: {local}" for local, name in module.exports)
    here = f"${number[module.name]}"
    body = _LATER.sub(later, module.body)
    return f"const {here} = {{}};\n{{\n{taken}{body}\nObject.assign({here}, {{ {given} }});\n}}\n"


def _take_names(module: _Module, names: dict[str, str], first: tuple[str, ...]) -> None:
    if module.name in first:
        return
    for local, name in module.exports:
        origin = _origin(module, local, name)
        if names.setdefault(name, origin) != origin:
            raise NotJoinableError(f"{module.name} and {names[name]} both export {name}.")


def _origin(module: _Module, local: str, name: str) -> str:
    """Give the module that an exported name comes from: this one, or the one that it only hands it on from."""
    for imported, pairs in module.imports:
        if (name, local) in pairs:
            return imported
    return module.name


def _imported_first(name: str, texts: Mapping[str, str], ordered: dict[str, None], seen: set[str]) -> None:
    if name in ordered or name in seen or name not in texts:
        return
    seen.add(name)
    for address in [*(one for _names, one in _IMPORT.findall(texts[name])), *_LATER.findall(texts[name])]:
        _imported_first(_resolve(name, address), texts, ordered, seen)
    ordered[name] = None


class HashedModulesStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Names every file after its content, in the imports of ES modules too, so that browsers may keep it for ever."""

    support_js_module_import_aggregation = True
    # Each pass settles a storey of modules that import modules, more where they come in a good order.
    max_post_process_passes = 20

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Join what comes first, then name everything."""
        if not dry_run and ENTRY in paths:
            paths = self._prepared(paths)
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _prepared(self, paths: Mapping[str, Any]) -> dict[str, Any]:
        """Add the joined files, and put our modules in an order in which what is imported comes first."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        folders = [str(folder) for folder in settings.STATICFILES_DIRS]
        own = {name for name in paths if name.endswith(".js") and str(paths[name][0].location) in folders}
        ordered: dict[str, None] = {}
        texts = {name: read(name) for name in own}
        for name in sorted(own):
            _imported_first(name, texts, ordered, set())
        made = self._joined(paths, read, own)
        others = {name: found for name, found in paths.items() if name not in own}
        return {**others, **{name: paths[name] for name in ordered}, **made}

    def _joined(self, paths: Mapping[str, Any], read: Callable[[str], str], own: Iterable[str]) -> dict[str, Any]:
        made: dict[str, str] = {}
        for module in filter(LANGUAGE_MODULE.fullmatch, paths):
            name = FIRST.format(language=module[len("words/") :].removesuffix(".js"))
            joined = join(ENTRY, read, into=name, first=(module,), others=own)
            made |= {name: joined.text, MEMBERS: json.dumps(joined.members)}
        for name, text in made.items():
            self.delete(name)
            self._save(name, ContentFile(text.encode()))
        return {name: (self, name) for name in made}

    def first(self, language: str) -> tuple[str, list[str]] | None:
        """Give the address of the one file for a language, and those of the modules in it; None without one."""
        names: dict[str, str] = self.hashed_files
        if (name := FIRST.format(language=language)) not in names:
            return None
        with self.open(names[MEMBERS]) as file:
            members: list[str] = json.load(file)
        return self.url(name), [self.url(member) for member in members]
