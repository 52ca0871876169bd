"""What providers tell of our mails: theirs alone is believed, and comes to the same verdicts as a mail that comes back."""

import hmac
import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from digest.bounces.webhooks import mailgun, payload, postmark, sendgrid, ses
from digest.bounces.webhooks.payload import TOKEN_FIELD
from digest.domain import VerdictKind
from digest.links import Named, Purpose
from tests.support.returned import HARD, LINKS

K = VerdictKind
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
ADA = ("ada@example.org",)
KEY, OTHER = "k0123456789abcdef", "kfedcba9876543210"
SENDER = LINKS.bounce_address(KEY, 9, "papers.example.org")
MESSAGE_ID = "digest.9.20261126120000@papers.example.org"
TOPIC = "arn:aws:sns:eu-west-1:1:bounces"


def whose(reading):
    return LINKS.read_bounce(reading.bounce_marks[0])


def judged(readings):
    return [(one.verdict.kind, one.verdict.reason) for one in readings]


# Amazon SES.


def a_notice(kind, **said):
    headers = [
        {"name": "List-Unsubscribe", "value": f"<{LINKS.unsubscribe(KEY)}>"},
        {"name": "Subject", "value": "3 papers"},
    ]
    mail = {"source": SENDER, "headers": headers, "commonHeaders": {"messageId": f"<{MESSAGE_ID}>"}}
    return {"notificationType": kind, "mail": mail, **said}


def from_sns(notice):
    return json.dumps({"Type": "Notification", "Message": json.dumps(notice)}).encode()


def a_bounce(words=HARD, kind="Permanent", status="5.1.1"):
    recipient = {"emailAddress": ADA[0], "diagnosticCode": words, "status": status}
    return a_notice("Bounce", bounce={"bounceType": kind, "bouncedRecipients": [recipient]})


@pytest.mark.parametrize(
    ("notice", "means"),
    [
        (a_bounce(), (K.HARD, "no-such-user")),
        (a_bounce("smtp; 552 5.2.2 Mailbox full", status="5.2.2"), (K.SOFT, "mailbox-full")),
        (a_bounce("smtp; 554 5.7.1 blocked using bl.example.net", status="5.7.1"), (K.SENDER_FAULT, "reputation")),
        (a_bounce(kind="Transient"), (K.SOFT, "no-such-user")),
        (a_bounce("", status=""), (K.HARD, "no-such-user")),
        (a_bounce("", "Undetermined", status=""), (K.SOFT, "unknown")),
        (a_notice("Complaint", complaint={"complainedRecipients": [{"emailAddress": ADA[0]}]}), (K.COMPLAINT, "abuse")),
        (a_notice("Delivery", delivery={"recipients": [ADA[0]]}), (K.NONE, "delivered")),
    ],
)
def test_ses_tells_what_became_of_a_mail(notice, means):
    for body in (from_sns(notice), json.dumps(notice).encode()):
        [reading] = ses.parse(body)
        assert (reading.verdict.kind, reading.verdict.reason) == means
        assert reading.verdict.recipients == ADA
        assert whose(reading) == Named(KEY, 9)
        assert LINKS.read(Purpose.UNSUBSCRIBE, reading.leave_marks[0]) == Named(KEY)
        assert reading.delivery_marks == (9,)


def test_what_a_server_says_names_nobody():
    other = LINKS.bounce_address(OTHER, 1, "papers.example.org")
    [reading] = ses.parse(from_sns(a_bounce(f"smtp; 550 5.1.1 no such user, said to {other}")))
    assert [LINKS.read_bounce(one) for one in reading.bounce_marks] == [Named(KEY, 9)]


AMAZON = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def a_certificate(key=AMAZON, until=NOW + timedelta(days=1)):
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(1).not_valid_before(NOW - timedelta(days=9)).not_valid_after(until)
    return made.sign(key, SHA256()).public_bytes(Encoding.PEM)


def signed_by_sns(version="2", **changed):
    message = {
        "Type": "Notification",
        "MessageId": "1",
        "TopicArn": TOPIC,
        "Message": json.dumps(a_bounce()),
        "Timestamp": "2026-11-26T12:00:00.000Z",
        "SignatureVersion": version,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/a.pem",
    }
    text = "".join(f"{name}\n{message[name]}\n" for name in ("Message", "MessageId", "Timestamp", "TopicArn", "Type"))
    signature = AMAZON.sign(text.encode(), padding.PKCS1v15(), SHA1() if version == "1" else SHA256())
    return json.dumps(message | {"Signature": b64encode(signature).decode()} | changed).encode()


def test_a_message_of_amazon_is_believed_and_no_other():
    for version in ("1", "2"):
        assert ses.is_signed(signed_by_sns(version), a_certificate(), TOPIC, NOW)
    refused = [
        (signed_by_sns(), a_certificate(rsa.generate_private_key(65537, 2048)), TOPIC, NOW),
        (signed_by_sns(), a_certificate(), "arn:of:another", NOW),
        (signed_by_sns(), a_certificate(), TOPIC, NOW + timedelta(days=2)),
        (signed_by_sns(), b"no certificate", TOPIC, NOW),
        (signed_by_sns(Message="{}"), a_certificate(), TOPIC, NOW),
        (signed_by_sns(Subject="added"), a_certificate(), TOPIC, NOW),
        (signed_by_sns(Type="Other"), a_certificate(), TOPIC, NOW),
        (signed_by_sns(SignatureVersion="3"), a_certificate(), TOPIC, NOW),
        (signed_by_sns(Signature="%"), a_certificate(), TOPIC, NOW),
        (b"[]", a_certificate(), TOPIC, NOW),
    ]
    assert not any(ses.is_signed(*one) for one in refused)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com.example.org/a.pem",
        "https://sns.eu-west-1.amazonaws.com@example.org/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem",
        "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://sns.eu-west-1.amazonaws.com/a.txt",
        "https://[/a.pem",
        "",
    ],
)
def test_no_certificate_is_taken_from_elsewhere(url):
    assert ses.certificate_url(signed_by_sns(SigningCertURL=url)) == ""
    assert ses.certificate_url(signed_by_sns()) == "https://sns.eu-west-1.amazonaws.com/a.pem"


def test_a_subscription_to_our_topic_alone_is_confirmed():
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription"
    message = {"Type": "SubscriptionConfirmation", "TopicArn": TOPIC, "SubscribeURL": url}
    assert ses.subscribe_url(json.dumps(message).encode(), TOPIC) == url
    assert ses.subscribe_url(json.dumps(message).encode(), "arn:of:another") == ""
    assert ses.subscribe_url(json.dumps(message | {"SubscribeURL": "https://example.org/"}).encode(), TOPIC) == ""


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
    assert {(whose(one), one.delivery_marks) for one in readings} == {(Named(KEY, 9), (9,))}


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
    assert (whose(reading), reading.delivery_marks) == (Named(KEY, 9), (9,))


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
    assert whose(reading) == Named(KEY, 9)
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
