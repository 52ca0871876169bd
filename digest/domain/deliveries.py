"""A mail to a reader: its row in the ledger, its bytes, and what became of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from digest.domain.picks import NOTHING_ELSE, Beside
from digest.domain.readers import Preferences, Reader
from digest.domain.windows import Window


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


# What the form was filled in with waits in these mails for a yes.
ASKING = (Kind.CONFIRM, Kind.MANAGE)


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

    `papers` are the ids of the picks, in order, set before the first attempt to send, and `beside` what else the mail
    says. `recipient` is where it goes if not to the reader's own address. `snapshot` is what the reader had chosen when
    the mail was first written; `requested` what the link in a mail that asks for a yes is about. `claim` tells one
    worker's hold on it from another's, and `unanswered` counts the attempts after which nobody knew whether the mail
    had arrived.
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
    beside: Beside = NOTHING_ELSE

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids of all papers in it: the picks, and those that are related."""
        return (*self.papers, *(paper for paper, _ in self.beside.related))

    @property
    def other_topics(self) -> tuple[str, ...]:
        """What a subscriber typed who subscribed again, if these are other topics than they have."""
        typed = self.requested.topics if self.kind is Kind.MANAGE and self.requested else ()
        return typed if set(typed) != set(self.mine) else ()

    @property
    def mine(self) -> tuple[str, ...]:
        """What the reader followed when this mail was first written."""
        frozen = self.beside.mine
        return self.reader.preferences.topics if frozen is None else frozen

    @property
    def called(self) -> str:
        """What the reader called the digest when this mail was first written."""
        return self.beside.called or self.reader.name

    @property
    def preferences(self) -> Preferences:
        """What this mail is written with: sent again, it is the same, whatever the reader has changed since."""
        asked = self.requested if self.kind is Kind.CONFIRM else None
        return self.snapshot or asked or self._chosen_that_day

    @property
    def _chosen_that_day(self) -> Preferences:
        chosen = self.reader.preferences
        return chosen.on(chosen.today(self.due_at)) if chosen.muted else chosen

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
    """What became of one attempt to send, the server's words, and which relay's they are, if one was asked."""

    delivery_id: int
    state: State
    reason: str = ""
    relay: str = ""


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
