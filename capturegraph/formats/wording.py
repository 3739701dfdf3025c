"""How a value of a file is quoted in a sentence about it."""


def shown(value: object, most: int = 40) -> str:
    """A value as it may stand inside a sentence: in quotes, at most `most` characters, nothing invisible."""
    text = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in str(value)[: most + 1])
    return f"“{text}”" if len(text) <= most else f"“{text[:most]}…”"
