"""Slugs: the readable end of a feed's address. One rule for all that a CMS sends, whatever its own was."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import sha256
from urllib.parse import unquote

MAX_SLUG = 80
_HASH_DIGITS = 6
_HASH_ALONE = re.compile(r"-[0-9a-f]{6}")


@lru_cache(maxsize=1024)  # the same names come again and again
def slugify(text: str) -> str:
    """Make a slug: percent-decoded once, NFKC, lower case, letters, marks and digits joined by `-`.

    Runs of `-` collapse and the ends are trimmed. Where more than spaces and punctuation was lost (`C++`, an
    emoji), or nothing is left, `-` and six hex digits of the text's SHA-256 keep it apart from its
    neighbours. At most 80 characters. A slug is its own slug.
    """
    plain = _lower(unquote(text))
    if _HASH_ALONE.fullmatch(plain):
        return plain
    kept = "".join(char if _stays(char) else "-" for char in plain)
    slug = "-".join(part for part in kept.split("-") if part)
    if slug and not any(map(_matters, plain)):
        return slug[:MAX_SLUG].rstrip("-")
    suffix = "-" + sha256(text.encode(errors="replace")).hexdigest()[:_HASH_DIGITS]
    return slug[: MAX_SLUG - len(suffix)].rstrip("-") + suffix


def _lower(text: str) -> str:
    """Lower-case in NFKC; twice, because `ǰ` composes from a letter and a mark and its capital does not."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def _stays(char: str) -> bool:
    return unicodedata.category(char)[0] in "LMN"


def _matters(char: str) -> bool:
    """Tell whether losing `char` loses more than a space or punctuation: a symbol, an emoji, a joiner."""
    return not (_stays(char) or char.isspace() or unicodedata.category(char)[0] in "ZP")
