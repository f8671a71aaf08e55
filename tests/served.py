"""What a running hub serves: a feed's entries by id, read from each format by a reader that is not ours."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import feedparser

from tests.hubprocess import wait_for

if TYPE_CHECKING:
    from tests.hubprocess import HubProcess

NOT_SERVED: dict[str, Any] = {"not served": {"title": ""}}
"""A feed that is not served is no feed without entries."""
_URN = "urn:feedhub:feedhub:"
"""What Atom puts before an id that is no URI."""


def items(hub: HubProcess, path: str) -> dict[str, Any]:
    """The items of a feed's JSON document."""
    found = hub.get(f"/feeds/{path}.json")
    return {item["id"]: item for item in json.loads(found)["items"]} if found else NOT_SERVED


def entries(hub: HubProcess, path: str, format_: str) -> dict[str, Any]:
    """The entries of any of a feed's documents; of the RSS and Atom ones as feedparser has them."""
    if format_ == "json":
        return items(hub, path)
    found = hub.get(f"/feeds/{path}.{format_}")
    return {_id(entry.id): entry for entry in feedparser.parse(found).entries} if found else NOT_SERVED


def shows(hub: HubProcess, id_: str, *paths: str, title: str = "") -> None:
    """Wait until all documents of the feeds have the entry, with `title` in its title."""
    for path, format_ in _documents(paths):

        def there(path: str = path, format_: str = format_) -> bool:
            found = entries(hub, path, format_)
            return id_ in found and title in found[id_]["title"]

        wait_for(there, why=lambda path=path: f"{path} does not show {id_}\n{hub.read_log()}")


def hides(hub: HubProcess, id_: str, *paths: str) -> None:
    """Wait until no document of the feeds has the entry."""
    for path, format_ in _documents(paths):

        def gone(path: str = path, format_: str = format_) -> bool:
            return not {id_, *NOT_SERVED} & entries(hub, path, format_).keys()

        wait_for(gone, why=lambda path=path: f"{path} does not hide {id_}\n{hub.read_log()}")


def _id(shown: str) -> str:
    """An entry's id, from what RSS and Atom show of it."""
    return unquote(shown.removeprefix(_URN)) if shown.startswith(_URN) else shown


def _documents(paths: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(path, format_) for path in paths for format_ in ("json", "rss", "atom")]
