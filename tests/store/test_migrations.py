"""The schema, step by step: what is stored survives every step up, and every step down again."""

from datetime import date

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from digest.domain import State
from digest.store import day_counts, ledger
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


def test_an_address_may_have_several_digests_and_then_no_way_down_loses_one(empty):
    move(empty, command.upgrade, "0001")
    run(empty, *STORED)
    move(empty, command.upgrade, "head")
    [before] = stored(empty)["readers"]
    assert before["name"] == ""
    others = ", ".join(name for name in before if name not in ("id", "name", "key", "list_name"))
    quoted = others.replace("order", '"order"')
    another = f"INSERT INTO readers ({quoted}, name) SELECT {quoted}, 'my thesis' FROM readers WHERE id = 1"
    run(empty, another)
    [_, added] = stored(empty)["readers"]
    assert added["key"].startswith("k"), "drawn as before"
    assert added["key"] != before["key"]
    with pytest.raises(IntegrityError):
        run(empty, another)
    with pytest.raises(RuntimeError, match="several digests"):
        move(empty, command.downgrade, "0012")
    run(empty, "DELETE FROM readers WHERE name = 'my thesis'", "UPDATE deliveries SET reason = 'kept'")
    move(empty, command.downgrade, "0012")
    with pytest.raises(IntegrityError):
        run(empty, f"INSERT INTO readers ({quoted}) SELECT {quoted} FROM readers WHERE id = 1")
    move(empty, command.upgrade, "head")
    run(empty, another)
    after = stored(empty)
    assert after["readers"][0]["key"] == before["key"]
    assert [one["reason"] for one in after["deliveries"]] == ["kept"]
    assert after["readers"][1]["id"] > added["id"], "nobody gets the number of one who is gone"


def test_no_way_up_gives_the_number_of_a_reader_who_is_gone_to_another(empty):
    """SQLite copies a table to change it, and would number on from the highest that is left in the copy."""
    for start in ("0005", "0011"):
        move(empty, command.upgrade, start)
        run(empty, STORED[0])
        given = stored(empty)["readers"][-1]["id"]
        run(empty, "DELETE FROM readers")
        move(empty, command.upgrade, "head")
        run(empty, STORED[0])
        [after] = stored(empty)["readers"]
        assert after["id"] > given
        run(empty, "DELETE FROM readers")
        move(empty, command.downgrade, "0005")


COUNTED = [
    f"INSERT INTO gauges VALUES ('counted until', {date(2025, 12, 25).toordinal()}, '{THEN}')",
    "INSERT INTO day_counts VALUES ('2025-12-24', 'deliveries', 'digest', 'failed', 3)",
    "INSERT INTO day_counts VALUES ('2025-12-01', 'deliveries', 'digest', 'sent', 9)",
]


def test_days_that_were_counted_are_right_at_once_and_stay_so(empty):
    """What was counted last night may be over by now; what was counted for good may have left the ledger."""
    move(empty, command.upgrade, "0017")
    run(empty, *STORED, *COUNTED, "UPDATE deliveries SET state = 'sent'")
    move(empty, command.upgrade, "head")
    assert day_counts.all_deliveries(empty) == {("digest", "sent"): 10}
    run(empty, "UPDATE deliveries SET state = 'skipped'")
    assert day_counts.all_deliveries(empty) == {("digest", "sent"): 9, ("digest", "skipped"): 1}
    move(empty, command.downgrade, "0017")
    move(empty, command.upgrade, "head")
    assert day_counts.all_deliveries(empty) == {("digest", "sent"): 9, ("digest", "skipped"): 1}


OF_A_READER = {
    "bounces": f"(reader_id, delivery_id, kind, reason, status, noted_at) VALUES (1, 1, 'soft', 'full', '', '{THEN}')",
    "old_keys": f"(key, reader_id, until, opens) VALUES ('k1', 1, '{THEN}', true)",
    "feedback": f"(reader_id, delivery_id, paper_id, answer, answered_at) VALUES (1, 1, '2512.1', 'more', '{THEN}')",
    "saved": f"(reader_id, paper_id, saved_at) VALUES (1, '2512.1', '{THEN}')",
}


def test_what_belongs_to_a_reader_stays_while_the_table_of_readers_is_copied(empty):
    move(empty, command.upgrade, "0011")
    run(empty, *STORED, *(f"INSERT INTO {table} {row}" for table, row in OF_A_READER.items()))

    def kept():
        with empty.connect() as connection:
            return [connection.execute(text(f"SELECT count(*) FROM {table}")).scalar() for table in OF_A_READER]

    for step, target in ((command.upgrade, "head"), (command.downgrade, "0011"), (command.upgrade, "head")):
        move(empty, step, target)
        assert kept() == [1] * len(OF_A_READER)
    run(empty, "DELETE FROM readers")
    assert kept() == [0] * len(OF_A_READER), "and goes with them"
