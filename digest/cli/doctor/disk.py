"""The disks that this machine writes to: room, and who may write."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import gettempdir

from sqlalchemy import make_url

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, warning

# A day's ledger of a hundred thousand readers.
LEAST_BYTES = 200_000_000
LEAST_SHARE = 0.05


def look(service: Service) -> Iterator[Finding]:
    url = make_url(service.settings.database_url)
    is_file = url.get_backend_name() == "sqlite" and url.database not in (None, "", ":memory:")
    own = Path(str(url.database)).absolute().parent if is_file else None
    for folder in dict.fromkeys(filter(None, (own, Path(gettempdir())))):
        yield from _room(_there(folder))
    if own and not os.access(_there(own), os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        yield broken("disk", f"this user may not write to {own}", f"chown it to the user of the service: {own}")


def _there(folder: Path) -> Path:
    """The folder, or the nearest one above it that is there."""
    return next(each for each in (folder, *folder.parents) if each.exists())


def _room(folder: Path) -> Iterator[Finding]:
    disk = shutil.disk_usage(folder)
    said = f"{disk.free / 1e9:.1f} GB free ({disk.free / disk.total:.0%}) at {folder}"
    if disk.free < LEAST_BYTES / 10:
        yield broken("disk", said, "make room: nothing can be written down when it is full")
    elif disk.free < LEAST_BYTES or disk.free / disk.total < LEAST_SHARE:
        yield warning("disk", said, "make room before it is full")
    else:
        yield fine("disk", said)
