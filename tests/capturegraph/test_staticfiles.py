"""The modules that the phone needs first, in one piece: it does what they do one by one, or says why it cannot."""

import shutil
import subprocess
from pathlib import Path

import pytest
from served import needed

from capturegraph.staticfiles import NotJoinableError, join

MODULES = {
    "field/app.js": """
import { count, step as go } from "./counter.js";
import { words } from "../words.js";
/** Begins. */
export async function begin() {
  // Three steps.
  go();
  go();
  const { bye } = await import("./never.js").catch(() => words);
  return `${words.hello} ${count()} ${bye}`;
}
""",
    "field/counter.js": """
const NAME = "counter";
let n = 0;
export function step() {
  n += 1;
}
function inside() {
  return n;
}
export { inside as count };
export const name = NAME;
""",
    "words.js": """
import { shout } from "./words/measures.js";
const NAME = "words";
const MODULES = { en: () => import("./words/en.js"), fr: () => import("./words/fr.js") };
const spoken = await MODULES.en();
export { shout };
export const words = { ...spoken.words, bye: NAME };
""",
    "words/measures.js": "export const shout = (text) => text.toUpperCase();\n",
    "words/en.js": """
import { shout } from "./measures.js";
export const words = {
  hello: shout("hello"),
};
""",
    "late.js": """
import { step } from "./field/counter.js";
import { shout as loud } from "./words.js";
""",
}
TWICE = "export const words = {};\nexport const name = 1;\n"


def joined(**changed: str) -> str:
    modules = {**MODULES, **{name.replace("_", "/") + ".js": text for name, text in changed.items()}}
    return join(
        "field/app.js", modules.__getitem__, into="field/first.en.js", first=("words/en.js",), others=modules
    ).text


def test_it_names_the_modules_that_are_in_it() -> None:
    both = join("field/app.js", MODULES.__getitem__, into="field/first.en.js", first=("words/en.js",), others=MODULES)
    assert sorted(both.members) == ["field/counter.js", "words.js", "words/measures.js"]


def test_it_gives_out_what_others_import_and_nothing_else() -> None:
    assert joined().endswith("export { $shout as shout, $step as step };\n")


def test_a_later_import_is_counted_from_the_folder_of_the_file() -> None:
    assert 'import("../words/fr.js")' in joined()
    assert 'import("../words/en.js")' not in joined()


def test_comments_are_left_out() -> None:
    assert "Begins." not in joined()
    assert "Three steps." not in joined()


@pytest.mark.parametrize(
    ("module", "text", "why"),
    [
        ("words", 'import * as all from "./words/measures.js";\n', r"words.js cannot be joined: import \* as all"),
        ("words", 'import "./words/measures.js";\n', "words.js cannot be joined"),
        ("words", 'export { shout } from "./words/measures.js";\n', "words.js cannot be joined"),
        ("words", "export let words = {};\n", "words.js cannot be joined: export let"),
        ("words", "export const words = `two\n  lines`;\n", "words.js cannot be joined, a template runs over"),
        ("words", "export default 3;\n", "words.js cannot be joined: export default"),
        ("words", "export const words = import.meta.url;\n", "words.js cannot be joined: import.meta"),
        ("words", TWICE, "words.js and field/counter.js both export name"),
        ("field_counter", 'import { begin } from "./app.js";\n', "field/app.js imports itself by way of"),
    ],
)
def test_what_it_does_not_understand_it_refuses(module: str, text: str, why: str) -> None:
    with pytest.raises(NotJoinableError, match=why):
        joined(**{module: text})


def test_it_does_what_the_modules_do(tmp_path: Path) -> None:
    """Two modules with constants of the same name, an alias, a later import of what is there, in one file."""
    needed("node", present=shutil.which("node") is not None, otherwise="no node on PATH")
    late = 'import { begin } from "./field/app.js";\n'
    (tmp_path / "first.mjs").write_text(joined(late=late))
    run = "const { begin } = await import('./first.mjs'); console.log(await begin());"
    done = subprocess.run(
        ["node", "--input-type=module", "-e", run], cwd=tmp_path, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "HELLO 2 words\n", done.stderr
