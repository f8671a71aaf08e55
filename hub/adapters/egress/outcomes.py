"""What comes of a request: an answer, or a failure by its kind. Nothing that a receiver does is raised."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import (
    ClientConnectorDNSError,
    ClientConnectorError,
    ClientError,
    ClientPayloadError,
    ClientResponseError,
    ClientSSLError,
    InvalidURL,
    ServerDisconnectedError,
)
from aiohttp.http import HttpProcessingError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OURS = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
"""This machine has no socket left: nothing that the receiver did."""


class FailureKind(StrEnum):
    """Why there is no answer."""

    TIMEOUT = "timeout"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    FORBIDDEN = "forbidden"
    """The guard kept the request from an address or a port."""
    BAD_URL = "bad_url"
    BROKEN = "broken"
    """Connected, but what came back is no HTTP answer, or only a part of one."""
    BUSY = "busy"
    """Never tried: no turn came at that host, or no socket was left. The receiver isn't to blame."""


class Answer(NamedTuple):
    """What a receiver said. A redirect is an answer like any other and is not followed."""

    status: int
    body: bytes
    """As it came, never decompressed; cut off at the limit."""
    retry_after: str | None
    """The header as it stands; it may say anything."""
    ms: float
    headers: Mapping[str, str] = MappingProxyType({})
    """By name in any case; values as they stand."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. `detail` is for people and holds nothing of the URL but host and port."""

    kind: FailureKind
    detail: str
    ms: float


def kind_and_detail(error: ClientError | HttpProcessingError | OSError) -> tuple[FailureKind, str]:
    """Say what an exception means. Texts of aiohttp's that hold the URL are not passed on."""
    match error:
        case ClientSSLError():
            return FailureKind.TLS, str(getattr(error, "certificate_error", error.os_error))
        case ClientConnectorDNSError():
            return FailureKind.UNREACHABLE, "the host's name can't be resolved"
        case ClientConnectorError():
            return _unconnected(error.os_error), error.os_error.strerror or str(error.os_error)
        case TimeoutError():
            return FailureKind.TIMEOUT, "no complete answer in time"
        case InvalidURL():
            return FailureKind.BAD_URL, "the URL's host is not written as a name or an address"
        case _:
            return FailureKind.BROKEN, _what_broke(error)


def _unconnected(error: OSError) -> FailureKind:
    if error.errno in _OURS:
        return FailureKind.BUSY
    match error:
        case PermissionError():
            return FailureKind.FORBIDDEN
        case ConnectionRefusedError():
            return FailureKind.REFUSED
        case TimeoutError():
            return FailureKind.TIMEOUT
        case ConnectionError():
            return FailureKind.BROKEN
        case _:
            return FailureKind.UNREACHABLE


def _what_broke(error: ClientError | HttpProcessingError | OSError) -> str:
    match error:
        case ServerDisconnectedError():
            return "disconnected without an answer"
        case ClientPayloadError():
            return "the body broke off"
        case ClientResponseError() | HttpProcessingError():
            return "the answer is not valid HTTP"
        case OSError():
            return error.strerror or str(error)
        case _:
            return type(error).__name__
