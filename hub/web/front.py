"""What a front is made of: what it is given, and the parts that its handlers share."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from hub.web.documents import MEMORY_BYTES
from hub.web.streams import PER_CLIENT, TOTAL

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from hub.model import Site
    from hub.settings import Settings
    from hub.web.assets import Assets
    from hub.web.delta import Deltas
    from hub.web.directory import Directory
    from hub.web.documents import Documents
    from hub.web.editions import Editions
    from hub.web.hosts import Hosts
    from hub.web.keyring import Keyring
    from hub.web.missed import Missed
    from hub.web.pages import Pages
    from hub.web.ports import Bell, Egress, Hints, Sealer, Store
    from hub.web.since import Polls
    from hub.web.sources import Allowances
    from hub.web.streams import Streams
    from hub.web.templates import Templates
    from hub.web.usage import Usage


@dataclass(frozen=True, slots=True)
class Front:
    """All that comes from outside. `now` is aware; `monotonic` counts seconds."""

    settings: Settings
    store: Store
    bell: Bell
    """Of those who regenerate."""
    distribute: Bell
    """Of those who tell."""
    egress: Egress
    sealer: Sealer
    now: Callable[[], datetime]
    monotonic: Callable[[], float] = time.monotonic
    random: Callable[[int], bytes] = secrets.token_bytes
    """So many bytes, for new secrets and ids."""
    hints: Hints | None = None
    """Who acts on hints; None: they are only kept."""
    memory_bytes: int = MEMORY_BYTES
    body_seconds: float = 30.0
    """How long a publisher may take to send a body: 16 MiB at 5 Mbit/s, and no more for one that drips."""
    retry_seconds: float = 0.5
    """How long the follower and streams wait before they try a lost store again."""
    streams: int = TOTAL
    streams_per_client: int = PER_CLIENT
    heartbeat_seconds: float = 15.0
    """After so long without an event a stream says that it is there: half of what impatient proxies wait."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What handlers share."""

    front: Front
    site: Site
    documents: Documents
    keyring: Keyring
    templates: Templates
    pages: Pages
    directory: Directory
    assets: Assets
    polls: Polls
    deltas: Deltas
    editions: Editions
    streams: Streams
    usage: Usage
    subscribers: Allowances
    """How often one source may subscribe and unsubscribe."""
    hosts: Hosts
    missed: Missed
    """Hooks that could not be stored."""
    hook_notes: Allowances
    """How often refusals of one CMS's hooks are noted."""


PARTS = web.AppKey("parts", Parts)
"""Where handlers find them."""
