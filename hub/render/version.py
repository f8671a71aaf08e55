"""Which renderer this is: a hash that differs when its documents may."""

from __future__ import annotations

import hashlib
from importlib.metadata import version
from pathlib import Path

from lxml import etree

_HERE = Path(__file__).parent
_SOURCES = (*sorted(_HERE.glob("*.py")), _HERE.parent / "model.py", _HERE.parent / "urls.py")
_LIBRARIES = ("feedgen", "lxml", "orjson")


def renderer_version() -> str:
    """Hash of this package's own source, what it is built on, and its libraries' versions.

    A changed comment counts as well: rendering everything once more, told to nobody, is cheap, and
    forgetting to raise a number by hand is not.
    """
    digest = hashlib.sha256()
    for source in _SOURCES:
        digest.update(source.read_bytes())
    for library in _LIBRARIES:
        digest.update(f"{library} {version(library)}\n".encode())
    digest.update(repr(etree.LIBXML_VERSION).encode())
    return digest.hexdigest()[:32]


RENDERER_VERSION = renderer_version()
