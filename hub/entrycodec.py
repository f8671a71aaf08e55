"""An entry as bytes: what the store keeps of it, and the digest that tells "unchanged" from "changed".

Pure, and knows only the model, so that the store and the workers agree without sharing anything else.
"""

from __future__ import annotations

import zlib
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from hub.model import Attachment, Entry, Image, Kind, TermRef

# Level 1: an article halves in 0.1 ms; level 6 gains a tenth more for thrice the time.
_LEVEL = 1
_DATES = ("date_published", "date_modified", "date_expires")
_REFS = ("authors", "categories", "tags")


def pack_entry(entry: Entry) -> bytes:
    """Encode an entry; `unpack_entry` gives back an equal one."""
    return zlib.compress(orjson.dumps(entry), _LEVEL)


def unpack_entry(packed: bytes) -> Entry:
    """Read what `pack_entry` wrote. Raises ValueError or zlib.error for anything else."""
    fields: dict[str, Any] = orjson.loads(zlib.decompress(packed))
    fields |= {name: _date(fields[name]) for name in _DATES}
    fields |= {name: tuple(TermRef(Kind(ref["kind"]), ref["id"]) for ref in fields[name]) for name in _REFS}
    fields["image"] = Image(**fields["image"]) if fields["image"] else None
    fields["attachments"] = tuple(Attachment(**each) for each in fields["attachments"])
    return Entry(**fields)


def entry_digest(entry: Entry) -> str:
    """Name an entry's content in 32 hex digits: equal content, equal digest.

    `date_modified` does not count: a CMS that saves a piece again without a change moves only that, and no
    document needs rebuilding for it.
    """
    content = replace(entry, date_modified=entry.date_published)
    return sha256(orjson.dumps(content)).hexdigest()[:32]


def _date(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
