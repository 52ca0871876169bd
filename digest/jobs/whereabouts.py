"""Where is my mail? What a reader's record, ledger and topics say, gathered for the operator. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine

from digest.compose.wording import number
from digest.domain import Kind, Reader, State, Status, Window
from digest.jobs import last_mail
from digest.match import Matcher
from digest.readers import schedule
from digest.store import breakers, history, papers, planning
from digest.store.history import PastMail, Returned
from digest.topics import parse

MOST_MAILS = 20
MOST_TITLES = 5

# How a reader comes to stand where they stand, and what the operator may do about it.
HOW = {
    Status.PENDING: "asked for digests and has not confirmed: `digest readers resend` writes to them again",
    Status.ACTIVE: "gets digests",
    Status.PAUSED: "is paused: `digest readers resume` ends it",
    Status.UNSUBSCRIBED: "has left; only they can come back, by the link in any mail or by the form",
    Status.BOUNCED: "mails came back: `digest readers reactivate` tries the address again",
    Status.COMPLAINED: "has marked a mail as spam; only they can come back, by their own link",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a stretch of time brings for these topics: papers listed, those that fit, and how each topic does alone."""

    listed: int
    fitting: int
    titles: tuple[str, ...]
    by_topic: dict[str, int]
    excluded: int

    @property
    def why_nothing(self) -> str:
        if self.fitting:
            return ""
        if not self.listed:
            return "no paper was listed in that time: look at `digest stats` for the collections"
        listed = number(self.listed, "paper")
        if self.excluded:
            return f"{self.excluded} of {listed} matched a topic, but an exclusion left each of them out"
        return f"none of {listed} matches a topic; `digest match --forecast` says what topics bring"


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """The answer."""

    reader: Reader
    how: str
    mails: Sequence[PastMail]
    returned: Sequence[Returned]
    last: Coverage | None
    next: Coverage | None
    trouble: str
    last_mail: str = ""


def of(engine: Engine, reader: Reader, now: datetime) -> Whereabouts:
    """Gather it."""
    mails = history.mails(engine, reader.id, MOST_MAILS)
    empty = next((mail for mail in mails if mail.kind == Kind.DIGEST), None)
    skipped = empty if empty and empty.state is State.SKIPPED and not empty.papers else None
    returned = history.came_back(engine, reader.id, MOST_MAILS)
    return Whereabouts(
        reader=reader,
        how=_how(reader, now),
        mails=mails,
        returned=returned,
        last=_coverage(engine, reader, skipped.window) if skipped else None,
        next=_next(engine, reader, now) if reader.status is Status.ACTIVE else None,
        trouble=_trouble(reader, now, history.why_set_aside(engine, reader.id)),
        last_mail=last_mail.said(mails, returned, breakers.known(engine), now),
    )


def _how(reader: Reader, now: datetime) -> str:
    if reader.status is Status.BOUNCED and reader.confirmed_at is None:
        return "the mail that asks to confirm came back: is the address right? The form asks it again"
    if reader.status is Status.PAUSED and reader.paused_until:
        return f"is paused until {reader.paused_until:%Y-%m-%d}: `digest readers resume` ends it now"
    if reader.status is Status.ACTIVE and reader.next_due_at and reader.next_due_at <= now:
        return "gets digests, and the next is due: the clock plans it within a quarter of an hour, `digest send` now"
    return HOW[reader.status]


def _next(engine: Engine, reader: Reader, now: datetime) -> Coverage:
    return _coverage(engine, reader, planning.next_window(engine, reader.id, now, schedule.MOST_CATCH_UP))


def _coverage(engine: Engine, reader: Reader, window: Window) -> Coverage:
    preferences = reader.preferences.on(window.end.date())
    listed, profile = papers.in_window(engine, window), parse(preferences.topics)
    matcher = Matcher(listed)
    found = matcher.select(profile, limit=preferences.most_papers)
    alone = {topic.text: _count(matcher, [topic.text]) for topic in profile.topics}
    wanted = _count(matcher, [topic.text for topic in profile.topics]) if profile.exclusions else 0
    return Coverage(
        listed=len(listed),
        fitting=len(found.picks) + found.more,
        titles=tuple(pick.paper.title for pick in found.picks[:MOST_TITLES]),
        by_topic=alone,
        excluded=wanted - len(found.picks) - found.more if wanted else 0,
    )


def _count(matcher: Matcher, topics: Sequence[str]) -> int:
    found = matcher.select(parse(topics), limit=1)
    return len(found.picks) + found.more


def _trouble(reader: Reader, now: datetime, aside: str) -> str:
    """What in the record itself keeps the digests away."""
    try:
        due = schedule.next_due(reader.preferences, now)
    except (KeyError, ValueError, OSError):
        return f"this machine does not know the time zone {reader.preferences.timezone}: install or update tzdata"
    if reader.status is Status.ACTIVE and aside:
        return f"no digest can be planned, and it is tried again once a day: {aside}"
    if reader.status is Status.ACTIVE and reader.next_due_at is None:
        return f"no next digest is set, though they are active; it should be {due:%Y-%m-%d %H:%M} UTC"
    if reader.status is Status.ACTIVE and reader.next_due_at and now - reader.next_due_at > schedule.FIRST_RETRY:
        return "the digest is overdue: is the timetable running? `digest doctor` looks"
    return ""
