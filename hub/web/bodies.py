"""Reading a request's body: so much and no more, and not for ever."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from hub.errors import BadRequest, TooLarge, TooSlow, UnsupportedType

if TYPE_CHECKING:
    from collections.abc import Callable


def require_json(request: web.Request) -> None:
    """Refuse what does not call itself JSON. Raises UnsupportedType."""
    kind = request.content_type if hdrs.CONTENT_TYPE in request.headers else "none"
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedType(f"Content-Type must be application/json, and is {kind[:100]}.")
    charset = (request.charset or "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedType(f"JSON is UTF-8 (RFC 8259 §8.1), not {charset[:100]}.")


async def read_body(request: web.Request, *, limit: int, seconds: float) -> bytes:
    """Read all of it. Raises TooLarge, TooSlow, and BadRequest for a body that breaks off or can't be unpacked."""
    body = await skim_body(request, limit=limit, bound=limit, seconds=seconds)
    assert body is not None  # noqa: S101  (bound is limit)
    return body


async def skim_body(
    request: web.Request,
    *,
    limit: int,
    bound: int,
    seconds: float,
    each: Callable[[bytes], None] | None = None,
) -> bytes | None:
    """Read up to `bound` bytes, and keep them if they are no more than `limit` (else None). `each` sees every piece.

    Raises as `read_body`. aiohttp has no deadline for bodies; one that drips would hold its connection for ever.
    """
    if (request.content_length or 0) > bound:
        raise TooLarge(f"The body has more than {bound} bytes.")
    body, size = bytearray(), 0
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                size += len(chunk)
                if size > bound:
                    raise TooLarge(f"The body has more than {bound} bytes.")
                if each:
                    each(chunk)
                if size <= limit:
                    body += chunk
                else:
                    body.clear()
    except TimeoutError:
        raise TooSlow(f"The body did not arrive within {seconds:g} seconds.") from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise BadRequest(f"The body can't be read: {error}") from None
    return bytes(body) if size <= limit else None
