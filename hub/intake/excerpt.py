"""What of an article may be shown to everybody, and a summary where the CMS sent none."""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

from hub.intake.text import clean, one_line, shorten, words

if TYPE_CHECKING:
    from collections.abc import Sequence

SUMMARY_LENGTH = 300
"""Characters: what Flipboard wants at least, and about two sentences."""

# Ghost's and WordPress's marks. WordPress lets words follow: `<!--more Read on-->`. Bounded, so that a body made of
# beginnings of marks costs no more than another.
_PAYWALL = re.compile(r"<!--\s{0,9}(?:members-only|more(?:\s[^<>]{0,200})?)\s{0,9}-->", re.IGNORECASE)
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)[^>]*>")
# Words next to these belong together; every other tag separates.
_INLINE = words(
    "a abbr acronym b bdi bdo big cite code del dfn em i ins kbd mark q rb ruby s samp small span strike strong "
    "sub sup time tt u var wbr"
)
# Captions and readings are beside the text, not of it.
_ASIDE = frozenset({"figure", "rp", "rt", "rtc"})
_PARAGRAPHS = re.compile(r"\n\s*\n")


def visible_part(html: str) -> str:
    """Cut a restricted article at its paywall mark; without a mark nothing may be shown.

    Works on HTML as it was sent: marks are comments, and sanitising removes those.
    """
    mark = _PAYWALL.search(html)
    return html[: mark.start()] if mark else ""


def summarize(html: str) -> str:
    """Make a summary of sanitised HTML: its first words, without captions."""
    return shorten(plain_text(html, enough=SUMMARY_LENGTH), SUMMARY_LENGTH)


def plain_text(html: str, *, enough: int | None = None) -> str:
    """Give the running text of sanitised HTML (attribute values without `<` and `>`) on one line.

    What comes after more than `enough` characters may be left out.
    """
    parts: list[str] = []
    aside = 0
    end = 0
    look_at = 2 * enough if enough else len(html)
    for tag in _TAG.finditer(html):
        if not aside:
            parts.append(html[end : tag.start()])
        end = tag.end()
        closing, name = tag.groups()
        if name in _ASIDE:
            aside += -1 if closing else 1
        elif name not in _INLINE:
            parts.append(" ")
        if enough and end > look_at:
            if len(text := _joined(parts)) > enough:
                return text
            look_at = 2 * end
    return _joined([*parts, html[end:]])


def _joined(parts: Sequence[str]) -> str:
    return one_line(unescape("".join(parts)))


def paragraphs(text: str) -> str:
    """Make HTML of plain text (JSON Feed's `content_text`): a blank line parts paragraphs."""
    parts = (part.strip() for part in _PARAGRAPHS.split(clean(text)))
    return "".join(f"<p>{escape(part, quote=False).replace(chr(10), '<br>')}</p>" for part in parts if part)
