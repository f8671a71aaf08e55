"""What an address of the CMS before asks for: pure, like `targets`, and told by each CMS's own rules.

WordPress: `[<archive>/][feed/]<ending>`, or `?feed=<ending>`; in front, a category may show its ancestors. Ghost:
`[<archive>/]rss`. Slugs are read as adapters read them, so what a hook called a feed is what its old address finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from hub.intake.slugs import slugify
from hub.model import ALL, FeedPath, Format, Kind, TermRef, UrlStyle

if TYPE_CHECKING:
    from collections.abc import Container, Mapping


ENDINGS: Mapping[UrlStyle, Mapping[str, Format]] = {
    # RSS 2.0 for `rdf`, too: whoever reads RSS 1.0 reads it. `json` is that of WordPress's JSON Feed plugin.
    UrlStyle.WORDPRESS: {
        "feed": Format.RSS,
        "rss": Format.RSS,
        "rss2": Format.RSS,
        "rdf": Format.RSS,
        "atom": Format.ATOM,
        "json": Format.JSON,
    },
    # Ghost sends `/feed/` to `/rss/`.
    UrlStyle.GHOST: {"rss": Format.RSS, "feed": Format.RSS},
}
_ARCHIVES = {
    UrlStyle.WORDPRESS: (Kind.CATEGORY, Kind.TAG, Kind.AUTHOR),
    UrlStyle.GHOST: (Kind.TAG, Kind.AUTHOR),
}
_NAMED = {"category_name": Kind.CATEGORY, "tag": Kind.TAG, "author_name": Kind.AUTHOR}
_NUMBERED = {"cat": Kind.CATEGORY, "tag_id": Kind.TAG, "author": Kind.AUTHOR}
_NARROWING = frozenset(
    {"s", "m", "w", "year", "monthnum", "day", "hour", "minute", "second", "paged", "offset", "post_type"}
    | {"p", "name", "page_id", "pagename", "attachment", "attachment_id", "taxonomy", "term"}
)
"""With these WordPress shows less than the feed, or another: no feed of ours is that."""
_JOINING = frozenset("+, ")
"""`a+b` and `a,b` are posts in both or either; no slug has these."""
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class OldAddresses:
    """Which old addresses are answered. A base is what stands before the slug, without slashes around; '' is none."""

    styles: tuple[UrlStyle, ...]
    bases: Mapping[Kind, str]
    kinds: Container[Kind]

    @property
    def endings(self) -> frozenset[str]:
        """What the last part of such a path may be."""
        return frozenset(ending for style in self.styles for ending in ENDINGS[style])


@dataclass(frozen=True, slots=True)
class OldTarget:
    """A feed's document; the feed by its path, or by the number that WordPress has for its term."""

    feed: FeedPath | TermRef
    format: Format


def read_old(tail: str, query: Mapping[str, str], old: OldAddresses) -> OldTarget | None:
    """Read a path after `/`, still percent-encoded, and its query. None: no feed of this hub can be meant."""
    for style in old.styles:
        query_of = query if style is UrlStyle.WORDPRESS else {}
        if (target := _read(tail, query_of, style, old)) and target.feed.kind in old.kinds:
            return target
    return None


def _read(tail: str, query: Mapping[str, str], style: UrlStyle, old: OldAddresses) -> OldTarget | None:
    path, format_ = _split_ending(tail.removesuffix("/"), style)
    if said := query.get("feed"):
        format_ = ENDINGS[style].get(said)
    if format_ is None or query.keys() & _NARROWING:
        return None
    asked = [feed for feed in (_archive(path, style, old.bases), *_queried(query)) if feed != ALL] or [ALL]
    if len(asked) > 1 or asked[0] is None:  # posts that are in both
        return None
    return OldTarget(asked[0], format_)


def _split_ending(tail: str, style: UrlStyle) -> tuple[str, Format | None]:
    """Take off `feed`, `atom`, `feed/atom` and the like."""
    before, _, last = tail.rpartition("/")
    format_ = ENDINGS[style].get(last)
    if format_ is None:
        return ("" if tail == "index.php" else tail), None
    if style is UrlStyle.WORDPRESS:
        head, _, word = before.rpartition("/")
        before = head if word == "feed" else before
    return before, format_


def _archive(path: str, style: UrlStyle, bases: Mapping[Kind, str]) -> FeedPath | None:
    """Read what stands before the ending; a base that is none is tried last."""
    if not path:
        return ALL
    for kind in sorted(_ARCHIVES[style], key=lambda kind: not bases[kind]):
        base = f"{bases[kind]}/" if bases[kind] else ""
        if path.startswith(base):
            slugs = path.removeprefix(base).split("/")
            deep = kind is Kind.CATEGORY
            return _path(kind, slugs[-1]) if all(slugs) and (deep or len(slugs) == 1) else None
    return None


def _queried(query: Mapping[str, str]) -> list[FeedPath | TermRef | None]:
    """Read `?tag=…`, `?cat=3` and the like; None for what is no single term."""
    named = [_path(kind, query[name].rpartition("/")[2]) for name, kind in _NAMED.items() if name in query]
    return [*named, *(_term(kind, query[name]) for name, kind in _NUMBERED.items() if name in query)]


def _term(kind: Kind, number: str) -> TermRef | None:
    return (
        TermRef(kind, number) if number.isdecimal() and number.isascii() and len(number) <= _DIGITS else None
    )


def _path(kind: Kind, slug: str) -> FeedPath | None:
    try:
        plain = unquote(slug, errors="strict")
    except UnicodeDecodeError:
        return None
    if not plain.strip() or not _JOINING.isdisjoint(plain):
        return None
    # As WordPress writes it: where only a hash can tell slugs apart (emoji), it is that of this form.
    return FeedPath(kind, slugify(quote(plain, safe="").lower()))
