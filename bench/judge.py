"""Did everybody get what they should? Reckoned from what readers asked for and what was listed, and nothing else.

It shares no line with the service: it finds the due moments by looking at a wall clock of the reader's every quarter of
an hour, and what fits by looking for the reader's words in the titles.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

QUARTER = timedelta(minutes=15)
COLUMNS = ("due", "with papers", "on time", "late, excused", "late", "missing", "other papers", "twice")


@dataclass(frozen=True, slots=True)
class Asked:
    """What a reader asked for."""

    email: str
    topics: tuple[str, ...]
    cadence: str
    hour: int
    timezone: str
    weekday: int


@dataclass(frozen=True, slots=True)
class Listed:
    """A paper, and when it was known."""

    id: str
    title: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Arrived:
    """A mail that the relay took: for whom, with which papers, when."""

    email: str
    papers: frozenset[str]
    at: datetime


@dataclass
class Table:
    """What became of the digests due on each day (of the reader's own)."""

    days: dict[date, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    # Mails with papers that nobody should have had.
    unasked: int = 0
    notes: int = 0

    @property
    def is_well(self) -> bool:
        wrong = sum(day[each] for day in self.days.values() for each in ("late", "missing", "other papers", "twice"))
        return not wrong and not self.unasked and bool(self.days)

    def lines(self) -> Iterator[str]:
        yield "| day | " + " | ".join(COLUMNS) + " |"
        yield "|---" * (len(COLUMNS) + 1) + "|"
        for day, counted in sorted(self.days.items()):
            yield f"| {day:%a %d %b} | " + " | ".join(f"{counted[each]:,}" for each in COLUMNS) + " |"
        every = sum(self.days.values(), Counter[str]())
        yield "| all | " + " | ".join(f"{every[each]:,}" for each in COLUMNS) + " |"
        yield ""
        yield f"{self.unasked} mails that nobody should have had; {self.notes} notes that nothing matched"


def judged(
    asked: Sequence[Asked],
    listed: Sequence[Listed],
    arrived: Iterable[Arrived],
    span: tuple[datetime, datetime],
    until: Callable[[datetime], datetime],
) -> Table:
    """Judge all that arrived in a span; `until` says by when what is due at a moment must be there."""
    mails: dict[str, list[Arrived]] = defaultdict(list)
    table = Table()
    for one in arrived:
        if one.papers:
            mails[one.email].append(one)
        else:
            table.notes += 1
    for reader in asked:
        _judge(table, reader, _fitting(reader, listed), mails.pop(reader.email, []), span, until)
    table.unasked += sum(map(len, mails.values()))
    return table


def _judge(
    table: Table,
    reader: Asked,
    fitting: Sequence[Listed],
    mails: list[Arrived],
    span: tuple[datetime, datetime],
    until: Callable[[datetime], datetime],
) -> None:
    had: set[str] = set()
    for day, due in _due(reader, span):
        wanted = frozenset(each.id for each in fitting if each.at <= due) - had
        had |= wanted
        if until(due) >= span[1]:
            # What may still be on its way at the end is not judged, nor called unasked.
            mails[:] = [mail for mail in mails if not mail.papers <= wanted or not wanted]
            continue
        counted = table.days[day]
        counted["due"] += 1
        counted["with papers"] += bool(wanted)
        if wanted:
            counted[_became(mails, wanted, due, until(due))] += 1
    table.unasked += len(mails)


def _became(mails: list[Arrived], wanted: frozenset[str], due: datetime, until: datetime) -> str:
    """What became of one digest; its mails are taken out of the pile."""
    these = [mail for mail in mails if mail.papers & wanted]
    for mail in these:
        mails.remove(mail)
    if not these:
        return "missing"
    if len(these) > 1:
        return "twice"
    [mail] = these
    if mail.papers != wanted:
        return "other papers"
    if mail.at < due + QUARTER and mail.at >= due:
        return "on time"
    return "late, excused" if due <= mail.at <= until else "late"


def _fitting(reader: Asked, listed: Sequence[Listed]) -> list[Listed]:
    return [each for each in listed if not set(reader.topics).isdisjoint(re.findall(r"\w+", each.title.lower()))]


def _due(reader: Asked, span: tuple[datetime, datetime]) -> Iterator[tuple[date, datetime]]:
    """Each of the reader's days on which one is due, and the moment when their clock first shows the hour."""
    zone, moment, seen = ZoneInfo(reader.timezone), span[0], set[date]()
    while moment < span[1]:
        local = moment.astimezone(zone)
        if (local.hour, local.minute) == (reader.hour, 0) and moment > span[0] and local.date() not in seen:
            seen.add(local.date())
            if _is_wanted(reader, local.date()):
                yield local.date(), moment
        moment += QUARTER


def _is_wanted(reader: Asked, day: date) -> bool:
    if reader.cadence == "weekdays":
        return day.strftime("%a") not in ("Sat", "Sun")
    return reader.cadence == "daily" or day.isoweekday() - 1 == reader.weekday
