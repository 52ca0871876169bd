"""The end of a task's time, as Celery says it: a signal in the middle of whatever the main thread does."""

import os
import signal
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from digest.interrupts import LIMIT, TimeIsUp, limited


def time_is_up(*_):
    os.kill(os.getpid(), LIMIT)


def celerys_own(*_):
    raise AssertionError("nobody took the place of Celery's own handler")


@contextmanager
def told_by_celery():
    """A process in which the signal would mean what it means to Celery."""
    before = signal.signal(LIMIT, celerys_own)
    try:
        yield
    finally:
        assert signal.signal(LIMIT, before) is celerys_own


@contextmanager
def ended_in_the_middle():
    """A task whose time is over before it is done, in here."""
    with told_by_celery(), pytest.raises(TimeIsUp), limited(celerys_own):
        yield


@contextmanager
def ended_at_statement(engine, number):
    """The same, as it executes its statement of this number; gives what is true afterwards if it came so far."""
    executed, ended = [], []

    def strike(*_):
        executed.append(True)
        if len(executed) == number:
            time_is_up()

    event.listen(engine, "before_cursor_execute", strike)
    try:
        with told_by_celery(), limited(celerys_own):
            yield ended
    except TimeIsUp:
        ended.append(True)
    finally:
        event.remove(engine, "before_cursor_execute", strike)
