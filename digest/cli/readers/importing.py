"""`digest readers import`: a file of any program's to readers, a thousand in a transaction, the bad rows set aside."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Annotated
from zlib import crc32

import typer
from rich.progress import Progress

from digest.bootstrap import Service
from digest.cli.console import console, errors
from digest.cli.errors import Failed, Misused
from digest.cli.readers import table
from digest.cli.readers.table import Line, Row
from digest.compose.wording import number
from digest.domain import Preferences, Status
from digest.readers import roster, schedule
from digest.readers.form import Mistakes
from digest.store import admission, suppressed
from digest.store.admission import Entry
from digest.store.readers import email_key

BATCH = 1_000
# Enough to see what is wrong with a file; the rest is in --rejects.
MOST_TOLD = 20
SPREADS = {"h": timedelta(hours=1), "d": timedelta(days=1)}
MOST_SPREAD = timedelta(days=60)


class Import:
    """One run: what was taken, and what was wrong."""

    def __init__(self, service: Service, spread: timedelta, rejects: IO[str] | None, dry_run: bool) -> None:
        self._service, self._spread, self._rejects, self._dry_run = service, spread, rejects, dry_run
        self._now = service.now
        self.added, self.known, self.gone, self.bad = Counter[str](), 0, 0, 0
        self._seen: set[tuple[str, str]] = set()

    def take(self, lines: Iterable[Line]) -> None:
        """Take up to a thousand rows in, in one transaction."""
        read = [one for line in lines if (one := self._read(line))]
        gone = suppressed.among(self._service.engine, [one.email for one in read])
        left = sum(email_key(one.email) in gone for one in read)
        read = [one for one in read if email_key(one.email) not in gone]
        there = admission.known(self._service.engine, read, self._now) | self._seen
        fresh: dict[tuple[str, str], Entry] = {}
        for one in read:
            if (key := one.identity) not in there:
                # Of two rows of one digest the first counts.
                fresh.setdefault(key, one)
        self.gone += left
        self.known += len(read) - len(fresh)
        if self._dry_run:
            # Nothing is written down, so a second row of the same reader is only known from here.
            self._seen |= fresh.keys()
        else:
            admission.admit_many(self._service.engine, list(fresh.values()), self._now)
        self.added.update(one.status.value for one in fresh.values())

    def _read(self, line: Line) -> Entry | None:
        try:
            if line.wrong:
                raise Mistakes({"": line.wrong})
            return entry(line.cells, self._now, self._spread)
        except Mistakes as mistakes:
            self._set_aside(line, told(mistakes))
            return None

    def _set_aside(self, line: Line, why: str) -> None:
        self.bad += 1
        if self.bad <= MOST_TOLD:
            errors.print(f"line {line.number}: {why}")
        elif self.bad == MOST_TOLD + 1:
            errors.print("… the other lines with mistakes are not shown; `--rejects FILE` keeps them all")
        if self._rejects:
            self._rejects.write(line.text if line.text.endswith("\n") else f"{line.text}\n")

    def __str__(self) -> str:
        # Only they themselves can come back.
        gone = f" {self.gone} left and were deleted," if self.gone else ""
        each = ", ".join(f"{count} {status}" for status, count in self.added.items())
        added = f"{self.added.total()} {'would be ' if self._dry_run else ''}added{each and f' ({each})'}"
        return f"{added}, {self.known} on the list already,{gone} {number(self.bad, 'line')} with mistakes."


def import_readers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `export` writes, or any such table.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done; change nothing.")] = False,
    rejects: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to keep the lines with mistakes, below their columns.")
    ] = None,
    spread: Annotated[
        str, typer.Option(metavar="3d", help="Spread the first digests over so many days (3d) or hours (12h).")
    ] = "",
) -> None:
    """Add the readers of a CSV file who have agreed to it.

    Its first line names the columns: email, and if you like status, topics (one a line in its cell), cadence, hour,
    timezone, most_papers, pictures and related (yes or no), weekday, order, paused_until, digest (the name of one
    of several of an address), list_name (what its List-Id says, if not that), muted (topics that rest, a day and a
    topic a line), and the key that their links name them by; or as other programs call them. Without a status
    everybody is active; with it, who was pending has to confirm anew, and who left, bounced or complained gets
    nothing. The first digest comes at the reader's own next hour. A bad line is told with its number and loses none
    of the others; who is on the list already is left as they are.
    """
    service: Service = context.obj
    with ExitStack() as stack:
        kept = stack.enter_context(_open(rejects)) if rejects else None
        run = Import(service, _spread(spread), kept, dry_run)
        lines = table.rows(file, roster.COLUMNS)
        with Progress(console=errors, transient=True, disable=not errors.is_terminal) as progress:
            bar = progress.add_task("Importing", total=None)
            for batch in _batches(lines):
                if kept and not kept.tell():
                    kept.write(_first_line(file))
                run.take(batch)
                progress.update(bar, advance=len(batch), description=str(run))
    console.print(str(run))
    if run.bad:
        raise Failed(f"{file}: {number(run.bad, 'line')} could not be used")


def entry(row: Row, now: datetime, spread: timedelta) -> Entry:
    """Read a row; raise Mistakes with all that is wrong with it."""
    one = roster.newcomer(row)
    due = first_due(one.preferences, one.email, now, spread) if one.status is Status.ACTIVE else None
    return Entry(one.email, one.preferences, one.status, due, one.paused_until, one.key, one.name, one.list_name)


def first_due(preferences: Preferences, email: str, now: datetime, spread: timedelta) -> datetime:
    """The reader's own next hour, on one of the days over which the first digests are spread: the same each time."""
    share = crc32(email_key(email).encode()) / 2**32
    return schedule.next_due(preferences, now + spread * share)


def told(mistakes: Mistakes) -> str:
    return "; ".join(f"{field}: {text}" if field else text for field, text in mistakes.by_field.items())


def _batches(lines: Iterator[Line]) -> Iterator[list[Line]]:
    while batch := list(islice(lines, BATCH)):
        yield batch


def _spread(text: str) -> timedelta:
    if not text:
        return timedelta(0)
    found = re.fullmatch(r"(\d{1,4})([hd])", text.strip().lower())
    spread = int(found[1]) * SPREADS[found[2]] if found else None
    if spread is None or spread > MOST_SPREAD:
        raise Misused(f"--spread: {text!r} is not a length of time; give days or hours such as 3d or 12h, at most 60d")
    return spread


def _open(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8", errors="surrogateescape", newline="")
    except OSError as error:
        raise Misused(f"--rejects: cannot write {path}: {error.strerror}") from None


def _first_line(path: Path) -> str:
    """The line that names the columns, so that the rejects, once mended, can be imported as they are."""
    with path.open(encoding=table.encoding_of(path)[0], errors="surrogateescape", newline="") as file:
        return file.readline()
