"""When a reader is due, and when a deferred mail goes again. Pure: the time is always an argument."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from digest.domain import Cadence, Preferences

# A digest after an outage or a pause reaches back this far and no further: older is no news.
MOST_CATCH_UP = timedelta(days=14)
# RFC 5321 4.5.4.1: the retry interval should be at least 30 minutes.
FIRST_RETRY = timedelta(minutes=30)
LONGEST_RETRY = timedelta(hours=8)


def next_due(preferences: Preferences, after: datetime) -> datetime:
    """The first moment after `after` at which this reader wants a digest, in UTC.

    Days and hours are the reader's own: Friday 19:00 in London is Saturday in Brisbane. An hour that the clocks
    skip comes as the hour after it; one that comes twice, the first time.
    """
    zone = ZoneInfo(preferences.timezone)
    day = after.astimezone(zone).date()
    while True:
        moment = datetime.combine(day, time(preferences.hour), zone).astimezone(UTC)
        if moment > after and _wanted_on(day, preferences):
            return moment
        day += timedelta(days=1)


def begins(day: date, preferences: Preferences) -> datetime:
    """When a day begins in a reader's own zone, in UTC."""
    return datetime.combine(day, time(), ZoneInfo(preferences.timezone)).astimezone(UTC)


def _wanted_on(day: date, preferences: Preferences) -> bool:
    match preferences.cadence:
        case Cadence.DAILY:
            return True
        case Cadence.WEEKDAYS:
            return day.weekday() < 5
        case Cadence.WEEKLY:
            return day.weekday() == preferences.weekday


def next_attempt(delivery_id: int, attempts: int, now: datetime) -> datetime:
    """When to try a deferred mail again: 30 minutes first, then ever later, and not all at once."""
    wait = min(FIRST_RETRY * (1 << min(attempts - 1, 8)), LONGEST_RETRY)
    # Seeded by the mail, so that a plan made twice is the same plan.
    return now + wait * (1 + Random(f"{delivery_id} {attempts}").random() / 4)


def after_rest(delivery_id: int, until: datetime, now: datetime) -> datetime:
    """When to try a mail whose domain rests until then: not all at once, but within as long again."""
    return until + (until - now) * Random(f"{delivery_id} {until}").random()
