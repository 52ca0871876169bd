"""Whether a collection is to be believed, and which days of a source are worth a look. Pure: `now` is an argument."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from statistics import median
from typing import Protocol
from zoneinfo import ZoneInfo

from digest.domain import CollectionRun, Outcome

# Fewer than this share of the usual is suspicious. At a third, two of 61 real days were, though nothing was wrong.
FEW = 1 / 4
# The usual is the median of so many earlier same weekdays, for a Monday is unlike a Friday.
WEEKDAYS_COMPARED = 6
# All 1,245 records captured were listed between 00:00 and 07:00 UTC, a third of each day's by 02:00.
DAY_FILLS_FOR = timedelta(hours=7)
# Upvotes and comments of papers as young as this still change.
REFRESHED_FOR = timedelta(days=3)
# How far back a missing or doubtful day is looked at again.
MENDED_FOR = timedelta(days=14)
# How long a source is left alone that says "too many requests", at first and at most.
FIRST_REST, LONGEST_REST = timedelta(minutes=10), timedelta(hours=6)
_REFUSED = re.compile(r"\bHTTP (?:429|406)\b")
_COME_BACK = re.compile(r"come back in (\d{1,9}) s")
_SATURDAY = 5


class Habits(Protocol):
    """What one has to know of a source to judge it; a `digest.sources.Source` tells it."""

    @property
    def weekdays_only(self) -> bool: ...
    @property
    def looks_back(self) -> bool: ...
    @property
    def refreshes(self) -> bool: ...
    @property
    def every_day(self) -> bool: ...
    @property
    def zone(self) -> str: ...


def judge(
    count: int, problem: str, day: date, history: Sequence[CollectionRun], habits: Habits, now: datetime
) -> tuple[Outcome, str]:
    """Judge an answer with `count` listings by what the source listed before; return the outcome and the reason."""
    if problem:
        return Outcome.FAILED, problem
    usual = _usual(day, history)
    if count >= usual * FEW and (count or not _lists_on(day, habits)):
        return Outcome.OK, ""
    note = f"{count or 'no'} paper{'s' * (count != 1)} on a {day:%A}" + (
        f", where {usual:.0f} are usual" if usual else ""
    )
    if now < datetime.combine(day, time(), UTC) + DAY_FILLS_FOR:
        return Outcome.OK, f"{note}; the day is still filling"
    return Outcome.SUSPICIOUS, note


def days_to_look_at(habits: Habits, history: Sequence[CollectionRun], now: datetime) -> list[date]:
    """List the days worth a look now, earliest first: today, the young ones, and those with no good look so far."""
    zone = ZoneInfo(habits.zone)
    today = now.astimezone(zone).date()
    if not habits.looks_back:
        return [today] if _lists_on(today, habits) else []
    newest = {found.day: found for found in sorted(history, key=lambda found: found.collected_at)}
    # The service answers for the days since its first look, and for the list that was out by then.
    first = min((found.collected_at for found in history), default=now).astimezone(zone).date()
    since = max(_listing_day_before(min(first, today), habits), today - MENDED_FOR)
    days = (since + timedelta(days=n) for n in range((today - since).days + 1))
    return [day for day in days if not _done(day, newest.get(day), today, habits)]


def rests_until(history: Sequence[CollectionRun]) -> datetime | None:
    """Say until when a source that asked for patience is left alone: as it said, and longer each time it repeats it.

    Some sources answer 429 for hours to those who go on asking, and 406 after that.
    """
    refused = 0
    for found in reversed(history):
        asked = _REFUSED.search(found.note) if found.outcome is Outcome.FAILED else None
        if not asked:
            break
        refused += 1
    if not refused:
        return None
    last = history[-1]
    said = _COME_BACK.search(last.note)
    again: timedelta = FIRST_REST * 2 ** min(refused - 1, 10)
    wait = max(timedelta(seconds=int(said[1]) if said else 0), again)
    return last.collected_at + min(wait, LONGEST_REST)


def _usual(day: date, history: Sequence[CollectionRun]) -> float:
    """How many papers to expect: what earlier same weekdays had, or what an earlier look at the day itself found."""
    best: dict[date, int] = {}
    for found in history:
        best[found.day] = max(found.papers, best.get(found.day, 0))
    same = sorted(other for other in best if other < day and other.weekday() == day.weekday())
    before = [best[other] for other in same[-WEEKDAYS_COMPARED:]]
    return max(best.get(day, 0), median(before) if before else 0)


def _done(day: date, found: CollectionRun | None, today: date, habits: Habits) -> bool:
    if not found or found.outcome is not Outcome.OK:
        return False
    if not found.papers and not _lists_on(day, habits):
        return True
    day_was_over = found.collected_at.astimezone(ZoneInfo(habits.zone)).date() > day
    if not habits.refreshes:
        return day < today and (found.papers > 0 or day_was_over)
    return day_was_over and today - day > REFRESHED_FOR


def _lists_on(day: date, habits: Habits) -> bool:
    return habits.every_day and (not habits.weekdays_only or day.weekday() < _SATURDAY)


def _listing_day_before(day: date, habits: Habits) -> date:
    return next((before for n in range(1, 8) if _lists_on(before := day - timedelta(days=n), habits)), day)
