"""Answering a read: what was asked for, in the coding that is liked best, or 304 (RFC 9110 §8, §12, §13)."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from email.utils import format_datetime
from hashlib import sha256
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from hub.web.codings import Coding, negotiate
from hub.web.conditional import Preconditions, Validators, is_not_modified, shown_date
from hub.web.variants import Variants

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class Representation:
    """Something to be read: its type, what tells two of it apart, and its bytes."""

    content_type: str
    validators: Validators
    variants: Variants

    @classmethod
    def of(cls, text: bytes, content_type: str) -> Representation:
        """Represent a text whose ETag is its hash."""
        etag = f'W/"{sha256(text).hexdigest()[:16]}"'
        return cls(content_type, Validators(etag), Variants(gzip.compress(text, mtime=0)))


async def answer(
    request: web.Request, shown: Representation, headers: Mapping[str, str], now: datetime
) -> web.Response:
    """Answer GET or HEAD. `headers` are those that a 200 and a 304 share; validators and `Vary` are added here."""
    shared = {hdrs.VARY: hdrs.ACCEPT_ENCODING, **headers, hdrs.ETAG: shown.validators.etag}
    if modified := shown.validators.last_modified:
        shared[hdrs.LAST_MODIFIED] = format_datetime(shown_date(modified, now), usegmt=True)
    if is_not_modified(preconditions(request), shown.validators, now):
        return web.Response(status=304, headers=shared)
    return await send(request, shown.variants, shared | {hdrs.CONTENT_TYPE: shown.content_type})


async def send(
    request: web.Request, text: Variants, headers: Mapping[str, str], *, status: int = 200
) -> web.Response:
    """Answer a text in the coding that is liked best."""
    coding = negotiate(joined(request, hdrs.ACCEPT_ENCODING))
    said = dict(headers)
    if coding is not Coding.IDENTITY:
        said[hdrs.CONTENT_ENCODING] = coding
    return web.Response(status=status, body=await text.get(coding), headers=said)


def preconditions(request: web.Request) -> Preconditions:
    """Read what a client says that it has."""
    return Preconditions(
        if_none_match=joined(request, hdrs.IF_NONE_MATCH),
        if_modified_since=request.headers.get(hdrs.IF_MODIFIED_SINCE),
    )


def joined(request: web.Request, name: str) -> str | None:
    """Read a list header as one value, however many lines it came in (RFC 9110 §5.3)."""
    lines = request.headers.getall(name, None)
    return None if lines is None else ", ".join(lines)
