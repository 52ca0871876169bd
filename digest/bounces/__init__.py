"""A reply, a returned message or a complaint to a verdict: who, why, whose fault. Pure; refuses to act on it."""

from __future__ import annotations

import re

from digest.bounces.limits import MOST_BYTES
from digest.bounces.reading import NOT_UNDERSTOOD, NOTHING_READ, SET_ASIDE, UNREADABLE, Reading, read
from digest.bounces.reasons import Finding, judge
from digest.bounces.tokens import bounce_tokens, delivery_ids, leave_tokens
from digest.bounces.trouble import Trouble, trouble_of
from digest.domain import Verdict, VerdictKind

__all__ = [
    "MOST_BYTES",
    "NOTHING_READ",
    "NOT_UNDERSTOOD",
    "SET_ASIDE",
    "UNREADABLE",
    "Reading",
    "Trouble",
    "bounce_tokens",
    "delivery_ids",
    "leave_tokens",
    "of_message",
    "of_reply",
    "read",
    "trouble_of_reply",
]


def of_reply(words: str) -> Verdict:
    """Judge an SMTP reply as the ledger keeps it: `550 5.1.1 No such user`. Words without any code are a network's."""
    found = _found(words)
    if not found.severity:
        return Verdict(VerdictKind.SOFT, reason="network")
    if found.severity == "2":
        return Verdict(VerdictKind.NONE, reason="delivered", status=found.status)
    return Verdict(found.kind, reason=found.reason, status=found.status)


def trouble_of_reply(words: str) -> Trouble:
    """Say whose trouble an SMTP reply is, for those who send: see `Trouble`."""
    return trouble_of(_found(words))


def _found(words: str) -> Finding:
    return judge(re.sub(r"^smtp; ?", "", words.strip(), flags=re.IGNORECASE))


def of_message(content: bytes) -> Verdict:
    """Judge a message that came back, whatever it is. What nobody understands, or can read, is `none`."""
    return read(content).verdict
