"""Who may: what a request shows, and bearer tokens against those that an operator set (RFC 6750 §2.1)."""

from __future__ import annotations

import binascii
import hmac
from base64 import b64decode
from typing import TYPE_CHECKING

from aiohttp import hdrs

from hub.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aiohttp import web

KEY_PARAMETER = "key"


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


def key_given(request: web.Request) -> str | None:
    """Read what a request shows as a partner's key: a bearer token, a Basic password, or `?key=`; None: nothing.

    A header decides alone (RFC 6750 §2: no more than one way at a time). Another scheme is between the client and some
    proxy, and no key.
    """
    scheme, _, given = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    match scheme.lower():
        case "bearer":
            return given.strip()
        case "basic":
            return _password(given)
    # Most requests have no query at all, and parsing none costs more than asking.
    return request.query.get(KEY_PARAMETER) if request.rel_url.raw_query_string else None


def _password(given: str) -> str:
    """Read the password of Basic credentials, whatever the user is called (RFC 7617 §2); empty where they are none."""
    try:
        return b64decode(given.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, UnicodeDecodeError):
        return ""
