"""What Zotero exports as RDF: the papers in it, read as it comes and without a tree. Never raises."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from xml.etree.ElementTree import ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

# Real exports are nine deep.
DEEPEST = 24
# Where the root of such a file begins, at the latest.
ROOT, WITHIN = "<rdf:RDF", 5_000
# What stands beside the papers, with titles of its own.
NO_PAPERS = frozenset({"Attachment", "Memo", "Collection", "Journal", "Periodical", "Series", "CollectionItem"})
# Where a paper is named: its address, its DOI, and what other programs left in "extra".
NAMING = frozenset({"identifier", "value", "description"})
ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


@dataclass(slots=True)
class Item:
    """One paper: what names it, its title and abstract, its people as "given family"."""

    title: str = ""
    abstract: str = ""
    names: list[str] = field(default_factory=list)
    people: list[str] = field(default_factory=list)


def items(text: str) -> list[Item]:
    """Read the papers of an export, up to where it ends or is no longer XML; none where it is none."""
    if ROOT not in text[:WITHIN]:
        return []
    reading = _Reading()
    parser = DefusedXMLParser(target=reading, encoding="utf-8", forbid_dtd=True)
    with suppress(ParseError, DefusedXmlException, ValueError, LookupError):
        # As much as was cut off is never closed.
        parser.feed(text.encode(errors="replace"))
    return reading.items


class _Reading:
    """Hears the elements of an export as they come, and keeps the papers."""

    def __init__(self) -> None:
        self.items: list[Item] = []
        self._path: list[str] = []
        self._item: Item | None = None
        self._person: dict[str, str] = {}
        self._said: list[str] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition("}")[2]
        self._path.append(name)
        self._said = []
        if len(self._path) > DEEPEST:
            raise ValueError("deeper than any export")
        if len(self._path) == 2:
            self._item = None if name in NO_PAPERS else Item(names=[attributes.get(ABOUT, "")])
        elif name == "Person":
            self._person = {}

    def data(self, said: str) -> None:
        if self._item is not None:
            self._said.append(said)

    def end(self, _tag: str) -> None:
        name = self._path.pop()
        if self._item is not None:
            self._take(self._item, name, "".join(self._said).strip())
        self._said = []

    def close(self) -> None:
        """Nothing is left to do: what was read is kept already."""

    def _take(self, item: Item, name: str, said: str) -> None:
        if len(self._path) == 1:
            self.items.append(item)
        elif len(self._path) == 2 and name in ("title", "abstract"):
            setattr(item, name, said)
        elif name in NAMING:
            item.names.append(said)
        elif name in ("surname", "givenName"):
            self._person[name] = said
        elif name == "Person" and "authors" in self._path:
            item.people.append(f"{self._person.get('givenName', '')} {self._person.get('surname', '')}".strip())
