"""What became of one reader's mails, and the list of readers as an operator looks through it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from sqlalchemy import Engine, RowMapping, Select, select

from digest.domain import EPOCH, Kind, Reader, State, Status, Window
from digest.logs import get_logger
from digest.store.engine import reading, writing
from digest.store.mailboxes import TAG, mailbox_key
from digest.store.readable import readable
from digest.store.readers import among, email_key
from digest.store.tables import bounces, deliveries, readers

log = get_logger()

# A slip is in the first half of a name or behind it, seldom in both; a half has as many letters at least.
SURE = 3
# Of these many the closest are chosen: comparing costs some 20 microseconds each.
MOST_ALIKE = 2_000
ALIKE = 0.8


@dataclass(frozen=True, slots=True)
class PastMail:
    """One mail to a reader, and how it went."""

    id: int
    kind: str
    due_at: datetime
    tried_at: datetime | None
    state: State
    reason: str
    papers: int
    window: Window
    recipient: str = ""
    next_attempt_at: datetime = EPOCH
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of a mail."""

    delivery_id: int
    kind: str
    reason: str
    status: str
    noted_at: datetime


def mails(engine: Engine, reader_id: int, most: int) -> list[PastMail]:
    """The last mails to a reader, the newest first."""
    order = (deliveries.c.due_at.desc(), deliveries.c.id.desc())
    question = select(deliveries.c.id).where(deliveries.c.reader_id == reader_id).order_by(*order).limit(most)
    with reading(engine) as connection:
        ids = list(connection.execute(question).scalars())

        def read(*some: int) -> list[PastMail]:
            which = select(deliveries).where(deliveries.c.id.in_(some)).order_by(*order)
            return [_past(row) for row in connection.execute(which).mappings()]

        found, unreadable = readable(lambda: read(*ids), lambda: ids, read)
    for delivery_id, why in unreadable.items():
        log.error("delivery.set_aside", delivery=delivery_id, why=why)
    return found


def _past(row: RowMapping) -> PastMail:
    return PastMail(
        id=row["id"],
        kind=row["kind"],
        due_at=row["due_at"],
        tried_at=row["tried_at"],
        state=State(row["state"]),
        reason=row["reason"],
        papers=len(row["papers"]),
        window=Window(row["window_start"], row["window_end"], row["since"]),
        recipient=row["recipient"],
        next_attempt_at=row["next_attempt_at"] or EPOCH,
        attempts=row["attempts"],
    )


def came_back(engine: Engine, reader_id: int, most: int) -> list[Returned]:
    """What came back of a reader's mails, the newest first."""
    columns = (bounces.c.delivery_id, bounces.c.kind, bounces.c.reason, bounces.c.status, bounces.c.noted_at)
    question = select(*columns).where(bounces.c.reader_id == reader_id)
    with reading(engine) as connection:
        rows = connection.execute(question.order_by(bounces.c.noted_at.desc(), bounces.c.id.desc()).limit(most))
        return [Returned(*row) for row in rows]


def send_again(engine: Engine, delivery_id: int) -> None:
    """Queue a mail once more, as it was: the same papers, and the same Message-ID."""
    again = {"state": State.QUEUED, "reason": "", "attempts": 0, "next_attempt_at": EPOCH}
    with writing(engine) as connection:
        connection.execute(deliveries.update().where(deliveries.c.id == delivery_id).values(again))


def listed(engine: Engine, status: Status | None, most: int) -> list[Reader]:
    """The first readers, in the order they came, of one status or of all."""
    question = select(readers.c.id).order_by(readers.c.id).limit(most)
    if status:
        question = question.where(readers.c.status == status)
    return _read(engine, question)


def find(engine: Engine, part: str, most: int) -> list[Reader]:
    """The readers whose address has this in it, whatever the case."""
    has = readers.c.email_key.contains(email_key(part), autoescape=True)
    return _read(engine, select(readers.c.id).where(has).order_by(readers.c.id).limit(most))


def alike(engine: Engine, email: str, most: int) -> list[str]:
    """Addresses on the list that this one may be: those of the same mailbox, then of each way to slip the closest."""
    key = email_key(email)
    local, _, domain = key.partition("@")
    if not local or not domain:
        return []
    bare, column = local.partition(TAG)[0] or local, readers.c.email_key
    sure = max(SURE, len(local) // 2)
    near = [
        column.startswith(f"{bare}@", autoescape=True),
        column.startswith(f"{bare}{TAG}", autoescape=True),
        column.startswith(key[:sure], autoescape=True),
        column.endswith(f"{local[sure:]}@{domain}", autoescape=True),
    ]
    with reading(engine) as connection:
        some = [select(column, readers.c.email).where(each).limit(MOST_ALIKE) for each in near]
        found = {row.email_key: row.email for each in some for row in connection.execute(each)}
    return [found[one] for one in _by_likeness(key, bare, found, most)]


def _by_likeness(key: str, bare: str, found: Iterable[str], most: int) -> list[str]:
    found = list(found)
    mailbox = mailbox_key(key)
    same = [one for one in found if mailbox_key(one) == mailbox]
    close = get_close_matches(key, found, most, ALIKE)
    elsewhere = [one for one in found if one.startswith(f"{bare}@")]
    return list(dict.fromkeys([*same, *close, *elsewhere]))[:most]


def why_set_aside(engine: Engine, reader_id: int) -> str:
    """Why no digest could be planned for a reader when one was last due; empty if one was."""
    with reading(engine) as connection:
        why: str = connection.execute(select(readers.c.set_aside).where(readers.c.id == reader_id)).scalar_one()
        return why


def last_digest(engine: Engine, reader_id: int) -> PastMail | None:
    """The newest digest that a reader was due."""
    return next((mail for mail in mails(engine, reader_id, 50) if mail.kind == Kind.DIGEST), None)


def _read(engine: Engine, question: Select[Any]) -> list[Reader]:
    with reading(engine) as connection:
        return among(connection, list(connection.execute(question).scalars()))
