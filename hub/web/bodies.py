"""Reading a request's body: so much and no more, and not for ever."""

from __future__ import annotations

import asyncio

from aiohttp import hdrs, web
from aiohttp.http_exceptions import HttpProcessingError

from hub.errors import BadRequest, TooLarge, TooSlow, UnsupportedType


def require_json(request: web.Request) -> None:
    """Refuse what does not call itself JSON. Raises UnsupportedType."""
    kind = request.content_type if hdrs.CONTENT_TYPE in request.headers else "none"
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise UnsupportedType(f"Content-Type must be application/json, and is {kind[:100]}.")
    charset = (request.charset or "utf-8").lower()
    if charset not in {"utf-8", "utf8", "us-ascii"}:
        raise UnsupportedType(f"JSON is UTF-8 (RFC 8259 §8.1), not {charset[:100]}.")


async def read_body(request: web.Request, *, limit: int, seconds: float) -> bytes:
    """Read all of it. Raises TooLarge, TooSlow, and BadRequest for a body that breaks off or can't be unpacked.

    aiohttp has no deadline for bodies; one that drips would hold its connection for ever.
    """
    if (request.content_length or 0) > limit:
        raise TooLarge(f"The body has more than {limit} bytes.")
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.content.iter_any():
                body += chunk
                if len(body) > limit:
                    raise TooLarge(f"The body has more than {limit} bytes.")
    except TimeoutError:
        raise TooSlow(f"The body did not arrive within {seconds:g} seconds.") from None
    except (web.RequestPayloadError, HttpProcessingError, ConnectionError) as error:
        raise BadRequest(f"The body can't be read: {error}") from None
    return bytes(body)
