"""A reply, a returned message or a complaint to a verdict: who, why, whose fault. Pure; refuses to act on it.

What judges is imported when it is first asked for: a mail server's pipe hands a message to a process of its own, and
waits for all that is imported beside that.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import TYPE_CHECKING, Any

from digest.bounces.limits import MOST_BYTES
from digest.bounces.outcome import NOT_UNDERSTOOD, NOTHING_READ, SET_ASIDE, UNREADABLE, Reading
from digest.domain import Verdict, VerdictKind

if TYPE_CHECKING:
    from digest.bounces.reading import read
    from digest.bounces.reasons import Finding
    from digest.bounces.tokens import bounce_tokens, delivery_ids, leave_tokens
    from digest.bounces.trouble import Trouble

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
HOMES = {
    "Trouble": "trouble",
    "bounce_tokens": "tokens",
    "delivery_ids": "tokens",
    "leave_tokens": "tokens",
    "read": "reading",
}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever is asked for
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)


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
    from digest.bounces.trouble import trouble_of

    return trouble_of(_found(words))


def _found(words: str) -> Finding:
    from digest.bounces.reasons import judge

    return judge(re.sub(r"^smtp; ?", "", words.strip(), flags=re.IGNORECASE))


def of_message(content: bytes) -> Verdict:
    """Judge a message that came back, whatever it is. What nobody understands, or can read, is `none`."""
    from digest.bounces.reading import read

    return read(content).verdict
