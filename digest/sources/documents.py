"""JSON and XML from strangers, parsed within limits. Counted first, because a tree costs far more than its text.

Measured: 16 MB of `[[],…]` became 1.1 GB, 16 MB of unclosed XML 1.5 GB. Here, no tree has more than some 200,000 nodes.
"""

from __future__ import annotations

import json
import re
from codecs import BOM_UTF8
from html.entities import name2codepoint
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from digest.sources.exchange import Unbelievable
from digest.text import plain

# The longest real list, 50 papers, has 12,000 marks; a feed of 2,000 entries some 120,000.
MOST_MARKS = 200_000
# Real feeds are four deep.
DEEPEST = 32
_JSON_MARKS, _XML_MARKS = (b"[", b"{", b",", b":"), (b"<", b"=")
_CHALLENGE = re.compile(r"challenge|captcha|javascript is disabled|enable javascript", re.IGNORECASE)
_DECLARED = re.compile(rb"""\A\s*<\?xml[^>]{0,100}?encoding\s*=\s*["']([\w.-]{1,40})["']""")
_ENTITY = re.compile(rb"&([A-Za-z]{2,8});")
_OF_XML = frozenset({b"amp", b"lt", b"gt", b"quot", b"apos"})
# What a feed may be written in. In others, such as EBCDIC, the marks are not where they are counted.
_ENCODINGS = {"utf-8": "utf-8", "us-ascii": "utf-8", "ascii": "utf-8", "iso-8859-1": "iso-8859-1"}
_ENCODINGS |= {"latin1": "iso-8859-1", "windows-1252": "windows-1252"}


def json_of(body: bytes) -> object:
    """Read JSON; raise Unbelievable for anything else, and for far more of it than any list of papers has."""
    _counted(body, _JSON_MARKS, "JSON")
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise Unbelievable(f"not JSON but {gist(body)}") from None


def xml_of(body: bytes) -> Element:
    """Read XML without a document type; raise Unbelievable for anything else, and for too much or too deep."""
    # Programs leave empty lines before the declaration, and entities of HTML that XML does not know.
    body = _ENTITY.sub(_known, body.removeprefix(BOM_UTF8).lstrip())
    _counted(body, _XML_MARKS, "XML")
    declared = _DECLARED.match(body)
    written_in = declared[1].decode().lower() if declared else "utf-8"
    if written_in not in _ENCODINGS:
        raise Unbelievable(f"not an Atom feed: written in {written_in}")
    parser = DefusedXMLParser(target=_Bounded(), encoding=_ENCODINGS[written_in], forbid_dtd=True)
    try:
        parser.feed(body)
        tree: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise Unbelievable(f"not an Atom feed: {plain(str(error))[:100]}") from None
    return tree


def _known(found: re.Match[bytes]) -> bytes:
    """Write an entity of HTML by its number."""
    character = name2codepoint.get(found[1].decode())
    return f"&#{character};".encode() if character and found[1] not in _OF_XML else found[0]


def gist(body: bytes) -> str:
    """Say in a few words what came instead."""
    text = body[:5_000].decode(errors="replace")
    return "a script challenge" if _CHALLENGE.search(text) else f"`{plain(text[:500])[:60]}`"


def _counted(body: bytes, marks: tuple[bytes, ...], kind: str) -> None:
    if sum(map(body.count, marks)) > MOST_MARKS:
        raise Unbelievable(f"more {kind} than any list of papers has")


class _Bounded(TreeBuilder):
    """Builds a tree, and only so deep."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        if self._depth > DEEPEST:
            raise Unbelievable(f"not an Atom feed: more than {DEEPEST} deep")
        return super().start(tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag)
