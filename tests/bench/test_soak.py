"""A small run of what `make soak` does at full size, and the judge's own eyes."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bench.judge import Arrived, Asked, Listed, judged
from tests.support.examples import ALL

ROOT = Path(__file__).parents[2]
ADA = Asked("ada@example.org", ("moss",), "daily", 7, "Europe/Berlin", 0)
SPAN = (datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 3, 31, tzinfo=UTC))
PAPERS = [Listed(f"p{day}", "On moss", SPAN[0] + timedelta(days=day, hours=1)) for day in range(4)]
# Clocks go forward on the 29th: seven in Berlin is six UTC, then five.
WELL = [
    Arrived(ADA.email, frozenset({f"p{day}"}), SPAN[0] + timedelta(days=day, hours=6 if day < 2 else 5))
    for day in range(4)
]


def verdict(arrived, asked=ADA):
    table = judged([asked], PAPERS, arrived, SPAN, lambda due: due + timedelta(hours=1))
    every = sum(table.days.values(), start=type(next(iter(table.days.values())))())
    return table.is_well, {name for name, count in every.items() if count and name not in ("due", "with papers")}


def test_the_judge_is_content_with_what_is_right():
    assert verdict(WELL) == (True, {"on time"})


@pytest.mark.parametrize(
    ("arrived", "fault"),
    [
        (WELL[1:], "missing"),
        ([*WELL, replace(WELL[2], at=WELL[2].at + timedelta(hours=1))], "twice"),
        ([*WELL[:2], replace(WELL[2], at=WELL[2].at + timedelta(hours=2)), WELL[3]], "late"),
        ([*WELL[:2], replace(WELL[2], at=WELL[2].at - timedelta(hours=2)), WELL[3]], "late"),
        ([replace(WELL[0], papers=frozenset({"p0", "other"})), *WELL[1:]], "other papers"),
    ],
)
def test_the_judge_sees_every_kind_of_fault(arrived, fault):
    well, said = verdict(arrived)
    assert (well, fault in said) == (False, True)


def test_a_mail_to_who_asked_for_none_is_a_fault():
    assert verdict([*WELL, replace(WELL[0], email="eve@example.org")])[0] is False
    assert verdict(WELL, replace(ADA, cadence="weekdays"))[0] is False


@pytest.mark.slow
@pytest.mark.parametrize(
    "options",
    [
        "--readers 20 --skip 4 --days 3",
        pytest.param(
            "--readers 40 --days 0.4 --workers",
            marks=[pytest.mark.deep, pytest.mark.skipif(not ALL, reason="`make deep` runs a soak with workers")],
        ),
    ],
)
def test_everybody_gets_what_they_should_through_outages_late_days_and_lost_workers(options, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "bench.soak", *options.split()],
        cwd=ROOT,
        env=os.environ | {"PAPER_DIGEST_REALDATA": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=150,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "| all |" in done.stdout
