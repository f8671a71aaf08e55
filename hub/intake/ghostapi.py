"""Ghost's Content API: what is published, and nothing else; the key reads no more than any visitor may.

Tags are tags here, as in its hooks. Of an entry for members it gives the part before the paywall mark, without that.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlencode

from hub.errors import BadRequest, HubError
from hub.events import Source
from hub.intake.catalogue import Fetched, Terms
from hub.intake.foreign import distinct, named, objects, published, said_date, said_visibility
from hub.intake.ghost import author_fields, is_public, post_fields, tag_fields
from hub.intake.publish import parse_body
from hub.model import EntryId, Kind
from hub.reconcile import PAGE_ROWS, Listed, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.events import PublishEvent
    from hub.intake.policy import IntakePolicy
    from hub.reconcile import Held

_MARK = "<!--members-only-->"
_LIGHT = {"fields": "id,updated_at,visibility", "include": "tags,authors"}
_RESOURCES = {Kind.TAG: "tags", Kind.AUTHOR: "authors"}


@dataclass(frozen=True, slots=True)
class GhostApi:
    """`url` is where Ghost answers, without a trailing slash."""

    url: str
    key: str
    source: ClassVar[Source] = Source.GHOST
    headers: ClassVar[Mapping[str, str]] = MappingProxyType({"Accept-Version": "v5.0"})
    kinds: ClassVar[Mapping[Kind, bool]] = MappingProxyType({Kind.TAG: True, Kind.AUTHOR: True})

    def listing(self, page: int, since: int | None = None) -> str:
        if since is None:
            return self._ask("posts", page=page, order="id asc", **_LIGHT)
        changed = f"updated_at:>='{datetime.fromtimestamp(since / 1000, UTC):%Y-%m-%d %H:%M:%S}'"
        return self._ask("posts", page=page, order="updated_at desc,id asc", filter=changed, **_LIGHT)

    def read_listing(self, answer: Fetched) -> Page:
        rows, total = _rows(answer, "posts")
        return Page(tuple(_listed(row) for row in rows), total)

    def whole(self, keys: Sequence[str]) -> str:
        return self._ask("posts", include="tags,authors", filter=f"id:[{','.join(map(_quoted, keys))}]")

    def read_whole(self, answer: Fetched, policy: IntakePolicy) -> list[PublishEvent | HubError]:
        rows, _ = _rows(answer, "posts")
        return [_event(row, policy) for row in rows]

    def present(self, held: Sequence[Held]) -> list[str]:
        ids = ",".join(_quoted(each.id) for each in held)
        return [self._ask("posts", filter=f"id:[{ids}]", **_LIGHT)]

    def terms(self, kind: Kind, page: int) -> str:
        return self._ask(_RESOURCES[kind], page=page, order="id asc")

    def read_terms(self, kind: Kind, answer: Fetched, policy: IntakePolicy) -> Terms:
        rows, total = _rows(answer, _RESOURCES[kind])
        return Terms(tuple(_terms(kind, rows, policy)), total)

    def _ask(self, resource: str, **query: object) -> str:
        said = urlencode({"key": self.key, "limit": PAGE_ROWS, **query})
        return f"{self.url}/ghost/api/content/{resource}/?{said}"


def _rows(answer: Fetched, resource: str) -> tuple[list[dict[str, Any]], int]:
    match parse_body(answer.body):
        case {"meta": {"pagination": {"total": int(total)}}, **lists} if isinstance(
            lists.get(resource), list
        ):
            return objects(lists[resource]), total
    raise BadRequest(f"it is no page of {resource}")


def _listed(post: dict[str, Any]) -> Listed:
    id_, updated = post.get("id"), said_date(post.get("updated_at"))
    if not isinstance(id_, str) or updated is None:
        raise BadRequest("a post has no id or no updated_at")
    tags = distinct(tag_fields(tag) for tag in objects(post.get("tags")) if is_public(tag))
    authors = distinct(map(author_fields, objects(post.get("authors"))))
    return Listed(
        key=id_,
        id=EntryId(id_),
        modified=round(updated.timestamp() * 1000),
        visibility=said_visibility(post.get("visibility")),
        refs=frozenset(
            [(Kind.AUTHOR, str(author["id"])) for author in authors if "id" in author]
            + [(Kind.TAG, str(tag["id"])) for tag in tags if "id" in tag]
        ),
    )


def _event(post: dict[str, Any], policy: IntakePolicy) -> PublishEvent | HubError:
    html = post.get("html")
    if isinstance(html, str) and html and post.get("access") is False and _MARK not in html:
        # It was cut off at its mark; ours would else cut off all of it.
        post = {**post, "html": html + _MARK}
    try:
        return published(post_fields(post, policy), policy)
    except HubError as error:
        return error


def _terms(kind: Kind, rows: list[dict[str, Any]], policy: IntakePolicy) -> Iterator[Any]:
    for row in rows:
        if kind is Kind.TAG and not is_public(row):
            continue
        fields = tag_fields(row) if kind is Kind.TAG else author_fields(row)
        if term := named(kind, fields, policy):
            yield term


def _quoted(text: str) -> str:
    """Write a string of Ghost's filter language (NQL)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
