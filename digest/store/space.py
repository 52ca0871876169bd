"""How much room is left where the database, or else this process, is."""

from __future__ import annotations

import shutil
from pathlib import Path

from sqlalchemy.engine import make_url


def disk_free(database_url: str) -> float:
    """The share of the disk that is free: of the SQLite file's, or of the one this process works on."""
    name = make_url(database_url).database if database_url.startswith("sqlite") else None
    folder = Path(name).parent if name and name != ":memory:" else Path()
    usage = shutil.disk_usage(folder if folder.exists() else Path())
    return usage.free / usage.total
