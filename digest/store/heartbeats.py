"""Heartbeats: which processes of the service live, on which hosts, of which version, and when each was last heard."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, select, text

from digest.store.engine import insert_into, reading, writing
from digest.store.tables import heartbeats

# Several beats may be missed by a process that is busy with one long statement.
SILENT_AFTER = timedelta(minutes=3)
# Long enough to see that something which ran yesterday runs no more.
FORGET_AFTER = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """A process: `web`, `worker` or `beat`; when it was last heard."""

    process: str
    host: str
    pid: int
    version: str
    at: datetime

    def is_alive(self, now: datetime) -> bool:
        return now - self.at <= SILENT_AFTER


def beat(engine: Engine, heartbeat: Heartbeat) -> None:
    """Write down that a process lives."""
    key = {"process": heartbeat.process, "host": heartbeat.host, "pid": heartbeat.pid}
    news = {"version": heartbeat.version, "at": heartbeat.at}
    with writing(engine) as connection:
        statement = insert_into(connection, heartbeats).values(key | news)
        connection.execute(statement.on_conflict_do_update(index_elements=list(key), set_=news))


def stop(engine: Engine, heartbeat: Heartbeat) -> None:
    """Forget a process that ended as it should: it is not missed."""
    mine = (heartbeats.c.process == heartbeat.process) & (heartbeats.c.host == heartbeat.host)
    with writing(engine) as connection:
        connection.execute(heartbeats.delete().where(mine, heartbeats.c.pid == heartbeat.pid))


def known(engine: Engine) -> list[Heartbeat]:
    """All processes that were heard lately, the latest first."""
    with reading(engine) as connection:
        rows = connection.execute(select(heartbeats).order_by(heartbeats.c.at.desc())).mappings()
        return [Heartbeat(**row) for row in rows]


def newest(engine: Engine) -> dict[str, Heartbeat]:
    """Of each kind of process the one heard last."""
    return {each.process: each for each in reversed(known(engine))}


def forget(engine: Engine, now: datetime) -> int:
    """Delete processes that have been silent for long; return how many."""
    with writing(engine) as connection:
        return connection.execute(heartbeats.delete().where(heartbeats.c.at < now - FORGET_AFTER)).rowcount


def database_now(engine: Engine) -> datetime:
    """What time it is by the database's own clock. SQLite's is this machine's."""
    if engine.dialect.name == "sqlite":
        return datetime.now(UTC)
    with reading(engine) as connection:
        found: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
        return found.astimezone(UTC)


def connections(engine: Engine) -> tuple[int, int] | None:
    """How many connections PostgreSQL allows, and how many there are now; None for SQLite."""
    if engine.dialect.name == "sqlite":
        return None
    with reading(engine) as connection:
        most = int(connection.execute(text("SHOW max_connections")).scalar_one())
        return most, connection.execute(text("SELECT count(*) FROM pg_stat_activity")).scalar_one()
