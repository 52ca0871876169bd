"""What a measurement prints: the machine, the day, and tables of figures beside their targets."""

from __future__ import annotations

import os
import platform
import resource
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

console = Console(highlight=False, width=140)


def heading(title: str) -> None:
    console.print(f"\n[bold]{title}[/bold]")


def machine() -> None:
    """Name the machine and the day: a figure without them says nothing."""
    cores = f"{os.cpu_count()} cores, {_processor()}"
    console.print(f"{datetime.now(UTC):%Y-%m-%d}, {cores}, Python {platform.python_version()} on {sys.platform}")


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    shown = Table(*columns, box=None, header_style="dim", pad_edge=False)
    for column in shown.columns[1:]:
        column.justify = "right"
    for row in rows:
        shown.add_row(*map(str, row))
    console.print(shown)


def peak_memory() -> float:
    """The most this process ever held, in MB; of its own, while `ru_maxrss` begins with what its parent held."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _processor() -> str:
    try:
        with open("/proc/cpuinfo") as lines:
            return next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.machine()
