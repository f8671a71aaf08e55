"""Pictures and attachments of an item: enclosures, Media RSS, iTunes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hub.intake.bodies import MAX_ATTACHMENTS
from hub.intake.syndication.words import words_of
from hub.intake.urls import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.intake.policy import IntakePolicy
    from hub.intake.syndication.xml import Node

# What an enclosure is that does not say so, or calls itself by one of the names that are none.
_BY_ENDING = {
    "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac", "ogg": "audio/ogg", "opus": "audio/ogg",
    "flac": "audio/flac", "wav": "audio/wav", "mp4": "video/mp4", "m4v": "video/mp4", "webm": "video/webm",
    "mov": "video/quicktime",
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "gif": "image/gif", "webp": "image/webp",
    "avif": "image/avif", "svg": "image/svg+xml", "pdf": "application/pdf", "epub": "application/epub+zip",
}  # fmt: skip
_MEDIA_TYPE = re.compile(r"([a-z0-9][\w.+-]*/[a-z0-9][\w.+-]*)\s*(?:;.*)?", re.IGNORECASE | re.ASCII)
_DIGITS = re.compile(r"[0-9]{1,15}", re.ASCII)
_CLOCK = re.compile(r"(?:(?:([0-9]{1,4}):)?([0-9]{1,4}):)?([0-9]{1,7})(?:\.[0-9]+)?", re.ASCII)
_MAX_SEEN = 500


def media_of(
    item: Node, base: str, policy: IntakePolicy
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Give the picture that an item shows first, and what is attached to it: fields of an entry's body."""
    image: dict[str, Any] | None = None
    attachments: dict[str, dict[str, Any]] = {}
    for found in _found(item, base, policy):
        if found["mime_type"].startswith("image/"):
            image = image or _image(found)
        elif len(attachments) < MAX_ATTACHMENTS:
            known = attachments.get(found["url"], {})
            attachments[found["url"]] = found | known
    if image is None and (thumbnail := _thumbnail(item, base)):
        image = {"url": thumbnail}
    kept = ("url", "mime_type", "title", "size_in_bytes", "duration_in_seconds")
    return image, [{name: each[name] for name in kept if each.get(name)} for each in attachments.values()]


def number(text: str | None) -> int | None:
    """Read a whole number above zero; enclosures of unknown length say 0."""
    return int(text) or None if text and _DIGITS.fullmatch(text.strip()) else None


def seconds(text: str | None) -> int | None:
    """Read `3723`, `62:03` or `1:02:03`."""
    match = _CLOCK.fullmatch(text.strip()) if text else None
    return (int(match[1] or 0) * 60 + int(match[2] or 0)) * 60 + int(match[3]) if match else None


def media_type(said: str | None, url: str, medium: str | None = None) -> str | None:
    """Give a media type as said, else as the address ends; of a picture without an ending `image/*` must do."""
    match = _MEDIA_TYPE.fullmatch(said.strip()) if said else None
    if match and match[1].lower() != "application/octet-stream":
        return match[1].lower()
    _, dot, ending = urlsplit(url).path.rpartition(".")
    return _BY_ENDING.get(ending.lower() if dot else "") or (
        "image/*" if medium == "image" else match and match[1]
    )


def _found(item: Node, base: str, policy: IntakePolicy) -> Iterator[dict[str, Any]]:
    around = [item, *item.nodes("media:group")]
    own = {"duration_in_seconds": seconds(item.text("itunes:duration"))}
    for node in list(item.nodes("enclosure"))[:_MAX_SEEN]:
        yield from _medium(node, "url", "length", base, own)
    for node in list(item.nodes("atom:link"))[:_MAX_SEEN]:
        if node.get("rel") == "enclosure":
            yield from _medium(node, "href", "length", base, own | {"title": node.get("title")})
    contents = [(parent, node) for parent in around for node in parent.nodes("media:content")]
    for parent, node in contents[:_MAX_SEEN]:
        yield from _medium(node, "url", "filesize", base, _described(node, parent, policy))


def _medium(node: Node, address: str, size: str, base: str, more: dict[str, Any]) -> Iterator[dict[str, Any]]:
    said = {name.lower(): value for name, value in node.element.items()}
    url = resolve(said.get(address, ""), base)
    if url and (kind := media_type(said.get("type"), url, said.get("medium"))):
        yield {"url": url, "mime_type": kind, "size_in_bytes": number(said.get(size))} | more


def _described(node: Node, parent: Node, policy: IntakePolicy) -> dict[str, Any]:
    """Give what is said of one medium, inside it or beside it."""

    def told(name: str) -> str | None:
        return words_of(node.text(name) or parent.text(name), policy)

    return {
        "width": number(node.get("width")),
        "height": number(node.get("height")),
        "duration_in_seconds": seconds(node.get("duration")),
        "credit": told("media:credit"),
        "description": told("media:description") or words_of(node.text("media:text"), policy),
        "title": words_of(node.text("media:title"), policy),
    }


def _image(found: dict[str, Any]) -> dict[str, Any]:
    kept = ("url", "width", "height", "credit", "description")
    said = {name: found[name] for name in kept if found.get(name)}
    return said if found["mime_type"] == "image/*" else said | {"type": found["mime_type"]}


def _thumbnail(item: Node, base: str) -> str | None:
    near = [item, *item.nodes("media:group", "media:content")]
    told = [each.get("url") for parent in near for each in parent.all("media:thumbnail")]
    told += [each.get("href") for each in item.all("itunes:image")]
    return next(filter(None, (resolve(url, base) for url in told if url)), None)
