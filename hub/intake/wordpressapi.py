"""WordPress's REST API: what is published there. Dates are the `_gmt` ones, and one that is asked for says its offset.

An entry's id is its guid, but the API knows posts by number and slug alone.
"""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

from hub.errors import BadRequest, HubError
from hub.events import Source
from hub.intake.catalogue import Terms
from hub.intake.foreign import named, objects
from hub.intake.publish import parse_body
from hub.intake.wordpress import author_fields, gmt, rest_post, term_fields
from hub.model import EntryId, Kind
from hub.reconcile import PAGE_ROWS, Listed, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hub.events import PublishEvent
    from hub.intake.catalogue import Fetched
    from hub.intake.policy import IntakePolicy
    from hub.model import Term
    from hub.reconcile import Held

_LIGHT = {"_fields": "id,guid,modified_gmt,author,categories,tags,content.protected"}
_EMBEDDED = "author,wp:term,wp:featuredmedia"
_RESOURCES = {Kind.CATEGORY: "categories", Kind.TAG: "tags", Kind.AUTHOR: "users"}
_TERM_FIELDS = "id,name,slug,link,description,avatar_urls"
_SUFFIX = re.compile(r"\.(?:html?|php)$")


@dataclass(frozen=True, slots=True)
class WordPressApi:
    """`url` is the site's, without a trailing slash; `auth` is `user:application-password`, where REST is closed."""

    url: str
    auth: str = ""
    source: ClassVar[Source] = Source.WORDPRESS
    kinds: ClassVar[Mapping[Kind, bool]] = MappingProxyType(
        {Kind.CATEGORY: True, Kind.TAG: True, Kind.AUTHOR: False}  # many sites hide their users
    )

    @property
    def headers(self) -> Mapping[str, str]:
        return {"Authorization": f"Basic {b64encode(self.auth.encode()).decode()}"} if self.auth else {}

    def listing(self, page: int, since: int | None = None) -> str:
        if since is None:
            return self._ask("posts", page=page, orderby="id", order="asc", **_LIGHT)
        # Without an offset it would be the site's own time.
        after = f"{datetime.fromtimestamp(since / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
        return self._ask("posts", page=page, orderby="modified", order="desc", modified_after=after, **_LIGHT)

    def read_listing(self, answer: Fetched) -> Page:
        rows, total = _rows(answer)
        return Page(tuple(map(_listed, rows)), total)

    def whole(self, keys: Sequence[str]) -> str:
        return self._ask("posts", include=",".join(keys), _embed=_EMBEDDED)

    def read_whole(self, answer: Fetched, policy: IntakePolicy) -> list[PublishEvent | HubError]:
        rows, _ = _rows(answer)
        return [event for row in rows for event in _events(row, policy)]

    def present(self, held: Sequence[Held]) -> list[str]:
        numbers, slugs = [], []
        for each in held:
            number, slug = _address(each)
            numbers += [number] if number else []
            slugs += [slug] if slug else []
        asked = [self._ask("posts", include=",".join(numbers), **_LIGHT)] if numbers else []
        return asked + ([self._ask("posts", slug=",".join(slugs), **_LIGHT)] if slugs else [])

    def terms(self, kind: Kind, page: int) -> str:
        return self._ask(_RESOURCES[kind], page=page, orderby="id", order="asc", _fields=_TERM_FIELDS)

    def read_terms(self, kind: Kind, answer: Fetched, policy: IntakePolicy) -> Terms:
        rows, total = _rows(answer)
        return Terms(tuple(_terms(kind, rows, policy)), total)

    def _ask(self, resource: str, **query: object) -> str:
        return f"{self.url}/wp-json/wp/v2/{resource}?{urlencode({'per_page': PAGE_ROWS, **query})}"


def _rows(answer: Fetched) -> tuple[list[dict[str, Any]], int]:
    rows, total = parse_body(answer.body), answer.headers.get("X-WP-Total", "")
    if not isinstance(rows, list) or not total.isascii() or not total.isdigit():
        raise BadRequest("it is no list with an X-WP-Total")
    return objects(rows), int(total)


def _listed(post: dict[str, Any]) -> Listed:
    modified = gmt(post.get("modified_gmt"))
    match post:
        case {"id": int(number), "guid": {"rendered": str(guid)}} if modified:
            content = post.get("content")
            hidden = isinstance(content, dict) and content.get("protected") is True
            return Listed(
                key=str(number),
                id=EntryId(unescape(guid)),
                modified=round(modified.timestamp() * 1000),
                visibility="members" if hidden else "public",
                refs=frozenset(_refs(post)),
            )
    raise BadRequest("a post has no id, no guid or no modified_gmt")


def _refs(post: dict[str, Any]) -> Iterator[tuple[Kind, str]]:
    for kind, name in ((Kind.AUTHOR, "author"), (Kind.CATEGORY, "categories"), (Kind.TAG, "tags")):
        said = post.get(name)
        for number in said if isinstance(said, list) else [said]:
            if number:  # 0 is nobody
                yield kind, str(number)


def _events(post: dict[str, Any], policy: IntakePolicy) -> Sequence[PublishEvent | HubError]:
    try:
        reading = rest_post(post, policy)
    except HubError as error:
        return [error]
    except (KeyError, TypeError):
        return [BadRequest("a post is not as REST has it")]
    return reading if isinstance(reading, tuple) else []


def _terms(kind: Kind, rows: list[dict[str, Any]], policy: IntakePolicy) -> Iterator[Term]:
    for row in rows:
        fields = author_fields(row, policy) if kind is Kind.AUTHOR else term_fields(row, policy)
        if term := named(kind, fields, policy):
            yield term


def _address(held: Held) -> tuple[str, str]:
    """Give the number or the slug of a post: `?p=7` in its guid or address, else the address's last part."""
    for url in (held.id, held.url or ""):
        if number := parse_qs(urlsplit(url).query).get("p"):
            return number[0], ""
    last = _SUFFIX.sub("", urlsplit(held.url or held.id).path.rstrip("/").rpartition("/")[2])
    return (last, "") if last.isdigit() else ("", last.lower())
