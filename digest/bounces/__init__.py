"""A reply, a returned message or a complaint to a verdict: who, why, whose fault. Pure; refuses to act on it."""

from __future__ import annotations

import re

from digest.bounces.reasons import judge
from digest.domain import Verdict, VerdictKind

__all__ = ["of_reply"]


def of_reply(words: str) -> Verdict:
    """Judge an SMTP reply as the ledger keeps it: `550 5.1.1 No such user`. Words without any code are a network's."""
    found = judge(re.sub(r"^smtp; ?", "", words.strip(), flags=re.IGNORECASE))
    if not found.severity:
        return Verdict(VerdictKind.SOFT, reason="network")
    if found.severity == "2":
        return Verdict(VerdictKind.NONE, reason="delivered", status=found.status)
    return Verdict(found.kind, reason=found.reason, status=found.status)
