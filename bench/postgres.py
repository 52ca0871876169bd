"""PostgreSQL as a peer: an embedded server of its own, and its full-text search asked for phrases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache

import psycopg

from bench import parts


@contextmanager
def served() -> Iterator[psycopg.Connection]:
    """Start an empty server, and end it."""
    with parts.postgres() as postgres, psycopg.connect(postgres.server.get_uri(), autocommit=True) as connection:
        # One core each, as on our side.
        connection.execute("SET max_parallel_workers_per_gather = 0")
        yield connection


def tsquery(connection: psycopg.Connection, topics: Sequence[str]) -> str:
    """Write topics as one tsquery: any of the phrases."""
    return " | ".join(filter(None, (f"({query})" if (query := phrase(connection, topic)) else "" for topic in topics)))


@lru_cache(1 << 16)
def phrase(connection: psycopg.Connection, topic: str) -> str:
    """Write a topic as the tsquery of a phrase; empty when it has only stop words."""
    row = connection.execute("SELECT phraseto_tsquery('english', %s)::text", (topic,)).fetchone()
    return str(row[0]) if row else ""
