"""Article HTML that is safe in any reader: allow-listed by nh3, every link absolute, foreign frames made links.

nh3 decides what is allowed (tags, attributes, schemes); a filter of ours rewrites the addresses; a last step over
nh3's own output, which is regular enough for that, handles what a filter of attributes can't: whole elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import urlsplit

import nh3

from hub.intake.text import clean, words
from hub.intake.urls import contact_link, resolve

_TAGS = words(
    "a abbr acronym address article aside audio b bdi bdo big blockquote br caption center cite code col colgroup "
    "dd del details dfn div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr i iframe img ins "
    "kbd li main mark ol p picture pre q rb rp rt rtc ruby s samp section small source span strike strong sub "
    "summary sup table tbody td tfoot th thead time tr track tt u ul var video wbr"
)
# Their text is no text of the article: code, fall-backs, the labels of drawings and of forms.
_DROPPED_WHOLE = words(
    "script style noscript noembed noframes template textarea select svg math title xmp plaintext"
)
_ATTRIBUTES = {
    "*": {"dir", "lang", "title"},
    "a": {"href", "hreflang", "rel"},
    "audio": {"loop", "preload", "src"},
    "blockquote": {"cite"},
    "col": {"span"},
    "colgroup": {"span"},
    "del": {"cite", "datetime"},
    "details": {"open"},
    "iframe": {"allowfullscreen", "height", "src", "width"},
    "img": {"alt", "height", "sizes", "src", "srcset", "width"},
    "ins": {"cite", "datetime"},
    "li": {"value"},
    "ol": {"reversed", "start", "type"},
    "q": {"cite"},
    "source": {"height", "media", "sizes", "src", "srcset", "type", "width"},
    "td": {"colspan", "headers", "rowspan"},
    "th": {"abbr", "colspan", "headers", "rowspan", "scope"},
    "time": {"datetime"},
    "track": {"default", "kind", "label", "src", "srclang"},
    "video": {"height", "loop", "muted", "poster", "preload", "src", "width"},
}
# Without controls nobody can start it: scripts are gone.
_ALWAYS_SET = {"audio": {"controls": ""}, "video": {"controls": ""}}
_URLS = frozenset({"cite", "href", "poster", "src"})
# What a link says of itself that must survive: paid links, user content, licences.
_RELATIONS = words("author external license me nofollow noopener noreferrer sponsored tag ugc")
_SCHEMES = {"http", "https", "mailto", "tel"}

_MAX_PASSES = 4
# A candidate of srcset is an address without blanks, perhaps with a width or density (HTML §4.8.4.2.1). A comma
# parts candidates before a blank or after a size; elsewhere it belongs to the address.
_COMMA_AFTER_SIZE = re.compile(r"(\s[0-9.]+[wxh]),")
_BETWEEN = re.compile(r",(?=\s|\Z)")
_SIZE = re.compile(r"[0-9.]+[wxh]")
_MAX_CANDIDATES = 50
# nh3 writes attributes in one way only, so this can't take a part of a value for a tag.
_ELEMENT = re.compile(
    r"<iframe(?P<frame>(?: [^\s=]+=\"[^\"]*\")*)>.*?</iframe>"
    r"|<(?P<name>/?[a-z][a-z0-9]*)(?P<rest>(?: [^\s=]+=\"[^\"]*\")*)>(?P<line_end>\n?)",
    re.DOTALL,
)
_REWRITTEN = ("<iframe", "<img", "<pre")
_ATTRIBUTE = re.compile(r" ([^\s=]+)=\"([^\"]*)\"")


def sanitize(html: str, *, base: str, embed_hosts: frozenset[str]) -> str:
    """Give safe HTML with absolute links (`base` is an absolute URL). Sanitising it again changes nothing.

    References (`&#1;`) become characters that no document can hold, and removed elements leave trees that their
    own text does not describe (`<p>` in `<p>`), so this goes on until nothing moves: twice, as a rule.
    """
    step = _Pass(base, embed_hosts)
    for _ in range(_MAX_PASSES):
        again = step.run(html)
        if again == html:
            break
        html = again
    return html


@dataclass(frozen=True, slots=True)
class _Pass:
    """One way through the HTML. `base`: where relative links lead from."""

    base: str
    embed_hosts: frozenset[str]

    def run(self, html: str) -> str:
        safe = nh3.clean(
            clean(html),
            tags=set(_TAGS),
            clean_content_tags=set(_DROPPED_WHOLE),
            attributes=_ATTRIBUTES,
            attribute_filter=self._attribute,
            set_tag_attribute_values=_ALWAYS_SET,
            url_schemes=_SCHEMES,
            link_rel=None,
        )
        if any(start in safe for start in _REWRITTEN):
            safe = _ELEMENT.sub(self._element, safe)
        return safe.strip()

    def _attribute(self, tag: str, name: str, value: str) -> str | None:
        """Rewrite an attribute; None drops it. Must not raise: nh3 would print it and go on."""
        if name == "srcset":
            return self._srcset(value)
        if name == "rel":
            return " ".join(word for word in value.lower().split() if word in _RELATIONS) or None
        if name not in _URLS:
            return value
        if tag == "a" and (contact := contact_link(value)):
            return contact
        return resolve(value, self.base)

    def _srcset(self, value: str) -> str | None:
        candidates = []
        for candidate in _BETWEEN.split(_COMMA_AFTER_SIZE.sub(r"\1, ", value), _MAX_CANDIDATES)[
            :_MAX_CANDIDATES
        ]:
            link, *sizes = candidate.strip().strip(",").split() or [""]
            if all(map(_SIZE.fullmatch, sizes)) and (url := resolve(link, self.base)):
                candidates.append(" ".join([url, *sizes]))
        return ", ".join(candidates) or None

    def _element(self, match: re.Match[str]) -> str:
        """Rewrite a tag, or a whole frame, of nh3's output."""
        if match["frame"] is not None:
            return self._frame(match["frame"])
        name, attributes = match["name"], match["rest"]
        if name == "img" and " src=" not in attributes and " srcset=" not in attributes:
            return match["line_end"]
        # A parser drops the first line end in <pre>: two keep the one that is meant (HTML §13.3).
        return match[0] + "\n" if name == "pre" and match["line_end"] else match[0]

    def _frame(self, attributes: str) -> str:
        said = {name: unescape(value) for name, value in _ATTRIBUTE.findall(attributes)}
        src = said.get("src")
        if src is None:
            return ""
        parts = urlsplit(src)
        if parts.scheme == "https" and parts.netloc in self.embed_hosts:
            return f"<iframe{attributes}></iframe>"
        return f'<a href="{escape(src)}">{escape(said.get("title", "").strip() or src)}</a>'
