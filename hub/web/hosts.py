"""Reads of feeds under a host that is not PUBLIC_URL's: counted here, kept every few seconds, judged by `hub.problems`.

A proxy that passes a wrong Host is harmless (links come from PUBLIC_URL alone); readers on a wrong address are worth
knowing. The header is anybody's to write: few names are kept, only such as can be one, and nothing is decided by them.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hub.errors import StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub.settings import Settings
    from hub.web.ports import Watched

log = logging.getLogger("hub.web.hosts")

REPORT_SECONDS = 10.0
_AT_A_TIME = 20
_NAME = re.compile(r"(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,100})(?::[0-9]{1,5})?")
_LOOPBACK = re.compile(r"localhost|127\.[0-9.]+|\[::1\]")
"""What only this machine can call the hub: commands, health checks, or a proxy that passes no Host on."""


class Hosts:
    """Counts, in memory and bounded."""

    def __init__(self, settings: Settings) -> None:
        urls = [settings.public_url]
        if settings.url_style:  # old addresses are the site's
            urls += [settings.site_url, settings.wordpress_url, settings.ghost_url]
        self._own = {urlsplit(url).hostname for url in urls if url}
        self._known: set[str] = set()
        self._reads: Counter[str] = Counter()

    def count(self, header: str | None) -> None:
        """Count one read by its Host header."""
        if header in self._known or header is None:
            return
        host = _host(header)
        if host is None or host in self._own:
            if host and len(self._known) < _AT_A_TIME:
                self._known.add(header)
            return
        if host in self._reads or len(self._reads) < _AT_A_TIME:
            self._reads[host] += 1

    def taken(self) -> dict[str, int]:
        """Give what was counted since the last time."""
        reads, self._reads = dict(self._reads), Counter()
        return reads


async def report(store: Watched, hosts: Hosts, now: Callable[[], datetime]) -> None:
    """Keep for ever what only a front can say: the hosts that it was asked under, and its machine's clock."""
    machine = socket.gethostname()
    while True:
        try:
            await store.note_clock(machine, round(now().timestamp() * 1000))
            if reads := hosts.taken():
                await store.note_hosts(reads)
        except StoreUnavailable as error:
            log.info("not noted: %s", error)
        except Exception:
            log.exception("report stumbled; it goes on")
        await asyncio.sleep(REPORT_SECONDS)


def _host(header: str) -> str | None:
    """Read a Host header's name; None for what is none, and for what only this machine is called."""
    match = _NAME.fullmatch(header.lower())
    if match is None or _LOOPBACK.fullmatch(match[1]):
        return None
    return match[1].strip("[]").removesuffix(".")
