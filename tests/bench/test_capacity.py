"""The arithmetic of docs/capacity.md."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import capacity
from bench.capacity import Costs, Wanted

ROOT = Path(__file__).parents[2]
COSTS = Costs()


def test_all_readers_are_due_once_in_a_day():
    assert sum(capacity.ZONES.values()) == pytest.approx(1)
    assert sum(capacity.HOURS.values()) == pytest.approx(1)
    assert sum(capacity.arrivals(Wanted(7_000, a_week=7))) == pytest.approx(7_000)


def test_what_is_due_is_sent_and_no_later_with_more_workers():
    days = [capacity.simulate(Wanted(1_000_000, workers=workers), COSTS) for workers in (1, 2, 4, 8)]
    assert all(sum(day.sent) == pytest.approx(sum(day.due)) for day in days)
    late = [day.latest_minutes for day in days]
    assert late == sorted(late, reverse=True)


def test_more_than_a_day_can_take_is_said():
    wanted = Wanted(10_000_000, relays=10)
    assert capacity.simulate(wanted, COSTS).left > 0
    said = dict(capacity.told(wanted, COSTS, 30))
    assert "more each day" in said["the last mail is late by"]
    assert said["for 30 minutes at most"] == "the relays are too slow"


def test_so_many_workers_are_enough_and_one_less_is_not():
    wanted = Wanted(10_000_000)
    workers = capacity.enough(wanted, COSTS, 5)
    assert capacity.simulate(replace(wanted, workers=workers), COSTS).latest_minutes <= 5
    assert capacity.simulate(replace(wanted, workers=workers - 1), COSTS).latest_minutes > 5


def test_anybody_can_run_it():
    done = subprocess.run(
        [sys.executable, "-m", "bench.capacity", "--readers", "100000"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "mails a day" in done.stdout
