"""The time: this machine's clock beside the database's, a DIGEST_NOW that was left set, and time zones."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from zoneinfo import available_timezones

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from digest.bootstrap import ClockWrong, Service
from digest.cli.doctor.findings import Finding, broken, fine, warning
from digest.store.engine import StoreUnready, reading
from digest.store.tables import readers

# The database of time zones has some six hundred.
FEWEST_ZONES = 400
# Countries change their rules every year.
OLD_AFTER_YEARS = 2


def look(service: Service) -> Iterator[Finding]:
    yield from _clock(service)
    yield from _zones(service)


def _clock(service: Service) -> Iterator[Finding]:
    try:
        service.check_clock()
    except ClockWrong as error:
        yield broken("clock", str(error), "nothing is planned until then")
        return
    except (SQLAlchemyError, StoreUnready):
        return  # The database is told of elsewhere.
    if service.settings.now:
        yield warning(
            "clock", f"DIGEST_NOW says it is {service.settings.now:%Y-%m-%d %H:%M}", "take it out after the dry run"
        )
    else:
        yield fine("clock", f"{service.now:%Y-%m-%d %H:%M} UTC, as the database says")


def _edition() -> tuple[int | None, str]:
    """The year of the zones in use, and how to get newer ones: the system's, or else the package's (PEP 615)."""
    for folder in map(Path, zoneinfo.TZPATH):
        if (folder / "UTC").exists():
            return _year_in(
                folder
            ), "update the system's: `apt-get install --only-upgrade tzdata`, or as it is done there"
    with suppress(PackageNotFoundError, ValueError):
        return int(version("tzdata").partition(".")[0]), "update it: `pip install --upgrade tzdata`"
    return None, ""


def _year_in(folder: Path) -> int | None:
    """The year in the system's files, where they say it; not all do."""
    for name, pattern in (("tzdata.zi", r"# version (\d{4})"), ("+VERSION", r"(\d{4})")):
        with suppress(OSError), (folder / name).open() as lines:
            if found := re.match(pattern, lines.readline()):
                return int(found[1])
    return None


def _zones(service: Service) -> Iterator[Finding]:
    known = available_timezones()
    if len(known) < FEWEST_ZONES:
        yield broken("time zones", f"this machine knows {len(known)} of them", "install tzdata: `pip install tzdata`")
    year, todo = _edition()
    if year and service.now.year - year >= OLD_AFTER_YEARS:
        yield warning("time zones", f"the database of time zones is of {year}", todo)
    try:
        with reading(service.engine) as connection:
            used = set(connection.execute(select(readers.c.timezone).distinct()).scalars())
    except (SQLAlchemyError, StoreUnready):
        return
    if strange := sorted(used - known):
        todo = "update tzdata, or set those readers' zone: they get no digest"
        yield broken("time zones", f"readers have zones that are unknown here: {', '.join(strange[:5])}", todo)
