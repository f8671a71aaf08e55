"""Signatures of those who publish, as Standard Webhooks 1.0 says: pure checks of headers and body."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hub.errors import Unauthorized

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

TOLERANCE_SECONDS = 5 * 60
"""How old or how far ahead a signature may be (Standard Webhooks, "Verifying webhook authenticity")."""

_PREFIX = "whsec_"
# Below this a decoded secret could be guessed: the specification asks for 24 bytes at least.
_KEY_BYTES = 24
_VERSION = "v1,"


@dataclass(frozen=True, slots=True)
class Signature:
    """The three headers of a signed request."""

    id: str
    timestamp: str
    signatures: str

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Signature | None:
        """Take them from a request; None: it is not signed."""
        id_, timestamp, signatures = (
            headers.get(f"webhook-{name}") for name in ("id", "timestamp", "signature")
        )
        if id_ is None or timestamp is None or signatures is None:
            return None
        return cls(id_, timestamp, signatures)


def check_age(signature: Signature, now: datetime) -> None:
    """Refuse a signature that is too old or too far ahead. Raises Unauthorized."""
    try:
        seconds = int(signature.timestamp)
    except ValueError:
        raise Unauthorized("webhook-timestamp must be whole seconds since 1970.") from None
    apart = round(now.timestamp()) - seconds
    if abs(apart) > TOLERANCE_SECONDS:
        raise Unauthorized(
            f"The sender's clock (webhook-timestamp) and this hub's differ by {abs(apart)} seconds, and "
            f"{TOLERANCE_SECONDS} at most are accepted: set the clocks, and sign anew when repeating."
        )


def check_signature(signature: Signature, body: bytes, tokens: Sequence[str]) -> None:
    """Accept a body signed with one of the tokens. Raises Unauthorized."""
    signed = f"{signature.id}.{signature.timestamp}.".encode(errors="replace") + body
    expected = [_sign(key, signed) for token in tokens for key in _keys(token)]
    given = [
        part.removeprefix(_VERSION) for part in signature.signatures.split() if part.startswith(_VERSION)
    ]
    matches = [
        hmac.compare_digest(one.encode(errors="replace"), other.encode())
        for one in given
        for other in expected
    ]
    if not any(matches):
        raise Unauthorized("webhook-signature matches no publish token of this hub.")


def _sign(key: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.digest(key, signed, "sha256")).decode()


def _keys(token: str) -> Iterator[bytes]:
    """Give the keys that a token stands for: its own bytes, and what the libraries make of it.

    Standard Webhooks' libraries strip `whsec_` and decode base64 whatever they are given.
    """
    yield token.encode()
    try:
        decoded = base64.b64decode(token.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        return
    if len(decoded) >= _KEY_BYTES:
        yield decoded
