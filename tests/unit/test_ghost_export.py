"""Ghost's export: its posts become what their hooks would have given, and nothing paid leaves it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from hub.errors import BadRequest
from hub.events import EntryPublished
from hub.intake.archives import ghost
from hub.intake.archives.json import JsonText
from hub.intake.archives.publishing import as_published
from hub.intake.archives.record import Found, Refused, Skipped
from hub.intake.policy import IntakePolicy
from hub.intake.publish import read_event
from hub.model import Kind
from tests.cms import POLICY, recorded
from tests.shelf import Shelf
from tests.unit.test_intake_cms import read

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE = "http://127.0.0.1:2368"
AT_HOME = IntakePolicy(now=POLICY.now, base_url=BASE)
POST = {
    "id": "p1", "title": "A <b>title</b>", "slug": "a-title", "html": "<p>Text</p>", "type": "post",
    "status": "published", "visibility": "public", "published_at": "2026-11-20T09:00:00.000Z",
    "updated_at": "2026-11-21T09:00:00.000Z", "feature_image": "__GHOST_URL__/content/images/a.jpg",
    "custom_excerpt": "In short", "plaintext": "secret",
}  # fmt: skip
TABLES: dict[str, list[dict[str, Any]]] = {
    "posts": [POST],
    "posts_authors": [
        {"post_id": "p1", "author_id": "u2", "sort_order": 1},
        {"post_id": "p1", "author_id": "u1", "sort_order": 0},
    ],
    "posts_meta": [{"post_id": "p1", "feature_image_alt": "A cat", "feature_image_caption": "By <i>Ada</i>"}],
    "posts_tags": [
        {"post_id": "p1", "tag_id": "t1", "sort_order": 0},
        {"post_id": "p1", "tag_id": "t2", "sort_order": 1},
    ],
    "tags": [
        {"id": "t1", "name": "World", "slug": "world", "visibility": "public", "description": "The world desk"},
        {"id": "t2", "name": "#internal", "slug": "hash-internal", "visibility": "internal"},
    ],
    "users": [
        {"id": "u1", "name": "Ada Quill", "slug": "ada", "email": "ada@example.test", "bio": "Writes",
         "profile_image": "__GHOST_URL__/content/images/ada.jpg"},
        {"id": "u2", "name": "Ben", "slug": "ben", "email": "ben@example.test"},
    ],
}  # fmt: skip


def export(**tables: Any) -> bytes:
    data = TABLES | tables
    settings = [{"key": "title", "value": "Site"}]
    return json.dumps(
        {"db": [{"meta": {"version": "5.130.6"}, "data": {"settings": settings} | data}]}
    ).encode()


def read_all(
    body: bytes, *, size: int = 100, policy: IntakePolicy = AT_HOME
) -> list[Found | Skipped | Refused]:
    kept = Shelf()
    found = ghost.survey(chunked(body, size), kept)
    pieces = list(ghost.pieces(chunked(body, size), kept, policy))
    assert found.posts == len(pieces)
    return pieces


def chunked(body: bytes, size: int) -> Iterator[bytes]:
    return (body[at : at + size] for at in range(0, len(body), size))


def one(**changed: Any) -> Found:
    (found,) = read_all(export(posts=[POST | changed]))
    assert isinstance(found, Found), found
    return found


def test_a_post_has_its_authors_tags_and_picture_in_ghosts_order() -> None:
    event = one().event

    assert event.entry.id == "p1"
    assert event.entry.url == f"{BASE}/a-title/"
    assert (event.entry.title, event.entry.summary) == ("A <b>title</b>", "In short")
    assert [(t.kind, t.id, t.slug, t.name, t.url) for t in event.terms] == [
        (Kind.AUTHOR, "u1", "ada", "Ada Quill", f"{BASE}/author/ada/"),
        (Kind.AUTHOR, "u2", "ben", "Ben", f"{BASE}/author/ben/"),
        (Kind.TAG, "t1", "world", "World", f"{BASE}/tag/world/"),
    ]
    assert event.terms[0].image == f"{BASE}/content/images/ada.jpg"
    image = event.entry.image
    assert image
    assert (image.url, image.description, image.credit) == (f"{BASE}/content/images/a.jpg", "A cat", "By Ada")


def test_a_hook_of_the_same_post_gives_the_same_event() -> None:
    hook = recorded("ghost/4-edit-tags-live.post.published.edited")
    (hooked,) = read(hook)  # type: ignore[misc]
    assert isinstance(hooked, EntryPublished)
    current = hook.json["post"]["current"]
    row = {k: v for k, v in current.items() if not isinstance(v, dict | list)} | {"type": "post"}
    row["html"] = row["html"].replace(BASE, "__GHOST_URL__")
    tables = {"posts": [row], "tags": current["tags"], "users": current["authors"], "posts_meta": []}
    for table, name, key in (("posts_tags", "tags", "tag_id"), ("posts_authors", "authors", "author_id")):
        tables[table] = [
            {"post_id": row["id"], key: each["id"], "sort_order": n} for n, each in enumerate(current[name])
        ]

    (found,) = read_all(export(**tables))

    assert isinstance(found, Found)
    assert found.event.entry == hooked.entry
    assert [(t.kind, t.id, t.slug, t.name) for t in found.event.terms] == [
        (t.kind, t.id, t.slug, t.name) for t in hooked.terms
    ]


@pytest.mark.parametrize("visibility", ["members", "paid", "tiers", "filter", None])
def test_what_only_members_may_read_never_leaves(visibility: str | None) -> None:
    found = one(
        visibility=visibility,
        html="<p>For all</p><!--members-only--><p>TOP SECRET</p>",
        plaintext="TOP SECRET",
    )
    sent = json.dumps(as_published(found.event))

    assert "TOP SECRET" not in sent
    assert "example.test" not in sent
    read = read_event(json.loads(sent), AT_HOME)
    assert isinstance(read, EntryPublished)
    assert read.entry == found.event.entry
    assert read.entry.content_html == "<p>For all</p>"
    assert read.entry.visibility != "public"


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"type": "page"}, "is no post: page"),
        ({"page": 1}, "is no post: page"),
        ({"status": "draft"}, "is not published: draft"),
        ({"status": "scheduled"}, "is not published: scheduled"),
        ({"status": "sent"}, "is not published: sent"),
    ],
)
def test_what_is_no_published_post_is_skipped(changed: dict[str, Any], why: str) -> None:
    (piece,) = read_all(export(posts=[POST | changed]))

    assert piece == Skipped(1, "A <b>title</b>", why)


def test_one_bad_post_costs_no_other() -> None:
    bad, good = read_all(export(posts=[POST | {"id": "x\ny"}, POST]))

    assert isinstance(bad, Refused)
    assert isinstance(good, Found)


@pytest.mark.parametrize("said", [1763629200000, "2025-11-20 09:00:00", "2025-11-20T09:00:00.000Z"])
def test_dates_of_older_exports_are_read(said: Any) -> None:
    assert one(published_at=said).event.entry.date_published.isoformat() == "2025-11-20T09:00:00+00:00"


def test_a_post_without_html_is_said_to_be() -> None:
    assert "no HTML" in one(html=None).note


def test_the_outer_objects_may_be_missing() -> None:
    assert isinstance(read_all(json.dumps({"meta": {}, "data": TABLES}).encode())[0], Found)


@pytest.mark.parametrize("size", [1, 7, 10**6])
def test_how_the_bytes_come_makes_no_difference(size: int) -> None:
    assert read_all(export(), size=size) == read_all(export())


@pytest.mark.parametrize(
    "body", [export()[:-3], export()[:200], export() + b"x", b"{", b'{"db": [}', b'{"db" 1}', b"[" * 10**5]
)
def test_what_is_cut_off_or_broken_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest, match="not well-formed, or cut off, near character"):
        read_all(body)


@pytest.mark.parametrize("size", [1, 2, 3, 100])
@pytest.mark.parametrize(
    "value", [1234567, -1.5e10, 'é\\"x', [1, [2], {"a": None}], {}, [], True, "", {"a": {"b": "c" * 500}}]
)
def test_values_are_whole_wherever_the_pieces_end(value: Any, size: int) -> None:
    body = json.dumps({"first": value, "second": [value, value]}).encode()
    text, found = JsonText(chunked(body, size)), []

    for name in text.names():
        if name == "first":
            found.append(text.value())
        else:
            found += [text.value() for _ in text.elements()]
    text.end()

    assert found == [value] * 3
