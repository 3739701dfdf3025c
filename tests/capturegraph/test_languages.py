"""Four languages: nothing that people read is missing in one, and everybody gets the one that they asked for.

After a change of sentences (makemessages needs Debian's package gettext):

    uv run manage.py makemessages --all --no-location --no-obsolete --no-wrap -i "static/*" -i "tests/*" -i ".venv/*"

Then translate what is empty, and `uv run manage.py compilemessages -i ".venv/*"`.
"""

import ast
import gettext
import io
import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.test import Client
from django.utils.translation import override
from django.utils.translation.template import templatize
from stories import API, Person, slots_in

from capturegraph.models import Target

ROOT = Path(settings.BASE_DIR)
CODES = [code for code, _name in settings.LANGUAGES]
OTHERS = [code for code in CODES if code != settings.LANGUAGE_CODE]
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
LITERAL = r"""u?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
SAID = re.compile(rf"\b(_|gettext|ngettext)\(\s*{LITERAL}(?:\s*,\s*{LITERAL})?", re.DOTALL)
# What has to be the same in every language: what is put in, and how it is set.
HELD = re.compile(r"%\([a-z_]+\)[sdgf]|%[sdgf]|%%|<[a-z/][^>]*>|&[a-z]+;|https?://\S+")
Sentence = tuple[str, str]


def catalogue(code: str) -> polib.POFile:
    return polib.pofile(str(ROOT / "capturegraph" / "locale" / code / "LC_MESSAGES" / "django.po"), wrapwidth=0)


def in_python(path: Path) -> Iterator[Sentence]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call) or ast.unparse(node.func).split(".")[-1] not in CALLS:
            continue
        wanted = CALLS[ast.unparse(node.func).split(".")[-1]]
        said = [one.value for one in node.args[:wanted] if isinstance(one, ast.Constant) and isinstance(one.value, str)]
        if len(said) == wanted:
            yield said[0], said[1] if wanted == 2 else ""


def in_template(path: Path) -> Iterator[Sentence]:
    for call, first, second in SAID.findall(templatize(path.read_text(encoding="utf-8"))):
        one, many = (
            ast.literal_eval(f'""{text}""' if "\n" not in text else repr(text[1:-1])) if text else ""
            for text in (first, second)
        )
        yield one, many if call == "ngettext" else ""


def said() -> set[Sentence]:
    """Every sentence of the pages and of the programs that is there to be translated."""
    python = (path for path in (ROOT / "capturegraph").rglob("*.py") if "migrations" not in path.parts)
    templates = (ROOT / "templates").rglob("*.html")
    found = {one for path in python for one in in_python(path)}
    return found | {one for path in templates for one in in_template(path)}


def test_sentences_are_marked_in_ways_that_makemessages_knows() -> None:
    """A name of one's own for gettext hides its sentences from it."""
    renamed = [
        f"{path.relative_to(ROOT)}: {name.name} as {name.asname}"
        for path in (ROOT / "capturegraph").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for name in node.names
        if "gettext" in name.name and (name.asname or name.name) not in CALLS
    ]
    assert renamed == []


# --- the catalogues ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_in_the_catalogue(code: str) -> None:
    known = {(entry.msgid, entry.msgid_plural) for entry in catalogue(code) if not entry.obsolete}
    assert len(known) > 800
    assert sorted(said() - known) == [], "run makemessages"
    assert sorted(known - said()) == [], "nobody says these any more: run makemessages"


@pytest.mark.parametrize("code", OTHERS)
def test_every_sentence_is_translated(code: str) -> None:
    entries = catalogue(code)
    assert [entry.msgid for entry in entries.untranslated_entries()] == []
    assert [entry.msgid for entry in entries.fuzzy_entries()] == []


@pytest.mark.parametrize("code", OTHERS)
def test_every_plural_has_all_forms_of_its_language(code: str) -> None:
    """Spanish counts in three forms: a sentence that has two of them is said in English from two things on."""
    entries = catalogue(code)
    forms = re.search(r"nplurals=(\d+)", entries.metadata["Plural-Forms"])
    assert forms
    wanted = set(range(int(forms[1])))
    assert [entry.msgid for entry in entries if entry.msgid_plural and set(entry.msgstr_plural) != wanted] == []


@pytest.mark.parametrize("code", OTHERS)
def test_every_translation_keeps_what_is_put_in(code: str) -> None:
    wrong = []
    for entry in catalogue(code):
        for index, text in entry.msgstr_plural.items() if entry.msgid_plural else [(1, entry.msgstr)]:
            # "One place" may leave its number out, where the English one does.
            original = entry.msgid if index == 0 else entry.msgid_plural or entry.msgid
            if text and sorted(HELD.findall(text)) != sorted(HELD.findall(original)):
                wrong.append((entry.msgid, text))
    assert wrong == []


@pytest.mark.parametrize("code", OTHERS)
def test_nothing_is_left_in_english(code: str) -> None:
    """What is the same in two languages is a name or a sign: a whole sentence never is."""
    same = [entry.msgid for entry in catalogue(code) if entry.msgid == entry.msgstr and len(entry.msgid.split()) > 2]
    assert [text for text in same if re.search(r"(?!min)[a-z]{3}", HELD.sub("", text))] == []


@pytest.mark.parametrize("code", OTHERS)
def test_what_is_compiled_is_what_is_written(code: str) -> None:
    written = catalogue(code)
    compiled = gettext.GNUTranslations(io.BytesIO(Path(written.fpath).with_suffix(".mo").read_bytes()))
    fresh = gettext.GNUTranslations(io.BytesIO(written.to_binary()))
    assert compiled._catalog == fresh._catalog, "run compilemessages"


# --- who gets which ---------------------------------------------------------------------------------------------------

pages = pytest.mark.django_db


def lang_of(answer: object) -> str:
    found = re.search(r'<html lang="([^"]+)"', answer.content.decode())
    assert found
    return found[1]


@pages
@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ("de", "de"),
        ("de-AT,de;q=0.9", "de"),
        ("ja,fr;q=0.5", "fr"),
        ("ja", "en"),
        ("", "en"),
        ("*", "en"),
        ("\x7f;", "en"),
    ],
)
def test_the_browser_says_which(asked: str, given: str) -> None:
    for page in ("/", "/login/", "/field/", "/field/me/", "/nothing"):
        answer = Client().get(page, headers={"Accept-Language": asked})
        assert (lang_of(answer), answer["Content-Language"]) == (given, given)
        assert {"Accept-Language", "Cookie"} <= {one.strip() for one in answer["Vary"].split(",")}


@pages
def test_what_was_chosen_in_this_browser_comes_first() -> None:
    client = Client(headers={"Accept-Language": "de"})
    client.cookies["capturegraph_language"] = "es"
    assert lang_of(client.get("/")) == "es"
    client.cookies["capturegraph_language"] = "tlh"
    assert lang_of(client.get("/")) == "de"


@pages
@pytest.mark.parametrize("page", ["/field/", "/field/me/"])
def test_the_phone_s_pages_are_the_same_for_everybody_of_a_language(page: str, alice: Person) -> None:
    german = {"Accept-Language": "de"}
    plain, signed_in = Client().get(page, headers=german), alice.desk().get(page, headers=german)
    assert plain.content == signed_in.content
    assert "Set-Cookie" not in plain.headers
    assert not plain.cookies
    english = Client().get(page)
    assert (english.content != plain.content, english["ETag"] != plain["ETag"]) == (True, True)
    again = Client().get(page, headers={**german, "If-None-Match": plain["ETag"]})
    assert again.status_code == 304


@pages
def test_problems_of_the_api_are_told_in_the_caller_s_language(alice: Person) -> None:
    said = {
        code: alice.phone.get(API + "slots/none/", headers={"Accept-Language": code}).json()["detail"] for code in CODES
    }
    assert len(set(said.values())) == len(CODES)
    assert said["de"].startswith("Hier ist nichts.")


@pages
def test_reasons_are_told_in_the_caller_s_language(stones: Target, alice: Person) -> None:
    asked = {"content_type": "application/json", "headers": {"Accept-Language": "fr"}}
    answer = alice.phone.post(API + f"targets/{stones.pk}/request-slot/", b"{}", **asked).json()
    assert answer["reason"]["text"] == "Il n’y a pas encore de lieux. Demandez aux responsables."


@pages
@pytest.mark.parametrize("code", OTHERS)
def test_figures_for_machines_have_no_comma(code: str, stones: Target, carol: Person, alice: Person) -> None:
    """A number that a browser reads is written as in English, whatever the page is written in."""
    slots_in(stones, oak=0, elm=1500.5)
    alice.gets(stones)
    desk, target = carol.desk(), f"/console/targets/{stones.pk}/"
    for page in ("/console/", target, f"{target}live/", f"{target}people/", f"{target}import/"):
        text = desk.get(page, headers={"Accept-Language": code}).content.decode()
        tags = re.findall(r"<[a-z][^>]*>", text)
        assert tags
        assert [tag for tag in tags if re.search(r'="-?\d+,\d+(%|px|s)?"', tag)] == []


def test_every_language_names_itself() -> None:
    for code in CODES:
        with override(code):
            shown = render_to_string(
                "languages.html", {"language_choices": [{"code": c, "name": n} for c, n in settings.LANGUAGES]}
            )
        assert re.findall(r'data-language="(\w+)"', shown) == CODES
        assert all(name in shown for _code, name in settings.LANGUAGES)
