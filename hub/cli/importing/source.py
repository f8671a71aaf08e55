"""What is imported, as a file on this machine: a URL is fetched into a temporary one, through the guarded client."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from hub.adapters.egress import Answer, Egress, FailureKind
from hub.cli.importing.pages import host_of
from hub.errors import HubError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from hub.adapters.egress import Failure
    from hub.settings import Settings

MOST_BYTES = 64 * 2**30
SECONDS = 6 * 3600.0
REDIRECTS = 5
CHUNK = 64 * 1024
OK = 200
_MOVED = frozenset({301, 302, 303, 307, 308})


def is_url(source: str) -> bool:
    return source.lower().startswith(("http://", "https://"))


def chunks_of(path: Path, seen: Callable[[int], None] = lambda _: None) -> Iterator[bytes]:
    """Read a file piece by piece; `seen` hears how many bytes that were. Raises HubError."""
    try:
        with path.open("rb") as file:
            done = 0
            while chunk := file.read(CHUNK):
                done += len(chunk)
                seen(done)
                yield chunk
    except OSError as error:
        raise HubError(f"{path} can't be read: {error.strerror or error}") from error


def fetched(
    url: str,
    path: Path,
    settings: Settings,
    seen: Callable[[int], None] = lambda _: None,
    *,
    only_from: str | None = None,
) -> str:
    """Fetch a URL into a file; answers where it was in the end. Raises HubError with what to do.

    `only_from`: a host that redirects must not leave.
    """
    return asyncio.run(_fetched(url, path, settings, seen, only_from))


async def _fetched(
    url: str, path: Path, settings: Settings, seen: Callable[[int], None], only_from: str | None
) -> str:
    async with Egress(settings.egress_allow) as egress:
        for _ in range(REDIRECTS + 1):
            if only_from is not None and host_of(url) != only_from:
                raise HubError(f"it leads to another host ({host_of(url)})")
            answer = await _download(egress, url, path, seen)
            if answer.status not in _MOVED or not (place := answer.headers.get("Location")):
                return _checked(url, answer)
            url = urljoin(url, place)
    raise HubError(f"{url} can't be fetched: it was redirected {REDIRECTS} times")


async def _download(egress: Egress, url: str, path: Path, seen: Callable[[int], None]) -> Answer:
    with path.open("wb") as file:

        def take(piece: bytes) -> None:
            file.write(piece)
            seen(file.tell())

        answer = await egress.download(url, take, seconds=SECONDS, limit=MOST_BYTES)
    if isinstance(answer, Answer):
        return answer
    raise HubError(f"{url} can't be fetched: {_why(answer)}")


def _checked(url: str, answer: Answer) -> str:
    if answer.status != OK:
        raise HubError(f"{url} can't be fetched: it answers {answer.status}")
    if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise HubError(
            f"{url} comes compressed though nobody asked for that: download it, and import the file"
        )
    return url


def _why(failure: Failure) -> str:
    if failure.kind is not FailureKind.FORBIDDEN:
        return failure.detail or str(failure.kind)
    return (
        f"{failure.detail}. If that is meant, set FEEDHUB_EGRESS_ALLOW to its network for this command "
        "(127.0.0.0/8 for this machine), or download it and import the file"
    )
