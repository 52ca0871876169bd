"""Two things at once, with real threads: what comes out is what would if they came one after the other."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from functools import partial
from threading import Barrier

import psycopg
import pytest
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError

from digest.domain import Kind, Preferences, Status
from digest.readers import addresses, another, subscriptions
from digest.readers.form import Mistakes
from digest.readers.life import Event
from digest.store import engine as engines
from digest.store import ledger, mailboxes, readers
from digest.store.engine import MOST_RETRIES, connect, retried, writing
from digest.store.tables import readers as tables
from tests.support.factories import NOW
from tests.support.stored import plan
from tests.support.visitor import a_subscriber, dump, mails, status_of
from tests.support.waiting import wait_until

AT_ONCE = 8


@pytest.fixture
def engine(postgres):
    """SQLite has one writer at a time; these are of PostgreSQL alone."""
    engine = create_engine(connect(postgres()).url, pool_size=AT_ONCE + 4)
    yield engine
    engine.dispose()


def at_once(*actions):
    """Let every action begin at the same moment, each in a thread; return what they returned."""
    starts = Barrier(len(actions))

    def run(action):
        starts.wait(30)
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return [each.result(60) for each in [pool.submit(run, action) for action in actions]]


def test_however_many_ask_at_once_one_mailbox_gets_three_mails(engine):
    spelt = [
        "ada.lovelace@gmail.com",
        "adalovelace+x@gmail.com",
        "Ada.Love.Lace@googlemail.com",
        "ADALOVELACE@gmail.com",
    ]
    asked = [
        lambda number=number: subscriptions.subscribe(
            engine, spelt[number % 4], Preferences(), NOW + timedelta(seconds=number)
        )
        for number in range(AT_ONCE)
    ]
    at_once(*asked)
    assert mails(engine) == [Kind.CONFIRM] * subscriptions.MOST_ASKED


def test_one_who_confirms_and_leaves_at_once_has_left_or_not_and_nobody_waits_for_ever(engine):
    for number in range(6):
        email = f"reader{number}@example.org"
        subscriptions.subscribe(engine, email, Preferences(), NOW)
        with engine.connect() as connection:
            reader = readers.by_email(connection, email)
            rows = dump(engine)["deliveries"]
        request = ledger.find(engine, next(row.id for row in rows if row.reader_id == reader.id))
        leaving = [partial(subscriptions.leave, engine, reader.id, NOW)] * 2
        agreeing = [partial(subscriptions.confirm, engine, request, NOW)] * 2
        at_once(*leaving, *agreeing, lambda: plan(engine, NOW))
        assert status_of(engine, reader) is Status.UNSUBSCRIBED, "whichever came first"
        assert not readers.find(engine, reader.id).next_due_at


def test_a_planner_and_who_locks_all_digests_of_an_address_never_wait_for_each_other(engine, monkeypatch):
    monkeypatch.setattr(engines, "MOST_RETRIES", 0)
    ada = a_subscriber(engine)
    with writing(engine) as connection:
        work = readers.admit_in(connection, ada.email, Preferences(), NOW, name="work")
        # The one who comes later by number is due first.
        for late, one in enumerate((work, ada)):
            due = NOW + timedelta(minutes=late)
            connection.execute(tables.update().where(tables.c.id == one.id).values(next_due_at=due))
    with ThreadPoolExecutor(1) as pool:
        with writing(engine) as connection:
            assert readers.lock(connection, ada.id)
            planned = pool.submit(plan, engine, NOW + timedelta(hours=1))
            waits_for_a_lock(engine)
            assert readers.lock(connection, work.id)
        planned.result(60)
    assert mails(engine) == [Kind.DIGEST] * 2


def waits_for_a_lock(engine):
    question = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )

    def somebody_waits():
        with engine.connect() as connection:
            return connection.execute(question).scalar_one()

    wait_until(somebody_waits)


def test_two_who_agree_to_one_address_get_it_once(engine):
    ones = [a_subscriber(engine, email=f"reader{number}@example.org") for number in range(AT_ONCE)]
    # What is left of a subscription that ended makes room for one of them.
    a_subscriber(engine, Status.UNSUBSCRIBED, email="new@example.org")
    for number, one in enumerate(ones):
        with writing(engine) as connection:
            readers.turn(connection, one.id, {"new_email": "new@example.org"})
            when = NOW + timedelta(minutes=number)
            ledger.queue(connection, one.id, Kind.MOVE, when, recipient="new@example.org")
    requests = [ledger.find(engine, row.id) for row in dump(engine)["deliveries"]]
    agreed = at_once(*(lambda request=request: addresses.agree(engine, request, NOW) for request in requests))
    assert sorted(agreed) == [False] * (AT_ONCE - 1) + [True]
    assert [one.email for one in readers.everyone(engine)].count("new@example.org") == 1


def test_two_who_swap_addresses_at_once_do_not_wait_for_each_other(engine):
    ada, bob = a_subscriber(engine, email="ada@example.org"), a_subscriber(engine, email="bob@example.org")
    requests = []
    for one, other in ((ada, bob), (bob, ada)):
        with writing(engine) as connection:
            readers.turn(connection, one.id, {"new_email": other.email})
            ledger.queue(connection, one.id, Kind.MOVE, NOW, recipient=other.email)
    requests = [ledger.find(engine, row.id) for row in dump(engine)["deliveries"]]
    agreed = at_once(*(lambda request=request: addresses.agree(engine, request, NOW) for request in requests))
    assert agreed == [False, False], "both are taken"


@pytest.mark.parametrize("event", [Event.COMPLAIN, Event.BOUNCE, Event.DELETE])
def test_many_events_of_one_reader_at_once_end_in_one_state(engine, event):
    reader = a_subscriber(engine)

    def happens(this):
        return lambda: subscriptions.happens(engine, reader.id, this, NOW)

    at_once(*[happens(event)] * 2, *[happens(Event.PAUSE)] * 2, *[happens(Event.RESUME)] * 2)
    found = readers.find(engine, reader.id)
    assert found is None if event is Event.DELETE else found.status in (Status.COMPLAINED, Status.BOUNCED)
    assert found is None or found.next_due_at is None


def test_what_the_database_says_to_try_again_is_tried_again(engine):
    """Two transactions that lock two readers in opposite order: PostgreSQL ends one of them."""
    ones = [a_subscriber(engine, email=f"reader{number}@example.org").id for number in range(2)]
    both, tries = Barrier(2), []

    def locks(first, second):
        @retried
        def change():
            tries.append(first)
            with writing(engine) as connection:
                readers.lock(connection, first)
                if len(tries) <= 2:
                    both.wait(30)
                readers.lock(connection, second)

        return change

    at_once(locks(*ones), locks(*reversed(ones)))
    assert len(tries) >= 3


def test_what_fails_for_another_reason_fails_at_once_and_what_never_ends_ends():
    tries = []

    def failing(state):
        @retried
        def change():
            tries.append(state)
            error = psycopg.errors.lookup(state)("no")
            raise OperationalError("", {}, error)

        return change

    with pytest.raises(DBAPIError):
        failing("53100")()
    assert len(tries) == 1
    with pytest.raises(DBAPIError):
        failing("40P01")()
    assert len(tries) == MOST_RETRIES + 2


def test_the_lock_on_a_mailbox_is_there_before_any_reader(engine):
    order, inside = [], Barrier(2)

    def first():
        with writing(engine) as connection:
            mailboxes.lock(connection, "ada+1@gmail.com")
            inside.wait(30)
            connection.execute(select(func.pg_sleep(0.2)))
            order.append("first")

    def second():
        inside.wait(30)
        with writing(engine) as connection:
            mailboxes.lock(connection, "a.d.a@googlemail.com")
            order.append("second")

    at_once(first, second)
    assert order == ["first", "second"]


def test_however_many_add_a_digest_at_once_there_are_ten_and_each_name_is_there_once(engine):
    ada = a_subscriber(engine)
    for place in range(another.MOST_DIGESTS - 4):
        another.add(engine, ada.id, f"number {place}", Preferences(), NOW)

    def adds(name):
        try:
            return another.add(engine, ada.id, name, Preferences(), NOW)
        except Mistakes:
            return None

    added = at_once(*(partial(adds, f"at once {place % 5}") for place in range(AT_ONCE)))
    assert len([one for one in added if one]) == 3
    found = [one.name for one in readers.everyone(engine)]
    assert len(found) == len(set(found)) == another.MOST_DIGESTS


@pytest.mark.parametrize("event", [Event.COMPLAIN, Event.BOUNCE, Event.DELETE, Event.LEAVE_ALL])
def test_whoever_adds_one_while_all_end_has_none_that_goes_on(engine, event):
    """Each begins from another digest of the address, so that both lock all of them."""
    for place in range(4):
        ada = a_subscriber(engine, email=f"reader{place}@example.org")
        thesis = another.add(engine, ada.id, "my thesis", Preferences(), NOW)

        def adds(reader=ada):
            with suppress(Mistakes):
                another.add(engine, reader.id, "at once", Preferences(), NOW)

        happens = [partial(subscriptions.happens, engine, one.id, event, NOW) for one in (thesis, ada)]
        at_once(adds, *happens)
        assert Status.ACTIVE not in {one.status for one in readers.everyone(engine)}


def test_whoever_adds_one_while_all_move_has_all_at_one_address(engine):
    for place in range(4):
        ada, to = a_subscriber(engine, email=f"reader{place}@example.org"), f"new{place}@example.org"
        thesis = another.add(engine, ada.id, "my thesis", Preferences(), NOW)
        addresses.ask(engine, ada.id, to, NOW)
        request = ledger.find(engine, max(row.id for row in dump(engine)["deliveries"] if row.kind == Kind.MOVE))
        at_once(
            partial(another.add, engine, thesis.id, "at once", Preferences(), NOW),
            partial(addresses.agree, engine, request, NOW),
        )
        assert [one.email for one in readers.everyone(engine)][-3:] == [to] * 3
