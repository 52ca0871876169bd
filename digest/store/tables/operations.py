"""What the service knows of itself."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, Float, Integer, Table, Text

from digest.store.columns import Moment, Number
from digest.store.tables.base import metadata

# Relays that rest and recipients' domains that are slowed, each until when and why.
breakers = Table(
    "brakes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Moment, nullable=False),
    Column("reason", Text, nullable=False),
)

# What the operator was told of, so that they hear of each cause once a day.
alerts = Table(
    "alerts",
    metadata,
    Column("cause", Text, primary_key=True),
    Column("day", Date, primary_key=True),
)

# Which processes of the service live, and when each was last heard.
heartbeats = Table(
    "heartbeats",
    metadata,
    # `web`, `worker` or `beat`.
    Column("process", Text, primary_key=True),
    Column("host", Text, primary_key=True),
    Column("pid", Integer, primary_key=True),
    Column("version", Text, nullable=False),
    Column("at", Moment, nullable=False),
)

# What happened on each day (UTC), counted once, so that nobody counts the ledger to know it: `deliveries` by kind and
# state, `delays` of digests by the seconds within which they went, `returned` by verdict and reason, attempts
# at `relays` by relay and outcome.
day_counts = Table(
    "day_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# What changed in days that were counted, since: one more or one less of a kind and state each. The database's triggers
# write them, whoever changes a delivery, so that nobody waits for anybody; the next count takes them in.
day_changes = Table(
    "day_changes",
    metadata,
    Column("id", Number, primary_key=True),
    Column("day", Date, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("count", Integer, nullable=False),
)

# The messages of the mailbox that were taken in and may wait there still, because its server keeps no flags.
taken = Table(
    "taken",
    metadata,
    # The hash of what was read of it.
    Column("message", Text, primary_key=True),
    # The mailbox, and its UIDVALIDITY, hashed; and the message's UID there.
    Column("place", Text, nullable=False, index=True),
    Column("number", Text, nullable=False),
    # Whether it was understood, and is to be deleted; nothing while it is being judged.
    Column("done", Boolean),
    Column("times", Integer, nullable=False),
    Column("at", Moment, nullable=False),
)

# What a round measured, for those who look later.
gauges = Table(
    "gauges",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Float, nullable=False),
    Column("at", Moment, nullable=False),
)
