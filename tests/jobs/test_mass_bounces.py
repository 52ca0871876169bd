"""When more bounces than there can be dead addresses: they are held, the domain is slowed, the operator hears of it."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from digest.domain import Preferences, Result, State, Status
from digest.jobs import alerts, giving_up, returns
from digest.readers import operator, subscriptions
from digest.store import admission, bounces, breakers, ledger, readers
from digest.store.admission import Entry
from tests.support.factories import NOW
from tests.support.returned import HARD, LINKS, report
from tests.support.stored import plan
from tests.support.visitor import dump, status_of

DOMAIN = "papers.example.org"
AN_HOUR = timedelta(hours=1)


def a_list(engine, size):
    """So many readers who were sent today's digest; the deliveries."""
    named = (f"reader{number}@wrong.example.org" for number in range(size))
    admission.admit_many(engine, [Entry(email, Preferences(), Status.ACTIVE, NOW) for email in named], NOW)
    plan(engine, NOW)
    claimed = ledger.claim(engine, size, NOW)
    ledger.record(engine, [(one, Result(one.id, State.SENT), NOW) for one in claimed], NOW)
    return claimed


def comes_back(engine, deliveries, now=NOW):
    for delivery in deliveries:
        to = LINKS.bounce_address(delivery.reader.key, delivery.id, DOMAIN)
        returns.take(engine, LINKS, report(HARD, to=to), now)


def bounced(engine):
    return readers.counts(engine)["bounced"]


def test_a_wrong_alias_map_costs_twenty_readers_and_not_all(engine):
    deliveries = a_list(engine, 60)
    with capture_logs() as logged:
        comes_back(engine, deliveries)
    assert bounced(engine) == giving_up.PLAUSIBLE
    assert bounces.held(engine, NOW - AN_HOUR) == 40
    assert list(breakers.known(engine)) == ["domain wrong.example.org"]
    assert {line["event"] for line in logged} == {"bounces.held"}
    assert "@" not in str(logged)


def test_replies_of_a_relay_are_held_too(engine):
    deliveries = a_list(engine, 60)
    returns.hear(engine, [(one, Result(one.id, State.FAILED, HARD)) for one in deliveries], NOW)
    assert bounced(engine) == giving_up.PLAUSIBLE


def test_what_is_plausible_grows_with_the_list(engine):
    deliveries = a_list(engine, 600)
    comes_back(engine, deliveries[:33])
    assert bounced(engine) == 30


def test_the_next_hour_begins_anew(engine):
    deliveries = a_list(engine, 60)
    comes_back(engine, deliveries[:25])
    comes_back(engine, deliveries[25:40], NOW + AN_HOUR + timedelta(seconds=1))
    assert bounced(engine) == giving_up.PLAUSIBLE + 15


def test_a_held_address_that_is_dead_is_given_up_with_its_next_mail(engine):
    deliveries = a_list(engine, 25)
    comes_back(engine, deliveries)
    held = [one.reader for one in deliveries if status_of(engine, one.reader) is Status.ACTIVE]
    assert len(held) == 5
    tomorrow = NOW + timedelta(days=1)
    plan(engine, tomorrow)
    comes_back(engine, ledger.claim(engine, 100, tomorrow), tomorrow)
    assert bounced(engine) == 25


def test_the_operator_takes_them_back_and_late_reports_do_not_undo_it(engine):
    deliveries = a_list(engine, 60)
    comes_back(engine, deliveries)
    gone = next(one.reader for one in deliveries if status_of(engine, one.reader) is Status.BOUNCED)
    subscriptions.leave(engine, gone.id, NOW)
    later = NOW + timedelta(minutes=10)
    assert operator.reactivate(engine, later, since=NOW + timedelta(minutes=1)) == []
    assert operator.reactivate(engine, later, since=NOW, reason="mailbox-full") == []
    back = operator.reactivate(engine, later, since=NOW, reason="no-such-user")
    assert len(back) == giving_up.PLAUSIBLE - 1
    assert all(one.status is Status.ACTIVE and one.next_due_at > later for one in back)
    assert status_of(engine, gone) is Status.UNSUBSCRIBED, "who left stays away"
    comes_back(engine, deliveries, later)
    assert bounced(engine) == 0
    assert operator.reactivate(engine, later, since=NOW) == []


def test_who_never_said_yes_is_not_reactivated(engine):
    subscriptions.subscribe(engine, "ada@example.org", Preferences(), NOW)
    [asked] = ledger.claim(engine, 10, NOW)
    returns.hear(engine, [(asked, Result(asked.id, State.FAILED, HARD))], NOW)
    assert operator.reactivate(engine, NOW, since=NOW - AN_HOUR) == []
    assert status_of(engine, asked.reader) is Status.BOUNCED


def test_the_operator_is_told_of_held_bounces_and_of_capped_confirmations(engine):
    comes_back(engine, a_list(engine, 25))
    for number in range(3):
        subscriptions.subscribe(engine, f"new{number}@example.org", Preferences(), NOW)
    told = alerts.too_many(engine, 3, NOW)
    assert [cause for cause, _ in told] == ["confirmations are capped", "bounces are held"]
    assert "@" not in "".join(told.values())
    assert alerts.too_many(engine, 4, NOW + 2 * AN_HOUR) == {}


@pytest.mark.parametrize("reply", ["451 4.3.2 system not accepting network messages", "450 4.3.1 out of memory"])
def test_a_servers_own_trouble_never_counts_even_in_a_report(engine, reply):
    [delivery] = a_list(engine, 1)
    to = LINKS.bounce_address(delivery.reader.key, delivery.id, DOMAIN)
    for day in range(0, 80, 4):
        content = report(reply, status=reply.split()[1], to=to)
        done = returns.take(engine, LINKS, content, NOW + timedelta(days=day)).done
        assert done == "nothing changes"
    assert not dump(engine)["bounces"]


def test_no_words_for_the_log_hold_an_address(engine):
    deliveries = a_list(engine, 2)
    to = LINKS.bounce_address(deliveries[0].reader.key, deliveries[0].id, DOMAIN)
    taken = returns.take(engine, LINKS, report(HARD, to=to), NOW)
    assert "@" not in taken.done
    assert str(taken) == "reader0@wrong.example.org: bounced now"
    assert taken.reader_id == deliveries[0].reader.id
