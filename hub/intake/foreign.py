"""What a CMS said of an entry, to a publish event. A CMS can't correct a field and send again, so it is forgiven.

What breaks a rule is left out, one field at a time; but never what decides who may see the entry. `/publish`, where a
developer reads the answer, is strict instead.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from hub.errors import FieldError, Invalid
from hub.events import EntryRemoved
from hub.intake.bodies import EntryBody, RemovedEntryBody
from hub.intake.dates import parse_date
from hub.intake.entries import entry_published, term_of
from hub.intake.excerpt import plain_text
from hub.intake.faults import invalid
from hub.intake.fields import MAX_LINE, MAX_TEXT
from hub.intake.html import sanitize
from hub.intake.markup import is_too_heavy
from hub.intake.policy import CLOCK_TOLERANCE
from hub.intake.slugs import slugify
from hub.intake.terms import MAX_TERMS, AuthorBody, TagBody
from hub.intake.text import one_line, shorten
from hub.model import EntryId, Kind

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from hub.events import EntryPublished
    from hub.intake.policy import IntakePolicy
    from hub.model import Term

_NEEDED = frozenset({"id", "content_html", "content_text", "visibility"})
_NAMES = frozenset({"id", "name", "slug"})
_TRIES = 4
_SHORT_OFFSET = re.compile(r"([+-]\d\d)(\d\d)$")
_VISIBILITIES = frozenset({"public", "members", "paid", "tiers"})


def published(
    fields: dict[str, Any],
    policy: IntakePolicy,
    *,
    held: bool = False,
    version: int | None = None,
    base: str | None = None,
) -> EntryPublished:
    """Make the publish event of an entry that the CMS has published (`held`: unless its date is ahead).

    `fields` are those of `EntryBody`; dates are aware or None. `base`: where the content's relative links lead from,
    if not from the entry's URL. Raises Invalid for what can't be forgiven.
    """
    said = {name: value for name, value in fields.items() if value is not None}
    for name, limit in (("title", MAX_LINE), ("summary", MAX_TEXT)):
        if isinstance(said.get(name), str):
            said[name] = shorten(said[name], limit)
    if not held and _is_after(said.get("date_published"), policy.now):
        del said["date_published"]
    if _is_after(said.get("date_modified"), policy.now + CLOCK_TOLERANCE):
        del said["date_modified"]
    body = _forgiven(said, policy)
    event = entry_published(body, None, policy, "", base=base)
    return replace(event, dated=body.date_published is not None, held=held, version=version)


def removed(
    id_: Any, when: datetime | None, policy: IntakePolicy, *, version: int | None = None
) -> EntryRemoved:
    """Make the event of a removal. Raises Invalid without an id that an entry can have."""
    ahead = _is_after(when, policy.now + CLOCK_TOLERANCE)
    try:
        body = RemovedEntryBody.model_validate(
            {"id": id_, "date_modified": None if ahead else when}, context=policy
        )
    except ValidationError as error:
        raise invalid(error, RemovedEntryBody, "") from None
    return EntryRemoved(EntryId(body.id), body.date_modified, version=version)


def named(kind: Kind, fields: dict[str, Any], policy: IntakePolicy) -> Term | None:
    """Make a term of what a CMS says of an author, category or tag; None without a name and an address to show."""
    said = {name: value for name, value in fields.items() if value is not None}
    body = AuthorBody if kind is Kind.AUTHOR else TagBody
    for _ in range(_TRIES):
        try:
            return term_of(kind, body.model_validate(said, context=policy))
        except ValidationError as error:
            faults = {str(fault["loc"][0]) if fault["loc"] else "name" for fault in error.errors()}
        if faults & _NAMES:
            return None
        said = {name: value for name, value in said.items() if name not in faults}
    return None


def said_date(text: Any) -> datetime | None:
    """Read a date; one that can't be read, or that has no offset, was not said."""
    if not isinstance(text, str):
        return None
    try:
        return parse_date(_SHORT_OFFSET.sub(r"\1:\2", text.strip()))
    except ValueError:
        return None


def said_visibility(value: Any) -> str:
    """Read who may see an entry: what is not known to be public is not."""
    return value if isinstance(value, str) and value in _VISIBILITIES else "members"


def text_of(html: Any, policy: IntakePolicy) -> str | None:
    """Give the text of a title, a name or a summary that is HTML at its CMS: unescaped exactly once."""
    if not isinstance(html, str) or is_too_heavy(html):
        return None
    return plain_text(sanitize(html, base=policy.base_url, embed_hosts=frozenset())) or None


def plain_of(text: Any) -> str | None:
    """Give a title or a name that is plain text at its CMS."""
    return one_line(text) or None if isinstance(text, str) else None


def objects(value: Any) -> list[dict[str, Any]]:
    """Give the objects of an array; none of anything else."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def distinct(terms: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Keep the first of those that would have one address or one id: an entry is not lost for a doubled tag."""
    kept: list[dict[str, Any]] = []
    taken: set[tuple[str, str]] = set()
    for term in terms:
        name = term.get("slug") or term.get("name")
        if not isinstance(name, str) or not name.strip():
            continue
        address = slugify(one_line(name))
        marks = {("slug", address), ("id", str(term.get("id") or address))}
        if not marks & taken:
            taken |= marks
            kept.append({key: value for key, value in term.items() if value is not None})
    return kept[:MAX_TERMS]


def _is_after(when: datetime | None, limit: datetime) -> bool:
    return when is not None and when > limit


def _forgiven(said: dict[str, Any], policy: IntakePolicy) -> EntryBody:
    for _ in range(_TRIES):
        try:
            return EntryBody.model_validate(said, context=policy)
        except ValidationError as error:
            if any(not fault["loc"] or fault["loc"][0] in _NEEDED for fault in error.errors()):
                raise invalid(error, EntryBody, "") from None
            said = _without(said, [fault["loc"] for fault in error.errors()])
    raise Invalid([FieldError("", "has more errors than can be forgiven")])


def _without(said: dict[str, Any], faults: list[tuple[int | str, ...]]) -> dict[str, Any]:
    """Leave out what is wrong: a part of a term, a whole term, or else the field."""
    left = dict(said)
    for name, *path in faults:
        terms = left.get(str(name))
        match path:
            case [int(at), str(part), *_] if isinstance(terms, list) and part not in _NAMES:
                left[str(name)] = [_less(each, part) if i == at else each for i, each in enumerate(terms)]
            case [int(at), *_] if isinstance(terms, list):
                left[str(name)] = [{} if i == at else each for i, each in enumerate(terms)]
            case _:
                left.pop(str(name), None)
    return {
        key: [each for each in value if each] if isinstance(value, list) else value
        for key, value in left.items()
    }


def _less(term: Any, part: str) -> Any:
    return {key: value for key, value in term.items() if key != part} if isinstance(term, dict) else term
