"""Papers that somebody pasted: ids, links, titles, a .bib, RIS, CSL-JSON, RDF; in one reading. Never raises.

What a program exported is read for what names a paper and what it is about; nothing of it is followed or looked up.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

from digest.text import plain, rdf

# Characters read: a Zotero export of a few hundred papers with their abstracts.
MOST_TEXT = 200_000
MOST_REFERENCES = 100
MOST_LOOKED_AT = 1_000
LONGEST_ENTRY, LONGEST_TITLE, LONGEST_ABSTRACT = 20_000, 400, 5_000
MOST_AUTHORS = 50
# An id, a DOI, the address of the page, that of the file.
MOST_NAMES = 5
# A line of fewer words is no title.
FEWEST_WORDS = 3
# Depth of braces in a field of BibTeX that somebody wrote; more is mischief.
DEEPEST = 30

ID = re.compile(
    r"(?<![\w.])(\d{4}\.\d{4,5}|[a-z]{2,8}(?:-[a-z]{2,3})?(?:\.[A-Z]{2})?/\d{7})(?:v\d{1,3})?(?![\w/])(?!\.\d)",
    re.ASCII,
)
ADDRESS = re.compile(r"https?://[^\s\"<>{}]{1,300}|\b10\.\d{4,9}/[^\s\"<>{}]{1,200}|\bforum\?id=[\w-]{1,40}", re.ASCII)
# An entry of BibTeX or of RIS begins a line.
ENTRY = re.compile(r"^(?:TY  ?-|[ \t]*@[A-Za-z]{1,30}[ \t]*[{(])", re.MULTILINE)
BRACES = re.compile(r"[{}]")
BIB_FIELD = re.compile(r"\b(title|abstract|author)[ \t]*=[ \t]*([{\"])", re.IGNORECASE)
RIS_END = re.compile(r"^ER  ?-", re.MULTILINE)
RIS_FIELD = re.compile(r"^([A-Z][A-Z0-9])  ?- ?(.*)$", re.MULTILINE)
RIS_NAMES = {"TI": "title", "T1": "title", "AB": "abstract", "N2": "abstract"}
RIS_AUTHORS = ("AU", "A1")
# What stands between the items of a list of CSL-JSON.
BETWEEN = re.compile(r"[\s,]*")
DECODER = json.JSONDecoder()


@dataclass(frozen=True, slots=True)
class Reference:
    """One paper as it was pasted: arXiv ids and addresses that may name it, and what the export says of it."""

    named: tuple[str, ...] = ()
    title: str = ""
    abstract: str = ""
    authors: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return self.title or (self.named[0] if self.named else "")


def references(text: str) -> tuple[list[Reference], int]:
    """Read the papers of a text, each once, at most so many; also say how many more were seen, or that it was cut."""
    found = [one for one in dict.fromkeys(islice(_read(text[:MOST_TEXT]), MOST_LOOKED_AT)) if one.label]
    return found[:MOST_REFERENCES], len(found[MOST_REFERENCES:]) + (len(text) > MOST_TEXT)


def _read(text: str) -> Iterator[Reference]:
    if items := _items(text):
        yield from map(_of_csl, items)
    elif exported := rdf.items(text):
        yield from map(_of_rdf, exported)
    elif starts := [found.start() for found in ENTRY.finditer(text)]:
        # What else a program writes into its export reads like titles.
        yield from _of_lines(text[: starts[0]], titles=False)
        for start, end in pairwise([*starts, len(text)]):
            entry = text[start : _end(text, start, end)]
            yield (_of_ris if entry.startswith("TY") else _of_bib)(entry[:LONGEST_ENTRY])
            yield from _of_lines(text[start + len(entry) : end], titles=False)
    else:
        yield from _of_lines(text, titles=True)


def _end(text: str, start: int, most: int) -> int:
    """Where an entry ends: what follows it may be a line of another paper."""
    if text.startswith("TY", start):
        closed = RIS_END.search(text, start, most)
        return closed.end() if closed else most
    depth = 0
    for found in BRACES.finditer(text, start, most):
        depth += 1 if found[0] == "{" else -1
        if depth <= 0:
            return found.end()
    return most


def _of_lines(text: str, *, titles: bool) -> Iterator[Reference]:
    """Read lines: the papers that each names or, if it names none, the title it is."""
    for line in filter(str.strip, text.split("\n")):
        if named := _named(line[:LONGEST_ENTRY]):
            yield from (Reference((one,)) for one in named)
        elif titles and len(line[:LONGEST_ENTRY].split()) >= FEWEST_WORDS:
            yield Reference(title=_title(line))


def _named(text: str) -> list[str]:
    """Find what names a paper; an address that has an id in it is one name."""
    addresses = [found[0].rstrip(".,;)]}") for found in ADDRESS.finditer(text)]
    ids = [found[1] for found in ID.finditer(ADDRESS.sub(" ", text))]
    return list(dict.fromkeys([*addresses, *ids]))


def _of_bib(entry: str) -> Reference:
    fields: dict[str, str] = {}
    for found in BIB_FIELD.finditer(entry):
        fields.setdefault(found[1].lower(), _value(entry, found.end(), found[2]))
    people = " ".join(fields.get("author", "").split()).split(" and ")
    authors = tuple(map(_name, people[:MOST_AUTHORS]))
    # What an entry cites stands in its abstract: that is no name of its own.
    own = entry.replace(fields["abstract"], " ") if fields.get("abstract") else entry
    return _reference(_named(own), fields.get("title", ""), fields.get("abstract", ""), authors)


def _value(entry: str, start: int, opened: str) -> str:
    """Read a value of BibTeX from behind its opening brace or quote to the one that closes it."""
    depth = 0
    for at in range(start, len(entry)):
        character = entry[at]
        if opened == '"' and character == '"' and not depth:
            return entry[start:at]
        depth += (character == "{") - (character == "}")
        if depth < 0 or depth > DEEPEST:
            return entry[start:at]
    return entry[start:]


def _of_ris(entry: str) -> Reference:
    fields: dict[str, str] = {}
    authors: list[str] = []
    others: list[str] = []
    for tag, value in RIS_FIELD.findall(entry):
        if tag in RIS_AUTHORS:
            authors += [_name(value)] if len(authors) < MOST_AUTHORS else []
        elif tag in RIS_NAMES:
            fields.setdefault(RIS_NAMES[tag], value)
        else:
            others.append(value)
    return _reference(_named("\n".join(others)), fields.get("title", ""), fields.get("abstract", ""), tuple(authors))


def _items(text: str) -> list[Mapping[str, Any]]:
    """Read CSL-JSON: a list of items, or one of them; of a list that was cut, the items that are whole."""
    text = text.lstrip()
    if not text.startswith(("[", "{")):
        return []
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = list(_whole(text)) if text[0] == "[" else []
    return [item for item in (read if isinstance(read, list) else [read]) if isinstance(item, dict)]


def _whole(text: str) -> Iterator[Any]:
    """Yield the items of a list up to the first that is cut off, or is none."""
    at = 1
    with suppress(ValueError, RecursionError):
        while found := BETWEEN.match(text, at):
            item, at = DECODER.raw_decode(text, found.end())
            yield item


def _of_csl(item: Mapping[str, Any]) -> Reference:
    said = [value for name, value in item.items() if name not in ("title", "abstract") and isinstance(value, str)]
    people = item.get("author")
    named = [one for one in people[:MOST_AUTHORS] if isinstance(one, dict)] if isinstance(people, list) else []
    authors = [f"{one.get('given') or ''} {one.get('family') or one.get('literal') or ''}" for one in named]
    title, abstract = (item[name] if isinstance(item.get(name), str) else "" for name in ("title", "abstract"))
    return _reference(_named("\n".join(said)[:LONGEST_ENTRY]), title, abstract, tuple(map(_name, authors)))


def _of_rdf(item: rdf.Item) -> Reference:
    named, people = "\n".join(item.names)[:LONGEST_ENTRY], item.people[:MOST_AUTHORS]
    return _reference(_named(named), item.title, item.abstract, tuple(map(_name, people)))


def _reference(named: list[str], title: str, abstract: str, authors: tuple[str, ...]) -> Reference:
    known = tuple(filter(None, authors))
    return Reference(tuple(named[:MOST_NAMES]), _title(title), plain(abstract[:LONGEST_ABSTRACT]), known)


def _title(text: str) -> str:
    return plain(text[: 2 * LONGEST_TITLE].replace("{", "").replace("}", ""))[:LONGEST_TITLE]


def _name(text: str) -> str:
    """Write a name as it is said: given names first."""
    family, _, given = plain(text[:100].replace("{", "").replace("}", "")).partition(",")
    return f"{given} {family}".strip() if given else family.strip()
