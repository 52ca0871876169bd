"""What the commands share: options, JSON lines, and tables that can be read by people and by programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from digest.cli.errors import Misused

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")]
console = Console(highlight=False, soft_wrap=True)
errors = Console(stderr=True, highlight=False, soft_wrap=True)


def print_json(rows: Iterable[Mapping[str, Any]]) -> None:
    as_ascii = (sys.stdout.encoding or "").lower() not in ("utf-8", "utf8")
    for row in rows:
        sys.stdout.write(json.dumps(row, ensure_ascii=as_ascii, default=str) + "\n")


def print_table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[object]], *, keep_title: bool = False
) -> None:
    """A table on a terminal, and lines with tabs between the cells elsewhere.

    Where one table follows another, `keep_title` says of what each is: `# ` begins a line that programs skip.
    """
    if not console.is_terminal:
        if keep_title:
            sys.stdout.write("# " + "\t".join((title, *filter(None, columns))) + "\n")
        for row in rows:
            sys.stdout.write("\t".join(" ".join(str(cell).split()) for cell in row) + "\n")
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
        raise Misused(f"{text!r} is not a date; write it like 2025-12-24")
    return day
