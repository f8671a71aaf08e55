"""Plain text as documents can hold it: legal in XML 1.0, with everything that carries meaning kept.

Bidi marks, joiners, emoji, no-break spaces and curly quotes are text. Control characters and lone surrogates
are damage: one of them in one title would make feedgen raise for the whole feed.
"""

from __future__ import annotations

import re
import unicodedata

# Not a Char of XML 1.0 §2.2 (C0, surrogates, U+FFFE, U+FFFF), or discouraged there and never meant (DEL, C1).
_DAMAGE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
# Any of that, or one of the next two: most text has none, and one search tells.
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile("\r\n?|\x85")
_PAGE_BREAK = re.compile("[\x0b\x0c]")
# Breaking spaces only: a no-break space before a French colon and CJK's wide space are typography.
# Of these, runs other than the one space between words, which stays as it is.
_BLANKS = re.compile("[\t\n\u2028\u2029][ \t\n\u2028\u2029]*| [ \t\n\u2028\u2029]+")

_JOINERS = "\u200d\ufe0e\ufe0f"


def clean(text: str) -> str:
    """Drop what no document can hold; line ends become line feeds. Cleaning twice changes nothing."""
    if not _UNCLEAN.search(text):
        return text
    return _DAMAGE.sub("", _PAGE_BREAK.sub(" ", _LINE_END.sub("\n", text)))


def is_damaged(text: str) -> bool:
    """Tell whether `text` holds a control character (tabs and line ends too) or a lone surrogate.

    Identifiers are refused then, instead of cleaned: two that differ must never become one.
    """
    return clean(text) != text or "\n" in text or "\t" in text


def one_line(text: str) -> str:
    """Clean, and collapse runs of blanks: for titles and names."""
    return _BLANKS.sub(" ", clean(text)).strip()


def shorten(text: str, limit: int) -> str:
    """Cut at a word, to `limit` characters with the `…` that says so. Never inside a visible character."""
    if len(text) <= limit:
        return text
    end = limit - 1
    while end and _continues(text, end):
        end -= 1
    head, blank, _ = text[: end + 1].rpartition(" ")
    # Scripts without spaces have no word to cut at, and one long word is better cut than dropped.
    kept = head if blank and len(head) > limit // 2 else text[:end]
    return kept.rstrip(" ,;:.-\u2013\u2014") + "…"


def _continues(text: str, position: int) -> bool:
    """Tell whether the character at `position` belongs to the one before: a mark, or part of an emoji."""
    char, before = text[position], text[position - 1]
    return char in _JOINERS or before == "\u200d" or unicodedata.category(char).startswith("M")


def words(text: str) -> frozenset[str]:
    """Read a list of words (tags, attributes) as people write it."""
    return frozenset(text.split())
