"""What a reply, a returned message or a complaint means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
