"""WordPress's `post_content`, as the database has it, to HTML: what WordPress itself does when it shows a post.

Done: paragraphs of the classic editor, captions, players, embeds. What is left as it stands: shortcodes of plugins,
which nobody else can read, and typographic quotes. Block comments go when the HTML is sanitised; a block without HTML
of its own shows nothing. Every step is linear in the text's length.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_BLOCKS = "<!-- wp:"
# What `wpautop` calls a block: it makes no paragraph of these.
_BLOCK = (
    "table|thead|tfoot|caption|col|colgroup|tbody|tr|td|th|div|dl|dd|dt|ul|ol|li|pre|form|map|area|blockquote|address"
    "|style|script|p|h[1-6]|hr|fieldset|legend|section|article|aside|hgroup|header|footer|nav|figure|figcaption"
    "|details|menu|summary|iframe|audio|video"
)
_OPENING = re.compile(rf"<(?:{_BLOCK})(?=[\s>/])", re.IGNORECASE)
_CLOSING = re.compile(rf"</(?:{_BLOCK})>", re.IGNORECASE)
_IS_BLOCK = re.compile(rf"</?(?:{_BLOCK})(?=[\s>/])|<!--", re.IGNORECASE)
_KEPT = re.compile(r"<(pre|script|style)(?=[\s>])|</(pre|script|style)>", re.IGNORECASE)
_BLANK_LINE = re.compile(r"\n\s*\n")
_LONE_URL = re.compile(r"^[ \t]*(https?://[^\s<>\"]+)[ \t]*$", re.MULTILINE)
_DRAWN = re.compile(r"\[/?(?:gallery|playlist)\b[^\[\]]*\]")
_PICTURE = re.compile(r"(?:<a\b[^>]*>)?\s*<img\b[^>]*>\s*(?:</a>)?", re.IGNORECASE)
_SAID = re.compile(r"([a-z0-9_]+)=(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_SOURCES = ("src", "mp3", "m4a", "ogg", "wav", "mp4", "m4v", "webm", "ogv")


def shown_content(raw: str) -> str:
    """Give the HTML that WordPress would make of a post's text; it is still to be sanitised."""
    html = raw.replace("\r\n", "\n").replace("\r", "\n")
    if "[" in html:
        html = _shortcodes(html)
    html = _LONE_URL.sub(_link, html)
    return html if _BLOCKS in html else _with_paragraphs(html)


# ---- shortcodes ----------------------------------------------------------------------------------------------------


def _shortcodes(html: str) -> str:
    """Write out those of WordPress's own; galleries and playlists are drawn of what only the site has."""
    html = _DRAWN.sub("", html)
    for name, render in (("caption", _caption), ("embed", _embed), ("audio", _player), ("video", _player)):
        if f"[{name}" in html:
            html = _each(name, html, render)
    return html


def _each(name: str, html: str, render: Callable[[str, str, str], str]) -> str:
    """Replace each `[name attributes]inside[/name]`, the innermost where they are nested."""
    parts, end, opened = [], 0, None
    for token in re.finditer(rf"\[(/?){name}\b([^\[\]]*)\]", html):
        if not token[1]:
            opened = token
        elif opened:
            inside = html[opened.end() : token.start()]
            parts += [html[end : opened.start()], render(name, opened[2], inside)]
            end, opened = token.end(), None
    return "".join([*parts, html[end:]])


def _caption(_: str, attributes: str, inside: str) -> str:
    picture = _PICTURE.match(inside.strip())
    if picture is None:
        return inside
    text = inside.strip()[picture.end() :].strip() or escape(_said(attributes).get("caption", ""))
    return f"<figure>{picture[0]}<figcaption>{text}</figcaption></figure>" if text else picture[0]


def _embed(_: str, attributes: str, inside: str) -> str:
    return f"\n{inside.strip() or _said(attributes).get('src', '')}\n"


def _player(name: str, attributes: str, inside: str) -> str:
    said = _said(attributes)
    source = next((said[each] for each in _SOURCES if each in said), inside.strip())
    return f'<{name} src="{escape(source)}"></{name}>' if source else ""


def _said(attributes: str) -> dict[str, str]:
    return {name.lower(): unescape(one or other) for name, one, other in _SAID.findall(attributes)}


def _link(line: re.Match[str]) -> str:
    """A URL alone on its line is what WordPress embeds (oEmbed); here it is at least a link."""
    url = escape(unescape(line[1]))
    return f'<a href="{url}">{url}</a>'


# ---- paragraphs ----------------------------------------------------------------------------------------------------


def _with_paragraphs(html: str) -> str:
    """Give the classic editor's text its paragraphs: blank lines are all that parts them (`wpautop`)."""
    parts, end, inside = [], 0, ""
    for tag in _KEPT.finditer(html):  # a line end means itself in these
        name = (tag[1] or tag[2]).lower()
        if tag[1] and not inside:
            parts.append(_paragraphs(html[end : tag.start()]))
            end, inside = tag.start(), name
        elif tag[2] and name == inside:
            parts.append(html[end : tag.end()])
            end, inside = tag.end(), ""
    return "".join([*parts, html[end:] if inside else _paragraphs(html[end:])])


def _paragraphs(html: str) -> str:
    html = _CLOSING.sub(r"\g<0>\n\n", _OPENING.sub(r"\n\n\g<0>", html))
    parts = (part.strip() for part in _BLANK_LINE.split(html))
    return "".join(part if _IS_BLOCK.match(part) else _paragraph(part) for part in parts if part)


def _paragraph(text: str) -> str:
    return "<p>{}</p>".format(text.replace("\n", "<br>"))
