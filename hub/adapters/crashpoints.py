"""Named places at which tests kill the process: every gap between two steps is proved to close (after etcd's gofail).

`FEEDHUB_CRASH_AT=before_commit` kills at that point each time; `before_commit:category/world` for that feed only;
`before_commit@/path/fuse` once, while that file exists. Several are comma separated. Empty, as it always is in
production: nothing happens.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path

POINTS = frozenset(
    {
        "after_accept",  # front: stored and rung, not answered yet
        "after_pop",  # worker: RQ handed over the job, the flag still stands
        "before_commit",  # worker: between SNAPSHOT and COMMIT
        "after_commit",  # worker: COMMIT done, before the next ring
        "after_claim",  # worker: subscribers claimed, nothing sent
        "before_settle",  # worker: a receiver has answered, nobody knows it yet
    }
)


@dataclass(frozen=True, slots=True)
class Charge:
    """One armed point. Without a fuse it goes off every time."""

    point: str
    detail: str
    fuse: str

    @classmethod
    def parse(cls, text: str) -> Charge:
        """Read `point[:detail][@fuse]`. Raises ValueError for an unknown point."""
        place, _, fuse = text.partition("@")
        point, _, detail = place.partition(":")
        if point not in POINTS:
            raise ValueError(f"{point!r} is no crash point: {', '.join(sorted(POINTS))}")
        return cls(point, detail, fuse)

    def goes_off(self, point: str, detail: str) -> bool:
        if point != self.point or (self.detail and self.detail != detail):
            return False
        if self.fuse:
            try:
                Path(self.fuse).unlink()
            except FileNotFoundError:
                return False
        return True


@dataclass(frozen=True, slots=True)
class CrashPoints:
    """The points that are armed, if any."""

    charges: tuple[Charge, ...] = ()

    @classmethod
    def parse(cls, text: str) -> CrashPoints:
        return cls(tuple(Charge.parse(part) for part in text.split(",") if part))

    def reach(self, point: str, detail: str = "") -> None:
        """Die here, by SIGKILL, if this point is armed."""
        if any(charge.goes_off(point, detail) for charge in self.charges):
            os.kill(os.getpid(), signal.SIGKILL)
