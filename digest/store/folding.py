"""Old mails leave the ledger; what stays is that they were, and which papers they brought.

One transaction takes the rows out and writes down what is kept of them: killed at any moment, nothing is lost or
counted twice.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Text, and_, exists, or_, select, text, type_coerce

from digest.domain import Kind, State
from digest.store import by_day, day_counts, gauges, heard, planning, seen
from digest.store.engine import reading, retried, writing
from digest.store.outcomes import NEVER
from digest.store.tables import ASKED, deliveries, readers

# The readers of one transaction: of a year that is folded at once some 40,000 mails, a second's work.
PAGE = 100


@retried
def fold(engine: Engine, before: datetime, after: int, now: datetime, most: int | None = None) -> int | None:
    """Fold what was due before then of the next readers after this number; the last one's number, None at the end.

    The number is kept for `reached` in the same transaction.
    """
    with writing(engine) as connection:
        page = _next(connection, after, most or PAGE)
        if page:
            # By number and not by list, so that it is one stretch of the index.
            these = deliveries.c.reader_id.between(page[0], page[-1])
            _take_out(connection, these & (deliveries.c.due_at < before) & _needed_no_more())
            gauges.measured_in(connection, gauges.FOLDED_READER, page[-1], now)
            gauges.forget_in(connection, *map(gauges.unfolded, page))
        return page[-1] if page else None


def pass_over(engine: Engine, after: int, now: datetime) -> int | None:
    """Leave the mails of the next reader as they are, and remember whose; their number, None at the end."""
    with writing(engine) as connection:
        page = _next(connection, after, 1)
        for reader_id in page:
            gauges.measured_in(connection, gauges.unfolded(reader_id), 1, now)
            gauges.measured_in(connection, gauges.FOLDED_READER, reader_id, now)
        return page[-1] if page else None


def passed_over(engine: Engine) -> list[int]:
    """Whose mails could not be folded when it was tried last."""
    numbers = [number for name in gauges.known(engine) if (number := gauges.reader_unfolded(name))]
    with reading(engine) as connection:
        there = select(readers.c.id).where(readers.c.id.in_(numbers)).order_by(readers.c.id)
        return list(connection.execute(there).scalars()) if numbers else []


def _next(connection: Connection, after: int, most: int) -> list[int]:
    ids = select(readers.c.id).where(readers.c.id > after).order_by(readers.c.id).limit(most)
    return list(connection.execute(ids).scalars())


def _over() -> ColumnElement[bool]:
    """What nothing more becomes of: what may have arrived, and is never tried again, too."""
    given_up = and_(deliveries.c.state == State.UNCERTAIN, deliveries.c.next_attempt_at >= NEVER)
    return or_(deliveries.c.state.in_((State.SENT, State.FAILED, State.SKIPPED)), given_up)


def _needed_no_more() -> ColumnElement[bool]:
    """Of its digests a reader keeps the last that covered a window, and the last that was heard of.

    The next window begins where the one ended, and a note of a quiet week counts from the other.
    """
    covering, reaching = deliveries.alias(), deliveries.alias()
    is_covered = exists().where(_is_later(covering), planning.covered(covering))
    is_heard = exists().where(_is_later(reaching), heard.gone(reaching))
    return _over() & or_(deliveries.c.kind != Kind.DIGEST, is_covered & is_heard)


def _is_later(other: Any) -> ColumnElement[bool]:  # noqa: ANN401 - an alias of the table
    same = and_(other.c.reader_id == deliveries.c.reader_id, other.c.kind == Kind.DIGEST)
    return and_(same, other.c.due_at > deliveries.c.due_at)


def _take_out(connection: Connection, which: ColumnElement[bool]) -> int:
    """Delete these, and keep their papers; what is counted only as long as it is in the ledger is counted here."""
    these = select(deliveries.c.id).where(which).scalar_subquery()
    # Looked at again where it is deleted: the operator may have queued it meanwhile.
    taken = deliveries.delete().where(deliveries.c.id.in_(these), _over())
    columns = [deliveries.c[name] for name in ("id", "reader_id", "kind", "state", "unanswered", "beside")]
    day, papers = by_day.day_of_due(connection), type_coerce(deliveries.c.papers, Text)
    rows = connection.execute(taken.returning(*columns, day.label("day"), papers.label("papers"))).all()
    found: dict[seen.Month, set[str]] = defaultdict(set)
    for row in rows:
        if row.unanswered or row.state in heard.ARRIVED:
            found[row.reader_id, _day(row.day).replace(day=1)] |= heard.ids_in(row.id, row.papers, row.beside)
    seen.add(connection, found)
    uncertain = Counter((_day(row.day), row.kind) for row in rows if row.state == State.UNCERTAIN)
    for (on, kind), count in uncertain.items():
        day_counts.add_in(connection, day_counts.DELIVERIES, kind, State.UNCERTAIN, on, count)
    return len(rows)


def _day(written: date | None) -> date:
    """On SQLite a moment may be one that nobody can read; it is of no day."""
    return written or date(1970, 1, 1)


@retried
def forget_addresses(engine: Engine, before: datetime, since: datetime) -> int:
    """Delete the mails between these moments that went to another address than the reader's; return how many.

    An address that was asked and never agreed, or that was left behind, is kept nowhere else.
    """
    span = (deliveries.c.due_at < before) & (deliveries.c.due_at >= since)
    with writing(engine) as connection:
        return _take_out(connection, span & (deliveries.c.recipient != "") & _over())


@retried
def forget_requests(engine: Engine, before: datetime) -> int:
    """Forget which mailbox a mail went to that somebody asked for before then: it was kept for counting."""
    these = and_(text(ASKED), deliveries.c.due_at < before)
    with writing(engine) as connection:
        return connection.execute(deliveries.update().where(these).values(mailbox="")).rowcount
