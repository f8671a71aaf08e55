"""A pipe that closes when `feedhub up` dies, however it dies, so that its children never outlive it.

It works on Linux and macOS alike, and whichever thread forked (PR_SET_PDEATHSIG fires when that *thread*
ends, and macOS has no such thing). The parent holds the write end and never writes; each child waits at the
read end.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

VARIABLE = "FEEDHUB_LIFELINE"
# Nobody is left to kill a child that does not stop when told to.
_ORPHAN_SECONDS = 15.0


class Lifeline:
    """The parent's end. It closes with the process at the latest."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()  # neither is inherited, unless named in pass_fds (PEP 446)

    @property
    def fds(self) -> tuple[int, ...]:
        """What children inherit."""
        return (self._read,)

    @property
    def environ(self) -> dict[str, str]:
        """What children are told."""
        return {VARIABLE: str(self._read)}

    def close(self) -> None:
        os.close(self._read)
        os.close(self._write)


def follow_parent(environ: MutableMapping[str, str]) -> None:
    """Stop this process (SIGTERM to itself) when its supervisor is gone; without a supervisor, do nothing.

    Call it first thing, with `os.environ`: the variable is taken out, as no setting has that name.
    """
    if descriptor := environ.pop(VARIABLE, ""):
        os.set_inheritable(int(descriptor), False)
        threading.Thread(target=_end_with, args=(int(descriptor),), name="lifeline", daemon=True).start()


def _end_with(descriptor: int) -> None:
    os.read(descriptor, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_ORPHAN_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
