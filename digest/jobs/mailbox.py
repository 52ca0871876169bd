"""Take in what came back to the mailbox for bounces: each message is judged apart, acted on, and deleted or flagged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from digest import bounces
from digest.bounces.safely import Judge, JudgeAway
from digest.domain import VerdictKind
from digest.jobs import trial
from digest.jobs.returns import act_on
from digest.links import Links
from digest.logs import get_logger
from digest.store import gauges
from digest.transport.mailbox import Mailbox, empty

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
        except (SQLAlchemyError, JudgeAway):
            raise  # The database is away, or this machine at its end: the message waits.
        except Exception:
            log.exception("returned.unjudged")
            return False
        verdict = taking.verdict
        log.info("returned.taken", kind=verdict.kind, reason=verdict.reason, reader=taking.reader_id, done=taking.done)
        taken[verdict.kind] += 1
        return verdict.reason not in bounces.SET_ASIDE

    with Judge() as judge:
        emptied = empty(mailbox, take_one, bounces.MOST_BYTES)
    gauges.measured(engine, gauges.MAILBOX_UNREAD, emptied.left, clock())
    return taken
