"""`/api/…` for operators, with the admin token: feeds in numbers, and what is wrong (INTERFACE "Operating")."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hub.errors import BadRequest
from hub.events import HookRecord
from hub.model import FeedPath, Format
from hub.problems import QUARANTINED, problems_of
from hub.urls import document_url, page_url
from hub.web.api import answer, asker, front_of, limit_of, operator
from hub.web.reconcile import shown

if TYPE_CHECKING:
    from aiohttp import web

    from hub.model import FeedSummary


async def list_feeds(request: web.Request) -> web.Response:
    """Answer a page of feeds, to a partner of its own. Raises Unauthorized, BadRequest, StoreUnavailable."""
    partner, front = await asker(request), front_of(request)
    limit, cursor = limit_of(request), _cursor(request.query.get("cursor", ""))
    among = partner.feeds or None if partner else None
    page = await front.store.list_feeds(
        kinds=front.settings.feed_kinds, cursor=cursor, limit=limit, among=among
    )
    base = front.settings.site.public_url
    shown = [_feed(base, feed) if partner else _feed_in_trouble(base, feed) for feed in page.feeds]
    return answer({"feeds": shown, "cursor": page.cursor})


async def status(request: web.Request) -> web.Response:
    """Answer the hub in numbers, and its problems with what to do. Raises Unauthorized, Forbidden, StoreUnavailable."""
    await operator(request)
    front = front_of(request)
    condition = await front.store.condition()
    state = condition.state
    problems = await front.store.with_since(problems_of(condition), state.now)
    return answer(
        {
            "feeds": state.feeds,
            "entries": state.entries,
            "scheduled": state.scheduled,
            "subscriptions": state.subscriptions,
            "subscriptions_failing": state.failing,
            "feeds_late": state.late,
            "feeds_to_renew": state.stale,
            "feed_kinds": list(front.settings.feed_kinds),
            "workers": list(state.workers),
            "hooks": {
                str(source): asdict(record)
                for source, record in condition.hooks.items()
                if record != HookRecord()
            },
            "reconciles": {str(source): shown(progress) for source, progress in condition.reconciles.items()},
            "problems": [problem.as_json() for problem in problems],
        }
    )


def _cursor(text: str) -> str | None:
    if not text:
        return None
    try:
        return str(FeedPath.parse(text))
    except ValueError:
        raise BadRequest("cursor must be one that an earlier page gave") from None


def _feed(base: str, feed: FeedSummary) -> dict[str, Any]:
    return {
        "feed": str(feed.path),
        "name": feed.name,
        "description": feed.description,
        "entries": feed.entries,
        "seq": feed.seq,
        "page": page_url(base, feed.path),
        **{str(format_): document_url(base, feed.path, format_) for format_ in Format},
    }


def _feed_in_trouble(base: str, feed: FeedSummary) -> dict[str, Any]:
    """Write a feed with what only its operator should know."""
    return _feed(base, feed) | {
        "failures": feed.failures,
        "quarantined": feed.failures >= QUARANTINED,
        "skipped": list(feed.skipped),
    }
