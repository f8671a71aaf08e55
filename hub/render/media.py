"""Media RSS: `media:content` for pictures and attachments, the same in RSS and Atom.

Never in a `media:group`: that is for alternatives of one thing, and validators refuse a group of one.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from lxml.etree import SubElement

if TYPE_CHECKING:
    from lxml.etree import _Element

    from hub.model import Attachment, Image

MEDIA = "http://search.yahoo.com/mrss/"
_MEDIUMS = {"image", "audio", "video"}
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(\s*;.*)?", re.ASCII)


def media_type(text: str) -> str:
    """A media type that Atom's and RSS's grammar take; unknown bytes where `text` is none."""
    return text if _MEDIA_TYPE.fullmatch(text) else "application/octet-stream"


def add_image(parent: _Element, image: Image) -> None:
    """Append a picture with its credit and description."""
    content = SubElement(parent, f"{{{MEDIA}}}content", url=image.url, medium="image")
    if image.type:
        content.set("type", media_type(image.type))
    if image.width and image.height:
        content.set("width", str(image.width))
        content.set("height", str(image.height))
    if image.credit:
        SubElement(content, f"{{{MEDIA}}}credit").text = image.credit
    if image.description:
        SubElement(content, f"{{{MEDIA}}}description", type="plain").text = image.description


def add_attachment(parent: _Element, attachment: Attachment) -> None:
    """Append an attachment that RSS's one enclosure has no room for."""
    kind = media_type(attachment.mime_type)
    content = SubElement(parent, f"{{{MEDIA}}}content", url=attachment.url, type=kind)
    if (medium := kind.partition("/")[0]) in _MEDIUMS:
        content.set("medium", medium)
    if attachment.size_in_bytes:
        content.set("fileSize", str(attachment.size_in_bytes))
    if attachment.duration_in_seconds:
        content.set("duration", str(round(attachment.duration_in_seconds)))
    if attachment.title:
        SubElement(content, f"{{{MEDIA}}}title", type="plain").text = attachment.title
