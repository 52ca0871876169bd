"""Cells that a spreadsheet would run: whatever a reader wrote, no cell of an export is a formula."""

from __future__ import annotations

from collections.abc import Iterator

from bench.attack.tries import Try
from digest.cli.readers.table import neutral, restored

RUN = "=+-@\t\r"
CELLS = [
    '=HYPERLINK("https://evil.example";"x")',
    "=cmd|'/c calc'!A1",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "'=1",
    "''=1",
    "'",
    "plain",
    "-survey\n=1",
]


def attack(small: bool) -> Iterator[Try]:
    """Write each as a cell, and read it back."""
    for cell in CELLS:
        written = neutral(cell)
        yield Try("a formula in a cell", f"{cell!r} runs" if written[:1] in RUN else "")
        yield Try("a cell comes back", "" if restored(written) == cell else f"{cell!r} became {restored(written)!r}")
