"""Signatures of hooks, as each CMS makes them, over the raw bytes: pure checks of headers and body.

Whatever is compared takes the same time whether it is right or wrong, and several secrets may be valid.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.errors import Unauthorized
from hub.events import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

TOLERANCE = timedelta(minutes=5)
"""How old or how far ahead a signed time may be."""

_GHOST = re.compile(r"\s*sha256=([0-9a-fA-F]{64})\s*,\s*t=([0-9]{1,16})\s*")
_SUPERDESK = re.compile(r"\s*sha1=([0-9a-fA-F]{40})\s*")
_HEADERS = {
    Source.GHOST: "x-ghost-signature",
    Source.WORDPRESS: "x-wp-webhook-signature",
    Source.SUPERDESK: "x-superdesk-signature",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request's headers claim: the digest of its body, and of what follows it in what is signed."""

    header: str
    algorithm: str
    digest: bytes
    suffix: bytes = b""
    milliseconds: int | None = None
    """When it was signed, where the CMS says so."""


def check_static(headers: Mapping[str, str], secrets: Sequence[str]) -> None:
    """Accept Strapi's Authorization header. Raises Unauthorized."""
    given = headers.get("authorization")
    if given is None:
        raise Unauthorized("There is no Authorization header: add one to the webhook in Strapi's settings.")
    if not is_one_of(given, [form for secret in secrets for form in (secret, f"Bearer {secret}")]):
        raise Unauthorized("The Authorization header is none of FEEDHUB_HOOK_SECRET_STRAPI.")


def is_one_of(given: str, known: Iterable[str]) -> bool:
    """Compare with all of them, in constant time."""
    matches = [hmac.compare_digest(given.encode(errors="replace"), each.encode()) for each in known]
    return any(matches)


def read_claim(source: Source, headers: Mapping[str, str]) -> Claim:
    """Read a signature's header. Raises Unauthorized if it is missing or not what that CMS sends."""
    name = _HEADERS[source]
    text = headers.get(name)
    if text is None:
        raise Unauthorized(
            f"The hook is not signed ({name} is missing): set the webhook's secret in {source}."
        )
    if source is Source.GHOST and (match := _GHOST.fullmatch(text)):
        digest, milliseconds = match.groups()
        return Claim(name, "sha256", bytes.fromhex(digest), milliseconds.encode(), int(milliseconds))
    if source is Source.SUPERDESK and (match := _SUPERDESK.fullmatch(text)):
        return Claim(name, "sha1", bytes.fromhex(match[1]))
    if source is Source.WORDPRESS:
        try:
            return Claim(name, "sha256", base64.b64decode(text.strip(), validate=True))
        except (binascii.Error, ValueError):
            pass
    raise Unauthorized(f"{name} is not a signature as {source} makes them.")


class Check:
    """Computes what a body's signature should be, piece by piece: one too large to keep can be checked, too."""

    def __init__(self, claim: Claim, secrets: Sequence[str]) -> None:
        self._claim = claim
        self._macs = [hmac.new(secret.encode(), digestmod=claim.algorithm) for secret in secrets]

    def update(self, piece: bytes) -> None:
        for mac in self._macs:
            mac.update(piece)

    def finish(self, source: Source, now: datetime) -> None:
        """Accept the body that was given. Raises Unauthorized; for age only if the signature is right."""
        for mac in self._macs:
            mac.update(self._claim.suffix)
        matches = [hmac.compare_digest(mac.digest(), self._claim.digest) for mac in self._macs]
        if not any(matches):
            setting = f"FEEDHUB_HOOK_SECRET_{source.upper()}"
            raise Unauthorized(
                f"{self._claim.header} matches no secret: is the one in {source} in {setting}?"
            )
        _check_age(self._claim, source, now)


def _check_age(claim: Claim, source: Source, now: datetime) -> None:
    if claim.milliseconds is None:
        return
    apart = now.timestamp() - claim.milliseconds / 1000
    if abs(apart) > TOLERANCE.total_seconds():
        raise Unauthorized(
            f"The clocks of {source} (t in {claim.header}) and of this hub differ by {abs(apart):.0f} seconds, and "
            f"{TOLERANCE.total_seconds():.0f} at most are accepted: set the clocks, or it is an old hook repeated."
        )
