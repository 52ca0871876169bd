"""The list of readers as a table: what goes out comes in again."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.cli.readers.importing import entry
from digest.domain import Cadence, Mute, Order, Preferences, Status
from digest.readers import operator, roster
from digest.readers.form import Mistakes
from digest.readers.roster import Newcomer
from digest.store import admission, readers
from tests.support.factories import NOW, a_key, a_reader

RESTING = (Mute("b", date(2026, 1, 9)),)
CHOSEN = Preferences(("a", "b"), Cadence.WEEKLY, 5, "Asia/Tokyo", 3, True, 4, Order.LIKED, True, RESTING)
UNTIL = datetime(2026, 3, 1, tzinfo=UTC)


def test_all_that_a_reader_chose_survives_an_export_and_an_import(engine):
    newcomer = Newcomer("ada@example.org", CHOSEN, Status.PAUSED, UNTIL, a_key(3))
    reader = operator.admit(engine, newcomer, NOW)
    row = roster.row(reader)
    assert tuple(sorted(row)) == tuple(sorted(roster.COLUMNS))
    readers.forget(engine, reader.email)
    again = operator.admit(engine, roster.newcomer(row), NOW)
    assert (again.preferences, again.status, again.paused_until, again.key) == (CHOSEN, Status.PAUSED, UNTIL, a_key(3))
    readers.forget(engine, reader.email)
    # As `digest readers import` does.
    admission.admit_many(engine, [entry(row, NOW, timedelta(0))], NOW)
    assert roster.row(next(readers.everyone(engine))) == row


def test_columns_that_are_missing_are_as_for_a_new_reader():
    assert roster.newcomer({"email": "ada@example.org"}) == Newcomer("ada@example.org", Preferences())
    old = dict.fromkeys(("topics", "cadence", "hour", "timezone", "most_papers", "pictures"), "")
    assert roster.newcomer({"email": "ada@example.org", "status": "paused", **old}).status is Status.PAUSED


@pytest.mark.parametrize(
    ("column", "text"),
    [("status", "happy"), ("paused_until", "soon"), ("key", "7"), ("key", "K"), ("muted", "b"), ("muted", "soon b")],
)
def test_a_cell_that_cannot_be_read_is_named(column, text):
    with pytest.raises(Mistakes) as refused:
        roster.newcomer({"email": "ada@example.org", column: text})
    assert refused.value.by_field.keys() == {column}


@given(st.dictionaries(st.sampled_from(roster.COLUMNS), st.none() | st.text()))
def test_no_row_breaks_it(row):
    try:
        newcomer = roster.newcomer(row)
    except Mistakes:
        return
    assert newcomer.email


def test_a_row_holds_the_key_and_the_words_of_the_form():
    row = roster.row(a_reader(3, topics=["a", "b"]))
    assert (row["key"], row["topics"], row["weekday"], row["related"]) == (a_key(3), "a\nb", "monday", "no")
