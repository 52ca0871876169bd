from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Cadence, Preferences
from digest.readers.schedule import FIRST_RETRY, LONGEST_RETRY, next_attempt, next_due


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def due(after, cadence=Cadence.DAILY, hour=7, timezone="UTC"):
    return next_due(Preferences(cadence=cadence, hour=hour, timezone=timezone), at(after))


def test_a_digest_is_due_at_the_readers_hour():
    assert due("2025-12-24 06:59") == at("2025-12-24 07:00")


def test_the_moment_itself_is_over():
    assert due("2025-12-24 07:00") == at("2025-12-25 07:00")


def test_hours_are_the_readers_own():
    assert due("2025-12-24 00:00", timezone="Asia/Tokyo") == at("2025-12-24 22:00")
    assert due("2025-12-24 00:00", timezone="America/New_York") == at("2025-12-24 12:00")


def test_days_are_the_readers_own():
    # Friday 19:00 UTC is Saturday in Brisbane, so the next weekday there begins on Sunday, UTC.
    assert due("2025-12-26 19:00", Cadence.WEEKDAYS, 6, "Australia/Brisbane") == at("2025-12-28 20:00")


def test_weekdays_leave_out_saturday_and_sunday():
    assert due("2025-12-26 07:00", Cadence.WEEKDAYS) == at("2025-12-29 07:00")


def test_weekly_is_on_monday():
    assert due("2025-12-24 12:00", Cadence.WEEKLY) == at("2025-12-29 07:00")


@pytest.mark.parametrize(
    ("after", "expected"),
    [("2026-03-28 12:00", "2026-03-29 01:00"), ("2026-10-24 12:00", "2026-10-25 00:00")],
    ids=["an hour that is skipped comes an hour later", "an hour that comes twice comes the first time"],
)
def test_when_clocks_change(after, expected):
    assert due(after, hour=2, timezone="Europe/Berlin") == at(expected)


def test_the_hour_stays_the_same_when_the_clocks_change():
    assert due("2026-03-28 12:00", timezone="Europe/Berlin") == at("2026-03-29 05:00")
    assert due("2026-03-27 12:00", timezone="Europe/Berlin") == at("2026-03-28 06:00")


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(Cadence),
    st.integers(0, 23),
    st.sampled_from(
        ["UTC", "Europe/Lisbon", "America/Sao_Paulo", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
    ),
)
def test_the_next_digest_is_always_later_and_within_its_cadence(after, cadence, hour, timezone):
    preferences = Preferences(cadence=cadence, hour=hour, timezone=timezone)
    moment = next_due(preferences, after)
    longest = timedelta(days=7 if cadence is Cadence.WEEKLY else 3 if cadence is Cadence.WEEKDAYS else 1, hours=2)
    assert after < moment <= after + longest


@given(st.integers(1), st.integers(1, 100))
def test_a_retry_waits_at_least_half_an_hour_and_at_most_some_hours(delivery_id, attempts):
    now = at("2025-12-24 12:00")
    wait = next_attempt(delivery_id, attempts, now) - now
    assert FIRST_RETRY <= wait <= LONGEST_RETRY * 1.25


def test_retries_back_off():
    now = at("2025-12-24 12:00")
    waits = [next_attempt(1, attempts, now) - now for attempts in (1, 2, 3, 4)]
    assert waits == sorted(waits)


@given(st.integers(0, 6), st.sampled_from(["UTC", "Asia/Tokyo", "America/Los_Angeles"]))
def test_a_weekly_digest_comes_on_the_day_that_was_chosen(weekday, timezone):
    preferences = Preferences(cadence=Cadence.WEEKLY, timezone=timezone, weekday=weekday)
    due = next_due(preferences, at("2025-12-24T18:00"))
    assert due.astimezone(ZoneInfo(timezone)).weekday() == weekday
    assert timedelta(0) < due - at("2025-12-24T18:00") <= timedelta(days=7)
