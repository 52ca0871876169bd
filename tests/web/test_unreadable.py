"""A reader whose row holds nonsense can still leave, look, choose anew, and be deleted."""

import pytest
from sqlalchemy import text

from digest.domain import Status
from digest.store import readers
from tests.support.visitor import LINKS, a_subscriber, a_visitor

NONSENSE = [
    "timezone = 'Mars/Olympus'",
    "hour = 99",
    "cadence = 'hourly'",
    "topics = '[oops'",
    "topics = '7'",
    "\"order\" = 'backwards'",
    "status = 'asleep'",
]


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


@pytest.mark.parametrize("nonsense", NONSENSE)
def test_a_row_that_cannot_be_read_keeps_nobody_from_leaving_or_being_deleted(visitor, engine, nonsense):
    reader = a_subscriber(engine)
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE readers SET {nonsense}"))
    assert visitor.get(LINKS.unsubscribe(reader.key)).status_code == 200
    assert visitor.get(LINKS.preferences(reader.key)).status_code == 200
    assert visitor.post(LINKS.unsubscribe(reader.key)).status_code == 200
    with engine.begin() as connection:
        assert connection.execute(text("SELECT status FROM readers")).scalar() == Status.UNSUBSCRIBED
    assert visitor.post(LINKS.preferences(reader.key) + "/delete").status_code == 200
    assert readers.find(engine, reader.id) is None
