"""The workers' app on a clock that can leap: half an hour until the next attempt is over when everybody waits for it.

The offset to the real time stands in the file that BENCH_CLOCK names. Everything else is the service as it is, on a
timetable of seconds, with less patience after a mail's last dot.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import workers.celery
from digest.settings import Settings
from digest.transport import session

SECONDS_AFTER_THE_DOT = 1.5
TICK = timedelta(seconds=1)


class Clock:
    """The time that all processes of a run have in common."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self._offset()

    def start(self, at: datetime) -> None:
        """Let it be that moment now, whatever day and hour it is where this runs."""
        self._turn(at - datetime.now(UTC))

    def leap(self, to: datetime) -> None:
        """Go on to a moment; never back."""
        self._turn(self._offset() + max(timedelta(0), to - self()))

    def _turn(self, offset: timedelta) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(str(offset.total_seconds()))
        fresh.replace(self._file)

    def _offset(self) -> timedelta:
        return timedelta(seconds=float(self._file.read_text()) if self._file.exists() else 0)


class Leaping(Settings):
    """The settings of the environment, but for the time."""

    @property
    def clock(self) -> Callable[[], datetime]:
        return Clock(Path(os.environ["BENCH_CLOCK"]))


app = workers.celery.create_app(Leaping() if "BENCH_CLOCK" in os.environ else None)

if "BENCH_CLOCK" in os.environ:
    session.SECONDS_AFTER_THE_DOT = SECONDS_AFTER_THE_DOT
    wanted = ("plan who is due", "deliver what waits", "sweep up after lost workers")
    app.conf.beat_schedule = {name: workers.celery.TIMETABLE[name] | {"schedule": TICK} for name in wanted}
