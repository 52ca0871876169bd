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

from billiard.pool import soft_timeout_sighandler
from celery import current_task, shared_task
from sqlalchemy.exc import DBAPIError
from structlog.contextvars import bound_contextvars

from digest.bootstrap import ClockWrong, Service
from digest.bounces.safely import JudgeAway
from digest.interrupts import TimeIsUp, limited
from digest.jobs import alerts, delivery, heartbeat, mailbox, retention, standing
from digest.logs import get_logger
from digest.readers import subscriptions
from digest.settings import BadSetting
from digest.store import accounts, day_counts, heartbeats
from digest.store.engine import StoreUnready, why
from digest.transport.mailbox import MailboxAway
from digest.transport.smtp import RelayAway
from workers.celery import of_this_process

log = get_logger()
# Far below Redis' visibility timeout (an hour), past which a task is handed out again.
DELIVER_FOR = timedelta(minutes=2)
# More processes than this serve one ledger badly; the rest join at the next tick.
MOST_WAKENED = 16

# Whoever imports tasks to send them has an app to send them with.
of_this_process()


@cache
def _service_of(_process: int) -> Service:
    return Service(of_this_process().settings)


def service() -> Service:
    """The service of this process: made after the fork, because connections must not be shared."""
    return _service_of(os.getpid())


def task(round_: Callable[[], None]) -> Any:  # noqa: ANN401 - Celery ships no types
    """Make a task that says in one line what is away, and leaves the rest to the next tick."""

    @wraps(round_)
    def run() -> None:
        with bound_contextvars(task=round_.__name__, task_id=current_task.request.id if current_task else None):
            if _is_ours():
                _attempt(round_)

    return shared_task(run)


def _is_ours() -> bool:
    """Whether a task was sent by an installation with the same database; refuse, and say, any other."""
    theirs = current_task and getattr(current_task.request, "installation", None)
    ours = service().settings.installation
    if theirs in (None, ours):
        return True
    log.error("task.foreign", theirs=theirs, ours=ours, todo="give each installation a DIGEST_BROKER_PREFIX of its own")
    return False


def _attempt(round_: Callable[[], None]) -> None:
    """Do a round within the time of a task. What Celery raises at its end is an error, and work would be blamed."""
    try:
        with limited(told_by=soft_timeout_sighandler):
            _round(round_)
    except TimeIsUp:
        log.error("task.too_long", todo="the next tick goes on; if it comes again, see `digest doctor`")


def _round(round_: Callable[[], None]) -> None:
    try:
        round_()
    except DBAPIError as error:
        log.error("database.away", why=why(error))
    except StoreUnready as error:
        log.error("database.away", why=str(error))
    except MailboxAway as error:
        log.error("mailbox.away", why=str(error))
    except JudgeAway as error:
        log.error("judge.away", why=str(error))
    except RelayAway as error:
        log.error("relay.away", why=str(error))
    except BadSetting as error:
        log.error("setting.bad", why=str(error))
    except ClockWrong as error:
        log.error("clock.wrong", why=str(error))


@task
def collect() -> None:
    """Look at every day that is worth a look, and tell the operator what is wrong."""
    # What reads pages is in no process that only sends.
    from digest.jobs import collection

    here = service()
    looks = collection.collect_all(here.engine, here.sources(), here.client, here.clock)
    alerts.tell(here.engine, here.dispatcher, here.settings.operator_email, looks, here.notifier)


@task
def plan() -> None:
    """Say how the last two days' digests stand, write down who is due, and wake the workers."""
    here = service()
    here.check_clock()
    for run in accounts.since(here.engine, here.now - timedelta(days=1)):
        log.info("deliveries.account", day=str(run.day), account=str(run))
    planned = delivery.plan(here.engine, here.now)
    for _ in range(min(ceil(planned / delivery.GROUP), MOST_WAKENED)):
        deliver.delay()


@task
def deliver() -> None:
    """Send what waits, for a while."""
    here = service()
    with suppress(delivery.Busy):
        account = delivery.deliver(here.engine, here.dispatcher, until=here.now + DELIVER_FOR)
        if account:
            log.info("deliveries.sent", **{state.value: count for state, count in account.items()})


@task
def sweep() -> None:
    """Free what a lost worker held, end the pauses that are over, and tell the operator what there is too much of."""
    here = service()
    heartbeats.beat(here.engine, heartbeat.of_the_timetable())
    subscriptions.resume_due(here.engine, here.now)
    most = here.settings.confirmations_per_hour
    alerts.watch(here.engine, here.dispatcher, here.settings.operator_email, most, here.notifier)
    lost = delivery.sweep(here.engine, here.now)
    if lost:
        log.warning("worker.lost", deliveries=lost)


@task
def watch() -> None:
    """Tell the operator what is newly wrong; a monitor, that all is well."""
    here = service()
    told = here.settings.operator_email, here.settings.database_url, here.notifier
    if standing.tell(here.engine, here.dispatcher, *told):
        here.all_is_well()


@task
def forget() -> None:
    """Count the days that are over, and let go of what is kept no longer."""
    here = service()
    # By a wrong clock, everything is old.
    here.check_clock()
    delivery.tidy(here.engine, here.now)
    heartbeats.forget(here.engine, heartbeat.of_the_timetable().at)
    day_counts.fold(here.engine, here.now)
    retention.keep(here.engine, here.terms, here.clock)


@task
def take_in() -> None:
    """Judge what came back to the mailbox."""
    here = service()
    if here.mailbox and (taken := mailbox.empty_mailbox(here.engine, here.links, here.mailbox, here.clock)):
        log.info("returned.round", **{kind.value: count for kind, count in taken.items()})
