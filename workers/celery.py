"""The Celery app, and the timetable of the whole service in one place."""

from __future__ import annotations

import logging
import sys
from datetime import timedelta
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import setup_logging, worker_init

from digest import bootstrap, logs
from digest.settings import BadSetting, load_or_exit

settings = load_or_exit()

# A tick that nobody could take before the next one says nothing new.
DELIVER_EVERY = timedelta(seconds=5)

TIMETABLE: dict[str, dict[str, Any]] = {
    # Days fill up: a morning's look sees one paper where the evening sees thirty.
    "look for papers": {"task": "workers.tasks.collect", "schedule": crontab(minute=5, hour="*/2")},
    "plan who is due": {"task": "workers.tasks.plan", "schedule": crontab(minute="*/15")},
    "deliver what waits": {
        "task": "workers.tasks.deliver",
        "schedule": DELIVER_EVERY,
        "options": {"expires": DELIVER_EVERY.total_seconds()},
    },
    "sweep up after lost workers": {"task": "workers.tasks.sweep", "schedule": crontab()},
    "forget who never confirmed": {"task": "workers.tasks.forget", "schedule": crontab(minute=20, hour=3)},
}
if settings.bounce_mailbox_url:
    TIMETABLE["take in what came back"] = {"task": "workers.tasks.take_in", "schedule": crontab(minute="*/5")}

app = Celery("paper-digest", broker=settings.broker_url, include=["workers.tasks"])
app.conf.update(
    accept_content=["json"],
    beat_schedule=TIMETABLE,
    # The ledger remembers what is due; a clock that forgets when it stops needs no file.
    beat_scheduler="celery.beat:Scheduler",
    # However long the broker is away: the default gives up within the hour.
    broker_connection_max_retries=None,
    broker_connection_retry_on_startup=True,
    enable_utc=True,
    result_backend=None,
    task_acks_late=True,
    task_ignore_result=True,
    # Acknowledged late, a task whose process was killed would still count as done without this.
    task_reject_on_worker_lost=True,
    task_serializer="json",
    timezone="UTC",
    worker_prefetch_multiplier=1,
)


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _logging(loglevel: int, **_: object) -> None:
    logs.configure(settings.env == "production")
    # Celery leaves its own words to whoever connects here: a lost broker, a task that raised.
    logging.basicConfig(level=loglevel, format="%(asctime)s [%(levelname)s] %(message)s")
    logging.getLogger("celery.worker.consumer.consumer").addFilter(_in_one_line)


@worker_init.connect  # type: ignore[untyped-decorator]  # as above
def _refuse_to_start(**_: object) -> None:
    """Say at once, and not with the first mail, that the mails cannot be signed."""
    try:
        bootstrap.signer(settings)
    except BadSetting as error:
        sys.stderr.write(f"digest: {error}\n")
        raise SystemExit(2) from None


def _in_one_line(record: logging.LogRecord) -> bool:
    """Leave out where in Celery a broken connection was noticed."""
    record.exc_info = None
    return True
