"""What it costs to look for one reader among a million, by a part of the address or by one with a slip in it.

`python -m bench.roster` asks SQLite and PostgreSQL; in processor seconds of this process and the server's together.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Engine, text

from bench import parts
from bench.report import heading, machine, table
from digest.store import history
from digest.store.engine import connect, migrate

RUNS, MOST = 3, 51
# A prime: neighbours in the table are no neighbours by address.
STRIDE = 1009
HOSTS = 5_000
FILL = """
INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at)
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count)
SELECT 'reader' || (i * :stride % :count) || '@host' || (i % :hosts) || '.example.org',
       'reader' || (i * :stride % :count) || '@host' || (i % :hosts) || '.example.org',
       'active', '[]', 'daily', 7, 'UTC', 10, '2026-01-01 00:00:00' FROM n
"""
QUESTIONS: dict[str, Callable[[Engine], object]] = {
    "find der4242@h": lambda engine: history.find(engine, "der4242@h", MOST),
    "find what nobody has": lambda engine: history.find(engine, "nobody-here", MOST),
    "a slip in the domain": lambda engine: history.alike(engine, "reader4242@elsewhere.net", 3),
    "a slip in the name": lambda engine: history.alike(engine, "raeder4242@host17.example.org", 3),
    "nobody at all": lambda engine: history.alike(engine, "zoe.miller@elsewhere.net", 3),
}


def seconds(engine: Engine, question: Callable[[Engine], object]) -> float:
    """The least processor time of a question."""
    return min(_once(engine, question) for _ in range(RUNS))


def _once(engine: Engine, question: Callable[[Engine], object]) -> float:
    server = _server(engine)
    before = time.process_time() + (parts.spent(server) if server else 0)
    question(engine)
    return time.process_time() + (parts.spent(server) if server else 0) - before


def _server(engine: Engine) -> int | None:
    """The process that answers a pooled connection, where it is not this one."""
    if engine.dialect.name == "sqlite":
        return None
    with engine.connect() as connection:
        # Else others would help it whose time is not counted.
        connection.execute(text("SET max_parallel_workers_per_gather = 0"))
        connection.commit()
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def ask(url: str, count: int) -> list[str]:
    engine = connect(url)
    with engine.begin() as connection:
        connection.execute(text(FILL), {"count": count, "stride": STRIDE, "hosts": HOSTS})
    with engine.begin() as connection:
        connection.execute(text("ANALYZE"))
    found = [f"{seconds(engine, question) * 1000:.0f} ms" for question in QUESTIONS.values()]
    engine.dispose()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.roster", description=__doc__)
    parser.add_argument("--readers", type=int, default=1_000_000)
    count = parser.parse_args().readers
    machine()
    heading(f"Looking for one of {count:,} readers")
    with tempfile.TemporaryDirectory() as folder, parts.postgres() as postgres:
        url = f"sqlite:///{Path(folder)}/roster.sqlite3"
        engine = connect(url)
        migrate(engine)
        engine.dispose()
        answers = zip(QUESTIONS, ask(url, count), ask(postgres.database("roster"), count), strict=True)
        table(("Question", "SQLite", "PostgreSQL"), list(answers))


if __name__ == "__main__":
    main()
