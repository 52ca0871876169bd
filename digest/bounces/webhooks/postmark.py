"""Postmark: one event a request. It signs nothing; a name and password in our address say that it is Postmark."""

from __future__ import annotations

import hmac
from base64 import b64encode

from digest.bounces.outcome import Reading
from digest.bounces.webhooks.payload import TOKEN_FIELD, Json, failure, loaded, of_kind, reading, text, within
from digest.domain import Verdict, VerdictKind

# Postmark's own types (its "Bounce API"); what is not here is judged by the words of the server alone, as temporary.
TYPES = {
    "SpamComplaint": (VerdictKind.COMPLAINT, "abuse"),
    "Unsubscribe": (VerdictKind.UNSUBSCRIBE, "asked"),
    "AutoResponder": (VerdictKind.AUTO_REPLY, "away"),
    "Subscribe": (VerdictKind.NONE, "other"),
    "SpamNotification": (VerdictKind.SENDER_FAULT, "spam"),
    "DMARCPolicy": (VerdictKind.SENDER_FAULT, "authentication"),
    "VirusNotification": (VerdictKind.SENDER_FAULT, "virus"),
    "SMTPApiError": (VerdictKind.SENDER_FAULT, "protocol"),
    "Unconfirmed": (VerdictKind.SENDER_FAULT, "account"),
}
PERMANENT = {"HardBounce", "BadEmailAddress"}


def is_signed(authorization: str, name: str, password: str) -> bool:
    """Whether the header `Authorization` bears the name and password that our address was given to Postmark with."""
    expected = "Basic " + b64encode(f"{name}:{password}".encode()).decode()
    return bool(password) and hmac.compare_digest(authorization.encode(), expected.encode())


def parse(body: bytes) -> list[Reading]:
    """Read an event; one that says nothing of a failure or a wish is left out. Raises ValueError."""
    event = loaded(body)
    verdict = _verdict(event)
    if verdict is None:
        return []
    return [reading(verdict, [text(event, "Metadata", TOKEN_FIELD), text(event, "Tag"), text(event, "From")])]


def _verdict(event: Json) -> Verdict | None:
    match text(event, "RecordType"):
        case "Bounce" | "SpamComplaint":
            return _failed(event, text(event, "Email"))
        case "Delivery":
            return of_kind(VerdictKind.NONE, "delivered", text(event, "Recipient"))
        case "SubscriptionChange" if within(event, "SuppressSending") is True:
            return _suppressed(text(event, "SuppressionReason"), text(event, "Recipient"))
    return None


def _failed(event: Json, who: str) -> Verdict:
    kind = text(event, "Type")
    if kind in TYPES:
        return of_kind(*TYPES[kind], who)
    words = text(event, "Details") or text(event, "Description")
    return failure(words.removeprefix("smtp;"), permanent=kind in PERMANENT, who=who)


def _suppressed(reason: str, who: str) -> Verdict:
    match reason:
        case "SpamComplaint":
            return of_kind(VerdictKind.COMPLAINT, "abuse", who)
        case "ManualSuppression":
            return of_kind(VerdictKind.UNSUBSCRIBE, "asked", who)
    return of_kind(VerdictKind.HARD, "no-such-user", who)
