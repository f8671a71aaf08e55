"""A feed's own data, its rename and its end, as a CMS asks for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import FieldError, Invalid
from hub.events import FeedRemoved, FeedUpdated

if TYPE_CHECKING:
    from hub.intake.bodies import FeedBody, RetiredFeedBody, RetirementBody
    from hub.model import Kind

# What JSON Feed calls an author's data, in the words that all feeds share.
_SHARED_NAMES = {"bio": "description", "avatar": "image"}
_ADDRESS = frozenset({"slug", "id", "new_slug"})


def feed_updated(kind: Kind, body: FeedBody, event_id: str | None) -> FeedUpdated:
    """Make the publish event; a `new_slug` that is the old one renames nothing."""
    said = body.model_fields_set - _ADDRESS
    return FeedUpdated(
        kind=kind,
        slug=body.slug,
        id=body.id,
        new_slug=body.new_slug if body.new_slug != body.slug else None,
        changes={_SHARED_NAMES.get(name, name): getattr(body, name) for name in sorted(said)},
        event_id=event_id,
    )


def feed_removed(kind: Kind, body: RetiredFeedBody, event: RetirementBody, at: str) -> FeedRemoved:
    """Make the publish event. Raises Invalid for a move onto itself, or to two places at once."""
    moved_to = event.moved_to or body.moved_to
    where = f"{at}/moved_to" if event.moved_to else f"{at}/{kind}/moved_to"
    if moved_to == body.slug:
        raise Invalid([FieldError(where, "must be another slug")])
    if body.moved_to and body.moved_to != moved_to:
        raise Invalid([FieldError(where, f"differs from {kind}.moved_to")])
    return FeedRemoved(kind, body.slug, body.id, moved_to, event.id)
