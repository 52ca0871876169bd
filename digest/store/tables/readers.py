"""Readers, what links name them by, and what they said."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Date, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, false

from digest.store.columns import Moment, Number, RandomKey, Strings, text_column
from digest.store.tables.base import metadata

# Those for whom no digest could be planned.
UNPLANNED = "set_aside <> ''"

readers = Table(
    "readers",
    metadata,
    Column("id", Number, primary_key=True),
    Column("email", Text, nullable=False),
    # The address in lower case: with the name, what makes two subscriptions the same.
    Column("email_key", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("topics", Strings, nullable=False),
    Column("cadence", Text, nullable=False),
    Column("hour", Integer, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("most_papers", Integer, nullable=False),
    Column("pictures", Boolean, nullable=False, server_default=false()),
    Column("created_at", Moment, nullable=False),
    Column("confirmed_at", Moment),
    Column("next_due_at", Moment),
    # Where the digest shall go, until that address confirms.
    text_column("new_email"),
    # Why no digest could be planned when one was last due, if so.
    text_column("set_aside"),
    # The day of a weekly digest, from Monday.
    Column("weekday", Integer, nullable=False, server_default="0"),
    Column("order", Text, nullable=False, server_default="mixed"),
    Column("related", Boolean, nullable=False, server_default=false()),
    # As JSON, where there are any: topics that rest, each until a day.
    text_column("muted"),
    # When a pause ends by itself.
    Column("paused_until", Moment),
    # What links name the reader by.
    Column("key", Text, nullable=False, server_default=RandomKey(), unique=True),
    # Of one address that has several digests, which this is; empty for the first.
    text_column("name"),
    # What its List-Id says, where that is not its name: it was renamed, or another one had the name before.
    text_column("list_name"),
    UniqueConstraint("email_key", "name"),
    Index(None, "status", "next_due_at", "id"),
    # The links in a mail name a reader by number: nobody may ever get that of somebody who is gone.
    sqlite_autoincrement=True,
)

# What links in older mails name a reader by: their key before they moved, or their number before readers had keys.
old_keys = Table(
    "old_keys",
    metadata,
    Column("key", Text, primary_key=True),
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    # No mail that was due later bears it.
    Column("until", Moment, nullable=False),
    # Whether it still opens everything, or only ends the digest and shows what the mail showed.
    Column("opens", Boolean, nullable=False),
    Index(None, "reader_id"),
)

# What readers made of a mail, or of a paper in it (no paper: of the mail).
feedback = Table(
    "feedback",
    metadata,
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True),
    # The mail may be forgotten before what was said of it.
    Column("delivery_id", Number, primary_key=True, autoincrement=False),
    Column("paper_id", Text, primary_key=True),
    Column("answer", Text, nullable=False),
    Column("answered_at", Moment, nullable=False),
    # Of a vote: the terms that set its paper apart.
    Column("about", Strings, nullable=False, server_default="[]"),
    # The preferences before and after it, as JSON, where an answer changed them: what an undo takes back.
    text_column("change"),
)

# What readers keep to read later.
saved = Table(
    "saved",
    metadata,
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True),
    Column("paper_id", Text, primary_key=True),
    Column("saved_at", Moment, nullable=False),
)

# Whom nobody else may put on the list again, when all else of them is deleted.
suppressed = Table(
    "suppressed",
    metadata,
    # A hash of it, keyed with the installation's secret (see `keyed`).
    Column("address", Text, primary_key=True),
    Column("status", Text, nullable=False),
    Column("since", Date, nullable=False),
)
