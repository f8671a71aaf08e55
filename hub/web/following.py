"""How far a front may believe what it remembers, by how it follows the change stream. Moments are monotonic seconds."""

from __future__ import annotations

SILENCE_SECONDS = 3.0
"""The stream answers every second at least; quiet for longer is a lost connection that nobody has noticed."""


class Following:
    """Since when every change has been heard of."""

    def __init__(self) -> None:
        self._since: float | None = None
        self._heard = 0.0

    def began(self, now: float) -> None:
        """Follow from here on; what changed before may have been missed."""
        self._since = self._heard = now

    def heard(self, now: float) -> None:
        self._heard = now

    def lost(self) -> bool:
        """Note that the stream can't be read. Answers whether that is news."""
        was_following = self._since is not None
        self._since = None
        return was_following

    def covers(self, moment: float, now: float) -> bool:
        """Say whether what was read from Redis at `moment` is still true, or would have been corrected."""
        return self._since is not None and moment >= self._since and now - self._heard < SILENCE_SECONDS
