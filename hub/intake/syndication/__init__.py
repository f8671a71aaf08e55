"""Feeds that others publish: the bytes of an RSS, Atom or JSON Feed → what it says, as publish events. Pure."""

from hub.intake.syndication.read import MAX_FEED_BYTES, read_feed
from hub.intake.syndication.record import FeedLinks, ForeignFeed, Masthead, Skipped

__all__ = ["MAX_FEED_BYTES", "FeedLinks", "ForeignFeed", "Masthead", "Skipped", "read_feed"]
