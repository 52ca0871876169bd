"""The tables, once, for SQLite and PostgreSQL alike. No questions here: those are one file a noun."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    false,
    true,
)

from digest.store.columns import Moment, Number, RandomKey, Strings, text_column

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


# The deliveries that are not over, in SQL, so that both databases see that the index of them will do.
OPEN = "state IN ('queued', 'sending', 'deferred', 'uncertain')"

# Those that somebody asked for.
ASKED = "mailbox <> ''"


papers = Table(
    "papers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    text_column("abstract"),
    Column("authors", Strings, nullable=False),
    text_column("organization"),
    text_column("organization_handle"),
    Column("published_at", Moment),
    text_column("summary"),
    Column("keywords", Strings, nullable=False),
    Column("categories", Strings, nullable=False),
    text_column("code_url"),
    Column("code_stars", Integer),
    text_column("project_url"),
    text_column("thumbnail_url"),
    text_column("original_title"),
    text_column("original_abstract"),
)

listings = Table(
    "listings",
    metadata,
    Column("source", Text, primary_key=True),
    Column("day", Date, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), primary_key=True),
    Column("rank", Integer, nullable=False),
    Column("upvotes", Integer, nullable=False),
    Column("comments", Integer, nullable=False),
    Column("first_seen_at", Moment, nullable=False),
    # Back-filled for the archive: never reaches a digest.
    Column("archived", Boolean, nullable=False),
    Index(None, "first_seen_at"),
    Index(None, "paper_id"),
    Index(None, "day"),
)

# Each paper as it is searched (see `search`). Below it lies a full-text index, each database's own: `searched_text`
# in SQLite, `text_vector` in PostgreSQL.
searched = Table(
    "searched",
    metadata,
    Column("number", Number, primary_key=True),
    Column("paper_id", ForeignKey("papers.id"), nullable=False, unique=True),
    # Stems, as `topics.words` makes them, separated by spaces.
    Column("title", Text, nullable=False),
    Column("keywords", Text, nullable=False),
    Column("abstract", Text, nullable=False),
    Column("facts", Text, nullable=False),
    # What its listings say: the latest day, the most upvotes.
    Column("listed_on", Date, nullable=False),
    Column("upvotes", Integer, nullable=False),
    Index(None, "listed_on", "upvotes"),
    Index(None, "upvotes"),
)

collections = Table(
    "collections",
    metadata,
    Column("id", Number, primary_key=True),
    Column("source", Text, nullable=False),
    Column("day", Date, nullable=False),
    Column("step", Text, nullable=False),
    Column("papers", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("collected_at", Moment, nullable=False),
    Index(None, "source", "day"),
)

readers = Table(
    "readers",
    metadata,
    Column("id", Number, primary_key=True),
    Column("email", Text, nullable=False),
    # The address in lower case: what makes two subscriptions the same.
    Column("email_key", Text, nullable=False, unique=True),
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
    # When a pause ends by itself.
    Column("paused_until", Moment),
    # What links name the reader by.
    Column("key", Text, nullable=False, server_default=RandomKey(), unique=True),
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

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Number, primary_key=True),
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    # The folder in templates/email.
    Column("kind", Text, nullable=False),
    Column("due_at", Moment, nullable=False),
    Column("window_start", Moment, nullable=False),
    Column("window_end", Moment, nullable=False),
    Column("since", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("attempts", Integer, nullable=False),
    # While `sending`: when the lease of the worker that claimed it runs out.
    Column("next_attempt_at", Moment, nullable=False),
    Column("papers", Strings, nullable=False),
    # As JSON. Of a confirmation, what its link confirms; of all others, what the reader had chosen when it was written.
    Column("preferences", Text),
    Column("tried_at", Moment),
    # Where the mail goes, if not to the reader's own address.
    text_column("recipient"),
    # Drawn by whoever claims: what tells a worker's hold on a delivery from that of the next.
    Column("claim", BigInteger, nullable=False, server_default="0"),
    # While `sending`: whether it may be on its way. Until it is, whatever becomes of the worker, nothing has arrived.
    Column("begun", Boolean, nullable=False, server_default=true()),
    # After how many attempts nobody knew whether the mail had arrived.
    Column("unanswered", Integer, nullable=False, server_default="0"),
    # Of a mail that somebody asked for: a hash of the mailbox it goes to, however that is spelt. For counting.
    text_column("mailbox"),
    UniqueConstraint("reader_id", "kind", "due_at"),
    # Its other indexes are in `indexes`: each database words them for itself.
    sqlite_autoincrement=True,
)

# What the digests of a window were chosen from, as it was when the first of them was written.
editions = Table(
    "editions",
    metadata,
    Column("window_start", Moment, primary_key=True),
    Column("window_end", Moment, primary_key=True),
    Column("since", Date, primary_key=True),
    # JSON, compressed.
    Column("papers", LargeBinary, nullable=False),
    Column("relisted", Strings, nullable=False),
)

# Relays that rest and recipients' domains that are slowed, each until when and why.
breakers = Table(
    "brakes",
    metadata,
    Column("name", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Moment, nullable=False),
    Column("reason", Text, nullable=False),
)

# What is known of mails that failed, or came back after they were sent; their deliveries stay what they are.
bounces = Table(
    "bounces",
    metadata,
    Column("id", Number, primary_key=True),
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), nullable=False),
    Column("delivery_id", ForeignKey("deliveries.id", ondelete="CASCADE"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("noted_at", Moment, nullable=False),
    # What it did to the reader: nothing, `ended` them, was `held` for the operator, or was `forgiven` by them.
    text_column("effect"),
    # The same report twice counts once.
    UniqueConstraint("delivery_id", "kind"),
    Index(None, "reader_id", "delivery_id"),
    Index(None, "noted_at"),
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
# state, `delays` of digests by the seconds within which they went, `returned` by verdict and reason.
day_counts = Table(
    "day_counts",
    metadata,
    Column("day", Date, primary_key=True),
    Column("what", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("state", Text, primary_key=True),
    Column("count", BigInteger, nullable=False),
)

# What a round measured, for those who look later.
gauges = Table(
    "gauges",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Float, nullable=False),
    Column("at", Moment, nullable=False),
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
