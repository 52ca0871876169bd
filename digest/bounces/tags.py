"""HTML to the text a person would read, in one pass over its tags, however they are nested. No parser, no tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

# What comes after so much is no notice of a failure.
LONGEST_HTML = 200_000
# A tag ends where it ends, or where the next begins.
TAG = re.compile(r"<!--|-->|<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})[^<>]*>|<[!/?][^<>]*>")
UNSEEN = {"style", "script", "head", "title", "template"}
NEW_LINE = {"br", "p", "div", "tr", "li", "ul", "ol", "table", "pre", "hr", "h1", "h2", "h3", "h4", "blockquote"}
# A number too long for Python to read.
ENDLESS_ENTITY = re.compile(r"&#[0-9A-Fa-fxX]{12,}")


def without_tags(html: str) -> str:
    """Leave out tags, styles and scripts; a new block begins a new line."""
    return unescape(ENDLESS_ENTITY.sub("", "".join(_seen(html[:LONGEST_HTML]))))


def _seen(html: str) -> Iterator[str]:
    place, hidden = 0, ""
    for tag in TAG.finditer(html):
        if not hidden:
            yield html[place : tag.start()]
        place = tag.end()
        name = (tag["name"] or tag[0]).lower()
        hidden = _hidden(hidden, name, ends=bool(tag["end"]) or name == "-->")
        yield "\n" if name in NEW_LINE else " "
    if not hidden:
        yield html[place:]


def _hidden(hidden: str, name: str, *, ends: bool) -> str:
    """What hides the text from here on, if anything: an element or a comment that has not ended."""
    if hidden:
        return "" if ends and name in (hidden, "-->") else hidden
    return name if not ends and (name in UNSEEN or name == "<!--") else ""
