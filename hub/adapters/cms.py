"""Asking a CMS: through the guarded client, one request at a time, conditional where the CMS allows it.

Neither URLs nor headers are ever shown: either may hold a secret.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from hub.adapters.egress import Answer, FailureKind
from hub.errors import BadRequest, SourceFailed
from hub.events import Source
from hub.intake.catalogue import Fetched
from hub.intake.ghostapi import GhostApi
from hub.intake.wordpressapi import WordPressApi

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hub.adapters.egress import Egress, Failure
    from hub.intake.catalogue import Catalogue
    from hub.settings import Settings

T = TypeVar("T")

SECONDS = 60.0
"""For one answer, from connecting to its last byte: an archive's page takes a slow CMS some seconds."""
MOST_BYTES = 32 * 2**20
"""Of one answer: 25 whole entries."""
_OK, _NOT_MODIFIED, _UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND, _TOO_MANY = 200, 304, 401, 403, 404, 429
_REDIRECTS = {301, 302, 303, 307, 308}


class Cms:
    """One CMS, as a reconcile reads it. `etags` are those of the last one that succeeded, by a URL's hash."""

    def __init__(
        self, egress: Egress, source: Source, headers: Mapping[str, str], etags: Mapping[str, str]
    ) -> None:
        self._egress = egress
        self._source = source
        self._headers = dict(headers)
        self._before = etags
        self.etags: dict[str, str] = {}

    async def read(self, url: str, read: Callable[[Fetched], T]) -> T:
        """Fetch and read an answer. Raises SourceFailed."""
        return await self._read(await self._get(url, self._headers), read)

    async def read_if_new(self, url: str, read: Callable[[Fetched], T]) -> T | None:
        """Fetch and read; None if it is what the last reconcile read."""
        name = _name(url)
        known = self._before.get(name)
        answer = await self._get(url, self._headers | ({"If-None-Match": known} if known else {}))
        if etag := answer.headers.get("ETag", known or ""):
            self.etags[name] = etag
        return None if answer.status == _NOT_MODIFIED else await self._read(answer, read)

    def forget(self, url: str) -> None:
        """Have it read anew the next time."""
        self.etags.pop(_name(url), None)

    async def _get(self, url: str, headers: Mapping[str, str]) -> Answer:
        answer = await self._egress.get(url, headers, seconds=SECONDS, limit=MOST_BYTES)
        if not isinstance(answer, Answer):
            raise self._unreached(answer)
        if answer.status == _OK or (answer.status == _NOT_MODIFIED and "If-None-Match" in headers):
            return answer
        raise self._refused(answer)

    async def _read(self, answer: Answer, read: Callable[[Fetched], T]) -> T:
        if len(answer.body) >= MOST_BYTES:
            raise SourceFailed(
                f"An answer of {self._source} is larger than {MOST_BYTES} bytes.",
                "Publish it to the hub by hook.",
            )
        try:
            return await asyncio.to_thread(read, Fetched(answer.body, answer.headers))
        except BadRequest as error:
            kind = answer.headers.get("Content-Type", "no type").partition(";")[0][:50]
            sentence = f"What answers 200 ({kind}) is not the API of {self._source}: {error}."
            cure = f"Open {self._setting} in a browser: a maintenance page, a cache, or another site may answer there."
            raise SourceFailed(sentence, cure) from None

    def _unreached(self, failure: Failure) -> SourceFailed:
        sentence = f"{self._source} can't be reached: {failure.detail or failure.kind}."
        if failure.kind is FailureKind.FORBIDDEN:
            return SourceFailed(
                sentence, f"If {self._setting} is right, add that address to FEEDHUB_EGRESS_ALLOW."
            )
        return SourceFailed(sentence, f"See that it runs, and that {self._setting} is its address from here.")

    def _refused(self, answer: Answer) -> SourceFailed:
        sentence = f"{self._source} answered {answer.status}."
        match answer.status:
            case status if status in _REDIRECTS:
                cure = f"Redirects are not followed: set {self._setting} to where it leads."
            case status if status in {_UNAUTHORIZED, _FORBIDDEN}:
                cure = f"Correct {self._secret}."
            case status if status == _NOT_FOUND:
                cure = f"Set {self._setting} to the address of the site: its API is not there."
            case status if status == _TOO_MANY:
                cure = (
                    "Nothing: it is asked again when it says. If that lasts, raise FEEDHUB_RECONCILE_SECONDS."
                )
            case _:
                cure = f"See the log of {self._source}; it is asked again."
        return SourceFailed(sentence, cure, _seconds(answer.retry_after))

    @property
    def _setting(self) -> str:
        return f"FEEDHUB_{self._source.upper()}_URL"

    @property
    def _secret(self) -> str:
        return f"FEEDHUB_{self._source.upper()}_{'CONTENT_KEY' if self._source == 'ghost' else 'AUTH'}"


def catalogues(settings: Settings) -> list[Catalogue]:
    """Give the API of each CMS that is configured."""
    return [_catalogue(source, settings) for source in settings.compared]


def _catalogue(source: Source, settings: Settings) -> Catalogue:
    match source:
        case Source.GHOST:
            return GhostApi(settings.ghost_url or "", settings.ghost_content_key[0])
        case Source.WORDPRESS:
            return WordPressApi(settings.wordpress_url or "", next(iter(settings.wordpress_auth), ""))
    raise AssertionError(source)  # pragma: no cover - `compared` names no other


def _name(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:16]


def _seconds(retry_after: str | None) -> float | None:
    """Read Retry-After (RFC 9110 §10.2.3): seconds, or a date."""
    if not retry_after:
        return None
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
