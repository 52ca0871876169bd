"""`digest restore FILE`: a backup into the database, and a ledger that sends nothing twice after it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.backup import ELSEWHERE
from digest.cli.commands import app_of
from digest.cli.console import console
from digest.cli.errors import Failed, Misused
from digest.compose.wording import number
from digest.jobs import restoring
from digest.store import backup as backups
from digest.store.engine import migrate

app = app_of()


@app.command()
def restore(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="What `digest backup` wrote.")] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Even over a database that has readers or mails in it.")
    ] = False,
    ledger_only: Annotated[
        bool, typer.Option("--ledger-only", help="After pg_restore: only see to it that nothing is sent twice.")
    ] = False,
) -> None:
    """Replace the database with a backup, and send nothing twice after it. Stop the service first.

    Mails that were due by now are not sent: nobody knows whether they went since the backup was made.
    """
    service: Service = context.obj
    if (file is None) is not ledger_only:
        raise Misused("give a FILE, or --ledger-only")
    if file:
        _replace(service, file, force)
    revision = migrate(service.database)
    doubtful = restoring.settle(service.engine, service.now)
    console.print(
        f"The database has schema {revision}. {number(doubtful, 'due mail')} may have gone since the backup: "
        "uncertain, so not sent again. The next digests come at their time."
    )


def _replace(service: Service, file: Path, force: bool) -> None:
    target = backups.file_of(service.database)
    if target is None:
        raise Failed(ELSEWHERE)
    if not file.is_file():
        raise Misused(f"there is no file {file}")
    if fault := backups.fault_of(file):
        raise Failed(f"{file} cannot be restored: {fault}")
    if not force and backups.has_rows(service.database):
        raise Failed(
            f"{target} has readers or mails in it, which would be gone; `digest backup` it first, then --force"
        )
    service.database.dispose()
    try:
        backups.replace(target, file)
    except OSError as error:
        raise Failed(f"cannot write {target}: {error}; is the service stopped?") from None
