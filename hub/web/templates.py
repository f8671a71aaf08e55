"""The one place that knows Jinja: templates, what all of them see, and filters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from hub.model import Format, Kind
from hub.urls import document_url, page_url

if TYPE_CHECKING:
    from collections.abc import Container
    from datetime import datetime

    from hub.model import FeedPath, Site
    from hub.web.assets import Assets

KIND_TITLES = {Kind.ALL: "Everything", Kind.CATEGORY: "Categories", Kind.AUTHOR: "Authors", Kind.TAG: "Tags"}
FORMAT_NAMES = {Format.RSS: "RSS", Format.ATOM: "Atom", Format.JSON: "JSON"}


class Templates:
    """Renders pages. Everything is escaped, and a name that is not there is an error."""

    def __init__(self, site: Site, assets: Assets, kinds: Container[Kind]) -> None:
        self._site = site
        self._jinja = Environment(
            loader=PackageLoader("hub.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        # Links that people follow stay on the host that they are on; addresses to copy are PUBLIC_URL's.
        base = urlsplit(site.public_url).path
        self._jinja.globals |= {
            "site": site,
            "base": base,
            "kinds": kinds,
            "kind_titles": KIND_TITLES,
            "formats": FORMAT_NAMES,
            "asset": lambda name: base + assets.path(name),
            "feed_href": lambda path: page_url(base, path),
            "document_href": lambda path, format_: document_url(base, path, format_),
            "feed_address": self._feed_address,
        }
        self._jinja.filters |= {"day": _day, "count": _count, "host": _host}

    def render(self, template: str, **context: Any) -> bytes:
        """Render to UTF-8."""
        return self._jinja.get_template(template).render(context).encode()

    def _feed_address(self, path: FeedPath, format_: Format | None = None) -> str:
        base = self._site.public_url
        return document_url(base, path, format_) if format_ else page_url(base, path)


def _day(date: datetime) -> str:
    return f"{date.day} {date:%B} {date.year}"


def _count(number: int, noun: str, nouns: str) -> str:
    """Say `1 entry`, `1,204 entries`."""
    return f"{number:,} {noun if number == 1 else nouns}"


def _host(url: str) -> str:
    return urlsplit(url).hostname or url
