"""Tell the operator what is wrong with a source, or more than is plausible: each cause once a day, in one mail.

There is no reader to write to, so this mail does not go through the ledger: it is sent at once, and what could not be
told is told after the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from digest.compose.wording import number
from digest.domain import EPOCH, CollectionRun, Outcome, Result, State
from digest.jobs import routing
from digest.jobs.delivery import Dispatcher, troubles
from digest.readers import subscriptions
from digest.readers.subscriptions import Asked
from digest.store import alerts, bounces, collections

# A source that is away for a night mends itself; for longer, somebody should know before the morning's digests.
FAILING_FOR = timedelta(hours=12)
HELD_FOR = timedelta(hours=1)
Causes = dict[tuple[str, date], str]
# Tells of lines in another way than by mail; says whether it could.
Notify = Callable[[Sequence[str]], bool]


def tell(engine: Engine, post: Dispatcher, operator: str, looks: Iterable[CollectionRun]) -> list[str]:
    """Mail the operator what is wrong with these looks and not yet told; return it, a line a cause."""
    wrong = causes(looks, collections.last_good(engine), post.clock()) if operator else {}
    return tell_of(engine, post, operator, wrong)


def watch(engine: Engine, post: Dispatcher, operator: str, most_confirmations: int) -> list[str]:
    """The same for delivering, and for what strangers do: more confirmations or bounces than is plausible."""
    now = post.clock()
    wrong = too_many(engine, most_confirmations, now) | troubles(engine, now) if operator else {}
    return tell_of(engine, post, operator, wrong)


def too_many(engine: Engine, most_confirmations: int, now: datetime) -> Causes:
    """Say what there was too much of, by cause and day."""
    found: Causes = {}
    if subscriptions.room(engine, now, most_confirmations) is Asked.LATER:
        found["confirmations are capped", now.date()] = (
            f"The form has sent {most_confirmations} mails within an hour, its limit "
            "(DIGEST_CONFIRMATIONS_PER_HOUR): visitors are asked to come back later."
        )
    if held := bounces.held(engine, now - HELD_FOR):
        found["bounces are held", now.date()] = (
            f"More mails bounced for good than is plausible: {number(held, 'bounce')} changed nothing, and the "
            "domains are slowed. If a server was wrong, `digest readers reactivate --since …` reactivates the others."
        )
    return found


def tell_of(engine: Engine, post: Dispatcher, operator: str, wrong: Causes, notify: Notify | None = None) -> list[str]:
    """Tell the operator, by mail and by webhook, of those causes that nobody was told of; return them, a line each."""
    if not (operator or notify):
        return []
    now = post.clock()
    new = alerts.claim(engine, list(wrong))
    lines = [wrong[cause] for cause in new]
    told, results = False, list[Result]()
    try:
        told = bool(lines and notify and notify(lines))
        if lines and operator and (now_open := routing.current(engine, post.route.relays, now)).relays:
            mail = post.composer.alert(operator, lines, now)
            routing.send(engine, [mail], now_open, replace(post.route, connections=1), results.extend, post.clock)
    finally:
        if lines and not told and not any(result.state in (State.SENT, State.UNCERTAIN) for result in results):
            alerts.release(engine, new)
    return lines


def causes(looks: Iterable[CollectionRun], last_good: Mapping[str, datetime], now: datetime) -> Causes:
    """Say what the operator should know of these looks: by cause and day, a line each."""
    found: Causes = {}
    for look in looks:
        good = last_good.get(look.source, EPOCH)
        if look.outcome is Outcome.SUSPICIOUS:
            found[f"{look.source} is suspicious", look.day] = f"{look.source} is suspicious: {look.note} ({look.day})."
        elif look.outcome is Outcome.FAILED and now - good > FAILING_FOR:
            since = f"since {good:%Y-%m-%d %H:%M} UTC" if good > EPOCH else "so far"
            found[f"{look.source} is late", now.date()] = f"{look.source} is late: no good answer {since}. {look.note}"
    return found
