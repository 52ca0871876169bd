"""A database that goes away in the middle of a send: a worker that lives gives back what it did not begin."""

import pytest
from sqlalchemy import event, text

from digest.domain import State
from digest.jobs import delivery
from digest.jobs.delivery import patience
from digest.store import ledger
from digest.store.engine import connect
from tests.support.service import Service


def test_what_a_claim_took_before_the_database_went_away_waits_again_at_once(two):
    delivery.plan(two.engine, two.now)

    def broken(matcher, profile, **more):
        raise KeyboardInterrupt

    two.exchanged = {"select": broken}
    with pytest.raises(KeyboardInterrupt):
        two.delivers()
    two.exchanged = {}
    assert {(one.state, one.attempts) for one in two.waiting()} == {(State.QUEUED, 0)}
    assert two.delivers() == {State.SENT: 2}


def test_a_send_goes_on_when_the_database_comes_back(postgres, mail_server, monkeypatch):
    """Its sessions are ended in the middle of a group, and for a while no new one is let in."""
    monkeypatch.setattr(patience, "FIRST_PAUSE", 0.01)
    service = Service(connect(postgres()), mail_server)
    service.admits_many(30)
    other = connect(service.engine.url.render_as_string(hide_password=False))
    away = []

    def refuse(*_):
        if len(away) < 3:
            away.append("no")
            raise service.engine.dialect.dbapi.OperationalError("the database system is shutting down")

    def select(matcher, profile, **more):
        if not away:
            away.append("first")
            event.listen(service.engine, "do_connect", refuse)
            with other.connect() as connection:
                connection.execute(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                )
        return matcher.select(profile, **more)

    service.exchanged = {"select": select}
    service.sends()
    for _ in range(3):
        service.delivers()
    assert ledger.counts(service.engine)["sent"] == 30
    assert sorted(set(mail_server.recipients)) == sorted(mail_server.recipients)
    service.engine.dispose()
    other.dispose()
