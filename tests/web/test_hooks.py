"""What providers tell over HTTP: signed, it does what a mail that came back would do; otherwise nothing."""

import hmac
import json
from base64 import b64encode
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from digest.bounces.webhooks.payload import MOST_BYTES, TOKEN_FIELD
from digest.domain import Result, State, Status
from digest.store import ledger
from digest.web.proofs import Proofs
from tests.support.factories import NOW
from tests.support.stored import plan
from tests.support.visitor import LINKS, a_subscriber, a_visitor, dump, status_of

TOPIC = "arn:aws:sns:eu-west-1:1:digest"
STAMP = str(int(NOW.timestamp()))
HARD = "550 5.1.1 no such user"
AMAZON = rsa.generate_private_key(65537, 2048)
SENDGRID = ec.generate_private_key(ec.SECP256R1())
PUBLIC = b64encode(SENDGRID.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()
GIVEN = {
    "ses_topic": TOPIC,
    "postmark_hook": "me:a secret",
    "sendgrid_hook_key": PUBLIC,
    "mailgun_hook_key": "a key",
}


def a_certificate():
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(AMAZON.public_key())
    made = made.serial_number(1).not_valid_before(NOW - timedelta(days=9)).not_valid_after(NOW + timedelta(days=9))
    return made.sign(AMAZON, SHA256()).public_bytes(Encoding.PEM)


def from_ses(token, relays_id="", **changed):
    bounced = [{"emailAddress": "ada@example.org", "diagnosticCode": f"smtp; {HARD}", "status": "5.1.1"}]
    notice = {"notificationType": "Bounce", "mail": {"source": token, "messageId": relays_id}}
    notice["bounce"] = {"bounceType": "Permanent", "bouncedRecipients": bounced}
    message = {"Type": "Notification", "Message": json.dumps(notice), "MessageId": "1", "Timestamp": "t"}
    return signed_by_amazon(message | changed), {}


def signed_by_amazon(message):
    message |= {"TopicArn": TOPIC, "SignatureVersion": "2"}
    message["SigningCertURL"] = "https://sns.eu-west-1.amazonaws.com/a.pem"
    names = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
    text = "".join(f"{name}\n{message[name]}\n" for name in names if name in message)
    signature = AMAZON.sign(text.encode(), padding.PKCS1v15(), SHA256())
    return json.dumps(message | {"Signature": b64encode(signature).decode()}).encode()


def from_postmark(token):
    event = {"RecordType": "Bounce", "Type": "HardBounce", "Details": HARD, "Metadata": {TOKEN_FIELD: token}}
    return json.dumps(event).encode(), {"Authorization": "Basic " + b64encode(b"me:a secret").decode()}


def from_sendgrid(token):
    body = json.dumps([{"event": "bounce", "type": "bounce", "reason": HARD, TOKEN_FIELD: token}]).encode()
    signature = b64encode(SENDGRID.sign(STAMP.encode() + body, ec.ECDSA(SHA256()))).decode()
    names = ("Signature", "Timestamp")
    said = zip(names, (signature, STAMP), strict=True)
    return body, {f"X-Twilio-Email-Event-Webhook-{name}": value for name, value in said}


def from_mailgun(token):
    nonce = uuid4().hex
    signature = hmac.new(b"a key", f"{STAMP}{nonce}".encode(), "sha256").hexdigest()
    event = {"event": "failed", "severity": "permanent", "recipient": "ada@example.org"}
    event |= {"delivery-status": {"code": 550, "message": HARD}, "user-variables": {TOKEN_FIELD: token}}
    signed = {"timestamp": STAMP, "token": nonce, "signature": signature}
    return json.dumps({"signature": signed, "event-data": event}).encode(), {}


TOLD = {"ses": from_ses, "postmark": from_postmark, "sendgrid": from_sendgrid, "mailgun": from_mailgun}


class Amazon:
    """What Amazon answers, and what it was asked."""

    def __init__(self, status=200, body=None):
        self.asked, self.status, self.body = [], status, body or a_certificate()

    def __call__(self, request):
        self.asked.append(str(request.url))
        return httpx.Response(self.status, content=self.body)


def listening(engine, amazon=None, **settings):
    visitor = a_visitor(engine, **GIVEN | settings)
    site = visitor.app.state.site
    proofs = Proofs(site.settings.broker, httpx.MockTransport(amazon or Amazon()))
    object.__setattr__(site, "proofs", proofs)
    return visitor


def ada_and_token(engine):
    reader = a_subscriber(engine)
    plan(engine, NOW)
    [delivery] = ledger.claim(engine, 10, NOW)
    return reader, LINKS.bounce_address(reader.key, delivery.id, "papers.example.org")


@pytest.mark.parametrize("provider", TOLD)
def test_a_dead_address_that_a_provider_tells_of_is_given_up(engine, provider):
    reader, token = ada_and_token(engine)
    body, headers = TOLD[provider](token)
    assert listening(engine).post(f"/hooks/{provider}", content=body, headers=headers).status_code == 200
    assert status_of(engine, reader) is Status.BOUNCED


def test_amazon_may_name_a_mail_by_the_id_that_it_gave_it(engine):
    """Its notices need not have our headers, and their source is the From of the mail."""
    reader, _ = ada_and_token(engine)
    delivery = ledger.find(engine, 1)
    ledger.record(engine, [(delivery, Result(delivery.id, State.SENT, "200 0102018f-1-000000"), NOW)], NOW)
    for number, status in (("0102018f-2-000000", Status.ACTIVE), ("0102018f-1-000000", Status.BOUNCED)):
        body, _ = from_ses("no token of ours", number)
        assert listening(engine).post("/hooks/ses", content=body).status_code == 200
        assert status_of(engine, reader) is status


@pytest.mark.parametrize("provider", TOLD)
def test_what_is_not_signed_so_changes_nothing(engine, provider):
    _, token = ada_and_token(engine)
    before = dump(engine)
    body, headers = TOLD[provider](token)
    visitor, headers = listening(engine), dict.fromkeys(headers, "wrong")
    answer = visitor.post(f"/hooks/{provider}", content=body.replace(b"5", b"6"), headers=headers)
    assert answer.status_code == 403
    assert dump(engine) == before


@pytest.mark.parametrize("provider", TOLD)
def test_a_hook_that_no_setting_opens_is_not_there(engine, provider):
    closed = listening(engine, **dict.fromkeys(GIVEN, ""))
    assert closed.post(f"/hooks/{provider}", content=b"{}").status_code == 404
    assert listening(engine).post("/hooks/other", content=b"{}").status_code == 404
    assert listening(engine).get(f"/hooks/{provider}").status_code == 405


def test_rubbish_is_refused_and_too_much_is_not_read(engine):
    visitor, (_, said) = listening(engine), from_postmark("")
    for rubbish in (b"", b"{", b"\xff", b"[" * 100_000):
        assert visitor.post("/hooks/postmark", content=rubbish, headers=said).status_code == 400
        assert visitor.post("/hooks/ses", content=rubbish).status_code == 400
        assert visitor.post("/hooks/mailgun", content=rubbish).status_code == 403
    assert visitor.post("/hooks/postmark", content=b"[]", headers=said).status_code == 200
    assert visitor.post("/hooks/postmark", content=b" " * (MOST_BYTES + 1), headers=said).status_code == 413


def test_a_request_of_mailgun_is_believed_once_on_all_hosts(engine, broker):
    _, token = ada_and_token(engine)
    body, _ = from_mailgun(token)
    one, other = (listening(engine, broker_url=broker) for _ in range(2))
    assert one.post("/hooks/mailgun", content=body).status_code == 200
    assert other.post("/hooks/mailgun", content=body).status_code == 403


def test_a_request_of_mailgun_that_could_not_be_acted_on_may_come_again(engine, monkeypatch):
    from sqlalchemy.exc import OperationalError

    from digest.jobs import returns

    reader, token = ada_and_token(engine)
    visitor, (body, _) = listening(engine), from_mailgun(token)
    with monkeypatch.context() as broken:
        broken.setattr(returns, "_act", lambda *_: (_ for _ in ()).throw(OperationalError("", {}, Exception("gone"))))
        assert visitor.post("/hooks/mailgun", content=body).status_code == 503
    assert visitor.post("/hooks/mailgun", content=body).status_code == 200
    assert status_of(engine, reader) is Status.BOUNCED


def test_the_certificate_of_amazon_is_asked_for_once_and_away_means_later(engine):
    amazon, (_, token) = Amazon(), ada_and_token(engine)
    visitor = listening(engine, amazon)
    for _ in range(2):
        assert visitor.post("/hooks/ses", content=from_ses(token)[0]).status_code == 200
    assert amazon.asked == ["https://sns.eu-west-1.amazonaws.com/a.pem"]
    for away in (Amazon(status=500), Amazon(body=b"x" * 200_000)):
        assert listening(engine, away).post("/hooks/ses", content=from_ses(token)[0]).status_code == 503


def test_a_subscription_to_our_topic_is_confirmed_with_amazon_and_with_nobody_else(engine):
    url = "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=1"
    message = {"Type": "SubscriptionConfirmation", "Message": "m", "MessageId": "1", "Timestamp": "t", "Token": "1"}
    amazon = Amazon()
    visitor = listening(engine, amazon)
    for given in (url, "https://example.org/", "http://sns.eu-west-1.amazonaws.com/"):
        body = signed_by_amazon(message | {"SubscribeURL": given})
        assert visitor.post("/hooks/ses", content=body).status_code == 200
    assert amazon.asked[1:] == [url]
    forged = signed_by_amazon(message | {"SubscribeURL": url}).replace(b'"Token": "1"', b'"Token": "2"')
    assert visitor.post("/hooks/ses", content=forged).status_code == 403
    assert amazon.asked[1:] == [url]
