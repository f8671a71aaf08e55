"""Feeds that an API's client names: those of a webhook, those that a partner may open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from hub.errors import FieldError, Invalid
from hub.model import Live, Moved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hub.model import FeedNumber, FeedPath, Resolution
    from hub.partner import Partner
    from hub.web.front import Front


async def live_feeds(
    front: Front, feeds: Sequence[FeedPath], partner: Partner | None = None
) -> dict[FeedPath, FeedNumber]:
    """Give the feeds, each once, with their numbers.

    Raises Invalid unless all of them live where they are said to, and the partner (if one asks) may open them.
    """
    found = await asyncio.gather(*(front.store.resolve(path) for path in feeds))
    named = list(zip(feeds, found, strict=True))
    faults = [
        FieldError(f"/feeds/{position}", sentence)
        for position, (path, place) in enumerate(named)
        if (sentence := _fault(front, path, place, partner))
    ]
    if faults:
        raise Invalid(faults)
    return {path: place.number for path, place in named if isinstance(place, Live)}


def _fault(front: Front, path: FeedPath, place: Resolution, partner: Partner | None) -> str | None:
    if isinstance(place, Moved):
        return f"has moved: it is {place.path} now"
    if place is None or path.kind not in front.settings.feed_kinds:
        return f"is no feed of this hub: {path}"
    if not isinstance(place, Live):
        return f"is retired: {path}"
    if partner and not partner.may_open(place.number):
        return f"is not opened by this key: {path}"
    return None
