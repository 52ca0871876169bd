"""Texts that want to keep a parser busy, each at about n bytes, and what reads them: topics, addresses, lists, CSV."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path

from digest.cli.errors import Misused
from digest.cli.readers import table
from digest.logs import redact
from digest.readers import form
from digest.settings import BadSetting, load
from digest.sources.documents import json_of, xml_of
from digest.sources.exchange import Unbelievable
from digest.text import plain
from digest.topics import parse

Make = Callable[[int], str]
Read = Callable[[bytes], object]


def _repeated(what: str) -> Make:
    return lambda size: what * (size // len(what.encode()))


def _of_many(what: str) -> Make:
    """So many different ones: `what` has a place for a number."""
    return lambda size: "".join(what.format(number) for number in range(100_000, 100_000 + size // len(what) // 2))


TOPICS: Mapping[str, Make] = {
    "lines": _repeated("tides\n"),
    "different lines": _of_many("tides {}\n"),
    "commas": _repeated(","),
    "quotes": _repeated('"'),
    "brackets": _repeated("("),
    "brackets closed": lambda size: "(" * (size // 2) + ")" * (size // 2),
    "minus signs": _repeated("-"),
    "alternatives": _repeated("a | "),
    "prefixes": _repeated("a* "),
    "fields": _repeated("title:"),
    "authors": _repeated('author:"'),
    "carets": _repeated("a^"),
    "TeX": _repeated("$\\tau"),
    "TeX braces": _repeated("{\\bf "),
    "one word": _repeated("a"),
    "marks on a letter": lambda size: "a" + "\u0301" * (size // 2),
    "hyphens in a word": _repeated("a-"),
    "full-width signs": _repeated("，；"),
}
ADDRESSES: Mapping[str, Make] = {
    "at signs": _repeated("@"),
    "dots": lambda size: "a." * (size // 2) + "@example.org",
    "labels": lambda size: "a@" + "b." * (size // 2) + "org",
    "quotes": _repeated('"'),
    "comments": _repeated("("),
    "marks on a letter": lambda size: "a" + "\u0301" * (size // 2) + "@example.org",
    "punycode": lambda size: "a@xn--" + "a" * size + ".org",
    "letters beyond ASCII": lambda size: "a@" + "ü" * (size // 2) + ".org",
    "an address literal": lambda size: "a@[" + "1." * (size // 2) + "]",
}
LISTS: Mapping[str, Make] = {
    "JSON in JSON": _repeated("["),
    "objects in objects": _repeated('{"a":'),
    "empty lists": _repeated("[],"),
    "a number": _repeated("9"),
    "escapes": lambda size: '"' + "\\u0061" * (size // 6) + '"',
    "elements": _repeated("<a>"),
    "attributes": lambda size: "<a " + _of_many('a{}="" ')(size) + "/>",
    "entities": _repeated("&amp;"),
    "a document type": _repeated("<!ENTITY a 'b'>"),
    "comments": _repeated("<!--"),
}
TEX: Mapping[str, Make] = {
    "braces": _repeated("{"),
    "dollars": _repeated("$"),
    "backslashes": _repeated("\\"),
    "accents": _repeated('\\"{'),
    "commands": _repeated("\\textbf{"),
    "bases": _repeated("_{"),
    "white space": _repeated(" \n\t"),
    "marks that nobody sees": _repeated("\u200b\u202e"),
    "marks on a letter, not in their order": lambda size: "a" + "\u0301\u0323" * (size // 4),
}
FILES: Mapping[str, Make] = {
    "rows": lambda size: "email\n" + _of_many("a{}@example.org\n")(size),
    "quotes": lambda size: "email\n" + '"' * size,
    "quotes in lines": lambda size: "email\n" + '"a\n' * (size // 3),
    "separators": lambda size: "email\n" + "," * size,
    "columns": lambda size: "email" + ",a" * (size // 2) + "\n",
    "separators of all kinds": lambda size: "email" + ",;\t|" * (size // 4) + "\n",
    "NULs": lambda size: "email\n" + "\x00" * size,
    "half of a letter": lambda size: "email\n" + "\udce9\n" * (size // 2),
}
ENV_FILES: Mapping[str, Make] = {
    "lines": _repeated("A=b\n"),
    "quotes": _repeated("A='"),
    "equals signs": _repeated("="),
    "variables": _repeated("${A}"),
    "variables in a value": lambda size: "A=" + "${A}" * (size // 4),
    "a relay with options": lambda size: "DIGEST_SMTP_URL='smtp://a?" + "rate=1&" * (size // 7) + "'",
    "relays": lambda size: "DIGEST_SMTP_URL='" + "smtp://a " * (size // 9) + "'",
    "blanks in a value": lambda size: "A=a" + " " * size + "b",
    "blanks and marks": lambda size: "A=a" + (" " * 900 + "#'b") * (size // 903),
    "blanks in a relay": lambda size: "DIGEST_SMTP_URL='smtp://a" + " " * size + "b'",
    "commas in a relay": lambda size: "DIGEST_SMTP_URL='smtp://a" + "," * size + "b'",
    "keys": lambda size: "DIGEST_SECRET_KEY='" + "a," * (size // 2) + "'",
}

# What a line of the log may quote: an address that was asked for, an error that holds it.
LINES: Mapping[str, Make] = {
    "words and hyphens": _repeated("w-"),
    "hyphens": _repeated("-"),
    "a word, and an at sign before it": lambda size: "@ " + "a" * size,
    "dots": _repeated("a."),
    "at signs": _repeated("a@"),
    "schemes": _repeated("://"),
    "links": _repeated("/digest/"),
    "a key": lambda size: "k" + "0" * size,
    "a signature that is none": lambda size: "a." + "-" * size,
}
VALUES: Mapping[str, Make] = {
    "blanks": lambda size: "smtp://a" + " " * size + "b",
    "commas": lambda size: "smtp://a" + "," * size + "b",
    "schemes": _repeated(", a://"),
    "letters of a scheme": lambda size: "smtp://a, " + "a+" * (size // 2),
}


def read_topics(content: bytes) -> object:
    return parse(content.decode())


def read_address(content: bytes) -> object:
    with suppress(form.Mistakes):
        return form.address({"email": content.decode()})
    return None


def read_list(content: bytes) -> object:
    for read in (json_of, xml_of):
        with suppress(Unbelievable):
            read(content)
    return None


def read_title(content: bytes) -> object:
    return plain(content.decode())


def read_file(content: bytes) -> object:
    return _from_a_file(content, lambda path: len(list(table.rows(path))))


def read_env_file(content: bytes) -> object:
    return _from_a_file(content, lambda path: load(str(path)))


def read_line(content: bytes) -> object:
    return redact(content.decode())


def read_value(content: bytes) -> object:
    with suppress(BadSetting):
        return load(smtp_url=content.decode())
    return None


def _from_a_file(content: bytes, read: Callable[[Path], object]) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "given"
        path.write_bytes(content)
        with suppress(Misused, BadSetting):
            return read(path)
    return None


# What is read, the texts that are hard on it, and what reads it.
ROOMS: Mapping[str, tuple[str, Mapping[str, Make], Read]] = {
    "topics": ("Topics", TOPICS, read_topics),
    "addresses": ("Addresses", ADDRESSES, read_address),
    "sources": ("Lists of papers, as JSON and as XML", LISTS, read_list),
    "text": ("Titles and abstracts", TEX, read_title),
    "csv": ("Files of readers", FILES, read_file),
    "settings": ("Files of settings", ENV_FILES, read_env_file),
    "values": ("Values of settings", VALUES, read_value),
    "logs": ("Lines of the log", LINES, read_line),
}


def text(room: str, kind: str, size: int) -> bytes:
    return ROOMS[room][1][kind](size).encode("utf-8", "surrogateescape")
