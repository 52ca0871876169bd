"""Files of readers, broken in every way that files are: each is read to its end or refused in a line, row by row."""

from __future__ import annotations

import csv
import random
import re
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

from bench.attack.cells import RUN
from bench.attack.tries import Try, at_most
from digest.bootstrap import Service
from digest.cli.console import errors
from digest.cli.errors import Misused
from digest.cli.readers import table
from digest.cli.readers.importing import Import, entry
from digest.cli.readers.table import Line
from digest.readers import roster
from digest.readers.form import Mistakes
from digest.settings import Settings
from digest.store import readers
from digest.store.engine import migrate

# Of those that are read, one in so many is taken in as well.
FILES, FEW, ONE_IN = 20_000, 300, 20
MOST_SECONDS = 2
# What a file is made of before it is broken.
HEADERS = (
    ",".join(roster.COLUMNS),
    "email,topics",
    "E-Mail;Interests;Time zone",
    "sep=;\r\nemail;topics",
    "topics\temail\thour",
    '"email","most papers",key',
)
CELLS = (
    *("ada@example.org", "ADA@Example.org", "ada@éxample.org", '"a b"@example.org', "@", "ada@", "a@b", "nobody"),
    *("agents", '"a ""quoted"" topic"', '"one\ntwo"', '"one\r\ntwo"', "naïve Bayes", "=1+1", "+1", "-1", "@SUM(1)"),
    *("'=1", "\t=1", "active", "pending", "ACTIVE", "9" * 5_000, "-0", "7.5", "٣", "１", "nan", "1e400", "", " "),
    *("Europe/Paris", "../../etc/passwd", "/etc/localtime", "europe/paris", "UTC\0", "2026-03-01", "9999-12-31"),
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-03-01 world models", "k" + "0" * 16),
    *("x" * 3_000, "\u202eevil", "İ", "ﬁ", "a\u0301" * 40, "😀", "\x1b[2J", "weekly", "monday", "yes", "trending"),
)
BYTES = (b'"', b"'", b"\0", b"\r", b"\n", b"\r\n", b"\n\r", b",", b";", b"\t", b"|", b"\xef\xbb\xbf", b"\xff\xfe")
MORE_BYTES = (b"\xfe\xff", b"\xff", b"\xe9", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\x1a", b"\x85", b"\\")
LONG = (b'"' * 501, b"," * 5_000, b"a" * 150_000, b'"a\n' * 250, b"\r" * 500, b'"\n' * 401, b"\xe2\x80\xa8" * 50)
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "utf-7", "utf-32")


def attack(small: bool) -> Iterator[Try]:
    """Read each as `digest readers import` does, and take some of them in."""
    chance, slowest = random.Random(19), 0.0
    with tempfile.TemporaryDirectory() as folder, closing(_a_list(Path(folder))) as service:
        path = Path(folder) / "readers.csv"
        for number in range(FEW if small else FILES):
            path.write_bytes(content := a_file(chance))
            began = time.process_time()
            wrong = _wrong(path, service.now)
            slowest = max(slowest, time.process_time() - began)
            yield Try("a broken file of readers", wrong and f"number {number}, {content[:80]!r}…: {wrong}")
            if number % ONE_IN == 0 and not wrong:
                yield Try("taken in, and again", _taken_in(service, path))
        yield Try("exported after all that", _exported(service, path))
    yield Try("the slowest of them", at_most(MOST_SECONDS, slowest), f"{slowest:.2f} s")


def a_file(chance: random.Random) -> bytes:
    """A file of some rows, in some encoding, with some bytes put in, left out, doubled, or cut off."""
    header = chance.choice(HEADERS)
    sign = next(sign for sign in "\t;," if sign in header.rpartition("\n")[2])
    rows = [sign.join(chance.choices(CELLS, k=chance.randint(1, 8))) for _ in range(chance.randint(0, 6))]
    rows += [sign.join((f"reader{chance.randint(1, 99)}@example.org", *chance.choices(CELLS, k=2))) for _ in range(3)]
    text = chance.choice(("\n", "\r\n", "\r", "\n\n")).join((header, *rows))
    content = text.encode(chance.choice(ENCODINGS), "replace")
    for _ in range(chance.choice((0, 0, 1, 2, 5))):
        at = chance.randint(0, len(content))
        what = chance.choice((*BYTES, *MORE_BYTES, *BYTES, *MORE_BYTES, chance.choice(LONG), b""))
        content = content[:at] + what + content[chance.choice((at, at, at + 1, at + 40)) :]
    return content[: chance.randint(0, len(content))] if chance.random() < 0.1 else content


def _wrong(path: Path, now: datetime) -> str:
    """What is wrong with how a file is read: a fault, a row that is lost, or one that is refused without a reason."""
    try:
        lines = list(table.rows(path, roster.COLUMNS))
    except Misused as refused:
        return "" if "\n" not in str(refused) else f"not one line: {refused}"
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    for line in lines:
        try:
            if not line.wrong:
                entry(line.cells, now, timedelta(0))
        except Mistakes as mistakes:
            if not all(mistakes.by_field.values()):
                return f"line {line.number} is refused without a reason"
        except Exception as error:
            return f"line {line.number}: {type(error).__name__}: {error}"
    return _lost(path, lines)


def _lost(path: Path, lines: Sequence[Line]) -> str:
    """Say what of a file is in no row of it: below the line that names the columns, that is white space."""
    with path.open(encoding=table.encoding_of(path)[0], errors="surrogateescape", newline="") as file:
        physical = list(file)
    named = 2 if re.match(r"sep=.\s*$", physical[0], re.IGNORECASE) else 1
    whole, read = _bare("".join(physical[named:])), _bare("".join(line.text for line in lines))
    return "" if whole == read else f"{len(whole)} characters in the file, {len(read)} in its rows"


def _bare(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


def _a_list(folder: Path) -> Service:
    service = Service(Settings(database_url=f"sqlite:///{folder}/digest.sqlite3"))
    migrate(service.database)
    return service


def _taken_in(service: Service, path: Path) -> str:
    """What a second import says that the first one did not do, or did by halves."""
    try:
        lines = list(table.rows(path, roster.COLUMNS))
    except Misused:
        return ""
    first, again = (Import(service, timedelta(0), None, dry_run=False) for _ in range(2))
    quiet, errors.quiet = errors.quiet, True
    try:
        first.take(lines)
        again.take(lines)
    finally:
        errors.quiet = quiet
    done = first.added.total() + first.known + first.gone + first.bad
    if done != len(lines):
        return f"{len(lines)} rows, and {done} accounted for"
    return f"{again.added.total()} added by the second import" if again.added else ""


def _exported(service: Service, path: Path) -> str:
    """Which cell runs in a spreadsheet, or does not come back."""
    everyone = [roster.row(reader) for reader in readers.everyone(service.engine)]
    with path.open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, roster.COLUMNS, extrasaction="ignore", lineterminator="\n")
        sheet.writeheader()
        sheet.writerows({name: table.neutral(cell) for name, cell in one.items()} for one in everyone)
    with path.open(encoding="utf-8", newline="") as file:
        if runs := next((cell for cells in csv.reader(file) for cell in cells if cell[:1] in (*RUN,)), ""):
            return f"{runs!r} runs"
    back = [dict(line.cells) for line in table.rows(path, roster.COLUMNS)]
    lost = next((one for one in everyone if {name: one[name] for name in roster.COLUMNS} not in back), None)
    return f"{lost} does not come back" if lost else ""
