"""A clock that is minutes off, ours or the database's: nothing is planned or deleted, and the operator can see why."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import make_url, text

from digest.domain import Preferences
from digest.store import ledger, readers
from digest.store.engine import connect, writing

ROOT = Path(__file__).parents[2]


@pytest.fixture
def skewed(postgres):
    """A function that sets the clock of a new PostgreSQL database ahead, or back; gives its engine."""
    url = postgres()
    name, engines = make_url(url).database, []

    def skew(by):
        with writing(engine := connect(url)) as connection:
            ours = "SELECT pg_catalog.clock_timestamp() + interval '" + by + "'"
            connection.execute(
                text(f"CREATE FUNCTION public.clock_timestamp() RETURNS timestamptz AS $${ours}$$ LANGUAGE sql")
            )
            # Ours is found before the server's own.
            connection.execute(text(f"ALTER DATABASE {name} SET search_path = public, pg_catalog"))
        engine.dispose()
        engines.append(connect(url))
        return engines[-1]

    yield skew
    for engine in engines:
        engine.dispose()


def runs(engine, *tasks):
    """Run tasks as a worker does, one after the other, on the real time; give its log."""
    url = engine.url.render_as_string(hide_password=False)
    given = {"DIGEST_DATABASE_URL": url, "DIGEST_BROKER_URL": "redis://127.0.0.1:1/0"}
    code = (
        f"from digest import logs; from workers import tasks; logs.configure(True); [vars(tasks)[t]() for t in {tasks}]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | given, cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    return done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("by", ["6 minutes", "-2 days"])
def test_a_clock_that_differs_from_the_databases_plans_nobody_and_deletes_nothing_and_says_so(skewed, by):
    engine = skewed(by)
    readers.admit(engine, "ada@example.org", Preferences(), datetime.now(UTC))
    log = runs(engine, "plan", "forget")
    assert log.count('"event": "clock.wrong"') == 2
    assert "set both by NTP" in log
    assert ledger.counts(engine)["queued"] == 0
    assert len(list(readers.everyone(engine))) == 1


@pytest.mark.slow
def test_clocks_that_differ_by_little_hold_nobody_up(skewed):
    engine = skewed("4 minutes")
    readers.admit(engine, "ada@example.org", Preferences(), datetime.now(UTC))
    assert "clock.wrong" not in runs(engine, "plan")
    assert ledger.counts(engine)["queued"] == 1
