"""The clock of a chaos run: the same days whatever day it is where it runs."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from bench.chaos import GIVES_UP_AFTER, START
from bench.leaps import Clock
from digest.domain import Cadence, Preferences
from digest.readers import schedule

DAYS = [datetime(2026, 11, day, 23, 59, tzinfo=UTC) for day in range(23, 30)]
DAYS += [datetime(2028, 2, 29, tzinfo=UTC), datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC)]


@pytest.mark.parametrize("today", DAYS, ids=[f"{day:%a %d %b %Y}" for day in DAYS])
def test_a_run_begins_on_its_tuesday_and_leaps_forward(today, tmp_path):
    with time_machine.travel(today, tick=False):
        clock = Clock(tmp_path / "clock")
        clock.start(START)
        assert clock() == START
        clock.leap(START + timedelta(hours=2))
        assert clock() == START + timedelta(hours=2)
        clock.leap(START)
        assert clock() == START + timedelta(hours=2), "never back"


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_nobody_is_due_again_before_all_is_over(zone):
    weekly = Preferences(cadence=Cadence.WEEKLY, hour=0, timezone=zone)
    assert schedule.next_due(weekly, START) - START > GIVES_UP_AFTER
