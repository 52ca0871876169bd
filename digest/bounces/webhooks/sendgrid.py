"""SendGrid: the signed event webhook, a list of events a request."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from digest.bounces.outcome import Reading
from digest.bounces.webhooks.payload import (
    MOST_EVENTS,
    TOKEN_FIELD,
    Json,
    failure,
    loaded,
    of_kind,
    reading,
    text,
)
from digest.domain import Verdict, VerdictKind

# A request is repeated for a day when we do not answer, each time with the stamp of its own moment.
FRESH_FOR = timedelta(minutes=10)

EVENTS: dict[str, Callable[[Json, str], Verdict]] = {
    # `blocked` is a refusal that may pass; SendGrid keeps no list of those.
    "bounce": lambda event, who: failure(
        text(event, "reason"), text(event, "status"), permanent=text(event, "type") != "blocked", who=who
    ),
    # It did not try, because of what it remembers; `reason` is its own word and no server's.
    "dropped": lambda event, who: _dropped(text(event, "reason"), who),
    "deferred": lambda event, who: of_kind(
        VerdictKind.DELAYED, failure(text(event, "response"), permanent=False, who="").reason, who
    ),
    "delivered": lambda event, who: of_kind(VerdictKind.NONE, "delivered", who),
    "spamreport": lambda event, who: of_kind(VerdictKind.COMPLAINT, "abuse", who),
    "unsubscribe": lambda event, who: of_kind(VerdictKind.UNSUBSCRIBE, "asked", who),
    "group_unsubscribe": lambda event, who: of_kind(VerdictKind.UNSUBSCRIBE, "asked", who),
}


def is_signed(body: bytes, signature: str, timestamp: str, public_key: str, now: datetime) -> bool:
    """Whether SendGrid signed this request lately: its two headers, and the key its settings show (base64)."""
    try:
        key = load_der_public_key(b64decode(public_key))
        moment = datetime.fromtimestamp(int(timestamp[:12]), UTC)
        if not isinstance(key, EllipticCurvePublicKey) or abs(now - moment) > FRESH_FOR:
            return False
        key.verify(b64decode(signature), timestamp.encode() + body, ECDSA(SHA256()))
    except (ValueError, TypeError, OverflowError, OSError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def parse(body: bytes) -> list[Reading]:
    """Read a list of events; those that say nothing of a failure or a wish are left out. Raises ValueError."""
    events = loaded(body)
    events = events[:MOST_EVENTS] if isinstance(events, list) else [events]
    return [_read(EVENTS[text(event, "event")], event) for event in events if text(event, "event") in EVENTS]


def _read(judged: Callable[[Json, str], Verdict], event: Json) -> Reading:
    return reading(judged(event, text(event, "email")), [text(event, TOKEN_FIELD)], [text(event, "smtp-id")])


def _dropped(reason: str, who: str) -> Verdict:
    said = reason.lower()
    if "spam report" in said:
        return of_kind(VerdictKind.COMPLAINT, "abuse", who)
    if "unsubscribed" in said:
        return of_kind(VerdictKind.UNSUBSCRIBE, "asked", who)
    if "bounced address" in said or said.startswith("invalid"):
        return of_kind(VerdictKind.HARD, "no-such-user", who)
    return of_kind(VerdictKind.SENDER_FAULT, "policy", who)
