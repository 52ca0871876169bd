"""What providers tell of our mails: theirs alone is believed, and comes to the verdicts that a mail would."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces.webhooks import mailgun, payload, postmark, sendgrid, ses
from digest.bounces.webhooks.payload import TOKEN_FIELD
from digest.domain import VerdictKind
from digest.links import Named
from tests.support.factories import a_key
from tests.support.returned import HARD, LINKS

K = VerdictKind
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
ADA = ("ada@example.org",)
SENDER = LINKS.bounce_address(a_key(7), 9, "papers.example.org")
MESSAGE_ID = "digest.9.20261126120000@papers.example.org"


def whose(reading):
    return LINKS.read_bounce(reading.bounce_tokens[0])


def judged(readings):
    return [(one.verdict.kind, one.verdict.reason) for one in readings]


# SendGrid.


def an_event(kind, **said):
    return {"event": kind, "email": ADA[0], "smtp-id": f"<{MESSAGE_ID}>", TOKEN_FIELD: SENDER, **said}


def test_sendgrid_tells_many_things_at_once():
    events = [
        an_event("bounce", type="bounce", reason=HARD, status="5.1.1"),
        an_event("bounce", type="blocked", reason="550 5.1.1 no such user"),
        an_event("deferred", response="450 4.2.1 too many messages, try later"),
        an_event("delivered"),
        an_event("spamreport"),
        an_event("group_unsubscribe"),
        an_event("dropped", reason="Bounced Address"),
        an_event("dropped", reason="Spam Reporting Address"),
        an_event("open"),
        "rubbish",
    ]
    readings = sendgrid.parse(json.dumps(events).encode())
    kinds = [K.HARD, K.SOFT, K.DELAYED, K.NONE, K.COMPLAINT, K.UNSUBSCRIBE, K.HARD, K.COMPLAINT]
    assert [one.verdict.kind for one in readings] == kinds
    assert {(whose(one), one.delivery_ids) for one in readings} == {(Named(a_key(7), 9), (9,))}


def test_an_event_of_sendgrid_is_believed_while_it_is_fresh():
    key = ec.generate_private_key(ec.SECP256R1())
    public = b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
    body = b"[]"
    signature = b64encode(key.sign(STAMP.encode() + body, ec.ECDSA(SHA256()))).decode()
    assert sendgrid.is_signed(body, signature, STAMP, public, NOW)
    assert not sendgrid.is_signed(b"[1]", signature, STAMP, public, NOW)
    assert not sendgrid.is_signed(body, signature, STAMP, public, NOW + timedelta(hours=1))
    assert not sendgrid.is_signed(body, signature, str(int(STAMP) + 1), public, NOW)
    for wrong in ("", "%", "é", "AAAA"):
        assert not sendgrid.is_signed(body, wrong, STAMP, public, NOW)
        assert not sendgrid.is_signed(body, signature, wrong, public, NOW)
        assert not sendgrid.is_signed(body, signature, STAMP, wrong, NOW)


# Mailgun.


def from_mailgun(event, key="key", **said):
    signature = hmac.new(key.encode(), f"{STAMP}nonce".encode(), "sha256").hexdigest()
    mail = {"envelope": {"sender": SENDER}, "message": {"headers": {"message-id": MESSAGE_ID}}}
    told = {"event": event, "recipient": ADA[0], **mail, **said}
    signed = {"timestamp": STAMP, "token": "nonce", "signature": signature}
    return json.dumps({"signature": signed, "event-data": told}).encode()


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ({"severity": "permanent", "delivery-status": {"code": 550, "message": "5.1.1 no such user"}}, K.HARD),
        ({"severity": "temporary", "delivery-status": {"code": 550, "message": "5.1.1 no such user"}}, K.SOFT),
        ({"severity": "permanent", "delivery-status": {"code": 552, "message": "5.2.2 mailbox full"}}, K.SOFT),
        ({"severity": "permanent", "delivery-status": {"code": 550, "message": "5.7.26 DMARC"}}, K.SENDER_FAULT),
        ({"reason": "suppress-complaint"}, K.COMPLAINT),
        ({"reason": "suppress-bounce"}, K.HARD),
    ],
)
def test_mailgun_tells_of_failures(said, means):
    [reading] = mailgun.parse(from_mailgun("failed", **said))
    assert reading.verdict.kind is means
    assert (whose(reading), reading.delivery_ids) == (Named(a_key(7), 9), (9,))


def test_mailgun_tells_of_wishes_and_arrivals():
    kinds = {
        event: [one.verdict.kind for one in mailgun.parse(from_mailgun(event))] for event in ("complained", "opened")
    }
    assert kinds == {"complained": [K.COMPLAINT], "opened": []}
    assert judged(mailgun.parse(from_mailgun("unsubscribed"))) == [(K.UNSUBSCRIBE, "asked")]
    assert judged(mailgun.parse(from_mailgun("delivered"))) == [(K.NONE, "delivered")]


def test_an_event_of_mailgun_is_believed_once_and_while_it_is_fresh():
    body = from_mailgun("complained")
    assert mailgun.is_signed(body, "key", NOW)
    assert mailgun.nonce(body) == "nonce"
    assert not mailgun.is_signed(body, "another key", NOW)
    assert not mailgun.is_signed(body, "key", NOW + timedelta(hours=1))
    assert not mailgun.is_signed(body.replace(b'"nonce"', b'"other"'), "key", NOW)
    assert not mailgun.is_signed(b"{}", "key", NOW)


# Postmark.


@pytest.mark.parametrize(
    ("said", "means"),
    [
        ({"RecordType": "Bounce", "Type": "HardBounce", "Details": f"smtp;{HARD}"}, (K.HARD, "no-such-user")),
        ({"RecordType": "Bounce", "Type": "HardBounce"}, (K.HARD, "no-such-user")),
        ({"RecordType": "Bounce", "Type": "SoftBounce", "Details": f"smtp;{HARD}"}, (K.SOFT, "no-such-user")),
        (
            {"RecordType": "Bounce", "Type": "Blocked", "Details": "smtp;550 5.7.1 blocklisted"},
            (K.SENDER_FAULT, "reputation"),
        ),
        ({"RecordType": "Bounce", "Type": "AutoResponder"}, (K.AUTO_REPLY, "away")),
        ({"RecordType": "SpamComplaint", "Type": "SpamComplaint"}, (K.COMPLAINT, "abuse")),
        ({"RecordType": "Delivery"}, (K.NONE, "delivered")),
        (
            {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "ManualSuppression"},
            (K.UNSUBSCRIBE, "asked"),
        ),
    ],
)
def test_postmark_tells_what_became_of_a_mail(said, means):
    event = {"Email": ADA[0], "Recipient": ADA[0], "Metadata": {TOKEN_FIELD: SENDER}, **said}
    [reading] = postmark.parse(json.dumps(event).encode())
    assert (reading.verdict.kind, reading.verdict.reason) == means
    assert whose(reading) == Named(a_key(7), 9)
    assert reading.verdict.recipients == ADA


def test_postmark_is_known_by_its_password():
    given_header = "Basic " + b64encode(b"postmark:secret").decode()
    assert postmark.is_signed(given_header, "postmark", "secret")
    assert not postmark.is_signed(given_header, "postmark", "other")
    assert not postmark.is_signed("é", "postmark", "secret")
    assert not postmark.is_signed("Basic " + b64encode(b"postmark:").decode(), "postmark", "")


# Whatever is sent.

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["event", "event-data", "mail", "bounce", "Message", "RecordType", "Type", "signature", "headers"]
            ),
            inner | st.sampled_from(["failed", "bounce", "Bounce", "dropped", "Complaint"]),
            max_size=4,
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize("provider", [ses, sendgrid, mailgun, postmark])
@given(JSON)
def test_any_json_is_read(provider, value):
    assert isinstance(provider.parse(json.dumps(value).encode()), list)


@pytest.mark.parametrize("provider", [ses, sendgrid, mailgun, postmark])
@pytest.mark.parametrize("body", [b"", b"\xff", b"[" * 100_000, b"9" * 5_000, b" " * (payload.MOST_BYTES + 1)])
def test_what_is_no_json_is_a_value_error(provider, body):
    with pytest.raises(ValueError, match=r".*"):
        provider.parse(body)
