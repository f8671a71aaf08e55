"""Subscribers' secrets at rest: the store, its log file and its backups see sealed bytes alone.

A sealed secret is `key id (4) | nonce (12) | AES-256-GCM of the secret (its length + 16)`. What it belongs to is part
of the seal, so that a secret copied to another subscription does not open there.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from hub.errors import Misconfigured, Sealed

if TYPE_CHECKING:
    from collections.abc import Sequence

_ID_BYTES = 4
_KEY_BYTES = 32
_NONCE_BYTES = 12
"""Random: safe for 2**32 secrets under one key (NIST SP 800-38D §8.3)."""
_TAG_BYTES = 16
_PURPOSE = b"feedhub: secrets of subscribers, 1"
"""Another layout takes another purpose, and so other key ids."""


class Sealer:
    """Seals with the first key of SECRET_KEY and opens with any. Raises Misconfigured if there is none."""

    def __init__(self, keys: Sequence[str]) -> None:
        if not keys:
            raise Misconfigured(
                ["FEEDHUB_SECRET_KEY is missing: set a long random text, the same on all machines"]
            )
        derived = [_derive(key) for key in keys]
        self._present, self._seals = derived[0]
        self._opens = dict(derived)

    def seal(self, secret: bytes, owner: str) -> bytes:
        """Encrypt what belongs to `owner`, e.g. a subscription's id."""
        nonce = os.urandom(_NONCE_BYTES)
        return self._present + nonce + self._seals.encrypt(nonce, secret, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Decrypt. Raises Sealed if no key opens it for this owner."""
        key, nonce, rest = _split(sealed)
        opens = self._opens.get(key)
        if opens is None:
            raise Sealed(
                "A subscriber's secret was sealed with a key that FEEDHUB_SECRET_KEY no longer lists: "
                "add the former value behind the present one."
            )
        try:
            return opens.decrypt(nonce, rest, owner.encode())
        except InvalidTag:
            raise Sealed("A subscriber's secret is damaged, or belongs to another one.") from None

    def is_present(self, sealed: bytes) -> bool:
        """Whether the present key sealed it; what a former one sealed should be sealed anew."""
        return sealed.startswith(self._present)


def _derive(key: str) -> tuple[bytes, AESGCM]:
    """Make a key's id and its cipher out of the setting's text (HKDF, RFC 5869)."""
    hkdf = HKDF(algorithm=SHA256(), length=_KEY_BYTES + _ID_BYTES, salt=None, info=_PURPOSE)
    derived = hkdf.derive(key.encode())
    return derived[_KEY_BYTES:], AESGCM(derived[:_KEY_BYTES])


def _split(sealed: bytes) -> tuple[bytes, bytes, bytes]:
    if len(sealed) < _ID_BYTES + _NONCE_BYTES + _TAG_BYTES:
        raise Sealed("A subscriber's secret is damaged: it is too short.")
    body = _ID_BYTES + _NONCE_BYTES
    return sealed[:_ID_BYTES], sealed[_ID_BYTES:body], sealed[body:]
