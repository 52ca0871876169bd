"""What is asked of a ledger, after its first day and after a hundred of them. For `bench.million --days 100`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Engine, select, text

from bench import readers, report
from digest.domain import Delivery
from digest.jobs import delivery, standing
from digest.settings import Settings
from digest.store import accounts, bounces, day_counts, gauges, heard, ledger, outcomes, planning
from digest.store import readers as people
from digest.store.tables import deliveries as rows
from digest.web.metrics import scraped

if TYPE_CHECKING:
    from bench.delivery import Bench

TIMES = 3
MOST_TIMES_SLOWER = 2.0
A_WEEK = 7
LATELY = timedelta(days=A_WEEK)
# What looks at a week's rows, which on the first day were a day's: by so much more it may take.
OF_A_WEEK = " of a week"
# Past days are copies of the first: as many rows, as long, with the same states.
COPY = """
INSERT INTO deliveries (reader_id, kind, due_at, window_start, window_end, since, state, reason, attempts,
                        next_attempt_at, papers, preferences, tried_at, claim, begun, unanswered)
SELECT reader_id, kind, due_at - make_interval(days => :day), window_start, window_end - make_interval(days => :day),
       since - CAST(:day AS integer), state, reason, attempts, next_attempt_at - make_interval(days => :day), papers,
       preferences, tried_at - make_interval(days => :day), claim, begun, unanswered
FROM deliveries WHERE due_at >= :first AND kind = 'digest' ORDER BY id
"""

Asked = Mapping[str, Callable[[], object]]


def compare(engine: Engine, bench: Bench, days: int) -> None:
    """Ask, make it older, and ask again."""
    settle_down(engine)
    first = measured(engine)
    size = _size(engine)
    age(engine, bench, days)
    settle_down(engine)
    then = measured(engine)
    report.heading(f"The same after {days:,} days more: {_size(engine):,.0f} MB, {size:,.0f} MB after the first")
    lines = [
        (name, f"{first[name] * 1000:,.1f}", f"{then[name] * 1000:,.1f}", _verdict(name, then[name] / first[name]))
        for name in first
    ]
    report.table(("milliseconds", "first day", "then", "times"), lines)


def _verdict(name: str, times: float) -> str:
    rows = A_WEEK if name.endswith(OF_A_WEEK) else 1
    said = f"{times:.1f}" + (f" for {rows} times the rows" if rows > 1 else "")
    return said + (" SLOW" if times > MOST_TIMES_SLOWER * rows else "")


def age(engine: Engine, bench: Bench, days: int) -> None:
    """Put so many days before the first: their papers, and a row for every reader, the oldest lowest on the disk."""
    with engine.connect() as connection:
        first = connection.execute(text("SELECT min(due_at) FROM deliveries")).scalar_one()
    for day in range(days, 0, -1):
        ago = timedelta(days=day)
        papers = [
            replace(one, day=one.day - ago, paper=replace(one.paper, id=f"{one.paper.id}-{day}"))
            for one in bench.papers
        ]
        readers.collect(engine, papers, readers.now() - ago)
        with engine.begin() as connection:
            # They are counted afterwards: as many notes that they came would be in the way.
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            connection.execute(text(COPY), {"day": day, "first": first})


def settle_down(engine: Engine) -> None:
    """What the nightly round and the database's own housekeeping do."""
    with engine.begin() as connection:
        # All its days, the first time; later it counts a week again.
        connection.execute(text("DELETE FROM gauges WHERE name = :name"), {"name": gauges.COUNTED_UNTIL})
    day_counts.fold(engine, readers.now())
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
        connection.execute(text("CHECKPOINT"))


def measured(engine: Engine) -> dict[str, float]:
    """Seconds of each question, the best of some times; planning and a group of deliveries once."""
    now = readers.now()
    found = {name: min(_seconds(ask) for _ in range(TIMES)) for name, ask in _questions(engine, now).items()}
    with engine.begin() as connection:
        connection.execute(text("UPDATE readers SET next_due_at = :now"), {"now": now})
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE readers"))
    found["planning them all"] = _seconds(lambda: delivery.plan(engine, now))
    found |= _with_a_group(engine, now)
    _undo(engine, now)
    return found


def _questions(engine: Engine, now: datetime) -> Asked:
    with engine.connect() as connection:
        some = list(connection.execute(select(rows.c.reader_id).distinct().limit(delivery.GROUP)).scalars())
        any_row = connection.execute(select(rows.c.id).limit(1)).scalar_one()
    settings, two_days_ago = Settings(), now - timedelta(days=2)
    return {
        "/metrics": lambda: scraped(engine, settings),
        "stats: deliveries": lambda: day_counts.by_state(engine),
        "stats: readers": lambda: people.counts(engine),
        "stats: the account of the last days": lambda: accounts.since(engine, now - LATELY),
        f"stats: what failed{OF_A_WEEK}": lambda: bounces.counts(engine, now - LATELY),
        "stats: who is set aside": lambda: planning.set_aside(engine, now - LATELY),
        "doctor: what nobody knows": lambda: accounts.unknown(engine),
        "the watch": lambda: standing.gather(engine, "sqlite://", now),
        "each minute: who is set aside": lambda: delivery.troubles(engine, now),
        "what 200 readers had of a paper that is two days old": lambda: heard.papers_sent(engine, some, two_days_ago),
        "all the papers of a reader": lambda: heard.papers_sent(engine, some[:1]),
        "one delivery": lambda: ledger.find(engine, any_row),
        "the sweep": lambda: outcomes.release_lost(engine, now),
    }


def _with_a_group(engine: Engine, now: datetime) -> dict[str, float]:
    """Take a group as a worker does, several times, and give it back."""
    took: list[float] = []
    heard_last: list[float] = []
    for _ in range(TIMES):
        number = ledger.draw_claim()
        group: list[Delivery] = []
        took.append(_seconds(lambda group=group, number=number: group.extend(_claim(engine, now, number))))  # type: ignore[misc]
        heard_last.append(_seconds(lambda group=group: heard.last_heard(engine, group)))  # type: ignore[misc]
        outcomes.give_back(engine, number, now)
    return {"claiming a group": min(took), "when a group heard last": min(heard_last)}


def _claim(engine: Engine, now: datetime, number: int) -> list[Delivery]:
    return ledger.claim(engine, delivery.GROUP, now + timedelta(seconds=1), number=number)


def _undo(engine: Engine, now: datetime) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM deliveries WHERE state = 'queued' AND due_at >= :now"), {"now": now})


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _size(engine: Engine) -> float:
    with engine.connect() as connection:
        return float(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()) / 1e6
