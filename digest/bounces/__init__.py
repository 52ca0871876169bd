"""A reply, a returned message or a complaint to a verdict: who, why, whose fault. Pure; refuses to act on it."""

from __future__ import annotations

import re

from digest.bounces.opening import MOST_BYTES, opened
from digest.bounces.reasons import judge
from digest.bounces.reports import complaint, delivery_report, failure_notice, notification
from digest.bounces.signs import automatic, leaving
from digest.bounces.tokens import bounce_marks, delivery_marks, leave_marks
from digest.domain import Verdict, VerdictKind

__all__ = ["MOST_BYTES", "NOT_UNDERSTOOD", "bounce_marks", "delivery_marks", "leave_marks", "of_message", "of_reply"]

# The reason of a message that is nothing of all this; a person may want to read it.
NOT_UNDERSTOOD = "not-understood"


def of_reply(words: str) -> Verdict:
    """Judge an SMTP reply as the ledger keeps it: `550 5.1.1 No such user`. Words without any code are a network's."""
    found = judge(re.sub(r"^smtp; ?", "", words.strip(), flags=re.IGNORECASE))
    if not found.severity:
        return Verdict(VerdictKind.SOFT, reason="network")
    if found.severity == "2":
        return Verdict(VerdictKind.NONE, reason="delivered", status=found.status)
    return Verdict(found.kind, reason=found.reason, status=found.status)


def of_message(content: bytes) -> Verdict:
    """Judge a message that came back, whatever it is. What nobody understands is `none`."""
    message = opened(content)
    # What follows a standard comes first, and what only looks like a failure last: people quote failures.
    readings = (complaint, notification, delivery_report, leaving, automatic, failure_notice)
    nothing = Verdict(VerdictKind.NONE, reason=NOT_UNDERSTOOD)
    return next((verdict for read in readings if (verdict := read(message))), nothing)
