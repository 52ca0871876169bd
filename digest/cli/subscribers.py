"""The operator's side of the list: who is on it, and adding, importing, exporting, forgetting readers."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from digest.cli.console import Failed, Here, Json, Misused, console, errors, print_json, print_table
from digest.domain import Reader
from digest.form import Mistakes, subscription, typed
from digest.store import readers
from digest.store.readers import AlreadyThere

app = typer.Typer(no_args_is_help=True, help=__doc__)
COLUMNS = ("email", "topics", "cadence", "hour", "timezone", "most_papers", "pictures")


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
    here: Here = context.obj
    row = {"email": email, "topics": "\n".join(topic), "cadence": cadence, "hour": hour, "timezone": timezone}
    try:
        reader = _admit(here, row | {"most_papers": most_papers, "pictures": "yes" if pictures else "no"})
    except Mistakes as mistakes:
        raise Misused(_told(mistakes)) from None
    except AlreadyThere as error:
        raise Failed(str(error)) from None
    console.print(f"Added {reader.email}; the first digest is due at the next `digest send`.", markup=False)


@app.command("list")
def list_readers(context: typer.Context, as_json: Json = False) -> None:
    """Show every reader."""
    here: Here = context.obj
    everyone = readers.everyone(here.engine)
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

    Its first line names the columns: email, and if you like topics (one a line in its cell), cadence, hour, timezone,
    most_papers and pictures (yes or no). A bad line is told with its number and loses none of the others; who is on
    the list already is left as they are.
    """
    here: Here = context.obj
    added = known = bad = 0
    with file.open(encoding="utf-8-sig", newline="") as lines:
        table = csv.DictReader(lines)
        if "email" not in (table.fieldnames or ()):
            raise Misused(f"{file}: the first line must name the columns, `email` among them")
        for row in table:
            try:
                _admit(here, {name: row[name] for name in COLUMNS if row.get(name)})
                added += 1
            except AlreadyThere:
                known += 1
            except Mistakes as mistakes:
                bad += 1
                errors.print(f"line {table.line_num}: {_told(mistakes)}", markup=False)
    console.print(f"{added} added, {known} on the list already, {bad} lines with mistakes.")
    if bad:
        raise Failed(f"{file}: {bad} lines could not be used")


@app.command()
def export(context: typer.Context, as_json: Json = False) -> None:
    """Print every reader as CSV, as `import` reads it."""
    here: Here = context.obj
    rows: Iterable[Mapping[str, Any]] = (_row(reader) for reader in readers.everyone(here.engine))
    if as_json:
        print_json(rows)
        return
    table = csv.DictWriter(sys.stdout, ("email", "status", *COLUMNS[1:]), extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for row in rows:
        table.writerow({**row, "topics": "\n".join(row["topics"]), "pictures": "yes" if row["pictures"] else "no"})


@app.command()
def forget(context: typer.Context, email: str) -> None:
    """Delete a reader and everything kept about them."""
    here: Here = context.obj
    if not readers.forget(here.engine, email):
        raise Failed(f"{email} is not on the list")
    console.print(f"Forgot {email}.", markup=False)


def _admit(here: Here, row: Mapping[str, object]) -> Reader:
    email, preferences = subscription({name: str(value) for name, value in row.items()})
    return readers.admit(here.engine, email, preferences, here.now)


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
        "created_at": reader.created_at.isoformat(),
        "next_due_at": reader.next_due_at and reader.next_due_at.isoformat(),
    }
