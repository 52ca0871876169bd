"""The Celery app, made from settings, and the timetable of the whole service in one place.

`python -m workers` and `celery -A workers beat` make it from the environment when they ask; an import makes nothing.
"""

from __future__ import annotations

import gc
import logging
import sys
from contextlib import suppress
from datetime import timedelta
from typing import Any

from celery import Celery, current_app
from celery.schedules import crontab
from celery.signals import (
    beat_init,
    before_task_publish,
    celeryd_init,
    setup_logging,
    worker_before_create_process,
    worker_init,
    worker_ready,
    worker_shutdown,
)
from redis import Redis, RedisError
from sqlalchemy import make_url

from digest import bootstrap, logs, paths
from digest.compose.pages import compile_all
from digest.jobs.heartbeat import Heart
from digest.settings import BadSetting, Settings, load_or_exit
from digest.store.engine import connect

log = logs.get_logger()

# A tick that nobody could take before the next one says nothing new.
DELIVER_EVERY = timedelta(seconds=5)
# Below the prefix that tells this installation from others on the same broker.
QUEUE = "tasks"
# Longer than the lease of a delivery, and far below Redis' visibility timeout (an hour): a round that hangs is ended.
SOFT_LIMIT, HARD_LIMIT = timedelta(minutes=25), timedelta(minutes=30)

# What a mail leaves is seldom rubbish that only a search finds: with Python's own 700, that took 8 % of writing.
NEW_BEFORE_A_SEARCH = 50_000

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
    "watch over it all": {"task": "workers.tasks.watch", "schedule": crontab(minute="*/5")},
    "keep nothing for too long": {"task": "workers.tasks.forget", "schedule": crontab(minute=20, hour=3)},
}
TAKE_IN = {"task": "workers.tasks.take_in", "schedule": crontab(minute="*/5")}

PATIENCE_SECONDS = 3

_made: list[Celery] = []


def create_app(settings: Settings | None = None) -> Celery:
    """Make the app of a process, from its environment if no settings are given; exit 2 with a line if they are bad."""
    settings = settings or load_or_exit()
    app = Celery("paper-digest", broker=settings.broker_url, include=["workers.tasks"])
    app.settings = settings
    app.conf.update(
        accept_content=["json"],
        beat_schedule=timetable(settings),
        # The ledger remembers what is due; a clock that forgets when it stops needs no file.
        beat_scheduler="celery.beat:Scheduler",
        # However long the broker is away: the default gives up within the hour.
        broker_connection_max_retries=None,
        broker_connection_retry_on_startup=True,
        broker_transport_options={"global_keyprefix": f"{settings.broker.prefix}:"},
        enable_utc=True,
        result_backend=None,
        task_acks_late=True,
        task_default_queue=QUEUE,
        task_ignore_result=True,
        # Acknowledged late, a task whose process was killed would still count as done without this.
        task_reject_on_worker_lost=True,
        task_serializer="json",
        task_soft_time_limit=SOFT_LIMIT.total_seconds(),
        task_time_limit=HARD_LIMIT.total_seconds(),
        timezone="UTC",
        worker_hijack_root_logger=False,
        worker_prefetch_multiplier=1,
        worker_redirect_stdouts=False,
    )
    _made[:] = [app]
    return app


def of_this_process() -> Celery:
    """The app that was made in this process, or one from its environment."""
    return _made[0] if _made else create_app()


def timetable(settings: Settings) -> dict[str, dict[str, Any]]:
    return TIMETABLE | ({"take in what came back": TAKE_IN} if settings.mailbox else {})


def __getattr__(name: str) -> Celery:
    """Make `app` when Celery asks for it."""
    if name != "app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return of_this_process()


@setup_logging.connect  # type: ignore[untyped-decorator]  # Celery ships no types
def _logging(loglevel: int, **_: object) -> None:
    logs.configure(current_app.settings.env == "production", loglevel)


@celeryd_init.connect  # type: ignore[untyped-decorator]  # as above
def _log_from_the_start(**_: object) -> None:
    """What Celery warns of before it asks for a log, such as a worker that runs as root, is a line of it, too."""
    _logging(logging.WARNING)
    logging.captureWarnings(True)
    if current_app.settings.env == "production":
        from celery.apps import worker

        # It says to people, past every log and in no form, that it was asked to end.
        worker.safe_say = lambda *_: None


@before_task_publish.connect  # type: ignore[untyped-decorator]  # as above
def _say_whose(headers: dict[str, Any], **_: object) -> None:
    """Mark a task with the installation it is for: a broker may be shared by mistake."""
    headers["installation"] = of_this_process().settings.installation


@worker_init.connect  # type: ignore[untyped-decorator]  # as above
def _refuse_to_start(**_: object) -> None:
    """Say at once, and not with the first mail, that the mails cannot be signed."""
    try:
        bootstrap.signer(current_app.settings)
    except BadSetting as error:
        sys.stderr.write(f"digest: {error}\n")
        raise SystemExit(2) from None


@worker_before_create_process.connect  # type: ignore[untyped-decorator]  # as above
def _share_what_stays(**_: object) -> None:
    """Spare a worker's process the search for rubbish in what it was born with: modules, classes, settings.

    It took a tenth of the time of its first mails, and wrote into memory that all processes share. What each process
    would import or compile for itself, the driver of the database and the templates, is among it.
    """
    make_url(of_this_process().settings.database_url).get_dialect().import_dbapi()
    compile_all(paths.templates() / "email")
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_BEFORE_A_SEARCH)


def _heart(process: str) -> Heart:
    settings = current_app.settings
    heart = Heart(process, lambda: connect(settings.database_url))
    heart.start()
    return heart


_hearts: list[Heart] = []


@worker_ready.connect  # type: ignore[untyped-decorator]  # as above
def _worker_lives(**_: object) -> None:
    _hearts.append(_heart("worker"))
    _claim_prefix(current_app.settings)


def _claim_prefix(settings: Settings) -> None:
    """Write down whose the keys below our prefix are, and say loudly that they are somebody else's, too."""
    broker = settings.broker
    with suppress(RedisError), Redis.from_url(broker.client_url, socket_timeout=PATIENCE_SECONDS) as client:
        client.set(f"{broker.prefix}:installation", settings.installation, nx=True)
        theirs = client.get(f"{broker.prefix}:installation")
        if theirs != settings.installation.encode():
            log.error("broker.shared", prefix=broker.prefix, todo="give each installation a DIGEST_BROKER_PREFIX")


@worker_shutdown.connect  # type: ignore[untyped-decorator]  # as above
def _worker_ends(**_: object) -> None:
    while _hearts:
        _hearts.pop().stop()


@beat_init.connect  # type: ignore[untyped-decorator]  # as above
def _beat_lives(**_: object) -> None:
    _heart("beat")
