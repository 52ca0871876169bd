"""What becomes of claimed deliveries, and of their attempts: frozen, given back, ended, or lost with their worker.

The rules that no caller can break stand here: what may have arrived never becomes `failed` or `skipped`, and what was
uncertain twice does not go a third time.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, case, select, text

from digest.domain import ASKING, Beside, Delivery, Result, State
from digest.store.beside import as_text
from digest.store.columns import as_text as strings
from digest.store.delivery_rows import as_json
from digest.store.engine import stating, writing
from digest.store.many import among, as_array, as_rows
from digest.store.tables import OPEN, deliveries, readers

# An uncertain mail goes once more, so nobody has the same bytes more than twice.
MOST_UNANSWERED = 2
# When what stays uncertain is tried again.
NEVER = datetime(9000, 1, 1, tzinfo=UTC)
MAY_HAVE_ARRIVED = "may have arrived at an earlier attempt; then: "
SET_ASIDE = "set aside: "
LOST = "the worker that was sending it stopped"
LONGEST_REASON = 1_000
# What PostgreSQL takes in no text.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def begin(engine: Engine, chosen: Iterable[tuple[Delivery, Sequence[str], Beside]], until: datetime) -> set[int]:
    """Write down what each mail brings, what else it says, for which preferences, and that it may be on its way now.

    The lease is until then. Returns the ids of those that are still this worker's, and whose reader has the status and
    the address of when it was claimed: the others must not go.
    """
    rows = [_frozen(*one) for one in chosen]
    if not rows:
        return set()
    if engine.dialect.name == "postgresql":
        with stating(engine) as connection:
            return set(connection.execute(BEGIN, _of(rows) | {"until": until}).scalars())
    with writing(engine) as connection:
        connection.execute(BEGIN_ONE, [row | {"until": until} for row in rows])
        held = deliveries.c.claim.in_({row["a_claim"] for row in rows}) & (deliveries.c.state == State.SENDING)
        mine = among(deliveries.c.id, [row["an_id"] for row in rows])
        columns = (deliveries.c.id, readers.c.status, readers.c.email)
        found = {tuple(row) for row in connection.execute(select(*columns).join(readers).where(mine, held))}
        return {row["an_id"] for row in rows if (row["an_id"], row["a_status"], row["an_address"]) in found}


def _frozen(delivery: Delivery, ids: Sequence[str], beside: Beside) -> dict[str, Any]:
    reader = delivery.reader
    return {
        "an_id": delivery.id,
        "a_claim": delivery.claim,
        "a_status": reader.status,
        "an_address": reader.email,
        "some_papers": strings(ids),
        # What a link in such a mail confirms was written when it was asked for, and may be over by now.
        "a_snapshot": None if delivery.kind in ASKING else as_json(delivery.preferences),
        "what_else": as_text(beside),
    }


def record(engine: Engine, results: Sequence[tuple[Delivery, Result, datetime]], now: datetime) -> list[State]:
    """Write down what became of claimed deliveries, each with the moment of its next attempt, should it have one.

    What came too late counts too: one that was called uncertain meanwhile is what its worker says after all. Who has
    been claimed again since is another's, and left alone. Written twice, it is the same. A delivery that is `queued`
    again was not tried, and its attempt is not counted. Returns the states as they were written.
    """
    rows = [_ended(*result) for result in results]
    if not rows:
        return []
    with stating(engine) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(END, _of(rows) | {"now": now})
        else:
            connection.execute(END_ONE, [row | {"now": now} for row in rows])
    return [row["a_state"] for row in rows]


def _of(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Rows as parameters of a statement of PostgreSQL's, and their ids as an array, by which it finds ours at once."""
    return {"rows": as_rows(rows), "ids": as_array(row["an_id"] for row in rows)}


def _ended(delivery: Delivery, result: Result, again: datetime) -> dict[str, Any]:
    state, reason = result.state, UNSTORABLE.sub(" ", result.reason)[:LONGEST_REASON]
    unanswered = delivery.unanswered + (state is State.UNCERTAIN)
    if state is State.UNCERTAIN and unanswered >= MOST_UNANSWERED:
        again = NEVER
    elif delivery.unanswered and state in (State.FAILED, State.SKIPPED):
        state, reason, again = State.UNCERTAIN, MAY_HAVE_ARRIVED + reason, NEVER
    elif delivery.unanswered and state is State.QUEUED:
        state = State.UNCERTAIN
    return {
        "an_id": delivery.id,
        "a_claim": delivery.claim,
        "an_attempt": delivery.attempts,
        "counted": delivery.attempts - int(result.state is State.QUEUED),
        "a_state": state,
        "a_reason": reason,
        "again": again,
        "so_often": unanswered,
    }


def give_back(engine: Engine, claim: int, now: datetime) -> int:
    """Give back, untried, what one claim took and did not begin, whether or not its worker knows of it."""
    mine = and_(text(OPEN), deliveries.c.claim == claim, deliveries.c.state == State.SENDING, ~deliveries.c.begun)
    with writing(engine) as connection:
        return connection.execute(deliveries.update().where(mine).values(_untried(now))).rowcount


def release_lost(engine: Engine, now: datetime) -> int:
    """Free what dead workers held; return how many.

    What was not begun waits again. The rest is uncertain, and goes once more with the same bytes.
    """
    lost = and_(text(OPEN), deliveries.c.state == State.SENDING, deliveries.c.next_attempt_at < now)
    unanswered = deliveries.c.unanswered + 1
    after = {
        "state": State.UNCERTAIN,
        "reason": LOST,
        "unanswered": unanswered,
        "next_attempt_at": case((unanswered >= MOST_UNANSWERED, NEVER), else_=now),
    }
    with writing(engine) as connection:
        freed = 0
        for whose, values in ((lost & ~deliveries.c.begun, _untried(now)), (lost & deliveries.c.begun, after)):
            theirs = select(deliveries.c.id).where(whose).with_for_update(skip_locked=True).scalar_subquery()
            freed += connection.execute(deliveries.update().where(deliveries.c.id.in_(theirs)).values(values)).rowcount
        return freed


def set_aside(connection: Connection, delivery_id: int, why: str, now: datetime) -> None:
    """End a delivery that nobody can read, within the transaction that claimed it."""
    doubtful = deliveries.c.unanswered > 0
    ended = {
        "state": case((doubtful, State.UNCERTAIN), else_=State.FAILED),
        "reason": SET_ASIDE + why,
        "next_attempt_at": case((doubtful, NEVER), else_=now),
        "begun": True,
        "tried_at": now,
    }
    connection.execute(deliveries.update().where(deliveries.c.id == delivery_id).values(ended))


def _untried(now: datetime) -> dict[str, Any]:
    waits = case((deliveries.c.unanswered > 0, State.UNCERTAIN), else_=State.QUEUED)
    return {
        "state": waits,
        "attempts": deliveries.c.attempts - 1,
        "reason": "",
        "next_attempt_at": now,
        "begun": True,
    }


# A statement a portion where the database can (PostgreSQL), else one a row, all at once. The states are asked in words
# that lead to no index: where PostgreSQL believes that few deliveries are open, it reads all that are instead of these.
BEGIN = text("""
UPDATE deliveries
SET papers = v.some_papers, preferences = coalesce(v.a_snapshot, deliveries.preferences), beside = v.what_else,
    next_attempt_at = :until, begun = true
FROM json_to_recordset(CAST(:rows AS json)) AS v (an_id bigint, a_claim bigint, some_papers text, a_snapshot text,
                                                  what_else text, a_status text, an_address text), readers
WHERE deliveries.id = ANY (CAST(:ids AS bigint[])) AND deliveries.id = v.an_id AND deliveries.claim = v.a_claim
  AND deliveries.state || '' = 'sending'
  AND readers.id = deliveries.reader_id AND readers.status = v.a_status AND readers.email = v.an_address
RETURNING deliveries.id
""")
BEGIN_ONE = text("""
UPDATE deliveries
SET papers = :some_papers, preferences = coalesce(:a_snapshot, preferences), beside = :what_else,
    next_attempt_at = :until, begun = true
WHERE id = :an_id AND claim = :a_claim AND state = 'sending'
  AND EXISTS (SELECT 1 FROM readers
              WHERE readers.id = reader_id AND readers.status = :a_status AND readers.email = :an_address)
""").bindparams(bindparam("until", type_=deliveries.c.next_attempt_at.type))
END = text("""
UPDATE deliveries
SET state = v.a_state, reason = v.a_reason, next_attempt_at = v.again, attempts = v.counted, unanswered = v.so_often,
    begun = true, tried_at = :now
FROM json_to_recordset(CAST(:rows AS json)) AS v (an_id bigint, a_claim bigint, an_attempt integer, counted integer,
                                                  a_state text, a_reason text, again timestamptz, so_often integer)
WHERE deliveries.id = ANY (CAST(:ids AS bigint[])) AND deliveries.id = v.an_id AND deliveries.claim = v.a_claim
  AND deliveries.attempts = v.an_attempt
  AND deliveries.state || '' IN ('sending', 'uncertain')
""")
END_ONE = text("""
UPDATE deliveries
SET state = :a_state, reason = :a_reason, next_attempt_at = :again, attempts = :counted, unanswered = :so_often,
    begun = true, tried_at = :now
WHERE id = :an_id AND claim = :a_claim AND attempts = :an_attempt AND state IN ('sending', 'uncertain')
""").bindparams(
    bindparam("again", type_=deliveries.c.next_attempt_at.type), bindparam("now", type_=deliveries.c.tried_at.type)
)
