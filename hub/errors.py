"""The error tree. Expected outcomes (304, stale, duplicate) are values and not here.

HubError                    what the hub says when it can't do what was asked
├── BadRequest              400  not JSON, or not the shape at all
├── Unauthorized            401
│   └── WrongKey            401  a partner's key that opens nothing (any more)
├── Forbidden               403  a key that is right, for what it does not open
├── NotFound                404
├── Gone                    410
│   └── CursorGone          410  what came after a cursor can't be told any more: start again
├── TooSlow                 408  a body that did not arrive in time
├── Conflict                409  e.g. a rename onto a live slug
├── TooLarge                413
├── UnsupportedType         415
├── Invalid                 422  with the path of each field that is wrong
├── TooManyPending          429  requests of a callback host that wait for verification
├── TooManyRequests         429  of one source address, or more streams than a front holds
├── NotBuilt                503  a live feed whose documents were never committed
├── SourceFailed            502  a CMS can't be read, or what answers is not that CMS
├── StoreUnavailable        503  nothing can be stored (durably) just now: repeat later
├── Sealed                  500  a subscriber's secret that no key opens
└── Misconfigured                start refused: every bad setting, and what to do
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class HubError(Exception):
    """The root: `status` and `title` make it an RFC 9457 problem; the message is its `detail`."""

    status: ClassVar[int] = 500
    title: ClassVar[str] = "Internal error"


class BadRequest(HubError):
    status = 400
    title = "Bad request"


class Unauthorized(HubError):
    status = 401
    title = "Unauthorized"


class WrongKey(Unauthorized):
    """A key was shown that is none of a partner's; `Basic` is named as well, as that takes keys, too."""


class Forbidden(HubError):
    status = 403
    title = "Forbidden"


class NotFound(HubError):
    status = 404
    title = "Not found"


class Gone(HubError):
    status = 410
    title = "Gone"


class CursorGone(Gone):
    """Only this cursor is gone, not what was asked for."""

    title = "Cursor gone"


class TooSlow(HubError):
    status = 408
    title = "Request timeout"


class Conflict(HubError):
    status = 409
    title = "Conflict"


class TooLarge(HubError):
    status = 413
    title = "Content too large"


class UnsupportedType(HubError):
    status = 415
    title = "Unsupported media type"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One thing that is wrong with a body: where (JSON Pointer, RFC 6901), and a sentence that says what to do."""

    pointer: str
    detail: str


class Invalid(HubError):
    """The body is JSON but breaks a rule; `errors` says which field and why."""

    status = 422
    title = "Invalid content"

    def __init__(self, errors: Sequence[FieldError]) -> None:
        super().__init__("; ".join(f"{e.pointer or '/'}: {e.detail}" for e in errors))
        self.errors = tuple(errors)


class TooManyPending(HubError):
    """A callback's host has too many requests waiting for their verification."""

    status = 429
    title = "Too many requests"
    retry_after = 60


class TooManyRequests(HubError):
    """One source asks more often than it may; `retry_after` is in seconds."""

    status = 429
    title = "Too many requests"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotBuilt(HubError):
    """A front never builds: it says so, rings, and the document is there when it is asked for again."""

    status = 503
    title = "Not built yet"
    retry_after = 1


class StoreUnavailable(HubError):
    """Nothing can be stored durably at the moment; repeating the request is harmless."""

    status = 503
    title = "Service unavailable"
    retry_after = 2
    """Seconds: as long as an embedded server takes to restart and load."""


class SourceFailed(HubError):
    """A CMS can't be read now, or something else answers; `action` says what to do about it.

    `retry_after`: the seconds that it asked for.
    """

    status = 502
    title = "Source failed"

    def __init__(self, sentence: str, action: str, retry_after: float | None = None) -> None:
        super().__init__(sentence)
        self.action = action
        self.retry_after = retry_after


class Sealed(HubError):
    """A subscriber's secret stays shut: its key is no longer listed, or the bytes are not what was sealed."""

    title = "Secret can't be opened"


class Misconfigured(HubError):
    """A process refuses to start; `problems` holds one sentence each, all of them at once."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)
