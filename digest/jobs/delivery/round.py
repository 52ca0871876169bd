"""A round: claim, draft, freeze, send and settle one group after another, until nothing waits or the time is over.

While a group goes, the next one is claimed and drafted; it is frozen, a portion at a time, as it goes.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Engine

from digest.domain import Delivery, Result, State
from digest.interrupts import counted
from digest.jobs import routing
from digest.jobs.delivery.claim import Group
from digest.jobs.delivery.dispatcher import Busy, Dispatcher
from digest.jobs.delivery.draft import Draft
from digest.jobs.delivery.freeze import Going
from digest.jobs.delivery.patience import AWAY, await_database, patiently
from digest.jobs.delivery.settle import settle
from digest.jobs.editions import Editions
from digest.jobs.routing import Routing
from digest.store import outcomes, slots
from digest.transport.smtp import Kept, RelayAway

# Few enough that a crash leaves little uncertain, many enough that one transaction serves them all.
GROUP = 200
# A database that restarts is back within this. Longer, and the next tick goes on.
SECONDS_FOR_THE_DATABASE = 60.0
# In a row. It may be there and still refuse.
MOST_OUTAGES = 3
LOST = "another worker took it over, or its reader changed something meanwhile"


def deliver(engine: Engine, post: Dispatcher, *, until: datetime | None = None) -> Counter[State]:
    """Send what waits in the ledger, group by group, until nothing does or the time is over; return the account.

    Raises RelayAway when no relay can be used any more, and what was claimed waits in the ledger again; Busy when no
    connection came free for the first group.
    """
    with counted():
        return _deliver(Round(engine, post, until))


def _deliver(round_: Round) -> Counter[State]:
    outages = 0
    try:
        while round_.has_time():
            try:
                if not round_.next_group():
                    break
                outages = 0
            except AWAY:
                round_.close()
                outages += 1
                if outages == MOST_OUTAGES:
                    raise
                await_database(round_.engine, SECONDS_FOR_THE_DATABASE)
    finally:
        round_.close()
    return round_.account


class Round:
    """What one round holds: the ledger's engine, what it takes to send, the editions it met, its account."""

    def __init__(self, engine: Engine, post: Dispatcher, until: datetime | None = None) -> None:
        self.engine, self.post, self._until = engine, post, until
        self.editions = Editions(engine, freeze=True)
        self.account: Counter[State] = Counter()
        # What stays open from group to group: connections, and the seats they are on.
        self._kept = Kept()
        self._seats = slots.seats(engine, post.route.connections)
        # The group after the one that goes, claimed and written meanwhile.
        self._ahead: Group | None = None

    def has_time(self) -> bool:
        return not self._until or self.post.clock() < self._until

    def close(self) -> None:
        """Hang up, and give back the seats and what was claimed and is not to go from here."""
        with ExitStack() as last_first:
            last_first.callback(self._give_back_ahead)
            last_first.callback(self._seats.close)
            last_first.callback(self._kept.close)

    def _give_back_ahead(self) -> None:
        if ahead := self._taken_ahead():
            ahead.give_back()

    def next_group(self) -> bool:
        """Deliver one group; say whether there was one and another may follow."""
        connections = self._seats.fair(self._kept.reduce)
        if not connections and not self.account:
            raise Busy("another worker is sending; what waits goes through it, or with the next `digest send`")
        return bool(connections) and self._deliver(connections)

    def _deliver(self, connections: int) -> bool:
        now_open = routing.current(self.engine, self.post.route.relays, self.post.clock())
        if not now_open.relays:
            return False
        if now_open.half_open:
            self._give_back_ahead()
        group = self._ahead or Group(self.engine, self.post, 1 if now_open.half_open else GROUP)
        with group.held():
            self._ahead = None
            group.ready(self.editions)
            group.drafts = self._without_slowed(group, now_open)
            self.settle(group.deliveries, [_of_none(each) for each in group.drafts if not each.mail])
            if group.is_full and not now_open.half_open and self.has_time():
                self._ahead = Group(self.engine, self.post, GROUP)
            self._send(group, now_open, connections)
        return bool(group.deliveries)

    def _taken_ahead(self) -> Group | None:
        ahead, self._ahead = self._ahead, None
        return ahead

    def _without_slowed(self, group: Group, now_open: Routing) -> list[Draft]:
        """Put back, untried, what goes to a domain or provider that is slowed; what brings no mail counts for none."""
        now = self.post.clock()
        going = (draft.delivery for draft in group.drafts if draft.mail)
        resting = [rest for one in going if (rest := self.post.throttles.held(one, now_open.slowed, now))]
        if resting:
            patiently(lambda: outcomes.record(self.engine, resting, now))
        rested = {delivery.id for delivery, *_ in resting}
        return [draft for draft in group.drafts if draft.delivery.id not in rested]

    def _send(self, group: Group, now_open: Routing, connections: int) -> None:
        going = Going(self.engine, self.post.clock, group.drafts, group.claimed_at)
        mails = deque(each.mail for each in group.drafts if each.mail)
        # What is sent takes no room while the next group is written.
        group.drafts.clear()
        way = replace(self.post.route, connections=connections, begin=going.begin, may_begin=going.may_begin)
        way = replace(way, goes_alone=going.was_unanswered)
        if self._ahead:
            way = replace(way, meanwhile=partial(self._ahead.prepare, self.editions))
        on_results, clock = partial(self.settle, group.deliveries), self.post.clock
        try:
            failures = routing.send(self.engine, mails, now_open, way, on_results, clock, self._kept)
        finally:
            self.settle(group.deliveries, [Result(one.id, State.QUEUED, LOST) for one in going.late], count=False)
        if len(failures) == len(self.post.route.relays):
            relay, why = next(iter(failures.items()))
            raise RelayAway(f"cannot send through {relay}: {why} (DIGEST_SMTP_URL)")

    def settle(self, group: Sequence[Delivery], results: Sequence[Result], *, count: bool = True) -> None:
        """Write down what became of mails of a group, however long the ledger is away."""
        by_id = {delivery.id: delivery for delivery in group}
        if results:
            states = patiently(lambda: settle(self.engine, by_id, results, self.post.throttles, self.post.clock()))
            self.account.update(states if count else {})


def _of_none(draft: Draft) -> Result:
    """What becomes of a delivery that brings no mail."""
    return Result(draft.delivery.id, draft.state, draft.reason)
