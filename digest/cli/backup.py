"""`digest backup FILE`: a copy of the database as it is at one moment, while the service runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import console
from digest.cli.errors import Failed, Misused
from digest.store import backup as backups

app = app_of()
ELSEWHERE = (
    "this copies SQLite; PostgreSQL has its own tool: `pg_dump --format custom --file FILE DATABASE`, and to restore, "
    "all stopped, `pg_restore --clean --if-exists --dbname DATABASE FILE` and `digest restore --ledger-only`"
)


@app.command()
def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The file to write; an existing one is replaced.")],
) -> None:
    """Copy the database to a file, consistent as of one moment, while the service runs."""
    service: Service = context.obj
    source = backups.file_of(service.database)
    if source is None:
        raise Failed(ELSEWHERE)
    if not source.exists():
        raise Failed(f"there is no database at {source} (DIGEST_DATABASE_URL)")
    if file.is_dir():
        raise Misused(f"{file} is a directory: name the file in it")
    if file.exists() and file.samefile(source):
        raise Misused(f"{file} is the database itself")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        backups.copy(source, file)
    except OSError as error:
        raise Failed(f"cannot copy to {file}: {error.strerror or error}") from None
    console.print(f"{file} is a copy of the database, {file.stat().st_size / 1e6:,.1f} MB.")
