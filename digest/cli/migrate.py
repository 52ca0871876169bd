"""`digest migrate`: bring the database to the newest schema, or to another, or say where it is."""

from __future__ import annotations

from typing import Annotated

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import console
from digest.cli.errors import Failed, Misused
from digest.store import engine as store

app = app_of()


@app.command()
def migrate(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; exit 1 if the schema is not the newest.")
    ] = False,
    to: Annotated[
        str, typer.Option("--to", metavar="REVISION", help="Up or down to this schema; down may delete columns.")
    ] = "",
) -> None:
    """Bring the database to the newest schema."""
    service: Service = context.obj
    if check:
        _check(service)
    elif to:
        _move(service, to)
    else:
        revision = store.migrate(service.database)
        console.print(f"The database has schema {revision}, the newest.")


def _check(service: Service) -> None:
    present, newest = store.present(service.database), store.newest()
    if present != newest:
        raise Failed(f"the database has schema {present or 'none'}, this version needs {newest}: run `digest migrate`")
    console.print(f"The database has schema {present}, the newest.")


def _move(service: Service, revision: str) -> None:
    known = sorted(store.revisions())
    if revision not in known:
        raise Misused(f"--to: there is no schema {revision}; there are {', '.join(known)}")
    present = store.present(service.database) or ""
    store.go_to(service.database, revision, down=revision < present)
    console.print(f"The database has schema {revision}.")
