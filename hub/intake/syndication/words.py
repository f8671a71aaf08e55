"""Titles, summaries and people, as feeds write them: text that may be HTML or not, names with an e-mail beside them."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING, Any

from hub.intake.foreign import plain_of, text_of
from hub.intake.text import one_line

if TYPE_CHECKING:
    from hub.intake.policy import IntakePolicy

_TAG = re.compile(
    r"</?(?:a|abbr|b|bdi|big|blockquote|br|center|cite|code|dd|del|div|dl|dt|em|figure|font|h[1-6]|hr|i|iframe|img|ins|kbd|li"
    r"|mark|ol|p|picture|pre|q|s|section|small|span|strike|strong|sub|sup|table|td|tr|tt|u|ul|video)(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MAX_NAME = 300
_IN_BRACKETS = re.compile(r"<[^<>]*@[^<>]*>|\[[^\[\]]*@[^\[\]]*\]")
_ADDRESS_THEN_NAME = re.compile(r"(?:mailto:)?[^\s@()]+@[^\s@()]+\s*\((.*)\)")
_ADDRESS = re.compile(r"(?:mailto:)?[^\s@]+@[^\s@]+")


def is_html(text: str) -> bool:
    """Tell whether a text that may be either has tags of HTML; `C++ <vector>` has none."""
    return _TAG.search(text) is not None


def words_of(text: str | None, policy: IntakePolicy) -> str | None:
    """Give the words of a text that may be HTML or not (RSS does not say which): unescaped exactly once."""
    if text is None:
        return None
    return text_of(text, policy) if is_html(text) else plain_of(unescaped(text))


def unescaped(text: str) -> str:
    """Undo whole references alone: `?a=1&copy=2` has none."""
    return _REFERENCE.sub(lambda match: unescape(match[0]), text)


def person(name: Any, url: Any = None, avatar: Any = None) -> dict[str, Any] | str | None:
    """Give an author, without e-mail addresses: these are for the editors of a feed, not for all who read it."""
    if not isinstance(name, str) or not (shown := _without_address(unescaped(name)[:_MAX_NAME])):
        return None
    said = {"name": shown, "url": url, "avatar": avatar}
    return said if url or avatar else shown


def _without_address(text: str) -> str:
    text = one_line(text)
    if named := _ADDRESS_THEN_NAME.fullmatch(text):  # as RSS wants it: `desk@example.org (Ada Quill)`
        text = named[1]
    text = _ADDRESS.sub("", _IN_BRACKETS.sub("", text))
    return text.strip(" ,;:()\"'<>")
