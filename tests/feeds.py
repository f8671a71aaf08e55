"""Feeds as tests render them: a site, the names that its entries show, entries in one line each, golden inputs.

`python -m tests.feeds` rewrites the golden documents from their inputs; review the difference by eye.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hub.model import (
    ALL,
    Attachment,
    Entry,
    EntryId,
    EntryNumber,
    FeedHead,
    FeedPath,
    Format,
    Image,
    Item,
    Kind,
    Label,
    Seq,
    Site,
    TermRef,
    Tombstone,
)
from hub.render import Renderer, Rendering

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

GOLDEN = Path(__file__).parent / "golden" / "render"
NOON = datetime(2026, 11, 20, 12, 0, 0, 123000, tzinfo=UTC)
FIRST_SEQ = 1795460320084001
SITE = Site(
    public_url="https://hub.test",
    url="https://site.test",
    title="The Test Gazette",
    description="All that's tested.",
    language="en",
    name="gazette",
    icon="https://site.test/icon.png",
)
ADA, EUROPE, CPP = TermRef(Kind.AUTHOR, "ada"), TermRef(Kind.CATEGORY, "7"), TermRef(Kind.TAG, "cpp")
LABELS = {
    ADA: Label(Kind.AUTHOR, "ada", "Ada Quill", "https://site.test/ada", "https://site.test/ada.jpg"),
    EUROPE: Label(Kind.CATEGORY, "europe-news", "Europe News"),
    CPP: Label(Kind.TAG, "cpp", "C++"),
}
WHOLE = FeedHead(ALL, "")
HEAD = FeedHead(FeedPath(Kind.CATEGORY, "europe-news"), "Europe News", "News from Europe", id="7")
PICTURE = Image("https://site.test/p.jpg?a=1&b=2", "image/jpeg", 1200, 800, "C. Lens", "A “grid” at dusk")
SOUND = Attachment("https://site.test/a.mp3", "audio/mpeg", "Listen", 4711, 61.4)


def make_item(number: int = 1, labels: Mapping[TermRef, Label] = LABELS, **fields: Any) -> Item:
    """A complete entry, unless `fields` say otherwise; each number is one minute later."""
    date = NOON + timedelta(minutes=number)
    values: dict[str, Any] = {
        "id": EntryId(f"https://site.test/{number}"),
        "url": f"https://site.test/{number}",
        "title": f"Title {number}",
        "summary": f"Summary {number}.",
        "content_html": f"<p>Content <b>{number}</b>.</p>",
        "date_published": date,
        "date_modified": date + timedelta(seconds=30),
        "authors": (ADA,),
        "categories": (EUROPE,),
        "tags": (CPP,),
    }
    revision = fields.pop("revision", 1)
    return Item(EntryNumber(number), revision, Seq(FIRST_SEQ + number), Entry(**(values | fields)), labels)


def rendering(
    items: Sequence[Item], head: FeedHead = HEAD, gone: Sequence[Tombstone] = (), site: Site = SITE
) -> Rendering:
    """Render a feed as a worker with an empty memory does."""
    draft = Renderer(site).draft(items, labels=0)
    draft.supply(items)
    return draft.render(head, gone)


def render(
    items: Sequence[Item], head: FeedHead = HEAD, gone: Sequence[Tombstone] = (), site: Site = SITE
) -> dict[Format, bytes]:
    """The documents' own bytes."""
    return {
        format_: document.raw for format_, document in rendering(items, head, gone, site).documents.items()
    }


# ---- golden inputs -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Golden:
    """An input with its expected documents beside it."""

    name: str
    site: Site
    head: FeedHead
    items: tuple[Item, ...]
    tombstones: tuple[Tombstone, ...]

    def render(self) -> dict[Format, bytes]:
        return render(self.items, self.head, self.tombstones, self.site)

    def path(self, format_: Format) -> Path:
        return GOLDEN / f"{self.name}.{format_}"


def golden_names() -> list[str]:
    return sorted(path.name.removesuffix(".input.json") for path in GOLDEN.glob("*.input.json"))


def load_golden(name: str) -> Golden:
    """Read `<name>.input.json`: site, feed, terms, entries, tombstones."""
    read = json.loads((GOLDEN / f"{name}.input.json").read_text(encoding="utf-8"))
    labels = {
        TermRef(Kind(t["kind"]), t["id"]): Label(
            Kind(t["kind"]), t["slug"], t["name"], t.get("url"), t.get("image")
        )
        for t in read["terms"]
    }
    feed = read["feed"] | {"path": FeedPath.parse(read["feed"]["path"])}
    if "updated" in feed:
        feed["updated"] = datetime.fromisoformat(feed["updated"])
    return Golden(
        name=name,
        site=Site(**read["site"]),
        head=FeedHead(**feed),
        items=tuple(_item(n, e, labels) for n, e in enumerate(read["entries"], 1)),
        tombstones=tuple(
            Tombstone(EntryId(t["id"]), Seq(t["seq"]), datetime.fromisoformat(t["when"]))
            for t in read["tombstones"]
        ),
    )


def _item(number: int, read: dict[str, Any], labels: Mapping[TermRef, Label]) -> Item:
    dates = {key: datetime.fromisoformat(read[key]) for key in ("date_published", "date_modified")}
    refs = {
        field: tuple(TermRef(kind, id_) for id_ in read.get(field, ()))
        for field, kind in (("authors", Kind.AUTHOR), ("categories", Kind.CATEGORY), ("tags", Kind.TAG))
    }
    more: dict[str, Any] = {}
    if "image" in read:
        more["image"] = Image(**read["image"])
    if "attachments" in read:
        more["attachments"] = tuple(Attachment(**attachment) for attachment in read["attachments"])
    own = {key: value for key, value in read.items() if key not in {"seq", "revision"}}
    entry = Entry(**(own | dates | refs | more))
    return Item(EntryNumber(number), read["revision"], Seq(read["seq"]), entry, labels)


def main() -> None:
    """Rewrite every golden document."""
    for name in golden_names():
        golden = load_golden(name)
        for format_, raw in golden.render().items():
            golden.path(format_).write_bytes(raw)


if __name__ == "__main__":
    main()
