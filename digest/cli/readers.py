"""The operator's side of the list: who is on it, and adding, importing, exporting, forgetting readers."""

from __future__ import annotations

import csv
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import Json, console, errors, print_json, print_table
from digest.cli.errors import Failed, Misused
from digest.domain import Reader
from digest.readers import operator, roster
from digest.readers.form import Mistakes, typed
from digest.readers.roster import COLUMNS
from digest.store import readers
from digest.store.readers import AlreadyThere

app = app_of(help=__doc__)
# What no text has in it: NUL, and the half surrogates that stand for bytes that are not UTF-8.
NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
Row = Mapping[str, str | None]


class Unreadable(Exception):
    """A file is no table from this line on."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(f"line {line}: {why}; what comes after it was not read")


@app.command()
def add(
    context: typer.Context,
    email: str,
    topic: Annotated[list[str], typer.Option(help="A topic; give the option once for each.")] = [],  # noqa: B006 - typer's way
    cadence: Annotated[str, typer.Option(help="daily, weekdays or weekly.")] = "daily",
    hour: Annotated[int, typer.Option(help="The hour of the digest, 0 to 23, in the reader's time zone.")] = 7,
    timezone: Annotated[str, typer.Option(help="A time zone such as Europe/Paris.")] = "UTC",
    most_papers: Annotated[int, typer.Option("--most-papers", help="At most so many papers in a digest.")] = 10,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Show each paper's picture, loaded from its site.")
    ] = False,
) -> None:
    """Add a reader who has agreed to it; no confirmation is asked. The first digest is due at once."""
    service: Service = context.obj
    row = {"email": email, "topics": "\n".join(topic), "cadence": cadence, "hour": str(hour), "timezone": timezone}
    try:
        reader = _admit(service, row | {"most_papers": str(most_papers), "pictures": "yes" if pictures else "no"})
    except Mistakes as mistakes:
        raise Misused(_told(mistakes)) from None
    except AlreadyThere as error:
        raise Failed(str(error)) from None
    console.print(f"Added {reader.email}; the first digest is due at the next `digest send`.", markup=False)


@app.command("list")
def list_readers(context: typer.Context, as_json: Json = False) -> None:
    """Show every reader."""
    service: Service = context.obj
    everyone = readers.everyone(service.engine)
    if as_json:
        print_json(_row(reader) for reader in everyone)
        return
    rows = (
        (
            one.email,
            one.status,
            one.preferences.cadence,
            one.next_due_at or "",
            ", ".join(one.preferences.topics) or "(trending)",
        )
        for one in everyone
    )
    print_table("", ("Email", "Status", "Cadence", "Next due", "Topics"), rows)


@app.command("import")
def import_readers(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="What `export` writes.")],
) -> None:
    """Add the readers of a CSV file who have agreed to it.

    Its first line names the columns: email, and if you like status, topics (one a line in its cell), cadence, hour,
    timezone, most_papers, pictures and related (yes or no), weekday, order, paused_until, and the key that their links
    name them by. Without a status everybody is active; with it, who was pending has
    to confirm anew, and who left, bounced or complained gets nothing. A bad line is told with its number and loses
    none of the others; who is on the list already is left as they are.
    """
    service: Service = context.obj
    added, known, bad, broken = Counter[str](), 0, 0, ""
    with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
        try:
            for line, row in _rows(file, text):
                try:
                    added[_admit(service, row).status] += 1
                except AlreadyThere:
                    known += 1
                except Mistakes as mistakes:
                    bad += 1
                    errors.print(f"line {line}: {_told(mistakes)}", markup=False)
        except Unreadable as error:
            broken = str(error)
    each = ", ".join(f"{count} {status}" for status, count in added.items())
    told = f"{added.total()} added{each and f' ({each})'}, {known} on the list already, {bad} lines with mistakes."
    console.print(told)
    if broken:
        raise Failed(f"{file}: {broken}; {added.total()} were added")
    if bad:
        raise Failed(f"{file}: {bad} lines could not be used")


def _rows(file: Path, text: Iterable[str]) -> Iterator[tuple[int, Row]]:
    """Read the rows and the line each ends on; raise Unreadable where it is no table."""
    table = csv.DictReader(_lines(text), strict=True)
    begins = 1
    try:
        table.fieldnames = [name.strip().lower() for name in table.fieldnames or ()]
        _check(file, table.fieldnames)
        begins = table.line_num + 1
        for row in table:
            yield table.line_num, {name: row[name] for name in COLUMNS if name in row}
            begins = table.line_num + 1
    except csv.Error as error:
        raise Unreadable(begins, str(error)) from None


def _lines(text: Iterable[str]) -> Iterator[str]:
    for line in text:
        if NO_TEXT.search(line):
            raise csv.Error("it is no text in UTF-8")
        yield line


def _check(file: Path, columns: Sequence[str]) -> None:
    if "email" not in columns:
        raise Misused(f"{file}: the first line must name the columns, `email` among them")
    if doubled := [name for name in COLUMNS if columns.count(name) > 1]:
        raise Misused(f"{file}: the first line names {', '.join(doubled)} more than once")


@app.command()
def export(context: typer.Context, as_json: Json = False) -> None:
    """Print every reader as CSV, as `import` reads it."""
    service: Service = context.obj
    everyone = readers.everyone(service.engine)
    if as_json:
        print_json(_row(reader) for reader in everyone)
        return
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    table = csv.DictWriter(sys.stdout, COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for reader in everyone:
        table.writerow(roster.row(reader))


@app.command()
def forget(context: typer.Context, email: str) -> None:
    """Delete a reader and everything kept about them."""
    service: Service = context.obj
    if not operator.forget(service.engine, email, service.now):
        raise Failed(f"{email} is not on the list")
    console.print(f"Forgot {email}.", markup=False)


def _admit(service: Service, row: Row) -> Reader:
    return operator.admit(service.engine, roster.newcomer(row), service.now)


def _told(mistakes: Mistakes) -> str:
    return "; ".join(f"{field}: {told}" for field, told in mistakes.by_field.items())


def _row(reader: Reader) -> dict[str, Any]:
    return {
        "email": reader.email,
        "status": reader.status,
        **typed(reader.preferences),
        "topics": reader.preferences.topics,
        "hour": reader.preferences.hour,
        "most_papers": reader.preferences.most_papers,
        "pictures": reader.preferences.pictures,
        "related": reader.preferences.related,
        "paused_until": reader.paused_until and reader.paused_until.isoformat(),
        "created_at": reader.created_at.isoformat(),
        "next_due_at": reader.next_due_at and reader.next_due_at.isoformat(),
    }
