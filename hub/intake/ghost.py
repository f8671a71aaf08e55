"""Ghost 5: `{post: {current, previous}}`, likewise tag and page. The event's name is nowhere, so the body tells it.

An entry's id is the post's id, which is the guid of Ghost's own RSS. Tags are tags here; each is in its own feed.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hub.events import FeedRemoved, FeedUpdated
from hub.intake.foreign import (
    distinct,
    objects,
    plain_of,
    published,
    removed,
    said_date,
    said_visibility,
    text_of,
)
from hub.intake.hook import Hint
from hub.intake.publish import parse_body
from hub.intake.slugs import slugify
from hub.intake.urls import http_url
from hub.model import Kind

if TYPE_CHECKING:
    from hub.events import PublishEvent
    from hub.intake.hook import Hook, Reading
    from hub.intake.policy import IntakePolicy

PLACEHOLDER = "__GHOST_URL__"
_GATED = re.compile(
    r"<!--kg-gated-block:begin ([^\n]{1,300}?)\s{0,9}-->(.*?)<!--kg-gated-block:end-->", re.DOTALL
)
_ELSEWHERE = frozenset({"page", "member"})
"""What Ghost has hooks for and no feed shows."""


def read(hook: Hook, policy: IntakePolicy) -> Reading:
    """Read a hook. Raises BadRequest or Invalid for what Ghost does not send."""
    sent = parse_body(hook.body)
    match sent:
        case {"post": {"current": dict(current), "previous": dict(previous)}}:
            return _post(current, previous, policy)
        case {"tag": {"current": dict(current), "previous": dict(previous)}}:
            return _tag(current, previous, policy)
        case dict() if not sent:
            return Hint("Ghost says that its site changed, and not what (site.changed)")
        case dict() if sent.keys() & _ELSEWHERE:
            return ()
    return Hint("the body is no post and no tag of Ghost's")


def post_fields(post: dict[str, Any], policy: IntakePolicy) -> dict[str, Any]:
    """Name a post's data as an entry's, and nothing else of it: no e-mail address, revision or plain text."""
    image, url = post.get("feature_image"), _url(post.get("url"))
    return {
        "id": post.get("id"),
        "url": url,
        "title": plain_of(post.get("title")),
        # `excerpt` is made of the whole text, also of what only members may read.
        "summary": post.get("custom_excerpt"),
        "content_html": _for_everybody(_placed(post.get("html"), policy)),
        "visibility": said_visibility(post.get("visibility")),
        "date_published": said_date(post.get("published_at")),
        "date_modified": said_date(post.get("updated_at")),
        "authors": distinct(map(author_fields, objects(post.get("authors")))),
        "tags": distinct(tag_fields(tag) for tag in objects(post.get("tags")) if is_public(tag)),
        "image": {
            "url": _placed(image, policy),
            "description": plain_of(post.get("feature_image_alt")),
            "credit": text_of(post.get("feature_image_caption"), policy),
        }
        if image
        else None,
    }


def _post(current: dict[str, Any], previous: dict[str, Any], policy: IntakePolicy) -> Reading:
    if not current:
        return (_gone(previous, policy),) if _was_public(previous) else ()
    if current.get("status") == "published":
        return (published(post_fields(current, policy), policy),)
    # Ghost keeps `published_at` of what was unpublished: a lost hook is made good by the next one.
    if previous.get("status") in ("published", "sent") or _was_public(current):
        return (_gone(current, policy),)
    return ()


def _was_public(post: dict[str, Any]) -> bool:
    published_once = post.get("status") == "draft" and post.get("published_at") is not None
    return post.get("status") == "published" or published_once


def _gone(post: dict[str, Any], policy: IntakePolicy) -> PublishEvent:
    return removed(post.get("id"), said_date(post.get("updated_at")), policy)


def _tag(current: dict[str, Any], previous: dict[str, Any], policy: IntakePolicy) -> Reading:
    """Follow a tag that was renamed or deleted; a new one makes a feed when an entry has it."""
    tag = current or previous
    old, new = (_slug(each.get("slug")) for each in ({**tag, **previous}, tag))
    id_ = str(tag["id"]) if isinstance(tag.get("id"), str | int) else None
    if not old or not new or id_ is None:
        return Hint("a tag of Ghost's has no id or slug")
    was_public = is_public({**tag, **previous})
    if not current or (was_public and not is_public(tag)):
        return (FeedRemoved(Kind.TAG, old, id_),) if was_public else ()
    if not previous or not was_public or not is_public(tag):
        return ()
    changes = {
        "name": plain_of(tag.get("name")) or new,
        "description": plain_of(tag.get("description")),
        "url": _url(tag.get("url")),
        "image": _url(_placed(tag.get("feature_image"), policy)),
    }
    return (FeedUpdated(Kind.TAG, old, id_, new if new != old else None, changes),)


def author_fields(author: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": author.get("id"),
        "name": plain_of(author.get("name")),
        "slug": author.get("slug"),
        "url": _url(author.get("url")),
        "bio": plain_of(author.get("bio")),
        "avatar": _url(author.get("profile_image")),
    }


def tag_fields(tag: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": tag.get("id"),
        "name": plain_of(tag.get("name")),
        "slug": tag.get("slug"),
        "url": _url(tag.get("url")),
        "description": plain_of(tag.get("description")),
        "image": _url(tag.get("feature_image")),
    }


def is_public(tag: dict[str, Any]) -> bool:
    return tag.get("visibility", "public") == "public" and not str(tag.get("name", "")).startswith("#")


def _placed(text: Any, policy: IntakePolicy) -> str | None:
    """Put Ghost's address where Ghost has not done so itself."""
    return text.replace(PLACEHOLDER, policy.base_url) if isinstance(text, str) else None


def _for_everybody(html: str | None) -> str | None:
    """Leave out the blocks of a public post that Ghost shows to members alone."""
    return html and _GATED.sub(lambda block: block[2] if "nonMember:true" in block[1] else "", html)


def _slug(text: Any) -> str | None:
    return slugify(text) if isinstance(text, str) and text.strip() else None


def _url(text: Any) -> str | None:
    """Take a URL that can be shown; `/404/` is Ghost's word for one that it does not know yet."""
    if not isinstance(text, str) or text.rstrip("/").endswith("/404"):
        return None
    try:
        return http_url(text)
    except ValueError:
        return None
