"""Ghost's Content API as 5.130 speaks it: filters, order, pages, gating, weak ETags; made of a recorded post."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from tests.cms import recorded
from tests.fakecms import Asked, FakeCms, Reply, page_of

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "content-key-of-the-test"
_MARK = "<!--members-only-->"
_POST = recorded("ghost/2-publish.post.published").json["post"]["current"]
_HIDDEN = {
    "status",
    "email_only",
    "newsletter",
    "email_segment",
    "post_revisions",
    "mobiledoc",
    "lexical",
    "plaintext",
}
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


class FakeGhost(FakeCms):
    """Posts, tags and authors by id. Only what is published, as with a Content key."""

    def __init__(self) -> None:
        super().__init__()
        self.posts: dict[str, dict[str, Any]] = {}
        self.tags = {tag["id"]: dict(tag) for tag in _POST["tags"]}
        self.authors = {author["id"]: dict(author) for author in _POST["authors"]}

    def post(
        self, number: int, *, tags: tuple[int, ...] = (0,), minute: int | None = None, **said: Any
    ) -> str:
        """Publish one, later than those of lower numbers; answers its id."""
        id_, at = f"6b{number:022x}", NOON + timedelta(minutes=number if minute is None else minute)
        stamp = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        ids = list(self.tags)
        self.posts[id_] = {
            **_POST,
            "id": id_,
            "title": f"Story {number}",
            "slug": f"story-{number}",
            "url": f"https://ghost.test/story-{number}/",
            "html": f"<p>Text of {number}.</p>",
            "updated_at": stamp,
            "published_at": stamp,
            "tag_ids": [ids[each] for each in tags],
            "author_ids": list(self.authors)[:1],
            **said,
        }
        return id_

    def become_another(self) -> None:
        """Another site answers here: other posts, tags and authors under other ids."""
        self.posts.clear()
        self.tags = {f"7c{id_[2:]}": tag | {"id": f"7c{id_[2:]}"} for id_, tag in self.tags.items()}
        self.authors = {
            f"7c{id_[2:]}": author | {"id": f"7c{id_[2:]}"} for id_, author in self.authors.items()
        }

    def touch(self, id_: str, *, minute: int, **said: Any) -> None:
        """Edit a post, as the editor does: `updated_at` moves."""
        at = (NOON + timedelta(minutes=minute)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self.posts[id_] |= {"updated_at": at, **said}

    # ---- the API -------------------------------------------------------------------------------------------------

    def respond(self, asked: Asked) -> Reply:
        match = re.fullmatch(r"/ghost/api/content/(posts|tags|authors)/", asked.path)
        if match is None:
            return _error(404, "Resource not found error, cannot read.")
        if asked.query.get("key") != KEY:
            return _error(401, "Unknown Content API Key")
        resource = match[1]
        rows = {"posts": self._posts, "tags": self._tags, "authors": self._authors}[resource](asked.query)
        page, limit = int(asked.query.get("page", 1)), int(asked.query.get("limit", 15))
        pages = max(1, -(-len(rows) // limit))
        meta = {"page": page, "limit": limit, "pages": pages, "total": len(rows), "next": None, "prev": None}
        said = {resource: page_of(rows, page, limit), "meta": {"pagination": meta}}
        body = json.dumps(said).encode()
        etag = f'W/"{len(body):x}-{sha1(body, usedforsecurity=False).hexdigest()}"'
        headers = {"ETag": etag, "Cache-Control": "public, max-age=0"}
        return Reply(304 if asked.headers.get("if-none-match") == etag else 200, body, headers)

    def _posts(self, query: dict[str, str]) -> list[dict[str, Any]]:
        rows = [post for post in self.posts.values() if post["status"] == "published"]
        rows = list(filter(_filter(query.get("filter", "")), rows))
        for part in reversed(query.get("order", "published_at desc").split(",")):
            name, _, direction = part.strip().partition(" ")
            rows.sort(key=lambda row, name=name: row[name], reverse=direction == "desc")  # type: ignore[misc]
        return [self._shown(post, query) for post in rows]

    def _shown(self, post: dict[str, Any], query: dict[str, str]) -> dict[str, Any]:
        """One post as a stranger gets it: dates with an offset, no address, nothing behind the paywall."""
        shown = {key: value for key, value in post.items() if key not in {*_HIDDEN, "tag_ids", "author_ids"}}
        for name in ("updated_at", "published_at", "created_at"):
            at = datetime.fromisoformat(shown[name]).astimezone(UTC) + timedelta(hours=2)
            shown[name] = at.replace(tzinfo=None).isoformat(timespec="milliseconds") + "+02:00"
        open_ = post["visibility"] == "public"
        if not open_:
            html = post["html"]
            shown |= {"html": html[: html.index(_MARK)] if _MARK in html else "", "excerpt": ""}
        shown["access"] = open_
        if fields := query.get("fields"):
            shown = {key: value for key, value in shown.items() if key in fields.split(",")}
        included = query.get("include", "").split(",")
        for name in ("tags", "authors"):
            shown.pop(name, None)
        if "tags" in included:
            shown["tags"] = [_plain(self.tags[id_]) for id_ in post["tag_ids"]]
        if "authors" in included:
            shown["authors"] = [_plain(self.authors[id_]) for id_ in post["author_ids"]]
        return shown

    def _tags(self, query: dict[str, str]) -> list[dict[str, Any]]:
        return [_plain(tag) for tag in sorted(self.tags.values(), key=lambda tag: str(tag["id"]))]

    def _authors(self, query: dict[str, str]) -> list[dict[str, Any]]:
        writing = {id_ for post in self.posts.values() for id_ in post["author_ids"]}
        return [_plain(author) for id_, author in sorted(self.authors.items()) if id_ in writing]


def _filter(text: str) -> Callable[[dict[str, Any]], bool]:
    """The two filters that the hub asks for, in NQL."""
    if not text:
        return lambda _: True
    if since := re.fullmatch(r"updated_at:>='(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)'", text):
        return lambda post: str(post["updated_at"])[:19].replace("T", " ") >= since[1]
    if ids := re.fullmatch(r"id:\[((?:'\w+',?)+)\]", text):
        wanted = re.findall(r"'(\w+)'", ids[1])
        return lambda post: post["id"] in wanted
    raise AssertionError(f"no filter of Ghost's, or none that the hub is to ask for: {text}")


def _plain(term: dict[str, Any]) -> dict[str, Any]:
    """A tag or an author as the Content API shows it."""
    hidden = ("email", "created_at", "updated_at", "status", "last_seen", "roles")
    return {key: value for key, value in term.items() if key not in hidden and "notification" not in key}


def _error(status: int, message: str) -> Reply:
    return Reply(status, json.dumps({"errors": [{"message": message, "type": "Error"}]}).encode())
