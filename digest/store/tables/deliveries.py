"""The ledger: each mail, and what came back of it."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from digest.store.columns import Moment, Number, Strings, text_column
from digest.store.tables.base import metadata

# The deliveries that are not over, in SQL, so that both databases see that the index of them will do.
OPEN = "state IN ('queued', 'sending', 'deferred', 'uncertain')"

# Those that failed, and those that could not be read or written (`outcomes.SET_ASIDE`): few, of however many.
FAILED = "state = 'failed'"
PUT_ASIDE = "state IN ('failed', 'uncertain') AND replace(reason, 'set aside: ', '') <> reason"

# Those with a state that no version of ours knows.
UNKNOWN = "state NOT IN ('queued', 'sending', 'sent', 'deferred', 'failed', 'uncertain', 'skipped')"

# Those that somebody asked for.
ASKED = "mailbox <> ''"

# Those that a provider's HTTP interface took: `200` and its own id of the mail, by which its webhooks know it too.
TAKEN_BY_AN_API = "substr(reason, 1, 4) = '200 '"

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
    # As JSON, where there is any: what the mail says beside its papers, so that it says the same when it is sent again.
    text_column("beside"),
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

# The papers of mails that are no longer kept (see `seen`).
seen = Table(
    "seen",
    metadata,
    Column("reader_id", ForeignKey("readers.id", ondelete="CASCADE"), primary_key=True),
    # Its first day.
    Column("month", Date, primary_key=True),
    # Their ids, compressed.
    Column("papers", LargeBinary, nullable=False),
)
