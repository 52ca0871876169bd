"""Amazon SES: notices of bounces, complaints and deliveries, wrapped and signed by Amazon SNS."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.x509 import load_pem_x509_certificate

from digest.bounces.outcome import Reading
from digest.bounces.reports import COMPLAINTS
from digest.bounces.webhooks.payload import Json, each, failure, loaded, of_kind, reading, text, within
from digest.domain import VerdictKind

# Amazon's own hosts alone: whoever names another one wants us to believe his key.
HOST = re.compile(r"sns\.[a-z0-9-]{3,40}\.amazonaws\.com(?:\.cn)?")
# What is signed of each kind of message, in this order (Amazon SNS, "Verifying the signatures").
SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
HASHES = {"1": SHA1, "2": SHA256}
# As it stands in the answer to our request for the mail.
ID = re.compile(r"[\w.-]{1,200}", re.ASCII)
# SES calls a bounce that it sorted otherwise `Undetermined`; only this one is final.
PERMANENT = "Permanent"


def certificate_url(body: bytes) -> str:
    """Where the certificate lies that signs this message; empty unless that is with Amazon. Raises ValueError."""
    return _amazons(text(loaded(body), "SigningCertURL"), ends=".pem")


def subscribe_url(body: bytes, topic: str) -> str:
    """What to open to confirm a subscription to our own topic; empty for any other message. Raises ValueError."""
    message = loaded(body)
    ours = text(message, "Type") == "SubscriptionConfirmation" and text(message, "TopicArn") == topic
    return _amazons(text(message, "SubscribeURL")) if ours else ""


def _amazons(url: str, ends: str = "") -> str:
    try:
        parts = urlsplit(url)
        plain = parts.port in (None, 443) and "@" not in parts.netloc
    except ValueError:
        return ""
    host = HOST.fullmatch(parts.hostname or "")
    return url if parts.scheme == "https" and plain and host and parts.path.endswith(ends) else ""


def is_signed(body: bytes, certificate: bytes, topic: str, now: datetime) -> bool:
    """Whether Amazon signed this message for our topic, by the certificate (PEM) that lies at `certificate_url`."""
    try:
        message = loaded(body)
        known = load_pem_x509_certificate(certificate)
        key, hash_of = known.public_key(), HASHES[text(message, "SignatureVersion")]
        if not isinstance(key, RSAPublicKey) or text(message, "TopicArn") != topic:
            return False
        key.verify(b64decode(text(message, "Signature")), _signed(message), PKCS1v15(), hash_of())
        return known.not_valid_before_utc <= now <= known.not_valid_after_utc
    except (ValueError, KeyError, TypeError, InvalidSignature):
        return False


def _signed(message: Json) -> bytes:
    fields = SIGNED[text(message, "Type")]
    values = ((name, within(message, name)) for name in fields)
    return "".join(f"{name}\n{value}\n" for name, value in values if isinstance(value, str)).encode()


def parse(body: bytes) -> list[Reading]:
    """Read a notification, one reading a recipient. Raises ValueError where it is no JSON."""
    message = loaded(body)
    inner = within(message, "Message")
    notice = loaded(inner.encode()) if isinstance(inner, str) and inner.startswith("{") else message
    relays_id = ID.fullmatch(text(notice, "mail", "messageId"))
    return [replace(one, relays_id=relays_id[0] if relays_id else "") for one in _told(notice)]


def _told(notice: Json) -> Iterator[Reading]:
    kind = text(notice, "notificationType") or text(notice, "eventType")
    said, ids = _of_the_mail(within(notice, "mail"))
    if kind == "Bounce":
        permanent = text(notice, "bounce", "bounceType") == PERMANENT
        for one in each(notice, "bounce", "bouncedRecipients"):
            words, status = text(one, "diagnosticCode"), text(one, "status")
            yield reading(failure(words, status, permanent=permanent, who=text(one, "emailAddress")), said, ids)
    elif kind == "Complaint":
        feedback = text(notice, "complaint", "complaintFeedbackType") or "abuse"
        means = COMPLAINTS.get(feedback, VerdictKind.COMPLAINT)
        reason = feedback if feedback in COMPLAINTS else "abuse"
        for one in each(notice, "complaint", "complainedRecipients"):
            yield reading(of_kind(means, reason, text(one, "emailAddress")), said, ids)
    elif kind == "Delivery":
        for who in each(notice, "delivery", "recipients"):
            yield reading(of_kind(VerdictKind.NONE, "delivered", str(who)), said, ids)


def _of_the_mail(mail: Json) -> tuple[list[str], list[str]]:
    headers = [one for one in each(mail, "headers") if text(one, "name").lower() in {"list-unsubscribe", "return-path"}]
    said = [text(mail, "source"), text(mail, "commonHeaders", "returnPath"), *(text(one, "value") for one in headers)]
    return said, [text(mail, "commonHeaders", "messageId")]
