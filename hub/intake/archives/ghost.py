"""Ghost's export: rows of its database by table, as JSON. Read twice, since what belongs to a post comes after it.

Each post is put together as a hook would hold it, and becomes what that hook would have given (hub.intake.ghost): what
only members may read, addresses and revisions never leave here. A post's address is the site's with its slug, as Ghost
has it unless its routes were changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from hub.errors import HubError
from hub.intake.archives.json import JsonText
from hub.intake.archives.record import Found, Piece, Refused, Skipped
from hub.intake.foreign import published
from hub.intake.ghost import PLACEHOLDER, post_fields
from hub.model import EntryId

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from hub.intake.archives.record import Kept
    from hub.intake.policy import IntakePolicy

_POSTS = "posts"
_OF_POSTS = {"posts_tags": "tag_id", "posts_authors": "author_id"}
_NAMED = ("tags", "users")
_META = "posts_meta"
_MAX_NAME = 200
_NO_HTML = "has no HTML in the export: its title and summary alone"
_META_FIELDS = ("feature_image_alt", "feature_image_caption")


@dataclass(slots=True)
class Survey:
    """What the first reading found."""

    posts: int = 0


def survey(chunks: Iterable[bytes], kept: Kept) -> Survey:
    """Read an export to its end, and keep what posts refer to. Raises BadRequest."""
    found = Survey()
    for table, row in _rows(chunks):
        post, id_ = str(row.get("post_id")), str(row.get("id"))
        if table == _POSTS:
            found.posts += 1
        elif other := _OF_POSTS.get(table):
            kept.add(table, post, row.get(other), _place(row.get("sort_order")))
        elif table == _META:
            kept.add(table, post, {name: row.get(name) for name in _META_FIELDS})
        elif table in _NAMED:
            kept.add(table, id_, row)
    return found


def pieces(chunks: Iterable[bytes], kept: Kept, policy: IntakePolicy) -> Iterator[Found | Skipped | Refused]:
    """Read an export's posts again, in its order. `policy.base_url` is the site's address. Raises BadRequest."""
    posts = (row for table, row in _rows(chunks) if table == _POSTS)
    for position, row in enumerate(posts, 1):
        name = str(row.get("title") or row.get("id") or "")[:_MAX_NAME]
        yield _piece(Piece(position, name), row, kept, policy)


def _piece(at: Piece, row: dict[str, Any], kept: Kept, policy: IntakePolicy) -> Found | Skipped | Refused:
    if row.get("type") == "page" or row.get("page") in (1, True):
        return Skipped(at.position, at.name, "is no post: page")
    if row.get("status") != "published":
        return Skipped(at.position, at.name, f"is not published: {row.get('status')}")
    try:
        event = published(post_fields(_hooked(row, kept, policy.base_url), policy), policy)
    except HubError as error:
        return Refused(at.position, at.name, str(error))
    return Found(at.position, at.name, event, "" if row.get("html") else _NO_HTML)


def _hooked(row: dict[str, Any], kept: Kept, base: str) -> dict[str, Any]:
    """Put a post together as Ghost's hook holds it."""
    id_ = EntryId(str(row.get("id")))
    meta: dict[str, Any] = next(iter(kept.of(_META, id_)), {})
    return {
        **_placed(row, base),
        **_placed(meta, base),
        "id": id_,
        "url": f"{base}/{row.get('slug')}/" if row.get("slug") else None,
        **{name: _date(row.get(name)) for name in ("published_at", "updated_at")},
        "tags": _named(kept, "tags", kept.of("posts_tags", id_), f"{base}/tag"),
        "authors": _named(
            kept, "users", kept.of("posts_authors", id_) or [row.get("author_id")], f"{base}/author"
        ),
    }


def _named(kept: Kept, table: str, ids: Iterable[Any], start: str) -> list[dict[str, Any]]:
    rows = (row for id_ in ids for row in kept.of(table, str(id_)))
    base = start.rpartition("/")[0]
    return [
        {**_placed(row, base), "id": str(row.get("id")), "url": f"{start}/{row.get('slug')}/"} for row in rows
    ]


def _placed(row: dict[str, Any], base: str) -> dict[str, Any]:
    """Put the site's address where the export has a word for it."""
    return {
        name: value.replace(PLACEHOLDER, base) if isinstance(value, str) else value
        for name, value in row.items()
    }


def _date(said: Any) -> str | None:
    """Write a date as hooks do: exports of old have milliseconds, or no zone, and mean UTC."""
    if isinstance(said, int | float) and not isinstance(said, bool):
        return datetime.fromtimestamp(said / 1000, UTC).isoformat()
    if not isinstance(said, str):
        return None
    return said if said.endswith("Z") or "+" in said else f"{said}Z"


def _place(order: Any) -> int:
    return order if isinstance(order, int) else 0


def _rows(chunks: Iterable[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give each table's rows: `{"db": [{"data": {table: [row, …]}}]}`, or without the outer two."""
    text = JsonText(chunks)
    for name in text.names():
        if name == "db" and text.peek() == "[":
            for _ in text.elements():
                yield from _database(text)
        elif name == "data" and text.peek() == "{":
            yield from _tables(text)
        else:
            text.skip()
    text.end()


def _database(text: JsonText) -> Iterator[tuple[str, dict[str, Any]]]:
    for name in text.names():
        if name == "data" and text.peek() == "{":
            yield from _tables(text)
        else:
            text.skip()


def _tables(text: JsonText) -> Iterator[tuple[str, dict[str, Any]]]:
    for table in text.names():
        if text.peek() != "[":
            text.skip()
            continue
        for _ in text.elements():
            row = text.value()
            if isinstance(row, dict):
                yield table, row
