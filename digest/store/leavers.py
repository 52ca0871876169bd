"""Who has left long ago, and addresses that were asked and never agreed: what is kept of readers no longer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine, exists, select

from digest.domain import Kind, Status
from digest.store.engine import reading, writing
from digest.store.tables import deliveries, readers

LEFT = (Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED)
# As many as one transaction each is no trouble for, before one looks at the time.
PAGE = 1_000


def forget_wishes(engine: Engine, before: datetime) -> int:
    """Forget the new addresses that were asked before this moment and never agreed; return how many."""
    theirs = (deliveries.c.reader_id == readers.c.id) & (deliveries.c.kind == Kind.MOVE)
    asked = exists().where(theirs, deliveries.c.due_at >= before)
    with writing(engine) as connection:
        old = readers.update().where(readers.c.new_email != "", ~asked).values(new_email="")
        return connection.execute(old).rowcount


def left_before(engine: Engine, before: datetime, after: int = 0) -> list[int]:
    """Some of the readers who left, or were given up, whose address has been written nothing since this moment.

    Of an address with several digests all have ended. They are those with the lowest numbers above `after`.
    """
    theirs = readers.alias()
    written = exists().where(deliveries.c.reader_id == theirs.c.id, deliveries.c.due_at >= before)
    kept = theirs.c.status.not_in(LEFT) | (theirs.c.created_at >= before) | written
    in_use = exists().where(theirs.c.email_key == readers.c.email_key, kept)
    question = select(readers.c.id).where(readers.c.status.in_(LEFT), readers.c.created_at < before, ~in_use)
    question = question.where(readers.c.id > after)
    with reading(engine) as connection:
        return list(connection.execute(question.order_by(readers.c.id).limit(PAGE)).scalars())
