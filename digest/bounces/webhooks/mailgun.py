"""Mailgun: one event a request, signed within its own body."""

from __future__ import annotations

import hmac
from datetime import UTC, datetime, timedelta

from digest.bounces.outcome import Reading
from digest.bounces.webhooks.payload import TOKEN_FIELD, Json, failure, loaded, of_kind, reading, text, within
from digest.domain import Verdict, VerdictKind

FRESH_FOR = timedelta(minutes=10)


def is_signed(body: bytes, key: str, now: datetime) -> bool:
    """Whether Mailgun signed this request lately, with the key for webhooks. Ask `nonce` whether it came before."""
    try:
        signature = within(loaded(body), "signature")
        timestamp, token = text(signature, "timestamp"), text(signature, "token")
        moment = datetime.fromtimestamp(int(timestamp[:12]), UTC)
        given = text(signature, "signature").encode()
    except (ValueError, OverflowError, OSError):
        return False
    signed = hmac.new(key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest().encode()
    return bool(token) and abs(now - moment) <= FRESH_FOR and hmac.compare_digest(signed, given)


def nonce(body: bytes) -> str:
    """What no other request bears: keep it for `FRESH_FOR` and refuse it the second time. Raises ValueError."""
    return text(loaded(body), "signature", "token")


def parse(body: bytes) -> list[Reading]:
    """Read an event; one that says nothing of a failure or a wish is left out. Raises ValueError."""
    event = within(loaded(body), "event-data")
    verdict = _verdict(event)
    if verdict is None:
        return []
    said = [text(event, "envelope", "sender"), text(event, "user-variables", TOKEN_FIELD)]
    return [reading(verdict, said, [text(event, "message", "headers", "message-id")])]


def _verdict(event: Json) -> Verdict | None:
    who = text(event, "recipient")
    match text(event, "event"):
        case "failed":
            return _failed(event, who)
        case "complained":
            return of_kind(VerdictKind.COMPLAINT, "abuse", who)
        case "unsubscribed":
            return of_kind(VerdictKind.UNSUBSCRIBE, "asked", who)
        case "delivered":
            return of_kind(VerdictKind.NONE, "delivered", who)
    return None


def _failed(event: Json, who: str) -> Verdict:
    """Judge by the server's words. Of those it would not try, the reason says why (`suppress-complaint` and so on)."""
    if (kept := text(event, "reason")) in SUPPRESSED:
        return of_kind(*SUPPRESSED[kept], who)
    status = within(event, "delivery-status")
    code = within(status, "code")
    words = text(status, "message") or text(status, "description")
    reply = f"{code} {words}" if isinstance(code, int) and words else words
    permanent = text(event, "severity") != "temporary"
    return failure(reply, text(status, "enhanced-code"), permanent=permanent, who=who)


SUPPRESSED = {
    "suppress-bounce": (VerdictKind.HARD, "no-such-user"),
    "suppress-complaint": (VerdictKind.COMPLAINT, "abuse"),
    "suppress-unsubscribe": (VerdictKind.UNSUBSCRIBE, "asked"),
}
