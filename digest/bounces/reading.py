"""All that is asked of one message, from one look at it: the verdict, and the tokens that may say whose mail it was."""

from __future__ import annotations

from dataclasses import dataclass

from digest.bounces.notices import failure_notice
from digest.bounces.opening import Opened, opened
from digest.bounces.reports import complaint, delivery_report, notification
from digest.bounces.signs import automatic, leaving
from digest.bounces.tokens import bounce_tokens_in, delivery_ids_in, leave_tokens_in
from digest.domain import Verdict, VerdictKind

# The reason of a message that is nothing of all this; a person may want to read it.
NOT_UNDERSTOOD = "not-understood"
# The reason of a message that could not be judged: it broke the judge, or kept him too long.
UNREADABLE = "unreadable"
# Nothing is done about these; they are set aside for a person.
SET_ASIDE = frozenset({NOT_UNDERSTOOD, UNREADABLE})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means, and the tokens it bears, unverified: `links` says which are ours."""

    verdict: Verdict
    bounce_tokens: tuple[str, ...] = ()
    leave_tokens: tuple[str, ...] = ()
    delivery_ids: tuple[int, ...] = ()
    # The provider's own id of the mail, where it signed what it says: mails that come back have none.
    relays_id: str = ""


NOTHING_READ = Reading(Verdict(VerdictKind.NONE, reason=UNREADABLE))


def read(content: bytes) -> Reading:
    """Judge a message that came back and find the tokens in it. Never raises: what breaks it is `unreadable`."""
    try:
        message = opened(content)
        return Reading(
            _verdict(message),
            tuple(bounce_tokens_in(content, message)),
            tuple(leave_tokens_in(content, message)),
            tuple(delivery_ids_in(content, message)),
        )
    except Exception:  # RecursionError and MemoryError are two of them: a stranger chose every byte.
        return NOTHING_READ


def _verdict(message: Opened) -> Verdict:
    # What follows a standard comes first, and what only looks like a failure last: people quote failures.
    readings = (complaint, notification, delivery_report, leaving, automatic, failure_notice)
    nothing = Verdict(VerdictKind.NONE, reason=NOT_UNDERSTOOD)
    return next((verdict for look in readings if (verdict := look(message))), nothing)
