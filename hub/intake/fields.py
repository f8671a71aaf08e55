"""The kinds of field that a publish event is made of: each cleans what can be cleaned and refuses the rest.

Wrong types are refused, never converted (`"title": 5`, `"width": true`). In an optional field, null and blank text
mean that nothing was said.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    ValidationInfo,
    model_validator,
)

from hub.intake.dates import parse_date
from hub.intake.markup import is_too_heavy
from hub.intake.policy import CLOCK_TOLERANCE, IntakePolicy
from hub.intake.slugs import slugify
from hub.intake.text import clean, is_damaged, one_line
from hub.intake.urls import http_url

MAX_ID = 1024
MAX_LINE = 2000
"""Titles and names, in characters."""
MAX_TEXT = 20_000
"""Summaries, bios and other texts about something."""
MAX_PIXELS = 1_000_000
MAX_BYTES = 2**53 - 1
"""The largest whole number that every reader of JSON keeps (RFC 8259 §6)."""
MAX_SECONDS = 10_000_000

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}")
# RFC 6838 §4.2: a type and a subtype of restricted names; the parameters that may follow have no place in feeds.
_MIME_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")


def _cleaned(value: Any) -> Any:
    return clean(value).strip() if isinstance(value, str) else value


def _on_one_line(value: Any) -> Any:
    return one_line(value) if isinstance(value, str) else value


def _unsaid_if_blank(value: Any) -> Any:
    return None if isinstance(value, str) and not clean(value).strip() else value


def _number_as_text(value: Any) -> Any:
    """CMS ids are numbers as often as not; `true` is none."""
    return str(value) if type(value) is int else value


def _identifier(text: str) -> str:
    text = text.strip()
    if is_damaged(text):
        raise ValueError("must not hold control characters or lone surrogates")
    if not 0 < len(text) <= MAX_ID:
        raise ValueError(f"must have 1 to {MAX_ID} characters")
    return text


def _not_empty(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


def _slug(text: str) -> str:
    return slugify(_not_empty(text))


def _language(text: str) -> str:
    if not _LANGUAGE.fullmatch(text):
        raise ValueError("must be a language tag such as en or pt-BR (RFC 5646)")
    return text


def _mime_type(text: str) -> str:
    text = text.lower()
    if not _MIME_TYPE.fullmatch(text):
        raise ValueError("must be a media type without parameters, such as audio/mpeg")
    return text


def _light(html: str) -> str:
    if is_too_heavy(html):
        raise ValueError("is nested too deeply, or has too many tags or attributes left open")
    return html


def _date(value: Any) -> Any:
    return parse_date(value) if isinstance(value, str) else value


def _not_ahead(when: datetime, info: ValidationInfo[IntakePolicy]) -> datetime:
    if when > info.context.now + CLOCK_TOLERANCE:
        raise ValueError(
            "is more than 5 minutes ahead of the hub's clock; an embargo is a later date_published"
        )
    return when


_unsaid = BeforeValidator(_unsaid_if_blank)

Identifier = Annotated[str, Strict(), AfterValidator(_identifier), BeforeValidator(_number_as_text)]
Line = Annotated[str, Strict(), Field(max_length=MAX_LINE), BeforeValidator(_on_one_line)]
Name = Annotated[Line, AfterValidator(_not_empty)]
Text = Annotated[str, Strict(), Field(max_length=MAX_TEXT), BeforeValidator(_cleaned)]
Html = Annotated[str, Strict(), AfterValidator(_light), BeforeValidator(_cleaned)]
Slug = Annotated[Line, AfterValidator(_slug)]
Url = Annotated[str, Strict(), AfterValidator(http_url)]
Language = Annotated[str, Strict(), AfterValidator(_language), BeforeValidator(_cleaned)]
MimeType = Annotated[str, Strict(), AfterValidator(_mime_type), BeforeValidator(_cleaned)]
Date = Annotated[datetime, Strict(), BeforeValidator(_date)]
PastDate = Annotated[Date, AfterValidator(_not_ahead)]
Pixels = Annotated[int, Strict(), Field(ge=1, le=MAX_PIXELS)]
Bytes = Annotated[int, Strict(), Field(ge=0, le=MAX_BYTES)]
Seconds = Annotated[float, Strict(), Field(ge=0, le=MAX_SECONDS, allow_inf_nan=False)]

SaidIdentifier = Annotated[Identifier | None, _unsaid]
SaidName = Annotated[Name | None, _unsaid]
SaidText = Annotated[Text | None, _unsaid]
SaidSlug = Annotated[Slug | None, _unsaid]
SaidUrl = Annotated[Url | None, _unsaid]
SaidHtml = Annotated[Html | None, _unsaid]
SaidLanguage = Annotated[Language | None, _unsaid]
SaidMimeType = Annotated[MimeType | None, _unsaid]
SaidDate = Annotated[Date | None, _unsaid]
SaidPastDate = Annotated[PastDate | None, _unsaid]


class Body(BaseModel):
    """An object as it is sent.

    Names that begin with `_` are extensions (JSON Feed 1.1) and are not read; any other name that the object does
    not have is refused, since it is a misspelt one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _without_extensions(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {clean(name): each for name, each in value.items() if not name.startswith("_")}


def at_most(limit: int) -> BeforeValidator:
    """Refuse a longer array before any of it is looked at; null is an empty one."""

    def check(value: Any) -> Any:
        if isinstance(value, list) and len(value) > limit:
            raise ValueError(f"must hold at most {limit} elements")
        return [] if value is None else value

    return BeforeValidator(check)
