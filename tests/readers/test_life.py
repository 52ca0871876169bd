"""The life of a reader: the table as documented, what holds on any walk through it, and what each step does."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.compose.kinds import RULES
from digest.domain import Cadence, Kind, Preferences, Status
from digest.readers import addresses, operator, subscriptions
from digest.readers.changes import Details, apply
from digest.readers.life import NOBODY, SUBSCRIBED, TABLE, Due, Event, transition
from digest.store import ledger, readers
from digest.store.engine import connect, migrate, reading, writing
from tests.readers.table import DOCUMENT, with_table
from tests.support.examples import some
from tests.support.factories import NOW
from tests.support.visitor import a_subscriber, dump, mails

LEAVING = (Event.LEAVE_BY_CLICK, Event.LEAVE_BY_MAIL)
A_DAY = timedelta(days=1)


def test_the_table_in_the_documentation_is_that_of_the_code():
    text = DOCUMENT.read_text()
    assert text == with_table(text), "run `python -m tests.readers`"


def test_every_event_has_a_row():
    assert list(TABLE) == list(Event)


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("standing", [NOBODY, *Status])
def test_the_table_keeps_its_promises(standing, event):
    outcome = transition(standing, event)
    if outcome is None:
        return
    assert outcome.due is Due.AS_BEFORE or outcome.status is Status.ACTIVE, "only an active reader is due"
    if outcome.mail:
        assert outcome.status in RULES[outcome.mail].statuses, "a mail would find its reader elsewhere"
    if standing is Status.COMPLAINED:
        assert not outcome.mail
        assert outcome.status is standing or outcome.status is NOBODY or event is Event.COME_BACK
    if standing in (Status.UNSUBSCRIBED, Status.COMPLAINED) and outcome.status is Status.ACTIVE:
        assert event in (Event.CONFIRM, Event.COME_BACK), "only they themselves come back"
    if outcome.status is Status.ACTIVE and standing not in SUBSCRIBED:
        assert outcome.agreed or outcome.if_agreed, "nobody gets a digest who never said yes"


def test_leaving_is_the_same_by_click_and_by_mail():
    assert TABLE[LEAVING[0]] is TABLE[LEAVING[1]]


def test_whoever_the_operator_adds_stands_as_the_table_says(engine):
    for status in Status:
        reader = readers.admit(engine, f"{status}@example.org", Preferences(), NOW, status)
        assert (reader.next_due_at is not None) is (status is Status.ACTIVE)
        assert (reader.confirmed_at is not None) is (status in SUBSCRIBED)
    outcome = transition(NOBODY, Event.OPERATOR_ADDS)
    assert (outcome.status, outcome.due, outcome.agreed) == (Status.ACTIVE, Due.NOW, True)


def test_those_who_expire_are_those_of_the_table(engine):
    known = [readers.admit(engine, f"{status}@example.org", Preferences(), NOW, status) for status in Status]
    readers.forget_pending(engine, NOW + A_DAY)
    left = {reader.status for reader in readers.everyone(engine)}
    assert {reader.status for reader in known} - left == set(TABLE[Event.EXPIRE])


@pytest.fixture(scope="module")
def walking(tmp_path_factory):
    engine = connect(f"sqlite:///{tmp_path_factory.mktemp('walks')}/w.sqlite3")
    migrate(engine)
    yield engine
    engine.dispose()


@settings(max_examples=some(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from([event for event in Event if event is not Event.OPERATOR_ADDS]), max_size=12))
def test_wherever_a_life_goes_these_hold(walking, events):
    now, complained = NOW, False
    with writing(walking) as connection:
        readers.forget_in(connection, "ada@example.org")
        readers.forget_in(connection, "new@example.org")
    subscriptions.subscribe(walking, "ada@example.org", Preferences(), now)
    [reader] = readers.everyone(walking)
    for event in events:
        now += A_DAY
        details = Details(Preferences(("tides",)), until=now + A_DAY, address="new@example.org")
        before, written = reader, len(mails(walking))
        with writing(walking) as connection:
            reader = apply(connection, reader.id, event, now, details)
        if reader is None:
            assert transition(before.status, event).status is NOBODY
            assert dump(walking)["deliveries"] == dump(walking)["old_keys"] == []
            return
        assert (reader.next_due_at is not None) == (reader.status is Status.ACTIVE)
        assert not reader.paused_until or reader.status is Status.PAUSED
        assert reader.status is Status.PENDING or reader.confirmed_at or reader.status not in SUBSCRIBED
        complained = (complained or event is Event.COMPLAIN) and event is not Event.COME_BACK
        if complained:
            assert reader.status is Status.COMPLAINED
            assert len(mails(walking)) == written or event is Event.COMPLAIN
        assert Kind.DIGEST not in mails(walking), "only planning writes digests"


def leaves_by(engine, reader, event):
    with writing(engine) as connection:
        return apply(connection, reader.id, event, NOW)


@pytest.mark.parametrize("event", LEAVING)
def test_who_leaves_is_written_one_goodbye_however_they_leave(engine, event):
    reader = a_subscriber(engine)
    for _ in range(2):
        assert leaves_by(engine, reader, event).status is Status.UNSUBSCRIBED
    assert mails(engine) == [Kind.GOODBYE]


def test_a_pause_until_a_day_ends_by_itself_when_that_day_begins_for_the_reader(engine):
    reader = a_subscriber(engine)
    paused = subscriptions.pause(engine, reader.id, NOW, date(2025, 12, 31))
    assert (paused.status, paused.paused_until.isoformat()) == (Status.PAUSED, "2025-12-30T23:00:00+00:00")
    assert subscriptions.resume_due(engine, paused.paused_until - timedelta(seconds=1)) == 0
    assert subscriptions.resume_due(engine, paused.paused_until) == 1
    back = readers.find(engine, reader.id)
    assert (back.status, back.paused_until) == (Status.ACTIVE, None)
    assert back.next_due_at.isoformat() == "2025-12-31T05:00:00+00:00", "the digest of that very day comes"


def test_a_pause_without_an_end_has_none_and_replaces_one_that_had(engine):
    reader = a_subscriber(engine)
    subscriptions.pause(engine, reader.id, NOW, date(2025, 12, 31))
    assert subscriptions.pause(engine, reader.id, NOW).paused_until is None
    assert subscriptions.resume_due(engine, NOW + 400 * A_DAY) == 0


def test_preferences_saved_during_a_pause_keep_its_end(engine):
    reader = a_subscriber(engine)
    until = subscriptions.pause(engine, reader.id, NOW, date(2025, 12, 31)).paused_until
    changed = subscriptions.change(engine, reader.id, Preferences(("tides",), Cadence.WEEKLY, weekday=3), NOW)
    assert (changed.status, changed.paused_until, changed.preferences.weekday) == (Status.PAUSED, until, 3)


def test_the_operator_pauses_resumes_and_forgets(engine):
    reader = a_subscriber(engine)
    assert [one.status for one in operator.pause(engine, [reader], NOW)] == [Status.PAUSED]
    assert [one.status for one in operator.resume(engine, [reader], NOW)] == [Status.ACTIVE]
    assert operator.forget(engine, reader.email, NOW)
    assert not operator.forget(engine, reader.email, NOW)
    assert operator.pause(engine, [reader], NOW) == []


def test_moving_draws_a_new_key_and_keeps_the_reader(engine):
    reader = a_subscriber(engine)
    addresses.ask(engine, reader.id, "ada@new.example.org", NOW)
    assert addresses.agree(engine, ledger.find(engine, 1), NOW)
    moved = readers.find(engine, reader.id)
    assert moved.key != reader.key
    assert (moved.status, moved.preferences, moved.next_due_at) == (
        reader.status,
        reader.preferences,
        reader.next_due_at,
    )


def test_every_reader_has_a_key_whoever_wrote_the_row(engine):
    """Workers of the version before know of no keys, and add readers until they are started anew."""
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at) "
            "SELECT n, n, 'active', '[]', 'daily', 7, 'UTC', 10, '2025-12-24 18:00:00' FROM "
            "(SELECT 'a@example.org' AS n UNION ALL SELECT 'b@example.org') AS names"
        )
    with reading(engine):
        keys = {reader.key for reader in readers.everyone(engine)}
    assert len(keys) == 2
    assert all(len(key) == 17 and key.startswith("k") for key in keys)
