"""Publish events as they are sent (INTERFACE "Publishing"): which fields there are, and of which kind.

Names are those of JSON Feed 1.1 where it has one, so that an item of a JSON Feed is an entry.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from hub.intake.fields import (
    Body,
    Bytes,
    Identifier,
    Line,
    MimeType,
    Name,
    Pixels,
    SaidDate,
    SaidHtml,
    SaidIdentifier,
    SaidLanguage,
    SaidMimeType,
    SaidPastDate,
    SaidSlug,
    SaidText,
    SaidUrl,
    Seconds,
    Slug,
    Url,
    at_most,
)
from hub.intake.terms import Authors, Categories, Tags  # noqa: TC001 - pydantic reads them at run time

MAX_ATTACHMENTS = 100


class ImageBody(Body):
    """A picture, or just its address (as in JSON Feed)."""

    url: Url
    type: SaidMimeType = None
    width: Pixels | None = None
    height: Pixels | None = None
    credit: SaidText = None
    description: SaidText = None

    @model_validator(mode="before")
    @classmethod
    def _address_alone(cls, value: Any) -> Any:
        return {"url": value} if isinstance(value, str) else value


class AttachmentBody(Body):
    url: Url
    mime_type: MimeType
    title: SaidText = None
    size_in_bytes: Bytes | None = None
    duration_in_seconds: Seconds | None = None


class EntryBody(Body):
    id: Identifier
    url: SaidUrl = None
    title: Line | None = None
    summary: SaidText = None
    content_html: SaidHtml = None
    content_text: SaidHtml = None
    language: SaidLanguage = None
    # Null is refused: what a CMS meant to hide must never be public by a slip.
    visibility: Literal["public", "members", "paid", "tiers"] = "public"
    date_published: SaidDate = None
    date_modified: SaidPastDate = None
    date_expires: SaidDate = None
    authors: Authors = Field(default_factory=list)
    categories: Categories = Field(default_factory=list)
    tags: Tags = Field(default_factory=list)
    image: ImageBody | None = None
    attachments: Annotated[list[AttachmentBody], at_most(MAX_ATTACHMENTS)] = Field(default_factory=list)
    # JSON Feed has these, no document of ours shows them: taken, so that its items are entries, and dropped.
    external_url: SaidUrl = None
    banner_image: SaidUrl = None


class RemovedEntryBody(Body, extra="ignore"):
    """All that a removal needs; senders that give the whole entry need not pick it apart."""

    id: Identifier
    date_modified: SaidPastDate = None


class FeedBody(Body):
    """A feed's own data: only what is said changes, and what is said to be null or empty is erased."""

    slug: Slug
    id: SaidIdentifier = None
    new_slug: SaidSlug = None
    name: Name = ""
    url: SaidUrl = None


class LabelledFeedBody(FeedBody):
    description: SaidText = None
    image: SaidUrl = None


class AuthorFeedBody(FeedBody):
    bio: SaidText = None
    avatar: SaidUrl = None


class RetiredFeedBody(Body):
    slug: Slug
    id: SaidIdentifier = None
    moved_to: SaidSlug = None


class EventBody(Body):
    """An event's envelope; each kind of event adds the one object that it is about."""

    type: str
    id: SaidIdentifier = None


class EntryPublishedBody(EventBody):
    entry: EntryBody


class EntryRemovedBody(EventBody):
    entry: RemovedEntryBody


class CategoryUpdatedBody(EventBody):
    category: LabelledFeedBody


class TagUpdatedBody(EventBody):
    tag: LabelledFeedBody


class AuthorUpdatedBody(EventBody):
    author: AuthorFeedBody


class RetirementBody(EventBody):
    """`moved_to` is taken here, and inside the object that names the feed."""

    moved_to: SaidSlug = None


class CategoryRemovedBody(RetirementBody):
    category: RetiredFeedBody


class TagRemovedBody(RetirementBody):
    tag: RetiredFeedBody


class AuthorRemovedBody(RetirementBody):
    author: RetiredFeedBody


EVENTS: dict[str, type[EventBody]] = {
    "entry.published": EntryPublishedBody,
    "entry.updated": EntryPublishedBody,
    "entry.removed": EntryRemovedBody,
    "category.updated": CategoryUpdatedBody,
    "category.removed": CategoryRemovedBody,
    "tag.updated": TagUpdatedBody,
    "tag.removed": TagRemovedBody,
    "author.updated": AuthorUpdatedBody,
    "author.removed": AuthorRemovedBody,
}
