"""A PostgreSQL that is stopped in the middle of a send, and started again some seconds later."""

import threading
import time

import pytest

from bench import parts
from digest.domain import State
from digest.jobs.delivery import round as rounds
from digest.store import ledger
from digest.store.engine import connect
from tests.support.lying_relay import LyingRelay
from tests.support.service import Service

SECONDS_AWAY = 3.0
READERS, A_GROUP, STOPPED_AT = 90, 40, 15


class Outage:
    """Stops the server when so many mails have come, while the next one waits for its answer."""

    def __init__(self, postgres):
        self._postgres, self._lock = postgres, threading.Lock()
        self.came, self.stopped_at = 0, 0.0
        self._starts = threading.Thread(target=self._start)

    def answer(self, _line):
        with self._lock:
            self.came += 1
            if self.came == STOPPED_AT:
                self._postgres.stop()
                self.stopped_at = time.monotonic()
                self._starts.start()
        return "250 taken"

    def _start(self):
        time.sleep(SECONDS_AWAY)
        self._postgres.restart()

    def over(self):
        self._starts.join()


@pytest.mark.slow
@pytest.mark.postgres
def test_a_database_that_is_stopped_and_started_again_costs_no_mail_and_no_lease(monkeypatch):
    """Nothing waits for a lease of twenty minutes: by this service's clock no time passes at all."""
    monkeypatch.setattr(rounds, "GROUP", A_GROUP)
    with parts.postgres() as postgres:
        engine = connect(postgres.database("stopped"))
        outage = Outage(postgres)
        service = Service(engine, None)
        service.admits_many(READERS)
        with LyingRelay(DOT=outage.answer) as service.mail_server:
            account = service.sends()
            outage.over()
            service.delivers()
            went = [line for piece in service.mail_server.heard for line in piece.splitlines() if "RCPT" in line]
        assert outage.stopped_at
        # What was under way was answered, and is written down; what was not begun went as soon as it could.
        assert account == {State.SENT: READERS}
        assert ledger.counts(engine)["sent"] == READERS == len(went) == len(set(went))
        engine.dispose()
