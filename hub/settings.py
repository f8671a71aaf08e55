"""Every setting once: read at the edge into one frozen record; nothing reads the environment later.

Prefix `FEEDHUB_`. A secret may come from a file (`FEEDHUB_PUBLISH_TOKEN_FILE`) and may list several values, comma
separated, so that it rotates without a gap. Bad values are reported all together.
"""

from __future__ import annotations

import difflib
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from hub.errors import Misconfigured
from hub.events import Source
from hub.model import OWN_KINDS, Kind, Site, UrlStyle
from hub.origins import Origin, topic_key
from hub.urls import is_own

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PREFIX = "FEEDHUB_"
# Read by commands and by the supervisor, not by the hub itself.
_NOT_SETTINGS = {"URL", "DATA_DIR_SOURCE"}
STRAPI_FIELDS = frozenset(
    {
        "title",
        "summary",
        "content",
        "slug",
        "url",
        "language",
        "visibility",
        "image",
        "authors",
        "categories",
        "tags",
    }
)
STRAPI_URL_PARTS = frozenset({"slug", "documentId", "locale"})
OWN_PATHS = frozenset(
    {"admin", "api", "feeds", "healthz", "hooks", "metrics", "publish", "readyz", "static", "websub"}
)
_YEAR = 366 * 24 * 3600


def _listed(value: Any) -> Any:
    """Turn `a, b` into `("a", "b")`."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


def _public_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("must be an absolute http(s) URL such as https://feeds.example.org")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("must have no query, fragment or user name")
    return value.rstrip("/")


def _name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,40}", value):
        raise ValueError("must be 1 to 40 letters, digits, '-' or '_'")
    return value


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", value):
        raise ValueError("must be a language tag such as en or pt-BR (RFC 5646)")
    return value


def _networks(value: Any) -> Any:
    listed = _listed(value)
    return tuple(ip_network(part) if isinstance(part, str) else part for part in listed)


def _address(value: str | None) -> str | None:
    parts = urlsplit(value or "http://none")
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username is not None:
        raise ValueError("must be an absolute http(s) URL without a user name")
    return value


def _base(value: str) -> str:
    """Read what stands before a slug: `topics`, `/blog/category/`; `.` for nothing."""
    base = value.strip("/")
    if base == ".":
        return ""
    if not re.fullmatch(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*", base):
        raise ValueError(
            "must be a path of letters, digits, '.', '_' and '-', such as topics or blog/category"
        )
    if base.partition("/")[0] in OWN_PATHS:
        raise ValueError(f"must not begin as the hub's own addresses do ({', '.join(sorted(OWN_PATHS))})")
    return base


def _template(value: str | None) -> str | None:
    if value is None:
        return None
    unknown = set(re.findall(r"\{([^{}]*)\}", value)) - STRAPI_URL_PARTS
    if urlsplit(value).scheme not in {"http", "https"} or unknown:
        parts = ", ".join(f"{{{part}}}" for part in sorted(STRAPI_URL_PARTS))
        raise ValueError(f"must be an absolute http(s) URL, which may have {parts}")
    return value


def _pairs(value: Any) -> Any:
    """Turn `content=body, authors=writer` into pairs."""
    if not isinstance(value, str):
        return value
    pairs = [tuple(part.strip() for part in each.split("=", 1)) for each in _listed(value)]
    for pair in pairs:
        if len(pair) < 2 or not pair[1] or pair[0] not in STRAPI_FIELDS:  # noqa: PLR2004  (a pair)
            raise ValueError(
                f"must be <field>=<Strapi's field>, with one of {', '.join(sorted(STRAPI_FIELDS))}"
            )
    return tuple(pairs)


def _own_kinds(kinds: tuple[Kind, ...]) -> tuple[Kind, ...]:
    if not set(kinds) <= set(OWN_KINDS):
        raise ValueError(f"must be some of {', '.join(OWN_KINDS)}")
    return kinds


def _origins(value: Any) -> Any:
    """Read URL prefixes, and say of each what is wrong."""
    return _each(value, Origin.read)


def _feeds(value: Any) -> Any:
    """Read addresses of feeds, which stay as they are written."""
    return _each(value, _feed)


def _feed(url: str) -> str:
    topic_key(url)
    return url


def _each(value: Any, read: Callable[[str], Any]) -> Any:
    found, wrong = [], []
    for part in _listed(value):
        try:
            found.append(read(part) if isinstance(part, str) else part)
        except ValueError as error:
            # Neither a password nor a key in the query is for the log.
            wrong.append(f"{re.sub('//[^/@]*@', '//…@', part.partition('?')[0])[:200]} {error}")
    if wrong:
        raise ValueError("; ".join(wrong))
    return tuple(dict.fromkeys(found))


Url = Annotated[str, AfterValidator(_public_url)]
Base = Annotated[str, AfterValidator(_base)]
Networks = Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)]
Secrets = Annotated[tuple[str, ...], BeforeValidator(_listed)]


class Settings(BaseModel):
    """What the operator decides. Field names are the settings' names in lower case."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    # where
    public_url: Url | None = None
    site_url: Url | None = None
    site_title: str = Field("Feedhub", min_length=1, max_length=200)
    site_description: str = Field("Every change, everywhere, at once.", max_length=1000)
    site_language: Annotated[str, AfterValidator(_language)] = "en"
    site_icon: Url | None = None
    trusted_proxies: Networks = ()
    egress_allow: Networks = ()
    """Networks that outbound requests may also reach (see hub.adapters.egress.networks)."""

    # state
    redis_url: str | None = Field(None, pattern=r"^(redis|rediss|unix)://")
    data_dir: Path = Path(".feedhub")
    name: Annotated[str, AfterValidator(_name)] = "feedhub"
    durability: Literal["everysec", "strict"] = "everysec"

    # secrets
    admin_token: Secrets = ()
    publish_token: Secrets = ()
    secret_key: Secrets = ()
    hook_secret_ghost: Secrets = ()
    hook_secret_wordpress: Secrets = ()
    hook_secret_strapi: Secrets = ()
    """The Authorization header that Strapi is told to send, with or without `Bearer`."""
    hook_secret_superdesk: Secrets = ()
    hook_token: Secrets = ()
    """For senders that can neither sign nor set a header: the last part of the address, `/hooks/<cms>/<token>`."""

    # feeds
    feed_size: int = Field(50, ge=1, le=500)
    feed_content: Literal["full", "summary"] = "full"
    feed_kinds: Annotated[tuple[Kind, ...], BeforeValidator(_listed), AfterValidator(_own_kinds)] = OWN_KINDS
    embed_hosts: Annotated[tuple[str, ...], BeforeValidator(_listed)] = (
        "www.youtube.com",
        "www.youtube-nocookie.com",
        "player.vimeo.com",
    )
    url_style: Annotated[tuple[UrlStyle, ...], BeforeValidator(_listed)] = ()
    """Whose old addresses of feeds are answered."""
    url_category_base: Base = "category"
    url_tag_base: Annotated[Base, Field(min_length=1)] = "tag"
    url_author_base: Annotated[Base, Field(min_length=1)] = "author"
    """What stood before the slug there; only categories may do without."""
    shared_max_age: int = Field(0, ge=0, le=86400)
    delta: Literal["on", "off"] = "on"
    """Answer `A-IM: feed` with what changed (RFC 3229)."""

    # pace
    debounce_ms: int = Field(200, ge=0, le=60_000)
    """The first change after a quiet time of this length goes at once; a burst waits for its end at most so long."""

    notify_interval_ms: int = Field(1000, ge=0, le=3_600_000)
    """A feed that changes constantly is told at once, and then at most once in so long."""

    lease_min_seconds: int = Field(300, ge=1, le=_YEAR)
    """A subscriber renews at half its lease: below this, verifying it would be more work than telling it."""
    lease_default_seconds: int = Field(864_000, ge=1, le=_YEAR)
    """Ten days (WebSub §8.2)."""
    lease_max_seconds: int = Field(2_592_000, ge=1, le=_YEAR)
    """Thirty days, as long as any reader asks for: a subscriber that vanished is told no longer than that."""

    # others
    websub_content: Literal["diff", "full"] = "diff"

    origins: Annotated[tuple[Origin, ...], BeforeValidator(_origins)] = ()
    """Where feeds are that may be topics here, delivered as they came."""
    ingest_feeds: Annotated[tuple[str, ...], BeforeValidator(_feeds), Field(max_length=500)] = ()
    """Feeds whose items become entries here."""

    ghost_url: Url | None = None
    wordpress_url: Url | None = None
    """Where relative links of what a CMS sends lead, by default `site_url`; and whom a reconcile asks."""
    ghost_content_key: Secrets = ()
    """Of a custom integration: reads what is published, and nothing else."""
    wordpress_auth: Secrets = ()
    """`user:application-password`, where REST is closed to strangers."""
    reconcile_seconds: int = Field(900, ge=10, le=86_400)
    """How often to compare with the CMS what no hook told."""
    strapi_url: Annotated[str | None, AfterValidator(_template)] = None
    """The address of an article, which Strapi does not know: `https://example.org/{locale}/{slug}`."""
    strapi_models: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ("article", "post")
    """Content types that are entries."""
    strapi_fields: Annotated[tuple[tuple[str, str], ...], BeforeValidator(_pairs)] = ()
    """Which field of Strapi's is which here: `content=body, authors=writer`; see hub.intake.strapi."""

    alert_url: Annotated[str | None, AfterValidator(_address), Field(repr=False)] = None
    """Who is told that a problem begins or ends; may hold a secret, so it is never shown."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"

    # tests only: SIGKILL this process at the named points, e.g. "after_pop" (see hub.adapters.crashpoints)
    crash_at: str = ""

    @model_validator(mode="after")
    def _leases_in_order(self) -> Settings:
        if not self.lease_min_seconds <= self.lease_default_seconds <= self.lease_max_seconds:
            raise ValueError(
                f"{PREFIX}LEASE_MIN_SECONDS ({self.lease_min_seconds}), "
                f"{PREFIX}LEASE_DEFAULT_SECONDS ({self.lease_default_seconds}) and "
                f"{PREFIX}LEASE_MAX_SECONDS ({self.lease_max_seconds}) must be in ascending order"
            )
        return self

    @model_validator(mode="after")
    def _others_are_others(self) -> Settings:
        """A feed of this hub that it ingested would come back to it for ever, and its topics need no origin."""
        own = [url for url in self.ingest_feeds if self.public_url and is_own(self.public_url, url)]
        if own:
            raise ValueError(f"{PREFIX}INGEST_FEEDS: {', '.join(own)} is of this hub itself: a loop")
        return self

    @model_validator(mode="after")
    def _bases_apart(self) -> Settings:
        bases = (self.url_category_base, self.url_tag_base, self.url_author_base)
        if len(set(bases)) < len(bases):
            names = f"{PREFIX}URL_CATEGORY_BASE, {PREFIX}URL_TAG_BASE and {PREFIX}URL_AUTHOR_BASE"
            raise ValueError(f"{names} must differ: an address could mean two feeds")
        return self

    @property
    def compared(self) -> tuple[Source, ...]:
        """The CMSs that are asked what they have published."""
        ghost = (Source.GHOST,) if self.ghost_url and self.ghost_content_key else ()
        return (*ghost, Source.WORDPRESS) if self.wordpress_url else ghost

    def base_url(self, source: Source) -> str:
        """Where relative links of what a CMS says lead."""
        known = {Source.GHOST: self.ghost_url, Source.WORDPRESS: self.wordpress_url}
        return known.get(source) or self.site.url

    @property
    def site(self) -> Site:
        """What documents need of the settings. Raises Misconfigured without PUBLIC_URL."""
        if self.public_url is None:
            raise Misconfigured(
                ["FEEDHUB_PUBLIC_URL is missing: set the address under which readers reach this hub"]
            )
        return Site(
            public_url=self.public_url,
            url=self.site_url or self.public_url,
            title=self.site_title,
            description=self.site_description,
            language=self.site_language,
            name=self.name,
            icon=self.site_icon,
            full_content=self.feed_content == "full",
        )


def unknown_settings(environ: Mapping[str, str]) -> list[str]:
    """Name each FEEDHUB_ variable that no setting reads, with the likeliest spelling."""
    known = {name.upper() for name in Settings.model_fields}
    sentences = []
    for name in sorted(environ):
        key = name.removeprefix(PREFIX).removesuffix("_FILE")
        if not name.startswith(PREFIX) or key in known | _NOT_SETTINGS:
            continue
        near = difflib.get_close_matches(key, known, 1)
        hint = f": did you mean {PREFIX}{near[0]}?" if near else " and is ignored"
        sentences.append(f"{name} is no setting of this version{hint}")
    return sentences


def load_settings(environ: Mapping[str, str], **overrides: Any) -> Settings:
    """Read the environment; `overrides` (command-line options) win. Raises Misconfigured with every problem."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for field in Settings.model_fields:
        name = PREFIX + field.upper()
        if value := environ.get(name, ""):
            values[field] = value
        elif path := environ.get(name + "_FILE", ""):
            try:
                values[field] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{name}_FILE: {path} can't be read ({error.__class__.__name__})")
    values |= {key: value for key, value in overrides.items() if value is not None}
    try:
        settings = Settings(**values)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_input=False):
            # What several settings get wrong together names them itself.
            where = f"{PREFIX}{str(detail['loc'][0]).upper()}: " if detail["loc"] else ""
            problems.append(where + detail["msg"].removeprefix("Value error, "))
        raise Misconfigured(problems) from None
    if problems:
        raise Misconfigured(problems)
    return settings
