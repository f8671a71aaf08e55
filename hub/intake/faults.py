"""What is wrong with a body, said to the developer who sent it: where (JSON Pointer), and what to do."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any, get_args

from hub.errors import FieldError, Invalid
from hub.intake.fields import Body

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

MAX_FAULTS = 100
"""Of one event: an answer need not be as long as a hostile body."""
_LONGEST_NAME = 100

_SENTENCES = {
    "missing": "is missing",
    "string_type": "must be a string",
    "string_unicode": "must hold no lone surrogates",
    "string_too_long": "must not be longer than {max_length} characters",
    "int_type": "must be a whole number",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "datetime_type": "must be a string that holds a date, such as 2026-11-23T09:00:00Z",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "literal_error": "must be {expected}",
    "value_error": "{error}",
}


def invalid(error: ValidationError, root: type[Body], at: str) -> Invalid:
    """Say everything that pydantic found. `root`: what was validated; `at`: the pointer to it."""
    details = error.errors(include_url=False, include_input=False)
    faults = [_fault(detail, root, at) for detail in details[:MAX_FAULTS]]
    if len(details) > MAX_FAULTS:
        faults.append(FieldError(at, f"has {len(details) - MAX_FAULTS} more errors"))
    return Invalid(faults)


def pointer(at: str, parts: Iterable[str | int]) -> str:
    """Append to a JSON Pointer (RFC 6901 §3)."""
    escaped = (str(part)[:_LONGEST_NAME].replace("~", "~0").replace("/", "~1") for part in parts)
    return "/".join([at, *escaped])


def nearest(name: str, known: Iterable[str]) -> str:
    """Give ` (did you mean …?)`, or nothing where no known name is near."""
    # Comparing takes the square of the length.
    found = difflib.get_close_matches(name, known, 1) if len(name) <= _LONGEST_NAME else []
    return f" (did you mean {found[0]}?)" if found else ""


def _fault(detail: ErrorDetails, root: type[Body], at: str) -> FieldError:
    where = list(detail["loc"])
    context: dict[str, Any] = detail.get("ctx", {})
    if "at" in context:
        where.append(context["at"])
    if detail["type"] == "extra_forbidden":
        *path, name = where
        hint = nearest(str(name), _body_at(root, path).model_fields)
        return FieldError(pointer(at, where), f"is no field here{hint}; extensions begin with '_'")
    sentence = _SENTENCES.get(detail["type"])
    return FieldError(pointer(at, where), sentence.format(**context) if sentence else detail["msg"])


def _body_at(root: type[Body], path: list[str | int]) -> type[Body]:
    """Find the kind of object at a path of field names and positions."""
    for part in path:
        if isinstance(part, str):
            root = _body_in(root.model_fields[part].annotation) or root
    return root


def _body_in(annotation: Any) -> type[Body] | None:
    """Find the kind of object in `list[Body]`, `Body | None` and the like."""
    if isinstance(annotation, type) and issubclass(annotation, Body):
        return annotation
    return next(filter(None, map(_body_in, get_args(annotation))), None)
