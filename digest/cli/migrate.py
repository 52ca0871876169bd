"""`digest migrate`: bring the database to the newest schema."""

from __future__ import annotations

import typer

from digest.bootstrap import Service
from digest.cli.commands import app_of
from digest.cli.console import console
from digest.store import engine as store

app = app_of()


@app.command()
def migrate(context: typer.Context) -> None:
    """Bring the database to the newest schema."""
    service: Service = context.obj
    revision = store.migrate(service.database)
    console.print(f"The database has schema {revision}, the newest.")
