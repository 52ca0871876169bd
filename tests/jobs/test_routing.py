"""What rests for a while, and how many connections there are in all, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from digest.jobs import routing
from digest.jobs.routing import DOMAIN_REST, LONGEST_RELAY_REST, RELAY_REST
from digest.store import breakers, slots
from digest.store.engine import connect
from digest.transport.smtp import Relay
from tests.support.factories import NOW

ONE, TWO = Relay("one.example.org", 25), Relay("two.example.org", 25)
SECOND = timedelta(seconds=1)


def test_a_relay_that_failed_rests_and_the_other_goes_on(engine):
    routing.open_circuits(engine, {ONE: "421 not now"}, NOW)
    assert routing.current(engine, (ONE, TWO), NOW + RELAY_REST - SECOND).relays == (TWO,)


def test_one_worker_tries_a_relay_that_rested_and_the_others_wait_for_what_it_finds(engine):
    routing.open_circuits(engine, {ONE: "421 not now"}, NOW)
    later = NOW + RELAY_REST
    tried = routing.current(engine, (ONE,), later)
    assert (tried.relays, tried.half_open) == ((ONE,), True)
    assert routing.current(engine, (ONE,), later).relays == ()
    routing.close_circuit(engine, ONE)
    free = routing.current(engine, (ONE,), later)
    assert (free.relays, free.half_open) == ((ONE,), False)


def test_a_relay_that_stays_away_is_tried_ever_less_often_and_never_too_rarely(engine):
    routing.open_circuits(engine, {ONE: "421 not now"}, NOW)
    moments = [NOW + number * RELAY_REST for number in range(180)]
    tries = [moment for moment in moments if routing.current(engine, (ONE,), moment).half_open]
    gaps = [later - earlier for earlier, later in zip(tries, tries[1:], strict=False)]
    assert gaps == sorted(gaps)
    assert gaps[-1] == LONGEST_RELAY_REST
    assert len(tries) < 20


def test_of_workers_that_find_the_same_trouble_one_pulls_the_brake(engine):
    pulled = [breakers.trip(engine, "domain example.org", "slow", DOMAIN_REST, 9 * DOMAIN_REST, NOW) for _ in range(3)]
    assert [breaker and breaker.failures for breaker in pulled] == [1, None, None]


def test_what_was_long_ago_is_forgotten(engine):
    breakers.trip(engine, "domain example.org", "slow", DOMAIN_REST, 9 * DOMAIN_REST, NOW)
    later = NOW + breakers.REMEMBERED_FOR + 2 * DOMAIN_REST
    assert breakers.trip(engine, "domain example.org", "slow", DOMAIN_REST, 9 * DOMAIN_REST, later).failures == 1


@pytest.fixture
def another(engine):
    """The engine of another process."""
    other = connect(engine.url.render_as_string(hide_password=False))
    yield other
    other.dispose()


def test_who_sends_alone_has_all_seats_and_gives_them_back(engine, another):
    for each in (engine, another, engine):
        with slots.taken(each, 8) as connections:
            assert connections == 8


def test_who_finds_all_seats_taken_gets_none(engine, another, monkeypatch):
    monkeypatch.setattr(slots, "PATIENCE_SECONDS", 0.1)
    with slots.taken(engine, 8), slots.taken(another, 8) as connections:
        assert connections == 0


def test_two_who_send_at_once_share_the_seats(postgres):
    url = postgres()
    first, second = connect(url), connect(url)
    with second.connect() as other:
        # Somebody who waits for a seat, for as long as this test wants.
        other.execute(text("SELECT pg_advisory_lock(:key, pg_backend_pid())"), {"key": slots.WORKERS})
        with slots.taken(first, 8) as shared:
            assert shared == 4
        other.execute(text("SELECT pg_advisory_unlock_all()"))
        with slots.taken(first, 8) as alone:
            assert alone == 8
    first.dispose()
    second.dispose()


def test_seats_are_kept_from_group_to_group_until_somebody_waits(postgres):
    """Before a seat is given back, whoever holds a connection on it is told to hang up."""
    url, told = postgres(), []
    first, second = connect(url), connect(url)
    seats, others = slots.seats(first, 8), slots.seats(second, 8)
    assert [seats.fair(told.append), seats.fair(told.append), told] == [8, 8, []]
    with second.connect() as waiting:
        waiting.execute(text("SELECT pg_advisory_lock(:key, pg_backend_pid())"), {"key": slots.WORKERS})
        assert [seats.fair(told.append), told] == [4, [4]]
        waiting.execute(text("SELECT pg_advisory_unlock_all()"))
    assert others.fair(told.append) == 4
    seats.close()
    assert others.fair(told.append) == 8
    others.close()
    first.dispose()
    second.dispose()
