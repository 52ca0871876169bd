"""What the commands share: options, JSON lines, and tables that can be read by people and by programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from digest.cli.errors import Misused

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
# How much of a line the first column may have, however wide the others are: most addresses stand in one.
FIRST_COLUMN = 0.3
# Titles, topics and addresses are no markup, and no names of pictures such as :fire:.
console = Console(highlight=False, soft_wrap=True, markup=False, emoji=False)
errors = Console(stderr=True, highlight=False, soft_wrap=True, markup=False, emoji=False)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    as_ascii = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=as_ascii, default=str) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, keep_title: bool = False
) -> None:
    """A table on a terminal, and lines with tabs between the cells elsewhere.

    An int is a count: on a terminal it stands to the right, with thousands apart. A number that names a row is a text.
    Where one table follows another, `keep_title` says of what each is: `# ` begins a line that programs skip.
    """
    if not console.is_terminal:
        if keep_title:
            sys.stdout.write("# " + "\t".join((title, *filter(None, columns))) + "\n")
        for row in rows:
            sys.stdout.write("\t".join(" ".join(str(cell).split()) for cell in row) + "\n")
        return
    # No title and no topic is read as markup, which may be broken, too.
    if title:
        console.print(Text(title, "table.title"))
    found = [tuple(row) for row in rows]
    console.print(_table(columns, found) if found else "none")
    if keep_title:
        console.print()


def _table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Table:
    table = Table(box=None, header_style="dim", pad_edge=False)
    for number, (column, *cells) in enumerate(zip(columns, *rows, strict=True)):
        counts = any(map(_is_count, cells)) and all(_is_count(cell) or cell == "" for cell in cells)
        longest = max(len(_shown(cell)) for cell in (column, *cells))
        width = None if number else min(longest, int(console.width * FIRST_COLUMN))
        # Folded, not cut: an address is there to be copied.
        table.add_column(Text(column), justify="right" if counts else "left", overflow="fold", min_width=width)
    for row in rows:
        table.add_row(*(Text(_shown(cell)) for cell in row))
    return table


def moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _is_count(cell: object) -> bool:
    return type(cell) is int


def _shown(cell: object) -> str:
    """Write a cell for people."""
    if _is_count(cell):
        return f"{cell:,}"
    return moment(cell) if isinstance(cell, datetime) else str(cell)


def a_day(text: str | None) -> date | None:
    """Read a day from an option."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        day = None
    # Python reads weeks, and days without hyphens, too.
    if text and text != str(day):
        raise Misused(f"{text!r} is not a date; write it like 2025-12-24")
    return day
