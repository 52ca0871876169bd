"""The life of a reader as one table: event × status → status, dates, mail. Pure; `changes.apply` is the only way in.

docs/readers.md shows it; `python -m tests.readers` writes it there anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from digest.domain import Kind, Status

PENDING, ACTIVE, PAUSED = Status.PENDING, Status.ACTIVE, Status.PAUSED
UNSUBSCRIBED, BOUNCED, COMPLAINED = Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED
# Where a reader stands of whom nothing is kept: before the first event, and after the last.
NOBODY = None
Standing = Status | None


class Event(StrEnum):
    """What can happen to a reader."""

    SUBSCRIBE = "fills in the form"
    CONFIRM = "confirms"
    ADD_ANOTHER = "adds another digest"
    CHANGE = "changes preferences"
    RENAME = "renames one of several digests"
    PAUSE = "pauses"
    PAUSE_UNTIL = "pauses until a day"
    RESUME = "resumes"
    PAUSE_ENDS = "the pause ends"
    ASK_TO_MOVE = "asks to move to another address"
    MOVE = "the other address agrees"
    LEAVE_BY_CLICK = "leaves by a click"
    LEAVE_BY_MAIL = "leaves by a mail"
    LEAVE_ALL = "ends all their digests"
    COME_BACK = "comes back"
    COMPLAIN = "complains"
    BOUNCE = "a mail bounces for good"
    WEAR_OUT = "mails bounce for weeks"
    EXPIRE = "does not confirm in time"
    DELETE_ONE = "deletes one of several digests"
    DELETE = "deletes everything"
    OPERATOR_ADDS = "the operator adds them"
    OPERATOR_PAUSES = "the operator pauses them"
    OPERATOR_RESUMES = "the operator resumes them"
    OPERATOR_REACTIVATES = "the operator takes a bounce back"
    OPERATOR_FORGETS = "the operator forgets them"
    # What another digest of the same address brings along.
    ADDRESS_WORKS = "another digest of theirs is confirmed"
    ADDRESS_MOVES = "another digest of theirs moves"
    ALL_END = "another digest of theirs ends all"


class Due(StrEnum):
    """When the next digest of an active reader is due; everybody else has none."""

    AS_BEFORE = "as before"
    NOW = "at once"
    REGULAR = "at the next regular moment"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows from an event: the status, the dates, and the mail to write.

    `agreed`: the reader said yes just now. `withdraws`: what was asked for before can no longer be confirmed.
    `new_key`: older links open no page any more. `if_agreed`: nothing follows unless the reader ever said yes.
    """

    status: Standing
    due: Due = Due.AS_BEFORE
    mail: Kind | None = None
    agreed: bool = False
    withdraws: bool = False
    new_key: bool = False
    if_agreed: bool = False


Row = Mapping[Standing, Outcome]

STARTS = Outcome(ACTIVE, Due.NOW, agreed=True, withdraws=True)
GOES_ON = Outcome(ACTIVE, Due.REGULAR, withdraws=True)
RESTS = Outcome(PAUSED, withdraws=True)
LEAVES = Outcome(UNSUBSCRIBED, withdraws=True)
# Who had said yes is written to once: after a click in a mail program it is all they see, and the way back.
LEAVES_WITH_A_WORD = replace(LEAVES, mail=Kind.GOODBYE)
GIVEN_UP = Outcome(BOUNCED, withdraws=True)
SHUT_OUT = Outcome(COMPLAINED, withdraws=True)
GONE = Outcome(NOBODY)
BACK = replace(GOES_ON, if_agreed=True)


def _all(outcome: Outcome, *statuses: Standing) -> Row:
    return dict.fromkeys(statuses, outcome)


def _staying(statuses: Iterable[Status], **more: Due | Kind | bool) -> Row:
    return {status: replace(Outcome(status), **more) for status in statuses}  # type: ignore[arg-type]


_LEAVING: Row = {
    **_all(LEAVES_WITH_A_WORD, ACTIVE, PAUSED),
    **_all(LEAVES, PENDING, UNSUBSCRIBED, BOUNCED),
}
_UNREACHABLE = _all(GIVEN_UP, PENDING, ACTIVE, PAUSED)
_PAUSING = _all(RESTS, ACTIVE, PAUSED)
_RESUMING: Row = {PAUSED: GOES_ON}

# What is not in it changes nothing.
TABLE: Mapping[Event, Row] = {
    # Nobody but the owner of the address learns what it was before, and until they confirm they stay who they were.
    # Who complained is sent nothing: only their own link takes them back.
    Event.SUBSCRIBE: {
        NOBODY: Outcome(PENDING, mail=Kind.CONFIRM),
        **_staying((PENDING, UNSUBSCRIBED, BOUNCED), mail=Kind.CONFIRM),
        **_staying((ACTIVE, PAUSED), mail=Kind.MANAGE),
    },
    Event.CONFIRM: _all(STARTS, PENDING, UNSUBSCRIBED, BOUNCED),
    # Their address has said yes to the one from whose page they add it.
    Event.ADD_ANOTHER: {NOBODY: STARTS},
    Event.CHANGE: {**_staying(set(Status) - {ACTIVE}), ACTIVE: Outcome(ACTIVE, Due.REGULAR)},
    Event.RENAME: _staying(set(Status)),
    Event.PAUSE: _PAUSING,
    Event.PAUSE_UNTIL: _PAUSING,
    Event.RESUME: _RESUMING,
    Event.PAUSE_ENDS: _RESUMING,
    Event.ASK_TO_MOVE: _staying((ACTIVE, PAUSED), mail=Kind.MOVE),
    Event.MOVE: _staying((ACTIVE, PAUSED), mail=Kind.MOVED, agreed=True, new_key=True),
    Event.LEAVE_BY_CLICK: _LEAVING,
    Event.LEAVE_BY_MAIL: _LEAVING,
    Event.LEAVE_ALL: {**_LEAVING, COMPLAINED: Outcome(COMPLAINED)},
    Event.COME_BACK: _all(BACK, UNSUBSCRIBED, COMPLAINED),
    Event.COMPLAIN: _all(SHUT_OUT, PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED),
    Event.BOUNCE: _UNREACHABLE,
    Event.WEAR_OUT: _UNREACHABLE,
    Event.EXPIRE: {PENDING: GONE},
    Event.DELETE_ONE: _all(GONE, *Status),
    Event.DELETE: _all(GONE, *Status),
    Event.OPERATOR_ADDS: {NOBODY: STARTS},
    Event.OPERATOR_PAUSES: _PAUSING,
    Event.OPERATOR_RESUMES: _RESUMING,
    Event.OPERATOR_REACTIVATES: {BOUNCED: BACK},
    Event.OPERATOR_FORGETS: _all(GONE, *Status),
    # Their address said yes just now: what comes back of older mails ends nothing any more.
    Event.ADDRESS_WORKS: {BOUNCED: replace(BACK, agreed=True)},
    Event.ADDRESS_MOVES: {
        **_staying(set(Status) - {ACTIVE, PAUSED}, new_key=True),
        **_staying((ACTIVE, PAUSED), agreed=True, new_key=True),
    },
    # The one they left by has a word for all of them.
    Event.ALL_END: _all(LEAVES, PENDING, ACTIVE, PAUSED, UNSUBSCRIBED, BOUNCED),
}

# What happens to the other digests of an address when this happens to one. All else is of that one alone.
TO_THE_OTHERS: Mapping[Event, Event] = {
    Event.CONFIRM: Event.ADDRESS_WORKS,
    Event.MOVE: Event.ADDRESS_MOVES,
    Event.LEAVE_ALL: Event.ALL_END,
    Event.COMPLAIN: Event.COMPLAIN,
    Event.BOUNCE: Event.BOUNCE,
    Event.DELETE: Event.DELETE,
    Event.OPERATOR_REACTIVATES: Event.OPERATOR_REACTIVATES,
    Event.OPERATOR_FORGETS: Event.OPERATOR_FORGETS,
}

# Who has said yes, and has not left: the digest is theirs to move.
SUBSCRIBED = tuple(TABLE[Event.ASK_TO_MOVE])


def transition(standing: Standing, event: Event) -> Outcome | None:
    """What follows when this happens to a reader who stands there; None if nothing does."""
    return TABLE[event].get(standing)


def told() -> Iterator[str]:
    """The table as Markdown: an event a line, a status a column."""
    columns = (NOBODY, *Status)
    names = (f"`{status}`" if status else "not on the list" for status in columns)
    yield "| event | " + " | ".join(names) + " | other digests of the address |"
    yield "|---" * (len(columns) + 2) + "|"
    for event, row in TABLE.items():
        cells = (_cell(standing, row.get(standing)) for standing in columns)
        others = TO_THE_OTHERS.get(event, "-")
        yield f"| {event} | " + " | ".join(cells) + f" | {'the same' if others is event else others} |"


def _cell(standing: Standing, outcome: Outcome | None) -> str:
    if outcome is None:
        return "-"
    status = "stays" if outcome.status is standing else f"`{outcome.status}`" if outcome.status else "gone"
    said = [
        status,
        f"digest {outcome.due}" if outcome.due is not Due.AS_BEFORE else "",
        f"mail: {outcome.mail}" if outcome.mail else "",
        "new key" if outcome.new_key else "",
        "if ever confirmed" if outcome.if_agreed else "",
    ]
    return ", ".join(filter(None, said))
