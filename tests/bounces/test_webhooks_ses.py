"""What Amazon SES tells, by SNS: Amazon's own messages alone are believed, and no server's words name a reader."""

import json
from base64 import b64encode
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from digest.bounces.webhooks import ses
from digest.domain import VerdictKind
from digest.links import Named, Purpose
from tests.support.factories import a_key
from tests.support.returned import HARD, LINKS

K = VerdictKind
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
ADA = ("ada@example.org",)
SENDER = LINKS.bounce_address(a_key(7), 9, "papers.example.org")
MESSAGE_ID = "digest.9.20261126120000@papers.example.org"
TOPIC = "arn:aws:sns:eu-west-1:1:bounces"


def whose(reading):
    return LINKS.read_bounce(reading.bounce_tokens[0])


def a_notice(kind, **said):
    headers = [
        {"name": "List-Unsubscribe", "value": f"<{LINKS.unsubscribe(a_key(7))}>"},
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
        assert whose(reading) == Named(a_key(7), 9)
        assert LINKS.read(Purpose.UNSUBSCRIBE, reading.leave_tokens[0]) == Named(a_key(7))
        assert reading.delivery_ids == (9,)


def test_what_a_server_says_names_nobody():
    other = LINKS.bounce_address(a_key(8), 1, "papers.example.org")
    [reading] = ses.parse(from_sns(a_bounce(f"smtp; 550 5.1.1 no such user, said to {other}")))
    assert [LINKS.read_bounce(one) for one in reading.bounce_tokens] == [Named(a_key(7), 9)]


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
