"""The tables, once, for SQLite and PostgreSQL alike. No questions here: those are one file a noun."""

from __future__ import annotations

from digest.store.tables.base import metadata
from digest.store.tables.deliveries import (
    ASKED,
    FAILED,
    OPEN,
    PUT_ASIDE,
    TAKEN_BY_AN_API,
    UNKNOWN,
    bounces,
    deliveries,
    seen,
)
from digest.store.tables.operations import alerts, breakers, day_changes, day_counts, gauges, heartbeats, taken
from digest.store.tables.papers import collections, editions, listings, papers, searched
from digest.store.tables.readers import UNPLANNED, feedback, old_keys, readers, saved, suppressed

__all__ = [
    "ASKED",
    "FAILED",
    "OPEN",
    "PUT_ASIDE",
    "TAKEN_BY_AN_API",
    "UNKNOWN",
    "UNPLANNED",
    "alerts",
    "bounces",
    "breakers",
    "collections",
    "day_changes",
    "day_counts",
    "deliveries",
    "editions",
    "feedback",
    "gauges",
    "heartbeats",
    "listings",
    "metadata",
    "old_keys",
    "papers",
    "readers",
    "saved",
    "searched",
    "seen",
    "suppressed",
    "taken",
]
