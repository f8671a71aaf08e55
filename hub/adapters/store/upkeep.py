"""What the pump asks: what is owed, and the small steps that pay it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from hub.adapters.store.database import Database, unavailable
from hub.condition import State
from hub.subscription import Lane

TOMBSTONES_MS = 90 * 86_400_000
"""How long a removed entry stays in the logs of its feeds."""
TURNS = 100
CHORE_ENTRIES = 200
SWEEP_FEEDS = 100
ALIVE_MS = 15_000
STALE_MS = 5_000
_LANES = ",".join(Lane)


@dataclass(frozen=True, slots=True)
class Owed:
    """The state's own account of what is to be done. Times in milliseconds."""

    wait: int | None
    """Until the next thing is due; None: nothing is."""
    overdue: int
    """Since the oldest dirty feed fell due."""
    chore: bool
    turn: bool
    tell_wait: int | None = None
    """Until somebody is to be told or verified; None: nobody is."""
    tell_overdue: int = 0
    lapsed: bool = False
    """A lease has ended."""


class Upkeep(Database):
    """The store's side of the pump, and of what watches it."""

    async def owed(self, worker: str = "") -> Owed:
        """Read what is to be done; `worker`, if given, is kept as alive."""
        wait, overdue, chore, turn, tell, late, lapsed = map(int, await self.run("owed", worker, _LANES))
        return Owed(
            wait=None if wait < 0 else wait,
            overdue=overdue,
            chore=bool(chore),
            turn=bool(turn),
            tell_wait=None if tell < 0 else tell,
            tell_overdue=late,
            lapsed=bool(lapsed),
        )

    async def turn(self) -> int:
        """Let entries go live or expire whose time has come; answers how many."""
        return int(await self.run("turn", TURNS, *self.pace))

    async def chore(self) -> bool:
        """Walk one step through the feeds that a rename or a new parent touches; True while there is more."""
        return bool(await self.run("chore", CHORE_ENTRIES, self.settings.feed_size, *self.pace))

    async def sweep(self, row: str) -> str:
        """Drop tombstones past their keep from some feeds; answers the row to go on from, '' at the end."""
        answer: bytes = await self.run("sweep", TOMBSTONES_MS, SWEEP_FEEDS, row)
        return answer.decode()

    async def state(self) -> State:
        """Read how the hub is, for those who watch it."""
        with unavailable():
            seconds, micros = await self.client.time()
            now = int(seconds) * 1000 + int(micros) // 1000
            pipe = self.client.pipeline(transaction=False)
            pipe.zrange(self.keys.alive, 0, -1, withscores=True)
            pipe.zcount(self.keys.dirty, "-inf", now - STALE_MS)
            pipe.zcard(self.keys.stale)
            pipe.zcard(self.keys.scheduled)
            pipe.hlen(self.keys.ids)
            pipe.zcard(self.keys.directory)
            pipe.zcard(self.keys.leases)
            pipe.zcount(self.keys.telling, "-inf", now - STALE_MS)
            pipe.zcard(self.keys.of("due", Lane.PROBATION))
            workers, *counts = await pipe.execute()
        rows = [(name.decode(), int(at)) for name, at in workers]
        alive = tuple(name for name, at in rows if at >= now - ALIVE_MS)
        heard = {name.partition("@")[0]: at for name, at in rows}  # the latest of a queue comes last
        return replace(State(now, alive, *counts), heard=heard)

    async def check_writable(self) -> None:
        """Prove that something can be stored now. Raises StoreUnavailable."""
        with unavailable():
            await self.client.set(self.keys.of("reply", "writable"), 1, px=1000)
