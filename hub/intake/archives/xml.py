"""XML of any length, element by element. Without entities, DTDs and networks; memory is that of the largest element.

`huge_tree` is on, since one node of 10 MB would otherwise end an archive of years. What libxml2 then guards no longer
is guarded here: entities can't be declared, because a document with a DTD is refused before it is parsed, and what
lies between two elements is bounded.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from lxml import etree

from hub.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from lxml.etree import _Element

MAX_ELEMENT = 16 * 1024 * 1024
"""Characters of one element: eight times what an entry may have, for all that an item carries besides."""
_MAX_PROLOG = 64 * 1024
_SAID_ENCODING = re.compile(rb"<\?xml\s[^>]{0,200}?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"']")
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# Exports are full of them (a vertical tab from a word processor), and XML has no way to write them.
_CONTROLS = bytes([*range(9), 11, 12, *range(14, 32)])
_NO_CHARACTERS = re.compile(b"\xef\xbf[\xbe\xbf]")
REPLACEMENT = "\ufffd"
"""What bytes that are no text become."""
_ASIDE = (("<!--", "-->"), ("<?", "?>"))


class Archive:
    """One way through a document. `damaged` counts the bytes that were no text so far."""

    def __init__(self, chunks: Iterable[bytes], tags: Sequence[str]) -> None:
        self._chunks = chunks
        self._tags = tags
        self.damaged = 0

    def elements(self) -> Iterator[_Element]:
        """Give each element of the tags when it is complete; it is emptied when the next one is asked for.

        Raises BadRequest with a sentence for what is no well-formed XML to its end.
        """
        parser = etree.XMLPullParser(
            events=("end",),
            tag=self._tags,
            huge_tree=True,
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            dtd_validation=False,
            remove_comments=True,
            remove_pis=True,
            encoding="utf-8",
        )
        since = 0
        try:
            for text in _without_dtd(self._text()):
                parser.feed(_NO_CHARACTERS.sub(b"", text.encode().translate(None, _CONTROLS)))
                _check(parser)
                since += len(text)
                for _, element in parser.read_events():
                    since = 0
                    yield element
                    _forget(element)
                if since > MAX_ELEMENT:
                    raise BadRequest(f"one of its elements is longer than {MAX_ELEMENT} characters")
            parser.close()
            yield from (element for _, element in parser.read_events())
        except etree.XMLSyntaxError as error:
            raise BadRequest(
                _sentence((error.msg or "").partition(", line ")[0], error.position[0])
            ) from None

    def _text(self) -> Iterator[str]:
        """Decode; bytes that are no text become U+FFFD."""
        decoder = None
        for chunk in self._chunks:
            if decoder is None:
                decoder = codecs.getincrementaldecoder(_encoding_of(chunk))("replace")
            text = decoder.decode(chunk)
            if REPLACEMENT in text:
                self.damaged += text.count(REPLACEMENT) - chunk.count(REPLACEMENT.encode())
            yield text
        if decoder:
            yield decoder.decode(b"", final=True)


def _encoding_of(start: bytes) -> str:
    for mark, name in _MARKS:
        if start.startswith(mark):
            return name
    said = _SAID_ENCODING.search(start[:1024])
    try:
        return codecs.lookup(said[1].decode()).name if said else "utf-8"
    except LookupError:
        return "utf-8"


def _without_dtd(texts: Iterator[str]) -> Iterator[str]:
    """Pass a document on from where its root begins. Raises BadRequest for one with a DTD, and for what is no XML."""
    start = ""
    for text in texts:
        start += text
        root = _root_at(start)
        if root is not None:
            yield "\n" * start.count("\n", 0, root) + start[root:]  # lines keep their numbers
            break
        if len(start) > _MAX_PROLOG:
            raise BadRequest("it is not XML: no element begins")
    else:
        raise BadRequest("it is empty" if not start.strip() else "it is not XML: no element begins")
    yield from texts


def _root_at(text: str) -> int | None:
    """Find the root; None: not there yet. Raises BadRequest."""
    at = 0
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if len(text) - at < len("<!--"):
            return None
        aside = next(((begin, end) for begin, end in _ASIDE if text.startswith(begin, at)), None)
        if aside is None:
            break
        end = text.find(aside[1], at + len(aside[0]))
        if end < 0:
            return None
        at = end + len(aside[1])
    if text.startswith("<!", at):
        raise BadRequest(
            "it has a document type (DTD), which no archive needs: remove it if you trust the file"
        )
    if not text.startswith("<", at):
        raise BadRequest(f"it is not XML: it begins with {text[at : at + 20]!r}")
    return at


def _forget(element: _Element) -> None:
    """Free an element and what came before it: it is attached to all that is still to come."""
    element.clear()
    parent = element.getparent()
    while parent is not None and (before := element.getprevious()) is not None:
        parent.remove(before)


def _check(parser: etree.XMLPullParser) -> None:
    """Raise BadRequest at the first fault: lxml would begin anew with the next chunk, and name another one."""
    for fault in parser.feed_error_log:
        if fault.level >= etree.ErrorLevels.FATAL:
            raise BadRequest(_sentence(fault.message, fault.line))


def _sentence(fault: str, line: int) -> str:
    return f"its XML is not well-formed, or cut off: {fault}, line {line}"
