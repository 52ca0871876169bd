"""The tables, once, for SQLite and PostgreSQL alike. No questions here: those are one file a noun."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
    true,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite, which knows no zones, keeps it as naive UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name != "sqlite":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Strings(TypeDecorator[tuple[str, ...]]):
    """A tuple of strings, as a JSON array in text: read whole or not at all."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any | None, dialect: Dialect) -> str | None:  # noqa: ANN401 - the base class's signature
        return None if value is None else json.dumps(list(value), ensure_ascii=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[str, ...] | None:
        return None if value is None else tuple(json.loads(value))


class RandomKey(FunctionElement[str]):
    """Draw a key for a reader (`links.KEY`): 64 random bits in hex after a letter, so that it is no number.

    The database draws it, so that no row can come to be without one, whoever writes it.
    """

    type = Text()
    inherit_cache = True


@compiles(RandomKey, "sqlite")
def _on_sqlite(_element: RandomKey, _compiler: SQLCompiler, **_: object) -> str:
    return "('k' || lower(hex(randomblob(8))))"


@compiles(RandomKey, "postgresql")
def _on_postgresql(_element: RandomKey, _compiler: SQLCompiler, **_: object) -> str:
    # Of a random UUID, the last twelve and the first four digits are all random.
    return "('k' || right(gen_random_uuid()::text, 12) || left(gen_random_uuid()::text, 4))"


# SQLite numbers rows by itself only in a column of type INTEGER.
Number = BigInteger().with_variant(Integer, "sqlite")


# The deliveries that are not over, in SQL, so that both databases see that the index of them will do.
OPEN = "state IN ('queued', 'sending', 'deferred', 'uncertain')"

# Those that somebody asked for.
ASKED = "mailbox <> ''"


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, server_default="")


papers = Table(
    "papers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    _text("abstract"),
    Column("authors", Strings, nullable=False),
    _text("organization"),
    _text("organization_handle"),
    Column("published_at", Moment),
    _text("summary"),
    Column("keywords", Strings, nullable=False),
    Column("categories", Strings, nullable=False),
    _text("code_url"),
    Column("code_stars", Integer),
    _text("project_url"),
    _text("thumbnail_url"),
    _text("original_title"),
    _text("original_abstract"),
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
    _text("new_email"),
    # Why no digest could be planned when one was last due, if so.
    _text("set_aside"),
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
    _text("recipient"),
    # Drawn by whoever claims: what tells a worker's hold on a delivery from that of the next.
    Column("claim", BigInteger, nullable=False, server_default="0"),
    # While `sending`: whether it may be on its way. Until it is, whatever becomes of the worker, nothing has arrived.
    Column("begun", Boolean, nullable=False, server_default=true()),
    # After how many attempts nobody knew whether the mail had arrived.
    Column("unanswered", Integer, nullable=False, server_default="0"),
    # Of a mail that somebody asked for: a hash of the mailbox it goes to, however that is spelt. For counting.
    _text("mailbox"),
    UniqueConstraint("reader_id", "kind", "due_at"),
    # What is over and done with, nearly all of the ledger, is not in it.
    Index("ix_deliveries_open", "next_attempt_at", "id", postgresql_where=text(OPEN), sqlite_where=text(OPEN)),
    Index("ix_deliveries_asked", "due_at", "mailbox", postgresql_where=text(ASKED), sqlite_where=text(ASKED)),
    # For the account of the last days. The rows lie by it already, so PostgreSQL needs next to nothing for it.
    Index(None, "due_at", postgresql_using="brin"),
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
    _text("effect"),
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
    _text("change"),
)

# What readers keep to read later.
saved = Table(
    "saved",
    metadata,
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True),
    Column("paper_id", Text, primary_key=True),
    Column("saved_at", Moment, nullable=False),
)
