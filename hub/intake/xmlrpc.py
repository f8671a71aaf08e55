"""weblogUpdates.ping and .extendedPing, as blogs send them by XML-RPC: which URLs they name."""

from __future__ import annotations

from lxml import etree

from hub.errors import BadRequest

MAX_BYTES = 64 * 1024
_METHODS = frozenset({"weblogUpdates.ping", "weblogUpdates.extendedPing"})
_MAX_PARAMS = 10

THANKS = (
    b'<?xml version="1.0"?>\n<methodResponse><params><param><value><struct>'
    b"<member><name>flerror</name><value><boolean>0</boolean></value></member>"
    b"<member><name>message</name><value><string>Thanks for the ping.</string></value></member>"
    b"</struct></value></param></params></methodResponse>\n"
)


def read_ping(body: bytes) -> tuple[str, ...]:
    """Give what a ping names after the blog's name: its home, and for an extended one its feeds. Raises BadRequest."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True
    )
    try:
        call = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadRequest(f"The body is no XML: {error}.") from None
    if call.getroottree().docinfo.internalDTD is not None:
        raise BadRequest("The body must have no DOCTYPE.")
    if call.tag != "methodCall" or (call.findtext("methodName") or "").strip() not in _METHODS:
        raise BadRequest("This address takes weblogUpdates.ping and weblogUpdates.extendedPing.")
    said = ["".join(value.itertext()).strip() for value in call.iterfind("params/param/value")]
    return tuple(url for url in said[1:_MAX_PARAMS] if url)
