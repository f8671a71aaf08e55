"""Which adapter reads which CMS's hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hub.errors import HubError
from hub.events import Source
from hub.intake import ghost, strapi, superdesk, wordpress
from hub.intake.hook import Hint

if TYPE_CHECKING:
    from hub.intake.hook import Hook, Reading
    from hub.intake.policy import IntakePolicy


def read_hook(source: Source, hook: Hook, policy: IntakePolicy, mapped: strapi.Mapped) -> Reading:
    """Read what a CMS sent; what can't be understood is a hint. Never raises for a body."""
    try:
        match source:
            case Source.GHOST:
                return ghost.read(hook, policy)
            case Source.WORDPRESS:
                return wordpress.read(hook, policy)
            case Source.STRAPI:
                return strapi.read(hook, policy, mapped)
            case Source.SUPERDESK:
                return superdesk.read(hook, policy)
    except HubError as error:
        return Hint(f"the body is not understood: {error}")
