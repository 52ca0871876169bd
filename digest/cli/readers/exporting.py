"""`digest readers export`: everybody as CSV that `import` reads, and that no spreadsheet runs."""

from __future__ import annotations

import csv
import sys
from io import TextIOWrapper

import typer

from digest.bootstrap import Service
from digest.cli.console import Json, print_json
from digest.cli.readers.show import row_of
from digest.cli.readers.table import neutral
from digest.readers import roster
from digest.store import readers


def export(context: typer.Context, as_json: Json = False) -> None:
    """Print every reader as CSV, as `import` reads it."""
    service: Service = context.obj
    everyone = readers.everyone(service.engine)
    if as_json:
        print_json(row_of(reader) for reader in everyone)
        return
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    table = csv.DictWriter(sys.stdout, roster.COLUMNS, extrasaction="ignore", lineterminator="\n")
    table.writeheader()
    for reader in everyone:
        table.writerow({name: neutral(cell) for name, cell in roster.row(reader).items()})
