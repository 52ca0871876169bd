"""All that is asked of one message, from one look at it: the verdict, and the tokens that may say whose mail it was."""

from __future__ import annotations

from digest.bounces.notices import failure_notice
from digest.bounces.opening import Opened, opened
from digest.bounces.outcome import NOT_UNDERSTOOD, NOTHING_READ, Reading
from digest.bounces.reports import complaint, delivery_report, notification
from digest.bounces.signs import automatic, leaving
from digest.bounces.tokens import bounce_tokens_in, delivery_ids_in, leave_tokens_in
from digest.domain import Verdict, VerdictKind


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
