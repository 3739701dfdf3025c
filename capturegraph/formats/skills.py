"""Skills as people write them: words, kept in small letters, so that “Drone” asks for who wrote “drone”."""

import re
from typing import Any

from capturegraph.formats.wording import shown

MAX_SKILLS = 20
MAX_SKILL = 50
_BETWEEN = re.compile("[;,\n]")
_UNSTORABLE = re.compile("[\0-\x1f\ud800-\udfff\ufffe\uffff]")


def words(value: object) -> tuple[str, ...]:
    """The skills of a value: “ladder; drone”, a list of words, or nothing; each once, in the order written.

    Raises ValueError with the rest of a sentence whose first words are the field's name.
    """
    if value is None:
        return ()
    if isinstance(value, str):
        if len(value) > 2 * MAX_SKILLS * MAX_SKILL:
            raise ValueError(f"has {len(value):,} characters: write up to {MAX_SKILLS} words.")
        value = _BETWEEN.split(value)
    if not isinstance(value, list | tuple):
        raise ValueError("has to be words: write them like “ladder; drone”.")
    if len(value) > MAX_SKILLS:
        raise ValueError(f"has {len(value):,} words: write up to {MAX_SKILLS}.")
    return tuple(dict.fromkeys(word for one in value if (word := _word(one))))


def _word(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("has to be words: write them like “ladder; drone”.")
    text = " ".join(value.split()).lower()
    if len(text) > MAX_SKILL:
        raise ValueError(f"holds {shown(text)}, of {len(text):,} characters: shorten it to {MAX_SKILL}.")
    if bad := _UNSTORABLE.search(text):
        raise ValueError(f"contains a character that cannot be stored (U+{ord(bad[0]):04X}): delete it.")
    if _BETWEEN.search(text):
        raise ValueError(f"holds {shown(text)}, which is several words: write each by itself.")
    return text
