"""What is sent to `/api/webhooks` and `/api/subscriptions`: which fields there are, and of which kind."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, Strict

from hub.intake.dates import parse_date
from hub.intake.fields import Body, Text, Url, at_most
from hub.intake.slugs import slugify
from hub.model import FeedPath, Kind
from hub.webhook import MOST_OVERLAP_SECONDS, OVERLAP_SECONDS

MAX_FEEDS = 100
MAX_DESCRIPTION = 500
# 2001 in microseconds: what is smaller was meant in milliseconds or seconds, and would replay everything.
_SMALLEST_SEQ = 10**15
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _without_fragment(url: str) -> str:
    if urlsplit(url).fragment or url.endswith("#"):
        raise ValueError("must have no fragment: it is never sent")
    return url


def _feed(value: Any) -> Any:
    if not isinstance(value, str):
        raise ValueError("must be a string such as category/europe-news")  # noqa: TRY004  (pydantic's own)
    kind, slash, slug = value.partition("/")
    if kind not in set(Kind) or (kind == Kind.ALL) == bool(slash) or bool(slash) != bool(slug):
        raise ValueError("is no feed: use all, or <kind>/<slug> such as category/europe-news")
    return FeedPath(Kind(kind), slugify(slug) if slug else "")


def _seq(value: Any) -> Any:
    """Take a seq, or a time, which stands for the last change before it."""
    if isinstance(value, str):
        return max((parse_date(value) - _EPOCH) // timedelta(microseconds=1) - 1, 0)
    if type(value) is int and 0 < value < _SMALLEST_SEQ:
        raise ValueError("is no seq: those are microseconds since 1970; 0 is everything that is held")
    return value


def _some(feeds: list[FeedPath]) -> list[FeedPath]:
    if not feeds:
        raise ValueError("must name at least one feed")
    return feeds


def _short(text: str) -> str:
    if len(text) > MAX_DESCRIPTION:
        raise ValueError(f"must not be longer than {MAX_DESCRIPTION} characters")
    return text


Receiver = Annotated[Url, AfterValidator(_without_fragment)]
Feed = Annotated[FeedPath, BeforeValidator(_feed)]
Feeds = Annotated[list[Feed], AfterValidator(_some), at_most(MAX_FEEDS)]
Since = Annotated[int, Strict(), Field(ge=0), BeforeValidator(_seq)]
Overlap = Annotated[int, Strict(), Field(ge=0, le=MOST_OVERLAP_SECONDS)]
Description = Annotated[Text, AfterValidator(_short)] | None


class NewWebhook(Body):
    url: Receiver
    feeds: Feeds
    description: Description = None


class WebhookChange(Body):
    """Only what is said changes."""

    url: Receiver = ""
    feeds: Feeds = Field(default_factory=list)
    description: Description = None


class Rotation(Body):
    overlap_seconds: Overlap = OVERLAP_SECONDS


class Replay(Body):
    since: Since


class WebhookReplay(Replay):
    feeds: Feeds | None = None


class Nothing(Body):
    """No field: the address says it all."""
