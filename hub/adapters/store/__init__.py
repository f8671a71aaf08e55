"""The one store: every read and write of the hub's state in Redis. asyncio only; one file per noun.

Each method raises `StoreUnavailable` when Redis can't be reached or can't store.
"""

from __future__ import annotations

from hub.adapters.store.accept import Accepting
from hub.adapters.store.database import Database, connect
from hub.adapters.store.distribution import Distribution
from hub.adapters.store.ownership import Ownership
from hub.adapters.store.partners import Partners
from hub.adapters.store.regeneration import Claim, Regeneration, Snapshot
from hub.adapters.store.subscriptions import Subscribing
from hub.adapters.store.upkeep import Owed
from hub.adapters.store.watching import Watching

__all__ = ["Claim", "Database", "Owed", "Snapshot", "Store", "connect"]


class Store(Accepting, Ownership, Partners, Watching, Regeneration, Subscribing, Distribution):
    """What fronts and workers ask of Redis."""
