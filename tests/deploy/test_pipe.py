"""The recipe for Postfix on a Postfix that runs: what comes back, and who wants to leave, while things go wrong."""

import re
import shutil
from contextlib import contextmanager

import pytest

from digest.domain import State, Status
from digest.store import history, ledger, readers
from digest.store.engine import connect, migrate, writing
from tests.deploy import real_postfix
from tests.deploy.real_postfix import DOMAIN
from tests.support.factories import NOW
from tests.support.returned import HARD, LINKS, report
from tests.support.sending import mails, sent
from tests.support.smtp_server import MailServer
from tests.support.visitor import a_subscriber
from tests.support.waiting import wait_until

pytestmark = pytest.mark.slow
ADA, BOB, EVE = (f"{name}@example.org" for name in ("ada", "bob", "eve"))
UNSUBSCRIBE = b"From: x@example.org\nSubject: unsubscribe\n\n"


@pytest.fixture(scope="module")
def world():
    with MailServer() as server:
        yield server


@pytest.fixture(scope="module")
def postfix(world):
    settings = {"secret_key": "'a key'", "base_url": LINKS.base_url}
    settings |= {"mail_from": f"digest@{DOMAIN}", "database_url": "sqlite:///digest.sqlite3"}
    port = int(world.url.rpartition(":")[2])
    with real_postfix.running(port, settings) as ours:
        yield ours


@pytest.fixture(scope="module")
def engine(postfix):
    file = postfix.state / "digest.sqlite3"
    engine = connect(f"sqlite:///{file}")
    migrate(engine)
    for path in postfix.state.glob("digest.sqlite3*"):
        shutil.chown(path, real_postfix.USER)
    yield engine
    engine.dispose()


def a_mail_to(engine, email):
    """A reader, and where a mail to them comes back to."""
    reader = a_subscriber(engine, email=email)
    with writing(engine) as connection:
        ledger.queue(connection, reader.id, "digest", NOW)
    [mail] = history.mails(engine, reader.id, 1)
    return reader, LINKS.bounce_address(reader.key, mail.id, DOMAIN)


@contextmanager
def database_away(postfix):
    path = postfix.state / "digest.sqlite3"
    path.rename(path.with_suffix(".away"))
    try:
        yield
    finally:
        path.with_suffix(".away").rename(path)


def status_of(engine, reader):
    return readers.find(engine, reader.id).status


def test_a_mail_that_comes_back_is_judged_and_stored(postfix, engine, world):
    reader, address = a_mail_to(engine, ADA)
    postfix.mail("", address, report(HARD, to=address))
    assert "relay=paper-digest" in postfix.wait_for(address, "sent")
    [back] = history.came_back(engine, reader.id, 2)
    assert (back.kind, back.reason, back.status) == ("hard", "no-such-user", "5.1.1")
    assert status_of(engine, reader) is Status.BOUNCED
    assert world.mails == []


def test_while_the_database_is_away_it_waits_and_then_counts(postfix, engine, world):
    reader, address = a_mail_to(engine, BOB)
    with database_away(postfix):
        postfix.mail("", address, report(HARD, to=address, who="bob"))
        postfix.wait_for(address, "deferred")
    assert status_of(engine, reader) is Status.ACTIVE
    postfix.wait_for(address, "sent")
    assert status_of(engine, reader) is Status.BOUNCED
    assert world.mails == []


def test_a_mail_to_unsubscribe_ends_it_and_is_not_answered_by_the_mail_server(postfix, engine, world):
    reader = a_subscriber(engine, email="cyd@example.org")
    address = LINKS.unsubscribe_address(reader.key, DOMAIN)
    postfix.mail("cyd@example.org", address, UNSUBSCRIBE)
    postfix.wait_for(address, "sent")
    assert status_of(engine, reader) is Status.UNSUBSCRIBED
    assert world.mails == []


def test_what_goes_back_after_a_day_in_which_nothing_went_says_nothing_of_us(postfix, engine, world):
    reader = a_subscriber(engine, email=EVE)
    address = LINKS.unsubscribe_address(reader.key, DOMAIN)
    with database_away(postfix):
        postfix.give_up_at_once()
        postfix.mail(EVE, address, UNSUBSCRIBE)
        postfix.wait_for(EVE, "sent")
    [(recipient, content)] = world.mails
    assert recipient == EVE
    assert b"try again later" in content
    for ours in (str(postfix.folder), real_postfix.USER, "sqlite", "Traceback", "python", "/bin/sh"):
        assert ours.encode() not in content


def test_a_postfix_that_minds_the_order_takes_envelopes_behind_the_last_dot(postfix, world):
    """It refuses what comes too early (`reject_unauth_pipelining`), and this does not (RFC 2920 3.1)."""
    before = len(postfix.log())

    def talks():
        return re.findall(r": disconnect .* data=(\S+)", postfix.log()[before:])

    world.mails.clear()
    assert {result.state for result in sent(mails(30), postfix, connections=2).values()} == {State.SENT}
    wait_until(lambda: len(world.mails) == 30)
    assert sorted(world.recipients) == sorted(mail.recipient for mail in mails(30))
    # None refused, and no connection given up on the way: those would be counted as `data=14/15`, and be more.
    wait_until(lambda: sum(map(int, talks())) == 30)
    assert len(talks()) <= 2
    assert "improper command pipelining" not in postfix.log()
