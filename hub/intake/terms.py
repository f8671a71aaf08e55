"""Authors, categories and tags as an entry names them: objects, or just their names."""

from __future__ import annotations

from typing import Annotated, Any, Self, TypeVar

from pydantic import AfterValidator, ModelWrapValidatorHandler, PrivateAttr, model_validator
from pydantic_core import PydanticCustomError

from hub.intake.fields import Body, SaidIdentifier, SaidName, SaidSlug, SaidText, SaidUrl, at_most
from hub.intake.slugs import slugify

MAX_TERMS = 200
"""Of one kind on one entry; each is a feed that the entry touches."""


class TermBody(Body):
    """What authors, categories and tags have in common."""

    id: SaidIdentifier = None
    name: SaidName = None
    slug: SaidSlug = None
    url: SaidUrl = None
    _brief: bool = PrivateAttr(default=False)

    @model_validator(mode="wrap")
    @classmethod
    def _name_alone(cls, value: Any, read: ModelWrapValidatorHandler[Self]) -> Self:
        term = read({"name": value} if isinstance(value, str) else value)
        term._brief = isinstance(value, str)  # noqa: SLF001  (its own)
        return term

    @property
    def brief(self) -> bool:
        """Whether it was a plain string."""
        return self._brief

    @model_validator(mode="after")
    def _has_an_address(self) -> Self:
        if not self.name and not self.slug:
            raise ValueError("needs a name or a slug")
        return self

    @property
    def address(self) -> str:
        """Its slug, said or made of its name."""
        return self.slug or slugify(self.name or "")

    @property
    def key(self) -> str:
        """Its stable id: its slug, unless the CMS has one of its own."""
        return self.id or self.address


class AuthorBody(TermBody):
    avatar: SaidUrl = None
    bio: SaidText = None


class TagBody(TermBody):
    description: SaidText = None
    image: SaidUrl = None


class CategoryBody(TagBody):
    parent: SaidIdentifier = None


AnyTerm = TypeVar("AnyTerm", bound=TermBody)


def distinct(terms: list[AnyTerm]) -> list[AnyTerm]:
    """Drop repetitions; of two that differ only in that, the one that says an id stays.

    Raises PydanticCustomError, with the position as `at`, for one slug under two ids or one id with two slugs:
    either would make two feeds fight for one address.
    """
    kept: dict[str, AnyTerm] = {}
    addresses: dict[str, str] = {}
    for position, term in enumerate(terms):
        earlier = kept.setdefault(term.address, term)
        if addresses.setdefault(term.key, term.address) != term.address:
            raise _duplicate(f"has the id of another one with the slug {addresses[term.key]!r}", position)
        if term.id and earlier.id and term.id != earlier.id:
            raise _duplicate(f"has the slug of another one with the id {earlier.id!r}", position)
        if term.id and not earlier.id:
            kept[term.address] = term
    return list(kept.values())


def _not_below_itself(categories: list[CategoryBody]) -> list[CategoryBody]:
    for position, category in enumerate(categories):
        if category.parent is not None and parent_key(category.parent, categories) == category.key:
            raise _duplicate("is its own parent", position)
    return categories


def parent_key(parent: str, categories: list[CategoryBody]) -> str:
    """Give the id of the category that `parent` names: by id or slug if the entry is in it, too; else by slug."""
    if any(parent == each.id for each in categories):
        return parent
    slug = slugify(parent)
    return next((each.key for each in categories if each.address == slug), slug)


def _duplicate(reason: str, position: int) -> PydanticCustomError:
    return PydanticCustomError("term", "{reason}", {"reason": reason, "at": position})


Authors = Annotated[list[AuthorBody], AfterValidator(distinct), at_most(MAX_TERMS)]
Categories = Annotated[
    list[CategoryBody], AfterValidator(distinct), AfterValidator(_not_below_itself), at_most(MAX_TERMS)
]
Tags = Annotated[list[TagBody], AfterValidator(distinct), at_most(MAX_TERMS)]
