"""Take in what came back to the mailbox for bounces: each message is judged apart, acted on, and deleted or flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from digest import bounces
from digest.bounces.safely import Judge, JudgeAway
from digest.domain import VerdictKind
from digest.interrupts import ENDINGS
from digest.jobs import trial
from digest.jobs.delivery.patience import AWAY
from digest.jobs.returns import act_on
from digest.links import Links
from digest.logs import get_logger
from digest.store import gauges
from digest.store import taken as takings
from digest.transport.mailbox import Mailbox, Memory, Take, empty

log = get_logger()


def empty_mailbox(
    engine: Engine, links: Links, mailbox: Mailbox, clock: Callable[[], datetime]
) -> Counter[VerdictKind]:
    """Take in what came back to a mailbox; return how many of each kind. What nobody understands stays there, flagged.

    Each is judged in another process, which no message can break. Raises MailboxAway and JudgeAway; what was taken
    until then is committed, and gone from the mailbox.
    """
    taken: Counter[VerdictKind] = Counter()

    def take_one(content: bytes) -> bool:
        try:
            if trial.came_back(engine, content, clock()):
                return True
            taking = act_on(engine, links, judge.read(content), clock())
        except (SQLAlchemyError, JudgeAway, MemoryError):
            raise  # The database is away, or this machine at its end: the message waits.
        except Exception:
            log.exception("returned.unjudged")
            return False
        verdict = taking.verdict
        log.info("returned.taken", kind=verdict.kind, reason=verdict.reason, reader=taking.reader_id, done=taking.done)
        taken[verdict.kind] += 1
        return verdict.reason not in bounces.SET_ASIDE

    memory = _Memory(engine, mailbox, clock)
    with Judge() as judge:
        emptied = empty(mailbox, take_one, bounces.MOST_BYTES, memory=memory)
    gauges.measured(engine, gauges.MAILBOX_UNREAD, emptied.left, clock())
    return taken


class _Memory(Memory):
    """Remembers each message by its hash, and where it was met: a server that keeps no flags shows it at each look."""

    def __init__(self, engine: Engine, mailbox: Mailbox, clock: Callable[[], datetime]) -> None:
        self._engine, self._clock, self._place = engine, clock, ""
        self._name = f"{mailbox.username} {mailbox}"

    def known(self, validity: str, waiting: Sequence[str]) -> Mapping[str, bool]:
        self._place = _hash(f"{self._name} {validity}".encode())
        known, persistent = takings.met(self._engine, self._place, waiting, self._clock())
        if persistent:
            log.warning("mailbox.keeps_no_flags", messages=persistent)
        gauges.measured(self._engine, gauges.MAILBOX_UNKEPT, persistent, self._clock())
        return known

    def take_once(self, number: str, content: bytes | None, take: Take) -> bool:
        message = _hash(f"{self._place} {number}".encode() if content is None else content)
        before = takings.begin(self._engine, message, self._place, number, self._clock())
        if before is not None:
            return before
        try:
            done = content is not None and take(content)
        except (*AWAY, *ENDINGS, JudgeAway):
            with suppress(SQLAlchemyError):
                takings.take_back(self._engine, message)
            raise
        takings.end(self._engine, message, done=done)
        return done


def _hash(content: bytes) -> str:
    return sha256(content).hexdigest()
