"""The clock of a soak: Celery's own scheduler with the service's whole timetable, by a clock that leaps.

`celery beat` is this scheduler in a loop that sleeps until its next entry. Here the loop leaps instead: a process of
its own would sleep for five seconds before each of 2,000 moments, and nobody could tell when it had said all it has to.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import Celery
from celery.beat import ScheduleEntry, Scheduler
from celery.schedules import BaseSchedule, schedule

# What has its minutes. The others come so often that each moment has them.
AT_THEIR_MINUTES = ("workers.tasks.collect", "workers.tasks.plan", "workers.tasks.forget")
A_MOMENT = timedelta(milliseconds=20)


class Beat(Scheduler):  # type: ignore[misc]  # Celery ships no types
    """Sends what is due each time it is asked to; in this process itself, if the app is one that does so."""

    def __init__(self, app: Celery, clock: Callable[[], datetime]) -> None:
        self.sent, self.clock = 0, clock
        whole = app.conf.beat_schedule
        app.conf.beat_schedule = {name: one | {"schedule": _by(clock, one["schedule"])} for name, one in whole.items()}
        super().__init__(app)
        self.populate_heap()
        self.old_schedulers = copy(self.schedule)

    def wake(self) -> None:
        """Send all that is due now, each once."""
        while self.tick() == 0:
            pass

    def next(self) -> datetime:
        """When something has its time next; a moment after its minute, as it took a moment to send it the last time."""
        times = [event.time for event in self._heap if event.entry.task in AT_THEIR_MINUTES]
        return datetime.fromtimestamp(min(times), UTC) + A_MOMENT

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:  # noqa: ANN401 - Celery's own
        # Not as Celery has it, which says of an error that it was one, and goes on.
        self.sent += 1
        self.apply_async(entry, producer=producer, advance=False)

    def install_default_entries(self, data: dict[str, Any]) -> None:
        """Celery's own chores go by the real time, and are none of ours."""

    @property
    def producer(self) -> Any:  # noqa: ANN401 - as above
        return None if self.app.conf.task_always_eager else super().producer


def _by(clock: Callable[[], datetime], times: BaseSchedule | timedelta) -> BaseSchedule:
    if isinstance(times, timedelta):
        return schedule(times, nowfun=clock)
    told = copy(times)
    told.nowfun = clock
    return told
