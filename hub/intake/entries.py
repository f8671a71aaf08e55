"""An entry as it was sent, to the entry that is kept: safe HTML, absolute links, nothing that readers may not see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import FieldError, Invalid
from hub.events import EntryPublished
from hub.intake.dates import whole_milliseconds
from hub.intake.excerpt import paragraphs, summarize, visible_part
from hub.intake.html import sanitize
from hub.intake.policy import MAX_CONTENT
from hub.intake.terms import AuthorBody, TagBody, parent_key
from hub.model import Attachment, Entry, EntryId, Image, Kind, Term, TermRef

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hub.intake.bodies import AttachmentBody, EntryBody, ImageBody
    from hub.intake.policy import IntakePolicy


def entry_published(
    body: EntryBody, event_id: str | None, policy: IntakePolicy, at: str, *, base: str | None = None
) -> EntryPublished:
    """Make the publish event. Raises Invalid (at the pointer `at`) if nothing would be left to show.

    `base`: where relative links lead from, if not from the entry's URL.
    """
    content = _content(body, policy, base or body.url or policy.base_url)
    if len(content) > MAX_CONTENT:
        detail = f"must not be longer than {MAX_CONTENT} characters once it is well-formed"
        raise Invalid([FieldError(f"{at}/content_html", detail)])
    summary = body.summary or summarize(content)
    title = body.title or ""
    if not (title or summary or content):
        raise Invalid(
            [FieldError(at, "shows nothing: send a title, a summary or content that readers may see")]
        )
    terms = tuple(_terms(body))
    received = whole_milliseconds(policy.now)
    published = body.date_published or body.date_modified or received
    entry = Entry(
        id=EntryId(body.id),
        url=body.url,
        title=title,
        summary=summary,
        content_html=content,
        date_published=published,
        date_modified=body.date_modified or received,
        date_expires=body.date_expires,
        language=body.language,
        visibility=body.visibility,
        authors=_refs(terms, Kind.AUTHOR),
        categories=_refs(terms, Kind.CATEGORY),
        tags=_refs(terms, Kind.TAG),
        image=_image(body.image) if body.image else None,
        # A recording is content as much as the text is.
        attachments=tuple(map(_attachment, body.attachments)) if body.visibility == "public" else (),
    )
    dated = body.date_published is not None or body.date_modified is not None
    return EntryPublished(entry, terms, event_id, dated=dated, modified=body.date_modified is not None)


def _content(body: EntryBody, policy: IntakePolicy, base: str) -> str:
    html = body.content_html or paragraphs(body.content_text or "")
    if body.visibility != "public":
        html = visible_part(html)
    return sanitize(html, base=base, embed_hosts=policy.embed_hosts)


def term_of(kind: Kind, body: AuthorBody | TagBody, parent: str | None = None) -> Term:
    """Give what is said of an author, category or tag; `parent` is the id of the category above."""
    about = (body.bio, body.avatar) if isinstance(body, AuthorBody) else (body.description, body.image)
    return Term(
        kind=kind,
        id=body.key,
        slug=body.address,
        name=body.name,
        description=about[0],
        url=body.url,
        image=about[1],
        parent=parent,
        explicit_id=body.id is not None,
        brief=body.brief,
    )


def _terms(body: EntryBody) -> Iterator[Term]:
    for author in body.authors:
        yield term_of(Kind.AUTHOR, author)
    for category in body.categories:
        parent = None if category.parent is None else parent_key(category.parent, body.categories)
        yield term_of(Kind.CATEGORY, category, parent)
    for tag in body.tags:
        yield term_of(Kind.TAG, tag)


def _refs(terms: tuple[Term, ...], kind: Kind) -> tuple[TermRef, ...]:
    return tuple(term.ref for term in terms if term.kind is kind)


def _image(body: ImageBody) -> Image:
    return Image(**dict(body))


def _attachment(body: AttachmentBody) -> Attachment:
    return Attachment(**dict(body))
