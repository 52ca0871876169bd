"""The schema on its way from one revision to the next: nothing is lost, and no number is given twice."""

from itertools import chain

import pytest
from alembic import command

from digest.domain import Preferences
from digest.store import ledger, readers
from digest.store.engine import StoreUnready, _alembic, connect, migrate, move, ready, writing
from tests.support.factories import NOW
from tests.support.stored import STORED
from tests.support.visitor import LINKS, a_subscriber, a_visitor, dump


def stored(engine, *tables):
    with engine.connect() as connection:
        return [connection.exec_driver_sql(f"SELECT * FROM {table}").mappings().all() for table in tables]


def test_a_database_with_readers_and_deliveries_keeps_them_when_tables_are_copied(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/old.sqlite3")
    move(engine, command.upgrade, "0004")
    with engine.begin() as connection:
        for statement in STORED:
            connection.exec_driver_sql(statement)
    before = stored(engine, "readers", "deliveries")
    for _ in range(2):
        migrate(engine)
        after = stored(engine, "readers", "deliveries")
        for then, now in zip(chain(*before), chain(*after), strict=True):
            assert then.items() <= now.items()
        assert ledger.find(engine, 1).reader.preferences.topics == ("agents",)
        move(engine, command.downgrade, "0004")
        assert stored(engine, "readers", "deliveries") == before
    migrate(engine)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
        command.check(_alembic(connection))


def test_no_table_is_copied_while_that_would_delete_rows(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/old.sqlite3")
    move(engine, command.upgrade, "0004")
    with engine.connect() as connection, pytest.raises(RuntimeError, match="digest migrate"):
        command.upgrade(_alembic(connection), "head")


def test_the_links_of_a_reader_who_is_gone_open_nothing_for_ever(engine):
    gone = a_subscriber(engine, email="gone@example.org")
    with writing(engine) as connection:
        ledger.queue(connection, gone.id, "manage", NOW)
    [old] = dump(engine)["deliveries"]
    readers.forget(engine, "gone@example.org")
    other = readers.admit(engine, "other@example.org", Preferences(), NOW)
    with writing(engine) as connection:
        ledger.queue(connection, other.id, "manage", NOW)
    [new] = dump(engine)["deliveries"]
    assert other.id > gone.id
    assert new.id > old.id
    assert a_visitor(engine).get(LINKS.preferences(gone.key)).status_code == 404


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://digest:s3cret@127.0.0.1:1/papers",
        "postgresql+psycopg://digest@127.0.0.1:1/papers?password=s3cret",
        "postgresql+psycopg://digest:a@s3cret@127.0.0.1:1/papers",
        "postgresql+psycopg://127.0.0.1:1/papers?sslpassword=s3cret&user=digest",
    ],
)
def test_what_cannot_be_reached_is_named_without_any_piece_of_a_password(url):
    with pytest.raises(StoreUnready, match="cannot use the database") as refused:
        ready(connect(url))
    assert "s3cret" not in str(refused.value)
