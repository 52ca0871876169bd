"""Thin tasks: each runs one round of `digest.jobs`, takes no arguments, and may run twice without harm.

The ledger is the queue. A `deliver` task carries no readers: it wakes a worker, which claims from the ledger until
nothing waits. So a broker that loses everything loses nothing, and tasks that pile up find nothing to do.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cache, wraps
from math import ceil
from typing import Any

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from digest import bootstrap
from digest.jobs import alerts, collection, delivery, returns
from digest.links import CONFIRM_WITHIN
from digest.readers import subscriptions
from digest.settings import BadSetting
from digest.store import accounts, bounces, readers
from digest.store.engine import StoreUnready, connect, ready, unreachable
from digest.transport.mailbox import MailboxAway
from digest.transport.smtp import RelayAway
from workers.celery import app, settings

log = structlog.get_logger()
# Far below Redis' visibility timeout (an hour), past which a task is handed out again.
DELIVER_FOR = timedelta(minutes=2)
# More processes than this serve one ledger badly; the rest join at the next tick.
MOST_WAKENED = 16


@cache
def _engine_of(_process: int) -> Engine:
    engine = connect(settings.database_url)
    ready(engine)
    return engine


def engine() -> Engine:
    """The engine of this process: made after the fork, because connections must not be shared."""
    return _engine_of(os.getpid())


@cache
def _post() -> delivery.Dispatcher:
    return bootstrap.post(settings)


def task(round_: Callable[[], None]) -> Any:  # noqa: ANN401 - Celery ships no types
    """Make a task that says in one line what is away, and leaves the rest to the next tick."""

    @wraps(round_)
    def run() -> None:
        try:
            round_()
        except (BadSetting, MailboxAway, RelayAway, StoreUnready) as error:
            log.error(str(error), task=round_.__name__)
        except DBAPIError as error:
            log.error(unreachable(settings.database_url, error), task=round_.__name__)

    return app.task(run)


@task
def collect() -> None:
    """Look at every day that is worth a look, and tell the operator what is wrong."""
    with bootstrap.client(settings) as client:
        looks = [
            collection.collect(engine(), site, day, client, settings.clock).collection
            for site in bootstrap.sites(settings)
            for day in collection.days(engine(), site, settings.clock())
        ]
    alerts.tell(engine(), _post(), settings.operator_email, looks)


@task
def plan() -> None:
    """Say how the last two days' digests stand, write down who is due, and wake the workers."""
    for run in accounts.since(engine(), settings.clock() - timedelta(days=1)):
        log.info("deliveries.account", day=str(run.day), account=str(run))
    planned = delivery.plan(engine(), settings.clock())
    for _ in range(min(ceil(planned / delivery.GROUP), MOST_WAKENED)):
        deliver.delay()


@task
def deliver() -> None:
    """Send what waits, for a while."""
    with suppress(delivery.Busy):
        account = delivery.deliver(engine(), _post(), until=settings.clock() + DELIVER_FOR)
        if account:
            log.info("deliveries.sent", **{state.value: count for state, count in account.items()})


@task
def sweep() -> None:
    """Free what a lost worker held, end the pauses that are over, and tell the operator what there is too much of."""
    subscriptions.resume_due(engine(), settings.clock())
    alerts.watch(engine(), _post(), settings.operator_email, settings.confirmations_per_hour)
    lost = delivery.sweep(engine(), settings.clock())
    if lost:
        log.warning("worker.lost", deliveries=lost)


@task
def forget() -> None:
    """Delete who asked and never confirmed, failures that count no more, and editions nobody will look at again."""
    delivery.tidy(engine(), settings.clock())
    forgotten = readers.forget_pending(engine(), settings.clock() - CONFIRM_WITHIN)
    log.info("readers.forgotten", readers=forgotten)
    bounces.forget(engine(), settings.clock() - returns.COUNTS_FOR)


@task
def take_in() -> None:
    """Judge what came back to the mailbox."""
    if mailbox := bootstrap.mailbox(settings):
        taken = returns.empty_mailbox(engine(), bootstrap.links(settings), mailbox, settings.clock)
        if taken:
            log.info("returned.round", **{kind.value: count for kind, count in taken.items()})
