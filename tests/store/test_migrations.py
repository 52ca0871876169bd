"""The schema, step by step: what is stored survives every step up, and every step down again."""

import pytest
from alembic import command
from sqlalchemy import text

from digest.domain import State
from digest.store import ledger
from digest.store.engine import connect, move
from tests.support.stored import STORED, THEN

TO_ANOTHER = f"""INSERT INTO deliveries (reader_id, kind, due_at, window_start, window_end, since, state, reason,
    attempts, next_attempt_at, papers, recipient) VALUES (1, 'move', '{THEN}', '{THEN}', '{THEN}', '2025-12-24',
    'queued', '', 0, '{THEN}', '[]', 'ada@new.example.org')"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty(request, tmp_path):
    """An engine on a database without any table."""
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path}/m.sqlite3" if sqlite else request.getfixturevalue("postgres")("template0")
    engine = connect(url)
    yield engine
    engine.dispose()


def run(engine, *statements):
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def stored(engine):
    with engine.connect() as connection:
        tables = ("readers", "deliveries")
        return {table: connection.execute(text(f"SELECT * FROM {table}")).mappings().all() for table in tables}


def test_what_was_stored_survives_the_way_up_and_down_again(empty):
    move(empty, command.upgrade, "0001")
    run(empty, *STORED)
    before = stored(empty)
    move(empty, command.upgrade, "head")
    found = ledger.find(empty, 1)
    assert (found.address, found.state, found.papers) == ("Ada@example.org", State.QUEUED, ("2512.00001",))
    assert found.reader.preferences.topics == ("agents",)
    run(empty, TO_ANOTHER)
    move(empty, command.downgrade, "0001")
    assert stored(empty) == before, "and no mail that was for somebody else"
    move(empty, command.upgrade, "head")
    move(empty, command.downgrade, "base")
