"""A table of readers in a file, whoever wrote it: finds its encoding, its separator and its columns, row by row.

A row that cannot be read is set aside with its number and the reason, and loses none of those after it: not by a byte
that is no text, a NUL, or a quote that is never closed.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from digest.cli.errors import Misused

Row = Mapping[str, str]

# What programs of all kinds call the columns, without case, blanks and signs; the first that is there counts.
NAMES: Mapping[str, tuple[str, ...]] = {
    "email": ("email", "mail", "emailaddress", "mailaddress", "emailadresse", "adresseemail", "address", "subscriber"),
    "status": ("status",),
    "topics": ("topics", "topic", "interests", "interest", "keywords", "keyword", "tags"),
    "cadence": ("cadence", "frequency"),
    "weekday": ("weekday",),
    "hour": ("hour",),
    "timezone": ("timezone", "tz", "zone"),
    "most_papers": ("mostpapers", "maxpapers"),
    "pictures": ("pictures", "images"),
}
SEPARATORS = ",;\t|"
MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}
# What no text has in it: NUL, what UTF-8 could not read (see `surrogateescape`), and the sign for a lost letter.
NO_TEXT = re.compile("[\x00\ud800-\udfff\ufffd]")
# More than the topics one may have: a quote that is not closed by then never is.
MOST_LINES = 200
LONGEST_ROW = 100_000
# A cell that a spreadsheet would take for a formula, and how `export` writes it: with an apostrophe before it.
FORMULA = re.compile(r"'*[=+\-@\t\r]")
SNIFFED_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Line:
    """A row as it stands in the file: which line it begins on, its text, and its cells or what is wrong with it."""

    number: int
    text: str
    cells: Row
    wrong: str = ""


def neutral(cell: str) -> str:
    """Write a cell so that no spreadsheet runs it."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def restored(cell: str) -> str:
    """Read a cell as it was before `neutral`."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell) else cell


def rows(path: Path, columns: Sequence[str] = tuple(NAMES)) -> Iterator[Line]:
    """Read a file's rows by our names of the columns; raise Misused where its first line names no email."""
    encoding, guessed = encoding_of(path)
    try:
        with path.open(encoding=encoding, errors="surrogateescape", newline="") as file:
            lines = _Lines(file)
            header = _header(lines, path)
            separator = separator_of(header)
            names = places(_named(header, separator, path), columns, path)
            for number, text in lines.records(separator):
                yield _line(number, text, separator, names, guessed)
    except UnicodeError:
        raise Misused(f"{path}: it is cut off, or not {encoding} text") from None


def encoding_of(path: Path) -> tuple[str, bool]:
    """Find a file's encoding, and say whether it is a guess.

    UTF-8 unless a mark or NULs say UTF-16. Bytes that are not UTF-8, in a file that has no letters in UTF-8 besides,
    are Windows-1252, which Latin-1 is a part of.
    """
    with path.open("rb") as file:
        start = file.read(SNIFFED_BYTES)
        for mark, name in MARKS.items():
            if start.startswith(mark):
                return name, False
        if start[1:200:2].count(0) > len(start[:200]) // 4:
            return "utf-16-le", False
        if start[0:200:2].count(0) > len(start[:200]) // 4:
            return "utf-16-be", False
        file.seek(0)
        found = {_is_utf8(line) for line in file if not line.isascii()}
    return ("cp1252", True) if found == {False} else ("utf-8", False)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        # A line that is half in UTF-8 is broken UTF-8.
        return bool(re.search(rb"[\xc3-\xf4][\x80-\xbf]", line))
    return True


def separator_of(header: str) -> str:
    """Find what parts the cells: what makes one of them a name of ours, or else what there is most of."""
    known = {name for names in NAMES.values() for name in names}

    def fits(sign: str) -> tuple[int, int]:
        with suppress(csv.Error):
            return sum(_bare(cell) in known for cell in _cells(header, sign)), header.count(sign)
        return -1, 0

    return max(SEPARATORS, key=fits)


def _named(header: str, separator: str, path: Path) -> list[str]:
    try:
        return _cells(header, separator)
    except csv.Error as error:
        raise Misused(f"{path}: the first line must name the columns, but cannot be read as a row: {error}") from None


def places(header: Sequence[str], columns: Sequence[str], path: Path) -> Mapping[str, int]:
    """Say in which place each column of ours stands; raise Misused without an email, and for a name given twice."""
    bare = [_bare(name) for name in header]
    found: dict[str, int] = {}
    for column in columns:
        names = NAMES.get(column, (_bare(column),))
        name = next((each for each in names if each in bare), None)
        if name and bare.count(name) > 1:
            raise Misused(f"{path}: the first line names {column} more than once")
        if name:
            found[column] = bare.index(name)
    if "email" not in found:
        there = ", ".join(name.strip()[:30] for name in header if name.strip() and "@" not in name) or "no column"
        raise Misused(
            f"{path}: the first line must name the columns, `email` among them; it names {NO_TEXT.sub('?', there)}"
        )
    return found


def _bare(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


class _Lines:
    """The lines of a file, one after another, with a way back."""

    def __init__(self, file: Iterator[str]) -> None:
        self._file, self._back, self.number = file, deque[str](), 0

    def next(self) -> str | None:
        line = self._back.popleft() if self._back else next(self._file, None)
        self.number += line is not None
        return line

    def give_back(self, lines: Sequence[str]) -> None:
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def records(self, separator: str) -> Iterator[tuple[int, str]]:
        """Join lines while a quote is open; one that is never closed ends with its own line."""
        while (line := self.next()) is not None:
            first = self.number
            if line.count('"') % 2:
                line = self._joined(line, separator)
            if line.strip("\r\n"):
                yield first, line

    def _joined(self, line: str, separator: str) -> str:
        taken: list[str] = []
        text, quotes = line, line.count('"')
        while quotes % 2 and len(taken) < MOST_LINES and len(text) < LONGEST_ROW and (more := self.next()) is not None:
            taken.append(more)
            text, quotes = text + more, quotes + more.count('"')
        if quotes % 2 == 0 and _is_one_row(text, separator):
            return text
        self.give_back(taken)
        return line


def _is_one_row(text: str, separator: str) -> bool:
    try:
        return len(list(csv.reader([text], delimiter=separator, strict=True))) == 1
    except csv.Error:
        return False


def _header(lines: _Lines, path: Path) -> str:
    """The line that names the columns; Excel may say which separator it uses in one before it."""
    header = lines.next()
    if header is not None and re.fullmatch(r"sep=.\s*", header, re.IGNORECASE):
        header = lines.next()
    if header is None or not header.strip():
        raise Misused(f"{path}: the first line must name the columns, `email` among them")
    return header


def _line(number: int, text: str, separator: str, names: Mapping[str, int], guessed: bool) -> Line:
    wrong = _wrong(text)
    try:
        cells = [] if wrong else _cells(text, separator)
    except csv.Error as error:
        cells, wrong = [], f"it cannot be read as a row: {error}"
    found = {name: restored(cells[place]) for name, place in names.items() if place < len(cells)}
    if guessed and not found.get("email", "").isascii():
        wrong = "the address has letters whose encoding is only a guess: save the file as UTF-8"
    return Line(number, text, {} if wrong else found, wrong)


def _wrong(text: str) -> str:
    if NO_TEXT.search(text):
        return "it is not UTF-8 text"
    return "it is far too long" if len(text) > LONGEST_ROW else ""


def _cells(text: str, separator: str) -> list[str]:
    # The quote's own lines belong to its cell: given whole, the reader keeps their ends.
    return next(iter(csv.reader([text], delimiter=separator, strict=True)), [])
