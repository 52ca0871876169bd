"""What the commands share: settings and store at hand, JSON lines or tables, and errors of one line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine

from digest.settings import Settings
from digest.store.engine import connect, ready


class Failed(Exception):
    """It could not be done; the text says why."""


class Misused(Exception):
    """It was asked for wrongly; the text says what to do."""


@dataclass
class Here:
    """The settings of this call, and the store they name, opened when first needed."""

    settings: Settings

    @cached_property
    def database(self) -> Engine:
        """The store as it is, whatever its schema."""
        return connect(self.settings.database_url)

    @cached_property
    def engine(self) -> Engine:
        ready(self.database)
        return self.database

    def close(self) -> None:
        if "database" in vars(self):
            self.database.dispose()

    @property
    def now(self) -> datetime:
        return self.settings.clock()


Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    as_ascii = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=as_ascii, default=str) + "\n")


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on a terminal, and lines with tabs between the cells elsewhere."""
    if not console.is_terminal:
        for row in rows:
            sys.stdout.write("\t".join(str(cell) for cell in row) + "\n")
        return
    table = Table(*columns, title=title or None, title_justify="left", box=None, header_style="dim", pad_edge=False)
    for row in rows:
        table.add_row(*(str(cell) for cell in row))
    console.print(table)


def a_day(text: str | None) -> date | None:
    """Read a day from an option."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = None
    # Python reads weeks, and days without hyphens, too.
    if text and text != str(day):
        raise Misused(f"{text!r} is no day; give one such as 2025-12-24")
    return day
