"""What a link opens, before and after a change of address, a deletion, a restore, an import, and the first keys."""

from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import text

from digest.domain import Beside, Kind, Result, State, Status
from digest.jobs import returns
from digest.links import Purpose
from digest.readers import addresses, operator, roster, subscriptions
from digest.store import keys, ledger, outcomes, readers
from digest.store.engine import connect, migrate, move, writing
from digest.store.tables import deliveries
from tests.support.factories import NOW
from tests.support.returned import HARD, a_letter, complaint, report
from tests.support.stored import STORED, plan
from tests.support.visitor import LINKS, a_subscriber, a_visitor, dump, status_of

NEW = "ada@new.example.org"
DOMAIN = "papers.example.org"


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


def sent(engine, kind=Kind.DIGEST):
    """Plan and send what is due; the deliveries of this kind."""
    plan(engine, NOW)
    claimed = ledger.claim(engine, 10, NOW)
    outcomes.begin(engine, [(one, ["2512.00001"], Beside()) for one in claimed], NOW + ledger.LEASE)
    ledger.record(engine, [(one, Result(one.id, State.SENT), NOW) for one in claimed], NOW)
    return [one for one in claimed if one.kind is kind]


def moves(engine, reader, address=NEW, now=NOW + timedelta(hours=1)):
    addresses.ask(engine, reader.id, address, now)
    request = next(row for row in reversed(dump(engine)["deliveries"]) if row.kind == Kind.MOVE)
    assert addresses.agree(engine, ledger.find(engine, request.id), now)
    return readers.find(engine, reader.id)


def links_of(reader, delivery_id=1):
    links = [LINKS.preferences(reader.key), LINKS.unsubscribe(reader.key), LINKS.view(reader.key, delivery_id)]
    return [*links, LINKS.confirm(reader.key, delivery_id, NOW), LINKS.move(reader.key, delivery_id, NOW)]


def test_after_a_move_the_links_in_older_mails_open_no_page(visitor, engine):
    reader = a_subscriber(engine)
    moved = moves(engine, reader)
    old, new = LINKS.preferences(reader.key), LINKS.preferences(moved.key)
    for more in ("", "/delete", "/export"):
        assert visitor.get(old + more).status_code == 404
        assert visitor.get(new + more).status_code == 200
    for more in ("", "/pause", "/delete", "/return", "/address"):
        assert visitor.post(old + more, data={"hour": "3"}).status_code == 404
    assert readers.find(engine, reader.id) == moved


def test_after_a_move_an_older_mail_still_ends_it_and_tells_nothing(visitor, engine):
    reader = a_subscriber(engine)
    moved = moves(engine, reader)
    for answer in (visitor.get(LINKS.unsubscribe(reader.key)), visitor.post(LINKS.unsubscribe(reader.key))):
        assert answer.status_code == 200
        for told in (moved.key, NEW, "new.example.org", reader.email, "/preferences/", "Undo", "One last"):
            assert told not in answer.text
    assert status_of(engine, reader) is Status.UNSUBSCRIBED
    for more in ("weekly", "pause", "undo"):
        assert visitor.post(f"{LINKS.unsubscribe(reader.key)}/{more}").status_code == 404
        assert visitor.post(f"{LINKS.unsubscribe(moved.key)}/{more}").status_code == 200


@pytest.mark.parametrize("more", ["weekly", "pause", "undo"])
def test_after_a_move_an_older_mail_does_nothing_but_end_it(visitor, engine, more):
    reader = a_subscriber(engine)
    moves(engine, reader)
    before = readers.find(engine, reader.id)
    assert visitor.post(f"{LINKS.unsubscribe(reader.key)}/{more}").status_code == 404
    assert readers.find(engine, reader.id) == before


def test_after_a_move_an_older_digest_is_shown_and_no_later_one(visitor, engine):
    reader = a_subscriber(engine)
    [digest] = sent(engine)
    later = digest.id + 10
    moves(engine, reader)
    with engine.begin() as connection:
        columns = "reader_id, kind, window_start, window_end, since, state, reason, attempts, next_attempt_at, papers"
        connection.execute(
            text(
                f"INSERT INTO deliveries (id, due_at, {columns}) SELECT {later}, '2026-01-05 06:00:00', {columns} "
                f"FROM deliveries WHERE id = {digest.id}"
            )
        )
    assert visitor.get(LINKS.view(reader.key, digest.id)).status_code == 200
    assert visitor.get(LINKS.view(reader.key, later)).status_code == 404


def test_two_moves_leave_one_key(visitor, engine):
    reader = a_subscriber(engine)
    first = moves(engine, reader)
    second = moves(engine, first, "ada@third.example.org", NOW + timedelta(hours=2))
    opened = [visitor.get(LINKS.preferences(one.key)).status_code for one in (reader, first, second)]
    assert opened == [404, 404, 200]


def test_who_was_asked_to_agree_gets_the_key_of_the_page_and_the_old_address_does_not(visitor, engine):
    reader = a_subscriber(engine)
    addresses.ask(engine, reader.id, NEW, NOW)
    asked = ledger.find(engine, 1)
    page = visitor.post(LINKS.move(reader.key, asked.id, asked.due_at)).text
    assert LINKS.preferences(readers.find(engine, reader.id).key).rpartition("/")[2] in page
    assert reader.key not in page


@pytest.mark.parametrize("purpose", Purpose)
def test_after_a_deletion_nothing_opens(visitor, engine, purpose):
    reader = a_subscriber(engine)
    [digest] = sent(engine)
    old, reader = reader, moves(engine, reader)
    subscriptions.delete(engine, reader.id, NOW)
    a_subscriber(engine)
    for key in (old.key, reader.key):
        token = LINKS.token(purpose, key, digest.id, NOW)
        assert visitor.get(f"/{purpose}/{token}").status_code == 404
        assert visitor.post(f"/{purpose}/{token}").status_code in (404, 405)


def restored(engine, *emails):
    """The database as it was before these readers came: whoever comes next gets their numbers."""
    for email in emails:
        readers.forget(engine, email)
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("DELETE FROM sqlite_sequence")
        else:
            for table in ("readers", "deliveries"):
                connection.exec_driver_sql(f"ALTER SEQUENCE {table}_id_seq RESTART")


@pytest.mark.parametrize("status", Status)
def test_after_a_restore_no_link_opens_the_page_of_somebody_else(visitor, engine, status):
    victim = a_subscriber(engine, email="victim@example.org")
    [digest] = sent(engine)
    restored(engine, victim.email)
    other = a_subscriber(engine, status, email="other@example.org")
    with writing(engine) as connection:
        readers.turn(connection, other.id, {"status": Status.ACTIVE, "next_due_at": NOW})
    [again] = sent(engine)
    assert (other.id, again.id) == (victim.id, digest.id), "the numbers are the same, as after a real restore"
    before = dump(engine)
    for link in links_of(victim, digest.id):
        assert visitor.get(link).status_code == visitor.send("HEAD", link).status_code == 404
        assert visitor.post(link).status_code in (404, 405)
    for content in (
        report(HARD, to=LINKS.bounce_address(victim.key, digest.id, DOMAIN)),
        a_letter("unsubscribe", "", to=LINKS.unsubscribe_address(victim.key, DOMAIN)),
        complaint(to=LINKS.unsubscribe_address(victim.key, DOMAIN)),
    ):
        assert "nothing changes" in returns.take(engine, LINKS, content, NOW).done
    assert dump(engine) == before


def test_a_link_that_waits_for_an_answer_is_of_its_own_mail_alone(engine, visitor):
    """A restored ledger gives the same reader's next mail the number of an earlier one."""
    reader = a_subscriber(engine)
    addresses.ask(engine, reader.id, NEW, NOW + timedelta(minutes=5))
    assert visitor.get(LINKS.move(reader.key, 1, NOW)).status_code == 404
    assert visitor.get(LINKS.move(reader.key, 1, NOW + timedelta(minutes=5))).status_code == 200


def test_links_survive_an_export_and_an_import_and_never_open_another_page(engine, visitor):
    everybody = [a_subscriber(engine, email=f"reader{number}@example.org") for number in range(4)]
    rows = [roster.row(reader) for reader in everybody]
    for reader in everybody:
        readers.forget(engine, reader.email)
    strangers = [a_subscriber(engine, email=f"stranger{number}@example.org") for number in range(2)]
    for row in reversed(rows):
        operator.admit(engine, roster.newcomer(row), NOW)
    for before in everybody:
        page = visitor.get(LINKS.preferences(before.key))
        assert page.status_code == 200
        assert before.email in page.text
        assert visitor.get(LINKS.view(before.key, 1)).status_code == 404
    assert {reader.key for reader in readers.everyone(engine)} == {one.key for one in [*everybody, *strangers]}


def test_a_key_that_somebody_else_has_is_not_given_twice(engine):
    reader = a_subscriber(engine)
    row = {**roster.row(reader), "email": "eve@example.org"}
    eve = operator.admit(engine, roster.newcomer(row), NOW)
    assert eve.key != reader.key
    moved = moves(engine, reader)
    mallory = operator.admit(engine, roster.newcomer({**row, "email": "mallory@example.org"}), NOW)
    assert mallory.key not in (reader.key, moved.key)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def migrated(request, tmp_path):
    """A database with a reader, a digest and a confirmed address from before there were keys."""
    url = f"sqlite:///{tmp_path}/m.sqlite3"
    engine = connect(url if request.param == "sqlite" else request.getfixturevalue("postgres")("template0"))
    move(engine, command.upgrade, "0005")
    with engine.begin() as connection:
        for statement in STORED:
            connection.execute(text(statement))
        connection.execute(text("UPDATE deliveries SET state = 'sent'"))
    migrate(engine)
    yield engine
    engine.dispose()


def old_token(purpose, signed):
    """As the version before signed it."""
    return f"/{purpose}/" + LINKS._signers[purpose].sign(signed).decode()


def test_old_links_in_old_mails_work_for_who_was_there_before_keys(migrated):
    visitor = a_visitor(migrated)
    assert "Ada@example.org" in visitor.get(old_token(Purpose.PREFERENCES, "1")).text
    assert visitor.get(old_token(Purpose.VIEW, "1")).status_code == 200
    assert visitor.get(old_token(Purpose.UNSUBSCRIBE, "1")).status_code == 200
    assert visitor.post(old_token(Purpose.UNSUBSCRIBE, "1")).status_code == 200
    assert readers.find(migrated, 1).status is Status.UNSUBSCRIBED


def test_old_links_never_find_who_came_after(migrated):
    """Nor who got the number of somebody whom a restore took away."""
    visitor, other = a_visitor(migrated), a_subscriber(migrated, email="new@example.org")
    for purpose in (Purpose.PREFERENCES, Purpose.UNSUBSCRIBE):
        assert visitor.get(old_token(purpose, str(other.id))).status_code == 404
    with writing(migrated) as connection:
        ledger.queue(connection, 1, Kind.GOODBYE, datetime.now(UTC) + timedelta(days=1))
        ledger.queue(connection, other.id, Kind.GOODBYE, NOW)
    for row in dump(migrated)["deliveries"]:
        with writing(migrated) as connection:
            connection.execute(deliveries.update().where(deliveries.c.id == row.id).values(papers=("2512.00001",)))
        shown = visitor.get(old_token(Purpose.VIEW, str(row.id))).status_code == 200
        assert shown is (row.id == 1)


def test_old_links_open_nothing_after_a_move_and_an_old_bounce_address_is_no_longer_theirs(migrated):
    visitor, moved = a_visitor(migrated), moves(migrated, readers.find(migrated, 1))
    assert visitor.get(old_token(Purpose.PREFERENCES, "1")).status_code == 404
    assert visitor.post(old_token(Purpose.UNSUBSCRIBE, "1")).status_code == 200
    assert readers.find(migrated, moved.id).status is Status.UNSUBSCRIBED


def test_a_key_of_nobody_is_free(engine):
    reader = a_subscriber(engine)
    with engine.connect() as connection:
        assert not keys.is_free(connection, reader.key)
        assert keys.is_free(connection, "k0123456789abcdef")
        assert keys.holder(connection, "1") is None
