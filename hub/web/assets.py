"""The files of static/, read once; pages name them with a hash of their content, so that browsers keep them."""

from __future__ import annotations

from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING

from hub.errors import NotFound
from hub.web.front import PARTS
from hub.web.headers import ASSET_HEADERS, FILE_HEADERS
from hub.web.representation import Representation, answer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from importlib.resources.abc import Traversable

    from aiohttp import web

_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".md": "text/plain; charset=utf-8",  # browsers show it; text/markdown they would save
}
_ICON = "icon.svg"


class Assets:
    """Static files by name (`hub.css`, `demo/ferry.svg`), each under a hashed name too."""

    def __init__(self, contents: Mapping[str, bytes]) -> None:
        self._plain = {
            name: Representation.of(content, _TYPES[_suffix(name)]) for name, content in contents.items()
        }
        self._hashed = {name: _hashed(name, content) for name, content in contents.items()}
        self._by_hash = {self._hashed[name]: shown for name, shown in self._plain.items()}

    @classmethod
    def load(cls) -> Assets:
        """Read all of static/."""
        return cls(dict(_walk(files("hub.web") / "static")))

    def path(self, name: str) -> str:
        """Give a file's lasting path below the hub's root, e.g. `/static/hub.1a2b3c4d.css`."""
        return f"/static/{self._hashed[name]}"

    def find(self, name: str) -> tuple[Representation, Mapping[str, str]] | None:
        """Find a file by either name, with the headers that say how long it may be kept."""
        if shown := self._by_hash.get(name):
            return shown, ASSET_HEADERS
        if shown := self._plain.get(name):
            return shown, FILE_HEADERS
        return None


async def static(request: web.Request) -> web.Response:
    """Answer for a static file. Raises NotFound."""
    return await _answer(request, request.match_info["name"])


async def favicon(request: web.Request) -> web.Response:
    """Answer browsers that look for an icon where pages do not name one."""
    return await _answer(request, _ICON)


async def _answer(request: web.Request, name: str) -> web.Response:
    parts = request.app[PARTS]
    found = parts.assets.find(name)
    if found is None:
        raise NotFound("There is no such file.")
    shown, headers = found
    return await answer(request, shown, headers, parts.front.now())


def _walk(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, bytes]]:
    for item in folder.iterdir():
        if item.is_dir():
            yield from _walk(item, f"{prefix}{item.name}/")
        elif _suffix(item.name) in _TYPES:
            yield prefix + item.name, item.read_bytes()


def _hashed(name: str, content: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{sha256(content).hexdigest()[:8]}.{suffix}"


def _suffix(name: str) -> str:
    return name[name.rfind(".") :]
