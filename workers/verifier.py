"""Verification of intent: does whoever owns a callback want what was asked for in its name? (WebSub §5.3)"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING

from hub import websub
from hub.adapters.egress import Answer
from hub.errors import StoreUnavailable
from hub.subscription import Attempt

if TYPE_CHECKING:
    from collections.abc import Callable

    from hub.adapters.egress import Egress, Failure
    from hub.adapters.store import Store
    from hub.subscription import Intent

log = logging.getLogger("workers.verifier")

AT_A_TIME = 32
SECONDS = 10.0
TRIES = 2
"""A callback that is down or failing is asked once more; one that says no is not."""
RETRY_MS = 5_000
_SERVER_ERROR = 500


class Verifier:
    """Asks callbacks, as many at a time as it may."""

    def __init__(self, store: Store, egress: Egress, tell: Callable[[], None]) -> None:
        self._store = store
        self._egress = egress
        self._tell = tell
        self._awake = asyncio.Event()
        self._asking: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        self._awake.set()

    async def run(self) -> None:
        """Verify for ever; what a trouble leaves undone is due again when its lease ends."""
        while True:
            await self._awake.wait()
            self._awake.clear()
            try:
                await self._drain()
            except StoreUnavailable as error:
                log.warning("verification waits for Redis: %s", error)
            except Exception:
                log.exception("verifier stumbled; it goes on")

    async def _drain(self) -> None:
        """Claim as places become free: a callback that is slow to answer holds up no other."""
        while room := AT_A_TIME - len(self._asking):
            claimed = await self._store.intents(room)
            for intent, token, tries in claimed:
                task = asyncio.create_task(self._verify(intent, token, tries))
                self._asking.add(task)
                task.add_done_callback(self._done)
            if len(claimed) < room:
                return

    def _done(self, task: asyncio.Task[None]) -> None:
        self._asking.discard(task)
        self._awake.set()
        if not task.cancelled() and (error := task.exception()):
            log.warning("verification failed, it will be tried again: %s", error)

    async def _verify(self, intent: Intent, token: bytes, tries: int) -> None:
        challenge = websub.new_challenge(os.urandom(websub.CHALLENGE_BYTES))
        asked = int(time.time() * 1000)  # the lease counts from here
        answer = await self._egress.get(websub.verification_url(intent, challenge), seconds=SECONDS)
        outcome = _outcome(answer, challenge, tries)
        attempt = _attempt(asked, outcome, answer)
        log.info(
            "verify subscription=%s mode=%s outcome=%s status=%s",
            intent.id,
            intent.mode,
            attempt.outcome,
            attempt.status,
        )
        lease_end = asked + intent.lease_seconds * 1000
        if await self._store.verified(intent, token, outcome, attempt, lease_end=lease_end):
            self._tell()


def _outcome(answer: Answer | Failure, challenge: str, tries: int) -> str:
    """`verified`, `failed`, or the milliseconds until it is asked again."""
    if isinstance(answer, Answer) and websub.is_verified(answer.status, answer.body, challenge):
        return "verified"
    again = not isinstance(answer, Answer) or answer.status >= _SERVER_ERROR
    return str(RETRY_MS) if again and tries + 1 < TRIES else "failed"


def _attempt(at: int, outcome: str, answer: Answer | Failure) -> Attempt:
    if isinstance(answer, Answer):
        said = "verified" if outcome == "verified" else f"not confirmed ({answer.status})"
        return Attempt(at, "verification", said, answer.status, answer.ms)
    return Attempt(at, "verification", answer.kind, None, answer.ms, detail=answer.detail)
