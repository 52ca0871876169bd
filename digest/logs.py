"""How the service logs: one line an event on stderr, for people on a terminal, as JSON in production.

Whoever writes it, we, Celery, uvicorn or a library: no line carries an address, a token or a password, and what goes
on and on is said once in a while. Topics never get near a log: no statement is printed with its parameters (see
`store.engine`), and no retry with its arguments.
"""

from __future__ import annotations

import logging
import re
import sys
import time
from collections.abc import MutableMapping
from typing import Any

# Each begins where a word does, and never within one: a line may be as long as what a visitor asks for.
ADDRESS = re.compile(r"(?:(?<![^\s@<>()\[\]\"'`,;:=])[^\s@<>()\[\]\"'`,;:=]++)?@[^\s@<>()\[\]\"'`,;:]+")
# Who logs in where, before the host of a URL.
CREDENTIALS = re.compile(r"://[^\s/@]*@")
# A signed link, and whatever looks like a signature behind a number: see `links`.
TOKEN = re.compile(r"(?<=/)(confirm|address|topics|unsubscribe|preferences|digest|feedback|saved)/[^\s/?\"'<>]+")
SIGNATURE = re.compile(r"(?<![\w-])[\w-]++\.(?=[\w-]*[0-9A-Z])[\w-]{26,}\b")
# What links name a reader by: `links.KEY`.
KEY = re.compile(r"\bk[0-9a-f]{16}\b")
# A broker or database that is away is noticed by every mail of every worker.
AGAIN_AFTER_SECONDS = 300.0
# What Celery, kombu and redis say at each attempt to reach a broker that is away.
CHATTY = ("celery.worker.consumer.consumer", "celery.beat", "celery.redirected", "kombu", "celery.backends.redis")
OF_A_BROKER = ("redis.", "kombu.", "amqp.")
LONGEST_TRACEBACK, LONGEST_WARNING = 4_000, 300

Event = MutableMapping[str, Any]


class _Log:
    """structlog's logger, imported at the first event: most commands log none."""

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as structlog's own
        import structlog

        return getattr(structlog.get_logger(), name)


def get_logger() -> Any:  # noqa: ANN401 - as structlog's own
    return _Log()


def configure(production: bool, level: int = logging.NOTSET) -> None:
    """Set up the log of this process: ours, and that of every library that uses Python's `logging`."""
    import structlog

    processors = [*_first(), _quiet, *_last(production)]
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _take_over(production, level or logging.WARNING)


def say_retries() -> None:
    """Have stamina log here what it tries again; for whoever imports it, as few processes do."""
    import stamina.instrumentation

    stamina.instrumentation.set_on_retry_hooks([_say_retry])


def redact(text: str) -> str:
    """Take addresses, passwords and tokens out of a text."""
    text = TOKEN.sub(r"\1/<token>", CREDENTIALS.sub("://", text))
    text = SIGNATURE.sub("<token>", ADDRESS.sub("<address>", text) if "@" in text else text)
    return KEY.sub("<key>", text)


def _first() -> list[Any]:
    from structlog import contextvars, processors

    return [contextvars.merge_contextvars, processors.add_log_level, processors.TimeStamper(fmt="iso", utc=True)]


def _last(production: bool) -> list[Any]:
    from structlog import dev, processors

    plain = dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=dev.plain_traceback)
    return [processors.format_exc_info, _redacted, processors.JSONRenderer(default=str) if production else plain]


def _take_over(production: bool, level: int) -> None:
    """Have Python's `logging` go the same way, for Celery, uvicorn and all that they use."""
    from structlog.stdlib import ProcessorFormatter

    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=_first(), processors=[ProcessorFormatter.remove_processors_meta, *_last(production)]
        )
    )
    handler.addFilter(_Patience())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in ("httpx", "httpcore"):
        # A line for each mail that goes over HTTP, with nothing in it.
        logging.getLogger(name).setLevel(max(level, logging.WARNING))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers.clear()
        logger.propagate = True


def _redacted(_logger: object, _method: str, event: Event) -> Event:
    """Take out of an event what must not be kept, at whatever depth it is."""
    return {name: _clean(value) for name, value in event.items()}


def _clean(value: Any) -> Any:  # noqa: ANN401 - whatever was logged
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, dict):
        return {redact(str(name)): _clean(each) for name, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_clean(each) for each in value]
    return redact(str(value))[-LONGEST_TRACEBACK:]


def _quiet(_logger: object, _method: str, event: Event) -> Event:
    """Drop an event that says again what has just been said of a thing that is away."""
    import structlog

    name = str(event.get("event"))
    if name.endswith((".away", ".unreachable")) and not _due(f"{name} {event.get('task', '')}"):
        raise structlog.DropEvent
    return event


class _Patience(logging.Filter):
    """Says once in a while, in one line, that a broker is away; the traceback says where in Celery it was noticed."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name == "py.warnings":
            # Of a library's warning to its developers, what it says: not where, and not in how many lines.
            record.msg, record.args = " ".join(record.getMessage().split())[:LONGEST_WARNING], ()
            return "PendingDeprecationWarning" not in record.msg
        if not record.name.startswith(CHATTY) and not _is_lost_connection(record.exc_info):
            return True
        record.exc_info = record.exc_text = None
        record.msg, record.args = " ".join(record.getMessage().partition("Traceback (")[0].split()), ()
        return record.levelno < logging.WARNING or _due(f"{record.name} {record.levelno} {str(record.msg)[:40]}")


def _is_lost_connection(error: Any) -> bool:  # noqa: ANN401 - as `logging` has it
    """Whether a lost connection is in the chain that led to an error, however far down."""
    raised = error[1] if isinstance(error, tuple) else None
    while raised is not None:
        if isinstance(raised, ConnectionError) or type(raised).__module__.startswith(OF_A_BROKER):
            return True
        raised = raised.__cause__ or raised.__context__
    return False


_said: dict[str, float] = {}


def _due(what: str) -> bool:
    """Whether this was not said lately."""
    now = time.monotonic()
    if now - _said.get(what, -AGAIN_AFTER_SECONDS) < AGAIN_AFTER_SECONDS:
        return False
    _said[what] = now
    return True


def _say_retry(details: Any) -> None:  # noqa: ANN401 - stamina's RetryDetails
    """Log that something is tried again: never its arguments, which are readers and their mails."""
    get_logger().warning(
        "retry.scheduled",
        of=details.name,
        attempt=details.retry_num,
        wait_seconds=round(details.wait_for, 2),
        # An error of ours that another led to says less than that one.
        why=type(details.caused_by.__cause__ or details.caused_by).__name__,
    )
