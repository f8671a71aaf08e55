"""What is sent to `/api/partners`: which fields there are, and of which kind."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field, Strict

from hub.intake.fields import Body, Name, at_most
from hub.partner import MOST_OVERLAP_SECONDS, MOST_SIZE, OVERLAP_SECONDS
from hub.web.webhook_bodies import MAX_FEEDS, Feed

MAX_NAME = 100


def _short(text: str) -> str:
    if len(text) > MAX_NAME:
        raise ValueError(f"must not be longer than {MAX_NAME} characters")
    return text


PartnerName = Annotated[Name, AfterValidator(_short)]
OpenFeeds = Annotated[list[Feed], at_most(MAX_FEEDS)]
"""Empty: every feed."""
Size = Annotated[int, Strict(), Field(ge=1, le=MOST_SIZE)]
Overlap = Annotated[int, Strict(), Field(ge=0, le=MOST_OVERLAP_SECONDS)]
Content = Literal["full", "summary"]
DeleteStyle = Literal["tombstone", "expire", "status", "none"]


class PartnerChange(Body):
    """Only what is said changes."""

    name: PartnerName = ""
    feeds: OpenFeeds = Field(default_factory=list)
    size: Size = 1
    content: Content = "full"
    deletes: DeleteStyle = "tombstone"


class NewPartner(PartnerChange):
    """Size and content that are not said are those of the public documents."""

    name: PartnerName


class KeyRotation(Body):
    overlap_seconds: Overlap = OVERLAP_SECONDS
