"""What so many readers need: a day of theirs, quarter of an hour by quarter of an hour, by measured costs.

`python -m bench.capacity --readers 1000000 --workers 4` says what is sent when, how late the last mail is, and what it
takes in processors, memory, disk and network. It runs nothing; docs/capacity.md says where each cost was measured.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil

QUARTER_SECONDS = 900
QUARTERS = 96
# Where readers are, by hours ahead of UTC, and in what share: people of two or three continents.
ZONES = {-8: 0.14, -5: 0.18, -3: 0.04, 0: 0.08, 1: 0.20, 3: 0.04, 5.5: 0.08, 8: 0.16, 9: 0.06, 10: 0.02}
# At which local hour they want it: the form proposes seven.
HOURS = {6: 0.1, 7: 0.55, 8: 0.2, 12: 0.05, 18: 0.1}


@dataclass(frozen=True, slots=True)
class Costs:
    """What one mail, reader or row costs, as measured (docs/capacity.md)."""

    worker_ms: float = 0.91
    database_ms: float = 0.10
    mail_bytes: float = 31_000
    process_mb: float = 125
    reader_bytes: float = 503
    delivery_bytes: float = 664
    # Rows that were updated wait for a vacuum.
    bloat: float = 1.5
    seen_bytes_a_paper: float = 3
    # Of one connection to a relay that takes 20 ms for each reply.
    mails_a_connection: float = 12.7


@dataclass(frozen=True, slots=True)
class Wanted:
    """How many, how often, and with what."""

    readers: int
    a_week: float = 5
    papers: float = 10
    keep_days: int = 400
    workers: int = 2
    # Mails a second that the relays take, all together; 0: as many as come.
    relays: float = 0


@dataclass(frozen=True, slots=True)
class Day:
    """How a day goes: mails due and sent in each quarter, and how late the last one is, in minutes."""

    due: Sequence[float]
    sent: Sequence[float]
    latest_minutes: float
    left: float


def arrivals(wanted: Wanted) -> list[float]:
    """How many mails are due in each quarter of an hour of a day (UTC)."""
    due = [0.0] * QUARTERS
    for ahead, of_zone in ZONES.items():
        for hour, of_hour in HOURS.items():
            due[int((hour - ahead) * 4) % QUARTERS] += wanted.readers * wanted.a_week / 7 * of_zone * of_hour
    return due


def rate(wanted: Wanted, costs: Costs) -> float:
    """Mails a second that the workers, and the relays, can do."""
    workers = wanted.workers * 1000 / costs.worker_ms
    return min(workers, wanted.relays or workers)


def simulate(wanted: Wanted, costs: Costs) -> Day:
    """Let a day pass twice, so that what the night left over is there in the morning; tell of the second."""
    due, at_most = arrivals(wanted), rate(wanted, costs) * QUARTER_SECONDS
    waiting, latest, sent = 0.0, 0.0, [0.0] * QUARTERS
    for quarter in range(2 * QUARTERS):
        if quarter == QUARTERS:
            latest = 0.0
        waiting += due[quarter % QUARTERS]
        if due[quarter % QUARTERS]:
            latest = max(latest, waiting / at_most * QUARTER_SECONDS / 60)
        sent[quarter % QUARTERS] = min(waiting, at_most)
        waiting -= sent[quarter % QUARTERS]
    return Day(due, sent, latest, waiting)


def enough(wanted: Wanted, costs: Costs, minutes: float) -> int:
    """How many worker processes it takes for no mail to be later than this; 0 if the relays alone are too slow."""
    if wanted.relays and simulate(replace(wanted, workers=100_000), costs).latest_minutes > minutes:
        return 0
    workers = 1
    while simulate(replace(wanted, workers=workers), costs).latest_minutes > minutes:
        workers = workers + max(1, workers // 20)
    return workers


def told(wanted: Wanted, costs: Costs, minutes: float) -> Iterator[tuple[str, str]]:
    """The figures, a line each."""
    day, mails = simulate(wanted, costs), sum(arrivals(wanted))
    peak, needed = max(day.sent) / QUARTER_SECONDS, enough(wanted, costs, minutes)
    speed = _speed(wanted, needed, costs, minutes)
    yield "mails a day", f"{mails:,.0f}"
    yield "busiest quarter of an hour", f"{max(day.due):,.0f} due, {peak:,.0f} sent a second"
    yield "the last mail is late by", f"{day.latest_minutes:,.0f} minutes" + (" and more each day" if day.left else "")
    yield f"for {minutes:.0f} minutes at most", f"{needed} worker processes" if needed else "the relays are too slow"
    yield "mails a second at that", f"{speed:,.0f}"
    yield "workers' memory", f"{needed * costs.process_mb / 1000:,.1f} GB"
    yield "processors busy in PostgreSQL", f"{speed * costs.database_ms / 1000:,.2f}"
    yield "connections to relays", f"{ceil(speed / costs.mails_a_connection):,}"
    yield "network", f"{speed * costs.mail_bytes * 8 / 1e6:,.0f} Mbit/s"
    yield from _kept(wanted, costs, mails)


def _speed(wanted: Wanted, workers: int, costs: Costs, minutes: float) -> float:
    """Mails a second that it takes for the fullest moment to be over in time, or as many as there can be."""
    at_most = rate(replace(wanted, workers=workers or wanted.workers), costs)
    return min(at_most, max(arrivals(wanted)) / (minutes * 60))


def _kept(wanted: Wanted, costs: Costs, mails: float) -> Iterator[tuple[str, str]]:
    rows = mails * wanted.keep_days
    ledger = rows * costs.delivery_bytes * costs.bloat
    seen = mails * wanted.papers * costs.seen_bytes_a_paper * 365
    yield "rows in the ledger", f"{rows:,.0f}, {ledger / 1e9:,.0f} GB after {wanted.keep_days} days"
    yield "rows of readers", f"{wanted.readers:,}, {wanted.readers * costs.reader_bytes * costs.bloat / 1e9:,.1f} GB"
    yield "papers seen, a year of them", f"{seen / 1e9:,.1f} GB"


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.capacity", description=__doc__)
    parser.add_argument("--readers", type=int, required=True)
    parser.add_argument("--a-week", type=float, default=5, help="mails to a reader")
    parser.add_argument("--papers", type=float, default=10, help="in a mail")
    parser.add_argument("--keep-days", type=int, default=400, help="DIGEST_KEEP_MAILS_DAYS")
    parser.add_argument("--workers", type=int, default=2, help="processes, on as many processors")
    parser.add_argument("--relays", type=float, default=0, help="mails a second that they take; 0: as many as come")
    parser.add_argument("--minutes", type=float, default=5, help="by which the last mail may be late")
    parser.add_argument("--worker-ms", type=float, default=Costs().worker_ms, help="processor time of a mail")
    given = parser.parse_args()
    wanted = Wanted(given.readers, given.a_week, given.papers, given.keep_days, given.workers, given.relays)
    for name, value in told(wanted, replace(Costs(), worker_ms=given.worker_ms), given.minutes):
        sys.stdout.write(f"{name:34} {value}\n")


if __name__ == "__main__":
    main()
