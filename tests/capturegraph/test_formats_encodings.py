"""Text in every encoding that spreadsheets write: guessed right, or refused with a sentence."""

import pytest

from capturegraph.formats import Unreadable, read_table

WORDS = ["Café Köln", "Smørrebrød, Århus", "São Paulo à côté", "Niño, Málaga", "Straße München"]


def titles(data: bytes) -> tuple[str, list[str]]:
    table = read_table(data, "places.csv")
    assert table.errors == []
    return table.encoding, [row.title for row in table.rows]


@pytest.mark.parametrize(
    ("encoding", "named"),
    [
        ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("utf-16", "utf-16"), ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"), ("utf-32", "utf-32"), ("cp1252", "windows-1252"), ("latin-1", "windows-1252"),
        ("mac-roman", "mac-roman"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_words_arrive_as_they_were_written(encoding: str, named: str, delimiter: str) -> None:
    rows = [delimiter.join(["title", "lat", "lon"]), *(delimiter.join([f'"{word}"', "1.5", "2"]) for word in WORDS)]
    assert titles("\r\n".join(rows).encode(encoding)) == (named, WORDS)


@pytest.mark.parametrize("word", ["Café", "Köln", "Straße", "garçon", "Zürich"])
@pytest.mark.parametrize(("encoding", "named"), [("cp1252", "windows-1252"), ("mac-roman", "mac-roman")])
def test_one_word_is_enough(word: str, encoding: str, named: str) -> None:
    assert titles(f"title,lat,lon\n{word},1,2\n".encode(encoding)) == (named, [word])


@pytest.mark.parametrize("text", ["don’t “go” – it’s far…", "100 €, 5 ‰", "Foo–Bar"])
def test_the_signs_of_windows_are_no_letters_of_a_mac(text: str) -> None:
    assert titles(f'title,lat,lon\n"{text}",1,2\n'.encode("cp1252")) == ("windows-1252", [text])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("title,lat,lon\nKöln,1,2\nÜberlingen,1,2\nBa\udcfcd,1,2\n", "UTF-8 text with a damaged character in line 4"),
        ("\ufefftitle,lat,lon\nB\udcfcd,1,2\n", "looks like UTF-8 text, but is damaged"),
        ("title,lat,lon\n\udc81\udc8d,1,2\n", "The file is not text that can be read."),
    ],
)
def test_what_is_damaged_is_refused(data: str, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read_table(data.encode("utf-8", "surrogateescape"), "places.csv")
    assert said in refused.value.reason
    assert refused.value.reason.endswith("“CSV UTF-8”.")


def test_quoted_line_ends_decimal_commas_and_a_sep_line_in_utf_16() -> None:
    text = 'sep=;\r\ntitle;lat;lon\r\n"two\r\nlines";38,5;-77,25\r\n'
    (row,) = read_table(text.encode("utf-16-le"), "places.csv").rows
    assert (row.title, row.latitude, row.longitude) == ("two lines", 38.5, -77.25)
