"""What HTML would cost to parse, told before it is parsed.

An HTML5 parser never refuses: each `<p>` opens again whatever formatting was left open, and each start tag may
look through all that is open. So 80 KB of unclosed tags can become 300 MB of tree, and a tag with 100,000
attributes takes seconds. The weight below bounds both; it never counts less than the parser would do.
"""

from __future__ import annotations

import re

from hub.intake.text import words

MAX_WEIGHT = 500_000
"""Each start tag weighs `_TAG_WEIGHT` and as much again as is open there. A live blog of 2 MiB weighs a half."""
_TAG_WEIGHT = 5
MAX_GROWTH = 2 * 1024 * 1024
"""Characters of formatting tags that a parser may have to write again."""
MAX_ATTRIBUTES = 500
"""On one tag."""

# The tokens of the HTML standard (§13.2.5): a comment, anything else that ends at the next `>`, or a tag.
_ATTRIBUTE = r"""[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+"""
_TOKEN = re.compile(
    r"<!--(?:-?>|.*?(?:--!?>|\Z))|<(?:[!?]|/[^a-zA-Z])[^>]*+>?"
    rf"|<(?P<end>/)?(?P<name>[a-zA-Z][^\s/>]*+)(?P<attributes>(?:[\s/]++|{_ATTRIBUTE})*+)(?:>|\Z)",
    re.DOTALL,
)
_ATTRIBUTES = re.compile(_ATTRIBUTE, re.DOTALL)
_LEAVES = words(
    # Void elements, and those whose end the next of their kind implies: they never pile up.
    "area base br col embed hr img input link meta source track wbr "
    "dd dt li optgroup option p rb rp rt rtc tbody td tfoot th thead tr"
)
# What a parser opens again by itself in each block that follows (HTML §13.2.4.3).
_FORMATTING = words("a b big code em font i nobr s small strike strong tt u")


def is_too_heavy(html: str) -> bool:
    """Tell whether parsing `html` would cost more than an article may."""
    weight = growth = reopened = 0
    still_open: list[tuple[str, int]] = []
    for token in _TOKEN.finditer(html):
        if token["name"] is None:
            continue
        name = token["name"].lower()
        if token["end"]:
            # An end tag that is out of place may close nothing: it is taken to do so.
            if still_open and still_open[-1][0] == name:
                reopened -= still_open.pop()[1]
            continue
        weight += _TAG_WEIGHT + len(still_open)
        growth += reopened
        if weight > MAX_WEIGHT or growth > MAX_GROWTH or _attributes(token["attributes"]) > MAX_ATTRIBUTES:
            return True
        if name not in _LEAVES:
            size = len(token[0]) if name in _FORMATTING else 0
            still_open.append((name, size))
            reopened += size
    return False


def _attributes(text: str) -> int:
    """Count attributes; at two characters each, short texts can't hold too many."""
    return len(_ATTRIBUTES.findall(text)) if len(text) > 2 * MAX_ATTRIBUTES else 0
