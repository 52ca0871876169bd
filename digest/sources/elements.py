"""What an entry of an Atom or RSS feed says: its texts, dates, links and people, in whichever of the dialects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin
from xml.etree.ElementTree import Element

from digest.sources import markup
from digest.sources.exchange import moment

ATOM = "{http://www.w3.org/2005/Atom}"
BASE = "{http://www.w3.org/XML/1998/namespace}base"
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"
# What these say of pictures, players and podcasts is about no paper, though the words are the same.
_OTHERS = ("{http://search.yahoo.com/mrss", "{http://www.itunes.com/dtds/")
# In Atom, RSS, Dublin Core and PRISM: when it came out before when it was changed.
_DATES = "published", "pubDate", "date", "issued", "publicationDate", "available", "created", "updated", "modified"
_WRITTEN = "%a, %d %b %Y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%Y/%m/%d"
# Links of an entry that lead to what it is about (RFC 4287, 4.2.7.2), the best first.
_OWN_LINKS = "alternate", "related", "via"
_INITIALS = re.compile(r"(?:[^\W\d_]{1,2}\.?[ -]?){1,4}")
# RSS 2.0 names a person by an address, and who it is of.
_WITH_ADDRESS = re.compile(r"\S{1,254}@\S{1,254}\s*(?:\(([^()]*)\))?")


def local(element: Element) -> str:
    """Give the name of an element without its namespace."""
    return element.tag.rpartition("}")[2]


def raw(parent: Element, *names: str) -> str:
    """Give what the first child of such a name says that says anything, as it is."""
    said = (_raw(each) for name in names for each in _called(parent, name))
    return next(filter(None, said), "")


def text(parent: Element, *names: str) -> str:
    """The same without HTML: RSS has it anywhere, Atom where it says so (RFC 4287, 3.1.1)."""
    for name in names:
        for each in _called(parent, name):
            said = _raw(each)
            is_text = each.tag.startswith(ATOM) and each.get("type", "text") in ("text", "text/plain", "xhtml")
            if words := (said if is_text else markup.words(said)).strip():
                return words
    return ""


def when(entry: Element) -> datetime | None:
    """Read the date of an entry, in UTC."""
    return next(filter(None, (_moment(raw(entry, each)) for each in _DATES)), None)


def links(entry: Element, base: str) -> list[str]:
    """List where an entry leads, its own page first, relative ones by the address of the feed."""
    found: dict[str, list[str]] = {relation: [] for relation in _OWN_LINKS}
    for each in _called(entry, "link"):
        relation = each.get("rel", "alternate")
        if relation in found:
            found[relation].append((each.get("href") or each.text or "").strip())
    return [_joined(base, link, link) for relation in _OWN_LINKS for link in found[relation] if link]


def authors(entry: Element) -> Iterator[str]:
    """Yield who wrote it."""
    for each in [*_called(entry, "author"), *_called(entry, "creator")]:
        yield from _names(text(each, "name") if len(each) else markup.words(each.text or ""))


def _called(parent: Element, name: str) -> list[Element]:
    return [each for each in parent if local(each) == name and not each.tag.startswith(_OTHERS)]


def _raw(element: Element) -> str:
    # XHTML is in elements of its own.
    return ("".join(element.itertext()) if len(element) else element.text or "").strip()


def based(base: str, element: Element) -> str:
    """Give the address that links within an element begin at, if it names one that is any."""
    return _joined(base, element.get(BASE, ""), base)


def _joined(base: str, link: str, otherwise: str) -> str:
    with suppress(ValueError):
        return urljoin(base, link)
    return otherwise


def _names(said: str) -> list[str]:
    """Part several people in one text: `Wu, A., Li, B.`, `Ada Wu, Bo Li and Cy Ng`, `ada@lab.example (Ada Wu)`."""
    said = _WITH_ADDRESS.sub(lambda found: found[1] or "", said[:10_000])
    if ";" in said:
        return [_in_order(name) for name in said.split(";")]
    parts = [part.strip() for part in re.split(r",|\band\b", said) if part.strip()]
    if len(parts) % 2 == 0 and all(_INITIALS.fullmatch(part) for part in parts[1::2]):
        return [f"{given} {family}" for family, given in zip(parts[::2], parts[1::2], strict=True)]
    # Names of a single word are given names behind a family name.
    return parts if all(" " in part for part in parts) else [_in_order(said)]


def _in_order(name: str) -> str:
    """Write "Lovelace, Ada" as "Ada Lovelace"."""
    family, _, given = name.partition(",")
    return f"{given.strip()} {family.strip()}".strip()


def _moment(said: str) -> datetime | None:
    """Read a date of Atom (RFC 3339) or of RSS (RFC 822), or one that people write."""
    with suppress(ValueError, TypeError, OverflowError, IndexError):
        return moment(said) or moment(parsedate_to_datetime(said).isoformat())
    for written in _WRITTEN:
        with suppress(ValueError):
            return moment(datetime.strptime(said, written).replace(tzinfo=UTC).isoformat())
    return None
