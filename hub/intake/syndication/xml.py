"""XML of strangers: parsed without entities, DTDs or networks, mended where that is safe, and read by plain names."""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape, unescape
from typing import TYPE_CHECKING

from lxml import etree

from hub.errors import BadRequest
from hub.intake.text import clean
from hub.intake.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lxml.etree import _Element

XML = "{http://www.w3.org/XML/1998/namespace}"
_XHTML = "http://www.w3.org/1999/xhtml"
# By what every feed calls them; compared in lower case and without a slash or hash at the end, which some get wrong.
_PREFIXES = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atompub/tombstones/1.0": "at",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "http://purl.org/rss/1.0": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://search.yahoo.com/mrss": "media",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    _XHTML: "xhtml",
}
_PAGE = re.compile(rb"\s*<(?:!doctype\s+html|html)\b", re.IGNORECASE)
_MAX_PROLOG = 1024
_DECLARATION = re.compile(r"\s*<\?xml\s[^>]{0,200}?\?>")
_SAID_ENCODING = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_SAID_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9._-]{1,40})", re.IGNORECASE)
# References and what looks like one; never inside a CDATA section or a comment, which are matched to be left alone.
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)?",
    re.DOTALL,
)


def read_xml(body: bytes, media_type: str) -> _Element:
    """Parse a document. Raises BadRequest with a sentence.

    What many feeds get wrong is mended: characters and references that XML does not know, a bare `&`, blanks before the
    declaration, bytes in another encoding than it says, prefixes that nobody declared. What is cut off or badly nested
    is refused: half an item would be published as if it were the whole.
    """
    if _PAGE.match(body.removeprefix(b"\xef\xbb\xbf")[:_MAX_PROLOG]):
        raise BadRequest("this is no feed: it is a web page")
    root, _ = _parsed(body)
    if root is None:
        root, fault = _parsed(_mended(body, media_type))
        if root is None:
            raise BadRequest(f"this is no well-formed XML: {fault}")
    dtd = root.getroottree().docinfo.internalDTD
    if dtd is not None and any(True for _ in dtd.iterentities()):
        raise BadRequest("this XML declares entities, which no feed needs")
    return root


def _parsed(body: bytes) -> tuple[_Element | None, str]:
    """Parse what has no fatal error (the others are about namespaces); else say what the first one is."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        recover=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as error:
        return None, str(error.msg)
    fatal = next((each for each in parser.error_log if each.level >= etree.ErrorLevels.FATAL), None)
    if fatal is not None or root is None:
        return None, f"{fatal.message}, line {fatal.line}" if fatal else "it has no element"
    return root, ""


def _mended(body: bytes, media_type: str) -> bytes:
    text = clean(_decoded(body, media_type)).lstrip()
    return _REFERENCE.sub(_reference, _DECLARATION.sub("", text, count=1)).encode()


def _decoded(body: bytes, media_type: str) -> str:
    """Decode by what the document says, else by what its server says, else as UTF-8 or what Windows calls Latin."""
    said = _SAID_ENCODING.search(body[:_MAX_PROLOG])
    charset = _SAID_CHARSET.search(media_type)
    encodings = (said and said[1].decode(), charset and charset[1], "utf-8-sig", "cp1252")
    for encoding in encodings:
        try:
            if encoding:
                return body.decode(encoding)
        except (UnicodeError, LookupError):
            continue
    return body.decode("utf-8", errors="replace")


def _reference(match: re.Match[str]) -> str:
    """Replace HTML's names by what XML knows, drop characters that it can't hold, escape an `&` that begins nothing."""
    if match[1] is None:
        return "&amp;" if match[0] == "&" else match[0]
    char = unescape(match[0])
    return f"&amp;{match[1]};" if char == match[0] else escape(clean(char))


# ---- reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Node:
    """An element and its children by name: `title`, `dc:creator`, `atom:link`; in lower case, as many write them."""

    element: _Element
    name: str
    children: dict[str, list[_Element]]

    @classmethod
    def of(cls, element: _Element) -> Node:
        children: dict[str, list[_Element]] = {}
        for child in element.iterchildren(tag=etree.Element):
            children.setdefault(_name(child), []).append(child)
        return cls(element, _name(element), children)

    def all(self, *names: str) -> Iterator[_Element]:
        """Give the children of these names, name by name."""
        return (child for name in names for child in self.children.get(name, ()))

    def nodes(self, *names: str) -> Iterator[Node]:
        return map(Node.of, self.all(*names))

    def text(self, *names: str) -> str | None:
        """Give the text of the first child of these names that has any."""
        texts = ("".join(child.itertext()).strip() for child in self.all(*names))
        return next(filter(None, texts), None)

    def markup(self, *names: str) -> str | None:
        """Give the content of the first child of these names that has any: its text, or what is inside it as HTML."""
        return next(filter(None, (markup(child) for child in self.all(*names))), None)

    def get(self, name: str) -> str | None:
        """Give an attribute."""
        return self.element.get(name)


def markup(element: _Element) -> str:
    """Give an element's text; of one that holds elements (XHTML, or HTML that was not escaped) its content as HTML."""
    if not len(element):
        return (element.text or "").strip()
    for each in element.iter(tag=etree.Element):
        namespace, _, local = str(each.tag).rpartition("}")
        if namespace in {"", "{" + _XHTML} or element is each:
            each.tag = local
    etree.cleanup_namespaces(element)
    inside = [element.text or ""]
    inside += [etree.tostring(child, method="html", encoding="unicode") for child in element]
    return "".join(inside).strip()


def base_of(element: _Element, url: str) -> str | None:
    """Give where an element's relative links lead from by `xml:base`; None if nothing around it says so."""
    said = [base for each in (element, *element.iterancestors()) if (base := each.get(f"{XML}base"))]
    if not said:
        return None
    for base in reversed(said):
        url = _joined(url, base)
    return url


def language_of(element: _Element) -> str | None:
    """Give the nearest `xml:lang`."""
    around = (each.get(f"{XML}lang") for each in (element, *element.iterancestors()))
    return next(filter(None, around), None)


def _joined(url: str, base: str) -> str:
    return resolve(base, url) or url


def _name(element: _Element) -> str:
    namespace, brace, local = str(element.tag).rpartition("}")
    if not brace:
        return local.lower()
    prefix = _PREFIXES.get(namespace[1:].lower().rstrip("/#"), "?")
    return f"{prefix}:{local.lower()}" if prefix else local.lower()
