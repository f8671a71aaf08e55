"""Public ids: what is a permalink, what is a URI already, and what becomes a URN in Atom."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

from hub.model import Kind

if TYPE_CHECKING:
    from hub.model import EntryId, FeedHead, Site

# An IRI with a scheme (RFC 3987; RFC 4287 §4.2.6): nothing that one must percent-encode, and no lone `%`.
_IRI = re.compile(
    r"""(?: https?://(?=[^/?#]) | (?!https?:)[A-Za-z][A-Za-z0-9+.-]*:(?=.) )   # http(s) needs a host
        (?: [^\x00-\x20\x7f-\xa0<>"{}|\\^`%\s\ud800-\udfff\ufffe\uffff] | %[0-9A-Fa-f]{2} )*""",
    re.VERBOSE,
)
# RFC 2141's characters: RFC 8141 added `/`, `~` and `&`, which validators do not take yet.
_URN_SAFE = "()+,-.:=@;$_!*'"


def is_uri(text: str) -> bool:
    """Whether `text` can stand as an atom:id."""
    return _IRI.fullmatch(text) is not None


def is_permalink(entry_id: EntryId, url: str | None) -> bool:
    """Whether an RSS guid may say isPermaLink: the id is the entry's own http(s) address."""
    return entry_id == url and entry_id.startswith(("https://", "http://")) and is_uri(entry_id)


def entry_uri(site: Site, entry_id: EntryId) -> str:
    """An entry's atom:id: its id where that is a URI, else a URN of this hub. Never changes."""
    return entry_id if is_uri(entry_id) else f"urn:feedhub:{site.name}:{_urn(entry_id)}"


def feed_uri(site: Site, head: FeedHead) -> str:
    """A feed's atom:id: made of its author's, category's or tag's stable id, so that it survives a rename.

    It meets no entry's: `feed:…` is a URI already, so no entry's id becomes `urn:feedhub:<NAME>:feed:…`.
    """
    if head.path.kind is Kind.ALL:
        return f"urn:feedhub:{site.name}:feed:all"
    return f"urn:feedhub:{site.name}:feed:{head.path.kind}:{_urn(head.id or head.path.slug)}"


def _urn(text: str) -> str:
    # quote() always leaves `~`; a lone surrogate gets the bytes that UTF-8 would give it, were it a character
    return quote(text, safe=_URN_SAFE, errors="surrogatepass").replace("~", "%7E")
