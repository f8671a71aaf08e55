"""JSON of any length, row by row: what lies in arrays is decoded one element at a time.

Only the way to the arrays is walked here; each element goes to the decoder of the standard library.
"""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any

from hub.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

MAX_VALUE = 64 * 1024 * 1024
"""Characters of one value: a post with its drafts and its other forms."""
_BLANKS = " \t\n\r"
_DECODER = json.JSONDecoder()


class JsonText:
    """A document, read from left to right. Every method raises BadRequest for what is no JSON."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._texts = (decoder.decode(chunk) for chunk in chunks)
        self._text = ""
        self._at = 0
        self._before = 0

    def peek(self) -> str:
        """Give the next character that is no blank; '' at the end."""
        while True:
            while self._at < len(self._text):
                if (char := self._text[self._at]) not in _BLANKS:
                    return char
                self._at += 1
            if not self._more():
                return ""

    def take(self, char: str) -> bool:
        """Pass a character if it is the next one."""
        found = self.peek() == char
        self._at += found
        return found

    def expect(self, char: str) -> None:
        if not self.take(char):
            raise self._broken()

    def names(self) -> Iterator[str]:
        """Walk an object: give each name, whose value must be read before the next is asked for."""
        self.expect("{")
        if self.take("}"):
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                raise self._broken()
            self.expect(":")
            yield name
            if self.take("}"):
                return
            self.expect(",")

    def elements(self) -> Iterator[int]:
        """Walk an array: give each position, whose value must be read before the next is asked for."""
        self.expect("[")
        if self.take("]"):
            return
        position = 0
        while True:
            yield position
            position += 1
            if self.take("]"):
                return
            self.expect(",")

    def value(self) -> Any:
        """Read a whole value."""
        if not self.peek():
            raise self._broken()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                end = len(self._text)
            else:
                if end < len(self._text) or not self._more():  # a number may go on behind what is here
                    self._at = end
                    return value
                continue
            if len(self._text) - self._at > MAX_VALUE or not self._more():
                raise self._broken()

    def skip(self) -> None:
        """Pass a value; of an array no more than one element is held."""
        if self.peek() != "[":
            self.value()
            return
        for _ in self.elements():
            self.value()

    def end(self) -> None:
        """Be sure that nothing follows."""
        if self.peek():
            raise self._broken()

    def _more(self) -> bool:
        """Read on, as much again as is here: a long value is tried a few times, not once per chunk."""
        kept = self._text[self._at :]
        parts, size = [kept], 0
        for text in self._texts:
            parts.append(text)
            size += len(text)
            if size >= len(kept):
                break
        self._before += self._at
        self._text, self._at = "".join(parts), 0
        return size > 0

    def _broken(self) -> BadRequest:
        place = self._before + self._at
        return BadRequest(f"its JSON is not well-formed, or cut off, near character {place:,}")
