"""Whose key a request shows. A front holds all partners, and asks once a second whether they are still so."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from hub.adapters.partnerbook import PartnerBook
from hub.errors import StoreUnavailable, WrongKey
from hub.partner import Partner, PartnerKey, fitting, hint_of, is_key, opens
from hub.web.authorization import key_given
from hub.web.flights import SingleFlight
from hub.web.front import PARTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub.adapters.partnerbook import Source
    from hub.model import FeedNumber

FRESH_SECONDS = 1.0
"""How long a front goes on believing that a key opens: a revoked one is refused everywhere after this at most."""


class Holder(NamedTuple):
    """Who has shown a key, and which."""

    partner: Partner
    key: PartnerKey


HOLDER = web.RequestKey("holder", Holder)
"""Set once a request has shown a key that opens: answers, logs and counts depend on it."""


class Keyring:
    """All partners' keys, never older than FRESH_SECONDS.

    It does not follow the change stream, which a front may lose without noticing at once: whoever shows a key makes it
    ask (one short read a second, shared by all). Without Redis nobody can say that a key was not revoked, so then keyed
    requests get 503, where public documents go on being served from memory.
    """

    def __init__(self, store: Source, *, monotonic: Callable[[], float], now: Callable[[], datetime]) -> None:
        self._book = PartnerBook(store)
        self._monotonic = monotonic
        self._now = now
        self._read_at = float("-inf")
        self._reading: SingleFlight[None, None] = SingleFlight()
        self._by_hint: dict[str, list[Holder]] = {}

    async def holder(self, key: str) -> Holder:
        """Say who has a key. Raises WrongKey, StoreUnavailable."""
        if not is_key(key):
            raise _wrong()
        asked = self._monotonic()
        await self._refresh()
        found = self._find(key)
        if found is None and self._read_at < asked:  # it may have been made a moment ago, at another front
            await self._reading.follow(None, self._read)
            found = self._find(key)
        if found is None:
            raise _wrong()
        return found

    async def still_opens(self, holder: Holder, feed: FeedNumber) -> bool:
        """Say whether a key opens a feed as when it was shown. While the store is away nothing new comes anyway."""
        try:
            await self._refresh()
        except StoreUnavailable:
            return True
        partner = self._book.last.get(holder.partner.id)
        if partner is None or not partner.may_open(feed):
            return False
        same = partner.edition.full_content == holder.partner.edition.full_content
        return same and any(
            key.digest == holder.key.digest and opens(key, self._time()) for key in partner.keys
        )

    def forget(self) -> None:
        """Read anew before the next answer: something was changed here."""
        self._read_at = float("-inf")

    async def _refresh(self) -> None:
        if self._monotonic() - self._read_at > FRESH_SECONDS:
            await self._reading.join(None, self._read)

    def _time(self) -> int:
        return round(self._now().timestamp() * 1000)

    async def _read(self) -> None:
        began, before = self._monotonic(), self._book.last
        partners = await self._book.read()
        if partners is not before:
            self._by_hint = {}
            for partner in partners.values():
                for key in partner.keys:
                    self._by_hint.setdefault(key.hint, []).append(Holder(partner, key))
        self._read_at = began

    def _find(self, key: str) -> Holder | None:
        holders = self._by_hint.get(hint_of(key), ())
        fits = fitting(key, (holder.key for holder in holders), self._time())
        return next((holder for holder in holders if holder.key is fits), None)


async def opened_by(request: web.Request) -> Partner | None:
    """Say whose key a request for a feed shows; None: it shows none, and gets what everybody gets.

    A wrong key is refused although the public document is at hand: a partner whose key has ended would take that for
    its edition, with other contents and removals told in a way that it does not read, and nobody would ever notice.
    Raises WrongKey, StoreUnavailable.
    """
    key = key_given(request)
    if key is None:
        return None
    request[HOLDER] = await request.app[PARTS].keyring.holder(key)
    return request[HOLDER].partner


def _wrong() -> WrongKey:
    return WrongKey("This key opens nothing: it is no partner's key of this hub, or it was revoked.")
