"""The database: whether it can be reached, read and written, and whether what stands before it keeps its sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import Connection, Engine, make_url, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from digest.bootstrap import Service
from digest.cli.doctor.findings import Finding, broken, fine, mend, warning
from digest.domain import EPOCH
from digest.store import accounts, collections, heartbeats
from digest.store.engine import StoreUnready, ready, why, writing

# A weekend and a holiday bring nothing; after that, something is broken.
FRESH_FOR = timedelta(days=4)
# A lock that nobody else takes.
PROBE = 0x6469_6765_7374
MENDS = {
    "pg_hba.conf": "let pg_hba.conf of PostgreSQL admit that user from this host to that database",
    "support ssl": "let PostgreSQL speak TLS, or take sslmode out of DIGEST_DATABASE_URL where it is on this host",
    "permission denied for": "`GRANT` that user its rights, or make it the owner: `ALTER DATABASE … OWNER TO …`",
    "password": "correct the user and the password in DIGEST_DATABASE_URL",
    "role": "correct the user in DIGEST_DATABASE_URL, or `createuser` it",
    "connection refused": "start PostgreSQL, or correct the host and the port in DIGEST_DATABASE_URL",
    "could not translate": "correct the host in DIGEST_DATABASE_URL",
    "resolve": "correct the host in DIGEST_DATABASE_URL",
    "does not exist": "correct the name in DIGEST_DATABASE_URL, or `createdb` it and run `digest migrate`",
    "timeout": "correct the host in DIGEST_DATABASE_URL, or let the firewall pass",
    "too many": "raise max_connections of PostgreSQL, or run fewer workers",
    "remaining connection slots": "raise max_connections of PostgreSQL, or run fewer workers",
    "readonly": "let the service's user write the database's file and its folder: `chown` both",
    "read-only": "let the service's user write there, or let the database's server take over from its standby",
    "unable to open": "make the folder, and let the service's user write it: `chown` it",
    "permission denied": "let the service's user write there: `chown` the folder",
    "disk": "make room on the disk",
    "no space": "make room on the disk",
    "malformed": "restore a backup: the file is damaged",
    "not a database": "correct the path in DIGEST_DATABASE_URL: that file is something else",
    "locked": "end what holds the database's file open",
}


def look(service: Service) -> Iterator[Finding]:
    try:
        ready(service.database)
        _write(service.database)
        good = collections.last_good(service.database)
    except StoreUnready as error:
        yield broken("database", str(error), mend(str(error), MENDS, ""))
        return
    except (SQLAlchemyError, OSError) as error:
        yield broken("database", why(error), mend(why(error), MENDS, "see DIGEST_DATABASE_URL"))
        return
    yield fine("database", f"{service.database.dialect.name}, with the newest schema, and can be written")
    yield from _sources(service, good)
    yield from _sessions(service)
    yield from _file(service)
    yield from _rows(service)


def _write(engine: Engine) -> None:
    """Write something and take it back: a full or read-only disk is only seen in writing."""

    class _TakenBack(Exception):
        pass

    try:
        with writing(engine) as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = version_num"))
            raise _TakenBack
    except _TakenBack:
        return


def _sources(service: Service, good: Mapping[str, datetime]) -> Iterator[Finding]:
    for source in service.settings.sources:
        last = good.get(source, EPOCH)
        if service.now - last <= FRESH_FOR:
            yield fine(source, f"last collected {last:%Y-%m-%d %H:%M} UTC")
            continue
        said = f"last collected {last:%Y-%m-%d %H:%M} UTC" if last > EPOCH else "never collected"
        yield warning(source, said, f"try `digest collect --source {source}`; is the clock running?")


def _sessions(service: Service) -> Iterator[Finding]:
    """On PostgreSQL: do locks stay with their connection, and are there connections for all who want one?"""
    if service.database.dialect.name != "postgresql":
        return
    if _pooled_by_transaction(service.database):
        yield broken(
            "pooler",
            "what is between us and PostgreSQL mixes sessions, as pgbouncer does with pool_mode=transaction",
            "set pool_mode=session, or let DIGEST_DATABASE_URL name PostgreSQL itself: slots are locks of a session",
        )
    most, used = heartbeats.connections(service.database) or (0, 0)
    workers = sum(each.process == "worker" for each in heartbeats.known(service.database))
    # Each connection to a relay holds a lock, and each process has one for its questions.
    wanted = service.settings.smtp_connections + 2 * max(1, workers) * (os.cpu_count() or 1)
    if most - 3 < wanted:
        todo = "raise max_connections, or lower DIGEST_SMTP_CONNECTIONS or the workers' --concurrency"
        yield warning("connections", f"PostgreSQL allows {most}, {used} are used, and ours may want {wanted}", todo)


def _pooled_by_transaction(engine: Engine) -> bool:
    """Whether two connections of ours are one session of the server's: then a lock of one is the other's, too."""
    try:
        with engine.connect() as one, engine.connect() as other:
            _locks(one, "pg_advisory_lock")
            mixed = _locks(other, "pg_try_advisory_lock")
            for connection in (other, one) if mixed else (one,):
                _locks(connection, "pg_advisory_unlock")
            return mixed
    except DBAPIError:
        return False


def _locks(connection: Connection, function: str) -> bool:
    done = connection.execute(text(f"SELECT {function}(:probe)"), {"probe": PROBE}).scalar()
    connection.commit()
    return done is True


def _file(service: Service) -> Iterator[Finding]:
    path = make_url(service.settings.database_url).database or ""
    if service.database.dialect.name == "sqlite" and path and Path(path).stat().st_mode & 0o077:
        yield warning("database", f"others on this machine can read {path}", f"chmod 600 {path}")


def _rows(service: Service) -> Iterator[Finding]:
    for word, count in accounts.unknown(service.database).items():
        todo = "a later version wrote them, or somebody by hand: they are left alone until you correct them"
        yield warning("rows", f"{count:,} with the {word}, which this version does not know", todo)
