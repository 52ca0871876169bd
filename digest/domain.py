"""The nouns of the service, as frozen values. Standard library only.

Every `datetime` is aware and in UTC; every `date` is the day a source put on its list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# What the last look brought is still in the window.
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Paper:
    """One work, keyed by its arXiv id as a string, or by a source's own prefixed key.

    `title` and `abstract` are one clean line each; the `original_…` fields keep what the source sent.
    The last four fields are what the paper's listings say of it, and empty on a paper fresh from a source.
    """

    id: str
    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    organization: str = ""
    organization_handle: str = ""
    published_at: datetime | None = None
    summary: str = ""
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    code_url: str = ""
    code_stars: int | None = None
    project_url: str = ""
    thumbnail_url: str = ""
    original_title: str = ""
    original_abstract: str = ""
    upvotes: int = 0
    comments: int = 0
    sources: tuple[str, ...] = ()
    listed_on: date | None = None

    def __hash__(self) -> int:
        # Papers are looked up often and hold long texts; two of one id are seldom at hand.
        return hash(self.id)


@dataclass(frozen=True, slots=True)
class Listing:
    """Source S listed paper P on day D, at `rank` (from 1), with so many upvotes and comments, where it says so.

    None is not zero: the source said nothing, and what is known stays.
    """

    source: str
    day: date
    rank: int
    paper: Paper
    upvotes: int | None = None
    comments: int | None = None

    def listed(self) -> Paper:
        """The paper with what this listing says of it."""
        return replace(
            self.paper,
            upvotes=self.upvotes or 0,
            comments=self.comments or 0,
            sources=(self.source,),
            listed_on=self.day,
        )


class Outcome(StrEnum):
    """How a collection went. Only `ok` is believed; the others are looked at again."""

    OK = "ok"
    SUSPICIOUS = "suspicious"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class CollectionRun:
    """One look at one day of one source: which step answered, how many papers, how long, how it went."""

    source: str
    day: date
    step: str
    papers: int
    seconds: float
    outcome: Outcome
    note: str
    collected_at: datetime


class Status(StrEnum):
    """Where a reader stands. Only an active reader gets digests."""

    PENDING = "pending"
    ACTIVE = "active"
    PAUSED = "paused"
    UNSUBSCRIBED = "unsubscribed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"


class Cadence(StrEnum):
    """On which days a reader wants the digest, in their own zone."""

    DAILY = "daily"
    WEEKDAYS = "weekdays"
    WEEKLY = "weekly"


class Order(StrEnum):
    """Which papers come first: those that fit and are liked, those that fit best, or those that are liked most."""

    MIXED = "mixed"
    BEST = "best"
    LIKED = "liked"


@dataclass(frozen=True, slots=True)
class Preferences:
    """What a reader chose.

    `topics` are lines of the query language, as written; none means trending. `weekday` is the day of a weekly digest,
    from Monday (0). `related` papers are wanted, or not.
    """

    topics: tuple[str, ...] = ()
    cadence: Cadence = Cadence.DAILY
    hour: int = 7
    timezone: str = "UTC"
    most_papers: int = 10
    pictures: bool = False
    weekday: int = 0
    order: Order = Order.MIXED
    related: bool = False


@dataclass(frozen=True, slots=True)
class Reader:
    """A subscriber. `next_due_at` is the moment of the next digest, set while active.

    `new_email` is where they want their digest from now on, until that address confirms; `paused_until` is when a
    pause ends by itself, if it does. `key` is what links name them by; the database draws it.
    """

    id: int
    email: str
    status: Status
    preferences: Preferences
    created_at: datetime
    confirmed_at: datetime | None = None
    next_due_at: datetime | None = None
    new_email: str = ""
    paused_until: datetime | None = None
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Window:
    """The half-open stretch [start, end) of first-seen times a digest covers, and the earliest listed day in it."""

    start: datetime
    end: datetime
    since: date


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a paper was picked: `topic` as the reader wrote it matched `words` in `field`.

    `field` is `title`, `abstract`, `keywords`, `author`, `organization`, … or `trending`, where the topic is empty.
    `related` says that a paper matches no topic and shares `words` with those that match this one; `liked` and
    `disliked` have the words a reader voted on, and no topic.
    `spans` are half-open character offsets into that field's text (title and abstract only).
    """

    topic: str
    field: str
    words: tuple[str, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Pick:
    """A paper chosen for a reader. `snippet` is the half-open stretch of the abstract worth showing."""

    paper: Paper
    score: float
    reasons: tuple[Reason, ...]
    snippet: tuple[int, int] = (0, 0)

    def __hash__(self) -> int:
        # Picks are looked up often and hold long texts; two of one paper seldom have the same score.
        return hash((self.paper.id, self.score))


@dataclass(frozen=True, slots=True)
class Selection:
    """The picks for one profile, best first, and how many more papers fitted.

    `related` are near the picks and match no topic: they are shown apart, and never counted as found.
    `unfinished` are topics, as written, that would have cost too much work: they found nothing.
    """

    picks: tuple[Pick, ...] = ()
    more: int = 0
    related: tuple[Pick, ...] = ()
    unfinished: tuple[str, ...] = ()


class Kind(StrEnum):
    """What a delivery is; `compose.kinds` has the rules of each."""

    DIGEST = "digest"
    CONFIRM = "confirm"
    MANAGE = "manage"
    GOODBYE = "goodbye"
    MOVE = "move"
    MOVED = "moved"
    # A row that a later version wrote, or a hand: it has no rule, so it is set aside, and holds nobody up.
    UNKNOWN = "unknown"

    @classmethod
    def _missing_(cls, value: object) -> Kind:
        return cls.UNKNOWN


class State(StrEnum):
    """Where a delivery stands. `sent`, `failed` and `skipped` are final, and so is `uncertain` after a second try.

    What may have arrived never becomes `failed` or `skipped`: it is `sent` or stays `uncertain`.
    """

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Delivery:
    """The one ledger row for a mail to a reader.

    `papers` are the ids of the picks, in order, set before the first attempt to send; `recipient` is where the mail
    goes if not to the reader's own address. `snapshot` is what the reader had chosen when the mail was first written;
    `requested` what the link in a confirmation confirms. `claim` tells one worker's hold on it from another's, and
    `unanswered` counts the attempts after which nobody knew whether the mail had arrived.
    """

    id: int
    kind: Kind
    reader: Reader
    due_at: datetime
    window: Window
    state: State = State.QUEUED
    reason: str = ""
    attempts: int = 0
    papers: tuple[str, ...] = ()
    recipient: str = ""
    snapshot: Preferences | None = None
    requested: Preferences | None = None
    claim: int = 0
    unanswered: int = 0

    @property
    def preferences(self) -> Preferences:
        """What this mail is written with: sent again, it is the same, whatever the reader has changed since."""
        return self.snapshot or self.requested or self.reader.preferences

    @property
    def written(self) -> bool:
        """Whether this mail was written before, with papers or without: then it is the same again."""
        return self.snapshot is not None

    @property
    def address(self) -> str:
        """Where the mail goes."""
        return self.recipient or self.reader.email


@dataclass(frozen=True, slots=True)
class Mail:
    """A finished message: envelope and bytes, exactly as they go over the wire."""

    delivery_id: int
    sender: str
    recipient: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one attempt to send, and the server's words."""

    delivery_id: int
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetAside:
    """A reader for whom no digest could be planned, or a delivery that could not be read or written, and why."""

    reader_id: int
    reason: str
    delivery_id: int | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """The digests due on one day (UTC): how many are in each state."""

    day: date
    states: Mapping[State, int]

    @property
    def planned(self) -> int:
        return sum(self.states.values())

    def __str__(self) -> str:
        """The account in one line, such as `3 planned = 2 sent + 1 deferred`."""
        parts = " + ".join(f"{self.states[state]} {state}" for state in State if self.states.get(state))
        return f"{self.planned} planned = {parts or 0}"


@dataclass(frozen=True, slots=True)
class Breaker:
    """A relay that rests (`relay HOST:PORT`) or a recipient's domain that is slowed (`domain NAME`), and why."""

    name: str
    failures: int
    until: datetime
    reason: str


class VerdictKind(StrEnum):
    """What a reply, a returned message or a complaint means, by whose fault it is."""

    HARD = "hard"
    SOFT = "soft"
    COMPLAINT = "complaint"
    NOT_SPAM = "not-spam"
    AUTO_REPLY = "auto-reply"
    UNSUBSCRIBE = "unsubscribe"
    SENDER_FAULT = "sender-fault"
    DELAYED = "delayed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mail, for whom, and why.

    `reason` is a word of `docs/verdicts.md`; `status` an enhanced code (RFC 3463), empty where nobody named one.
    """

    kind: VerdictKind
    recipients: tuple[str, ...] = ()
    reason: str = ""
    status: str = ""
