"""`POST /publish`: bytes in, publish events out (INTERFACE "Publishing")."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hub.errors import BadRequest, FieldError, HubError, Invalid, TooLarge
from hub.events import EntryRemoved
from hub.intake.bodies import (
    EVENTS,
    AuthorRemovedBody,
    AuthorUpdatedBody,
    CategoryRemovedBody,
    CategoryUpdatedBody,
    EntryPublishedBody,
    EntryRemovedBody,
    TagRemovedBody,
    TagUpdatedBody,
)
from hub.intake.entries import entry_published
from hub.intake.faults import invalid, nearest, pointer
from hub.intake.feeds import feed_removed, feed_updated
from hub.intake.policy import MAX_BATCH_BYTES, MAX_DEPTH, MAX_DIGITS, MAX_ENTRY_BYTES, MAX_EVENTS
from hub.model import EntryId, Kind

if TYPE_CHECKING:
    from hub.events import PublishEvent
    from hub.intake.bodies import EventBody
    from hub.intake.policy import IntakePolicy


@dataclass(frozen=True, slots=True)
class Batch:
    """What one request asks for. `single`: it was one event and not an array, and so is the answer."""

    single: bool
    elements: tuple[PublishEvent | HubError, ...]
    """In the order sent; an element that can't be taken is the error to answer in its place."""


def read_events(body: bytes, policy: IntakePolicy) -> Batch:
    """Read one event, or an array of at most 1,000.

    Raises BadRequest, TooLarge or Invalid if nothing of the body can be taken, which one bad event in an array
    does not cause. An empty array asks for nothing.
    """
    if len(body) > MAX_BATCH_BYTES:
        raise TooLarge(f"a body must not be larger than {MAX_BATCH_BYTES} bytes")
    sent = parse_body(body)
    if not isinstance(sent, list):
        _check_size(len(body))
        return Batch(single=True, elements=(read_event(sent, policy),))
    if len(sent) > MAX_EVENTS:
        raise Invalid(
            [FieldError("", f"must hold at most {MAX_EVENTS} events; send the rest in another request")]
        )
    measure = len(body) > MAX_ENTRY_BYTES
    elements = (_element(each, policy, f"/{position}", measure=measure) for position, each in enumerate(sent))
    return Batch(single=False, elements=tuple(elements))


def read_event(sent: Any, policy: IntakePolicy, at: str = "") -> PublishEvent:
    """Read one event from what `parse_body` gave. `at`: the JSON Pointer to it. Raises Invalid with every fault."""
    kind = _event_kind(sent, at)
    try:
        return _event(kind.model_validate(sent, context=policy), policy, at)
    except ValidationError as error:
        raise invalid(error, kind, at) from None


def parse_body(body: bytes) -> Any:
    """Read JSON (RFC 8259, so no NaN) in UTF-8, a byte order mark allowed. Raises BadRequest.

    Lone surrogates pass, since `json` in JavaScript and Python writes them; the fields clean or refuse them. A name
    that comes twice in one object is refused: which of the two is meant, nobody can know.
    """
    try:
        text = body.decode("utf-8-sig")
        sent = json.loads(
            text, parse_int=_whole_number, parse_constant=_no_constant, object_pairs_hook=_object
        )
    except UnicodeDecodeError as error:
        raise BadRequest(f"not UTF-8: byte {error.start} begins no character") from None
    except RecursionError:
        raise BadRequest(f"nested deeper than {MAX_DEPTH} levels") from None
    except json.JSONDecodeError as error:
        raise BadRequest(f"not JSON: {error.msg}, line {error.lineno} column {error.colno}") from None
    except ValueError as error:  # of the functions below
        raise BadRequest(f"not JSON that can be read: {error}") from None
    if _is_deeper(sent, MAX_DEPTH):
        raise BadRequest(f"nested deeper than {MAX_DEPTH} levels")
    return sent


def as_event(sent: Any) -> Any:
    """Wrap a bare entry (an object without `type`) as `entry.published`; give anything else back as it is."""
    if isinstance(sent, dict) and "type" not in sent:
        return {"type": "entry.published", "entry": sent}
    return sent


def _element(sent: Any, policy: IntakePolicy, at: str, *, measure: bool) -> PublishEvent | HubError:
    try:
        if measure:
            encoded = json.dumps(sent, ensure_ascii=False, separators=(",", ":"))
            _check_size(len(encoded.encode(errors="surrogatepass")))
        return read_event(sent, policy, at)
    except HubError as error:
        return error


def _check_size(size: int) -> None:
    if size > MAX_ENTRY_BYTES:
        raise TooLarge(f"an event must not be larger than {MAX_ENTRY_BYTES} bytes")


def _event_kind(sent: Any, at: str) -> type[EventBody]:
    """Look at what decides on all the rest. Raises Invalid."""
    if not isinstance(sent, dict):
        raise Invalid([FieldError(at, "must be an object: an event")])
    where = pointer(at, ["type"])
    match sent.get("type"):
        case None if "id" in sent and "entry" not in sent:
            advice = 'this is an entry; wrap it as {"type": "entry.published", "entry": {…}}'
            raise Invalid([FieldError(where, f"is missing: {advice}")])
        case None:
            raise Invalid([FieldError(where, f"is missing: must be one of {', '.join(EVENTS)}")])
        case str(name) if name in EVENTS:
            return EVENTS[name]
        case str(name):
            raise Invalid([FieldError(where, f"must be one of {', '.join(EVENTS)}{nearest(name, EVENTS)}")])
        case _:
            raise Invalid([FieldError(where, "must be a string")])


def _event(body: EventBody, policy: IntakePolicy, at: str) -> PublishEvent:
    match body:
        case EntryPublishedBody(entry=entry):
            return entry_published(entry, body.id, policy, f"{at}/entry")
        case EntryRemovedBody(entry=removed):
            return EntryRemoved(EntryId(removed.id), removed.date_modified, body.id)
        case CategoryUpdatedBody(category=feed) | TagUpdatedBody(tag=feed) | AuthorUpdatedBody(author=feed):
            return feed_updated(_kind(body), feed, body.id)
        case CategoryRemovedBody(category=gone) | TagRemovedBody(tag=gone) | AuthorRemovedBody(author=gone):
            return feed_removed(_kind(body), gone, body, at)
    raise AssertionError(body)  # pragma: no cover - EVENTS and the cases above are one list


def _kind(body: EventBody) -> Kind:
    return Kind(body.type.partition(".")[0])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        ((name, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise ValueError(f"an object has the name {name[:100]!r} twice")
    return found


def _whole_number(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"a number has more than {MAX_DIGITS} digits")
    return int(digits)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _is_deeper(sent: Any, limit: int) -> bool:
    """Tell whether containers are nested deeper, one level at a time, without recursion."""
    level = [sent]
    for _ in range(limit + 1):
        containers = [each for each in level if isinstance(each, dict | list)]
        if not containers:
            return False
        level = [
            child for each in containers for child in (each.values() if isinstance(each, dict) else each)
        ]
    return True
