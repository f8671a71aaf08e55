"""Who may: a request's bearer token against those that an operator set (RFC 6750 §2.1)."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from aiohttp import hdrs

from hub.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web


def require_bearer(request: web.Request, tokens: Sequence[str]) -> None:
    """Accept `Authorization: Bearer <one of the tokens>`. Raises Unauthorized."""
    check_bearer(request.headers.get(hdrs.AUTHORIZATION, ""), tokens)


def check_bearer(authorization: str, tokens: Sequence[str]) -> None:
    """Accept a header's value. Raises Unauthorized with what to send.

    Several tokens may be valid, so that they rotate without a gap; each comparison takes the same time.
    """
    scheme, _, given = authorization.partition(" ")
    if scheme.lower() != "bearer":
        raise Unauthorized("Send Authorization: Bearer <token>.")
    known = [hmac.compare_digest(given.strip().encode(errors="replace"), token.encode()) for token in tokens]
    if not any(known):
        raise Unauthorized("This bearer token is not one of this hub's.")
