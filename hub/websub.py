"""WebSub, the protocol: requests, verification of intent, deliveries (W3C Recommendation of 2018-01-23).

Pure. What a hub says and understands is here; who asks, what is stored and what is sent is not.
"""

from __future__ import annotations

import base64
import hmac
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote, unquote_to_bytes, urlsplit

from hub.errors import BadRequest
from hub.subscription import SubscriptionId

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from hub.model import FeedNumber, Format
    from hub.subscription import Intent

Algorithm = Literal["sha1", "sha256", "sha384", "sha512"]
"""What §7.1 lets a signature be made with."""

SHA1_ONLY_HOSTS = frozenset(
    {
        # feedbin/feedbin compared with "sha1=" alone (feeds_controller.rb); its web_sub_controller.rb takes all four.
        "feedbin.com",
    }
)
"""Callback hosts, with all below them, for which nothing else is safe. Everybody else gets SHA-256 (§8.3)."""

MAX_URL = 2048
"""Characters: what every server and proxy still takes as a request's target, the verification's part included."""
MAX_SECRET = 199
"""Bytes: §5.1 says less than 200."""
MAX_TOKEN = 500
"""Characters of PubSubHubbub 0.3's hub.verify_token, which goes into a URL."""
MAX_TOPICS = 1000
"""Of one publish ping: WordPress names every feed that a post is in."""
CHALLENGE_BYTES = 32

_ENDLESS = 16
"""Digits: a longer lease is as good as endless, and is cut before it costs anything to read."""
_POSITIVE = re.compile(r"0*[1-9][0-9]*", re.ASCII)
# What a URL can't hold (RFC 3986), a backslash, which some read as a slash, and all that could end a header's line.
_NOT_IN_URLS = re.compile(r'[^\x21-\x7e]|["<>\\]')
_SIGNING: frozenset[str] = frozenset({"sha1", "sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True)
class SubscriberRequest:
    """What a subscriber wants (§5.1). URLs are as given, decoded once."""

    mode: Literal["subscribe", "unsubscribe"]
    topic: str
    callback: str
    secret: bytes = b""
    """Empty: deliveries are not to be signed."""
    lease_seconds: int | None = None
    """As asked for; None: not said."""
    verify_token: str | None = None


@dataclass(frozen=True, slots=True)
class PublishPing:
    """`hub.mode=publish`: what a publisher says has changed. Each topic once, in order."""

    topics: tuple[str, ...]


Request = SubscriberRequest | PublishPing


@dataclass(frozen=True, slots=True)
class Leases:
    """The hub's bounds, in seconds."""

    least: int
    default: int
    most: int

    def grant(self, asked: int | None) -> int:
        """Give what is granted: a subscriber may ask for anything (§5.1: the hub may change it)."""
        return self.default if asked is None else max(self.least, min(asked, self.most))


# ---- requests -------------------------------------------------------------------------------------------------------


def read_request(body: bytes) -> Request:
    """Read a form. Raises BadRequest with one sentence.

    Unknown parameters are ignored and of repeated ones the first counts (§5.1; NewsBlur sends `hub.verify` twice).
    """
    form = _Form.read(body)
    match mode := form.first("hub.mode"):
        case "subscribe" | "unsubscribe":
            return _subscriber_request(form, mode)
        case "publish":
            return _publish_ping(form)
        case "":
            raise BadRequest("hub.mode is missing.")
    raise BadRequest("hub.mode must be subscribe, unsubscribe or publish.")


@dataclass(frozen=True, slots=True)
class _Form:
    """An application/x-www-form-urlencoded body, split but not yet decoded."""

    fields: tuple[tuple[bytes, bytes], ...]

    @classmethod
    def read(cls, body: bytes) -> _Form:
        pairs = (field.partition(b"=") for field in body.split(b"&"))
        return cls(tuple((_bytes(name), value) for name, _, value in pairs))

    def first(self, name: str) -> str:
        """Give a parameter's value; empty: it was not sent. Raises BadRequest if it can't be decoded."""
        return next(self.each(name), "")

    def each(self, name: str) -> Iterator[str]:
        """Give all values of a parameter, each decoded when it is its turn. Raises BadRequest likewise."""
        return (_decode(name, value) for known, value in self.fields if known == name.encode())


def _bytes(encoded: bytes) -> bytes:
    return unquote_to_bytes(encoded.replace(b"+", b" "))


def _decode(name: str, value: bytes) -> str:
    """Undo the form's encoding, exactly once."""
    try:
        return _bytes(value).decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{name} must be percent-encoded UTF-8.") from None


def _subscriber_request(form: _Form, mode: Literal["subscribe", "unsubscribe"]) -> SubscriberRequest:
    topic, callback = form.first("hub.topic"), form.first("hub.callback")
    check_url("hub.topic", topic)
    check_url("hub.callback", callback)
    token = form.first("hub.verify_token")
    if len(token) > MAX_TOKEN:
        raise BadRequest(f"hub.verify_token must not be longer than {MAX_TOKEN} characters.")
    if mode == "unsubscribe":  # neither secret nor lease mean anything here, however they are written
        return SubscriberRequest(mode, topic, callback, verify_token=token or None)
    return SubscriberRequest(
        mode, topic, callback, _secret(form), _lease(form.first("hub.lease_seconds")), token or None
    )


def _publish_ping(form: _Form) -> PublishPing:
    topics = dict.fromkeys(topic for topic in (*form.each("hub.url"), *form.each("hub.topic")) if topic)
    if not topics:
        raise BadRequest("hub.url is missing: name the topics that changed.")
    if len(topics) > MAX_TOPICS:
        raise BadRequest(f"More than {MAX_TOPICS} topics: send several requests.")
    return PublishPing(tuple(topics))


def check_url(name: str, url: str) -> None:
    """Accept an absolute http(s) URL that can be sent as it is. Raises BadRequest.

    It is never changed: a callback is used exactly as given (§8.3), so what would have to be encoded is refused.
    """
    if not url:
        raise BadRequest(f"{name} is missing.")
    if len(url) > MAX_URL:
        raise BadRequest(f"{name} must not be longer than {MAX_URL} characters.")
    if _NOT_IN_URLS.search(url):
        raise BadRequest(f"{name} must be a valid URL: spaces, controls and non-ASCII percent-encoded.")
    try:
        parts = urlsplit(url)
        absolute = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        absolute = False
    if not absolute:
        raise BadRequest(f"{name} must be an absolute http or https URL.")
    if "@" in parts.netloc:
        raise BadRequest(f"{name} must not hold a user name or password.")


def _secret(form: _Form) -> bytes:
    secret = form.first("hub.secret").encode()
    if len(secret) > MAX_SECRET:
        raise BadRequest("hub.secret must be shorter than 200 bytes.")
    return secret


def _lease(text: str) -> int | None:
    if not text:
        return None
    if not _POSITIVE.fullmatch(text):
        raise BadRequest("hub.lease_seconds must be a positive whole number.")
    return int(text.lstrip("0")[:_ENDLESS])


def subscription_id(feed: FeedNumber, format: Format | None, callback: str) -> SubscriptionId:  # noqa: A002
    """Name a subscription: there is one per topic and callback (§5.1)."""
    digest = sha256(f"websub\n{feed}\n{format}\n{callback}".encode()).digest()
    return SubscriptionId(base64.urlsafe_b64encode(digest).decode()[:16])


# ---- verification of intent -----------------------------------------------------------------------------------------


def new_challenge(entropy: bytes) -> str:
    """Make a challenge of `CHALLENGE_BYTES` fresh random bytes; it serves once (§5.3)."""
    if len(entropy) < CHALLENGE_BYTES:
        raise ValueError(f"a challenge needs {CHALLENGE_BYTES} random bytes")
    return base64.urlsafe_b64encode(entropy).decode().rstrip("=")


def verification_url(intent: Intent, challenge: str) -> str:
    """Give the URL whose answer confirms a request (§5.3)."""
    said = {"hub.mode": intent.mode, "hub.topic": intent.topic, "hub.challenge": challenge}
    if intent.mode == "subscribe":
        said["hub.lease_seconds"] = str(intent.lease_seconds)
    if intent.verify_token is not None:
        said["hub.verify_token"] = intent.verify_token
    return _appended(intent.callback, said)


def denied_url(callback: str, topic: str, reason: str = "") -> str:
    """Give the URL that tells a subscriber that there will be nothing (more) for it (§5.2)."""
    said = {"hub.mode": "denied", "hub.topic": topic}
    return _appended(callback, said | ({"hub.reason": reason} if reason else {}))


def is_verified(status: int, body: bytes, challenge: str) -> bool:
    """Tell whether a subscriber confirmed: any 2xx whose body is the challenge, to the byte (§5.3)."""
    return 200 <= status < 300 and body == challenge.encode()  # noqa: PLR2004


def _appended(callback: str, said: Mapping[str, str]) -> str:
    """Add to a callback's query and change none of its bytes. A fragment is never sent, so it is left out."""
    url, _, _ = callback.partition("#")
    joint = "&" if "?" in url else "?"
    if url.endswith("?"):
        joint = ""
    return url + joint + "&".join(f"{name}={quote(value, safe='')}" for name, value in said.items())


# ---- deliveries -----------------------------------------------------------------------------------------------------


def algorithm_for(callback: str, sha1_hosts: Collection[str] = SHA1_ONLY_HOSTS) -> Algorithm:
    """Choose what signs for a callback: there is no way to ask (w3c/websub#125). Hosts match by whole labels."""
    labels = (urlsplit(callback).hostname or "").removesuffix(".").split(".")
    known = any(".".join(labels[start:]) in sha1_hosts for start in range(len(labels)))
    return "sha1" if known else "sha256"


def signature(algorithm: str, secret: bytes, body: bytes) -> str:
    """Sign the bytes that are sent: the value of X-Hub-Signature (§7.1). Raises ValueError for another algorithm."""
    if algorithm not in _SIGNING:
        raise ValueError(f"{algorithm} is no algorithm of WebSub")
    return f"{algorithm}={hmac.digest(secret, body, algorithm).hex()}"


def delivery_headers(content_type: str, self_url: str, hub_url: str, signed: str | None) -> dict[str, str]:
    """Say of a delivery what it is, of which topic, and from which hub, in one Link header (§7); perhaps signed."""
    headers = {"Content-Type": content_type, "Link": f'<{hub_url}>; rel="hub", <{self_url}>; rel="self"'}
    return headers | ({"X-Hub-Signature": signed} if signed else {})
