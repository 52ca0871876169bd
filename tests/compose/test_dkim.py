"""Signatures and keys: two other implementations believe what we sign, and a bad key is named before any mail."""

import stat
from dataclasses import replace
from datetime import timedelta

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from hypothesis import given, settings
from structlog.testing import capture_logs

from digest import bootstrap
from digest.compose import Composer
from digest.compose.dkim import Signer, new_key, pem, record
from digest.domain import Selection
from digest.settings import BadSetting, Settings
from tests.cli.test_cli import DAY as TODAY
from tests.cli.test_cli import Digest
from tests.emails import AWKWARD, DAY, LETTERHEAD, a_delivery, a_pick
from tests.support.mischief import deliveries, every_kind, selections
from tests.support.opendkim import verdicts
from tests.support.page_server import PageServer, a_record

KEY = new_key()
SIGNING = Composer(replace(LETTERHEAD, signer=Signer("papers.example.org", "s1", KEY)))
NAME = "s1._domainkey.papers.example.org"
# What relaxed form does away with: tabs, spaces in a row and at the end of a line, empty lines at the end.
AWKWARD_BODY = Selection(
    (a_pick(title="Tab\tand  spaces   ", abstract="a \t b  \n\n\n c" * 20), a_pick(title=".\n", abstract="  ")), 3
)

ADDED = [
    *("From: x@example.org", "Subject: Win", "To: x@example.org", "Date: Thu, 1 Jan 2026 00:00:00 +0000"),
    *("Content-Type: text/html", "Reply-To: x@example.org", "List-Unsubscribe: <https://x.example.org/>"),
    *("Message-ID: <1@example.org>", "Cc: x@example.org", "Sender: x@example.org", "MIME-Version: 1.0"),
    *("Content-Transfer-Encoding: base64", "In-Reply-To: <1@example.org>", "References: <1@example.org>"),
    *("List-Id: <x.example.org>", "List-Subscribe: <https://x.example.org/>", "List-Owner: <mailto:x@example.org>"),
    *("List-Archive: <https://x.example.org/>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click"),
    *("Feedback-ID: a:b:c:d", "CFBL-Address: x@example.org; report=arf"),
]
PLACES = ["first", "last"]


def believes(content, strings=None):
    asked = []

    def dns(name, timeout=5):
        asked.append(name.decode())
        return "".join(strings or record(KEY)).encode()

    return dkim.verify(content, dnsfunc=dns) and asked == [f"{NAME}."]


@settings(deadline=None, max_examples=60)
@given(deliveries, selections)
def test_dkimpy_believes_every_mail(delivery, selection):
    """F6, whatever the body is made of."""
    assert all(believes(mail.content) for mail in every_kind(SIGNING, delivery, selection))


@pytest.mark.parametrize("selection", [DAY, AWKWARD, AWKWARD_BODY, Selection()])
def test_dkimpy_believes_an_awkward_body(selection):
    assert believes(SIGNING.digest(a_delivery(email="rené@bücher.example"), selection).content)


def test_opendkim_believes_every_mail_and_no_changed_one(tmp_path):
    """F6, by what Debian's mail servers verify with."""
    good = [
        mail.content
        for selection in (DAY, AWKWARD, AWKWARD_BODY)
        for mail in every_kind(SIGNING, a_delivery(), selection)
    ]
    bad = [good[0].replace(b"diffusion", b"confusion"), good[0].replace(b"One-Click", b"Two-Click")]
    bad += [with_header(good[0], header, place) for header in ADDED for place in PLACES]
    told = verdicts([*good, *bad], NAME, record(KEY), tmp_path)
    assert told[: len(good)] == [""] * len(good)
    assert all(told[len(good) :])


def with_header(content, header, place):
    """Slip a header in, as somebody who passes a mail on might: before all others, or after them."""
    line = header.encode() + b"\r\n"
    head, gap, body = content.partition(b"\r\n\r\n")
    return line + content if place == "first" else b"%b\r\n%b%b%b" % (head, line.removesuffix(b"\r\n"), gap, body)


def surely_believes(content):
    try:
        return believes(content)
    except dkim.DKIMException:
        return False


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("header", ADDED)
def test_nothing_that_a_program_shows_or_acts_on_can_be_added(header, place):
    """F6: each is oversigned, those that we do not write too."""
    content = with_header(SIGNING.digest(a_delivery(), DAY).content, header, place)
    assert b"\r\n" + header.encode() in b"\r\n" + content
    assert not surely_believes(content)


def test_what_forwarders_add_does_no_harm():
    assert believes(with_header(SIGNING.digest(a_delivery(), DAY).content, "Received: from a by b", "first"))


def test_a_signature_can_expire_and_counts_from_the_moment_of_the_delivery():
    signer = Signer("papers.example.org", "s1", KEY, timedelta(days=7))
    content = Composer(replace(LETTERHEAD, signer=signer)).digest(a_delivery(), DAY).content
    due_at = int(a_delivery().due_at.timestamp())
    assert b" t=%d; x=%d;" % (due_at, due_at + 7 * 86_400) in content


def test_the_same_delivery_has_the_same_signature():
    again = Composer(replace(LETTERHEAD, signer=Signer("papers.example.org", "s1", KEY)))
    assert SIGNING.digest(a_delivery(), DAY) == again.digest(a_delivery(), DAY)


def test_a_signature_changes_nothing_else_in_a_mail_but_where_complaints_may_go():
    unsigned = Composer(LETTERHEAD).digest(a_delivery(), DAY).content
    signed = SIGNING.digest(a_delivery(), DAY).content
    lines = [line for line in signed[signed.index(b"Date:") :].split(b"\r\n") if not line.startswith(b"CFBL-Address:")]
    assert b"\r\n".join(lines) == unsigned


def set_up(tmp_path, content, selector="s1"):
    file = tmp_path / "key.pem"
    if content is not None:
        file.write_bytes(content)
    return Settings(mail_from="digest@papers.example.org", dkim_selector=selector, dkim_private_key=str(file))


def pkcs8(key, encryption=None):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())


@pytest.mark.parametrize("write", [pem, pkcs8])
def test_a_key_set_up_signs(tmp_path, write):
    composer = bootstrap.composer(set_up(tmp_path, write(KEY)))
    assert believes(composer.digest(a_delivery(), DAY).content)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, "cannot read .*key.pem: No such file or directory"),
        (b"", "is not a private key in PEM form"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "is not a private key in PEM form"),
        (pkcs8(KEY, BestAvailableEncryption(b"hush")), "without a password"),
        (pkcs8(ed25519.Ed25519PrivateKey.generate()), "is not an RSA key"),
    ],
    ids=["missing", "empty", "nonsense", "locked", "another kind"],
)
def test_a_key_that_cannot_sign_is_named_at_start(tmp_path, content, problem):
    with pytest.raises(BadSetting, match=f"^DIGEST_DKIM_PRIVATE_KEY: .*{problem}") as error:
        bootstrap.composer(set_up(tmp_path, content))
    assert "\n" not in str(error.value)


def test_a_key_that_nobody_believes_is_refused(tmp_path):
    """RFC 8301, section 3.2: 1024 bits at least. No library makes less any more, so two primes do."""
    p, q, e = 2**255 - 19, 2**256 - 189, 65537
    d = pow(e, -1, (p - 1) * (q - 1))
    halves = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    key = rsa.RSAPrivateNumbers(p, q, d, *halves, rsa.RSAPublicNumbers(e, p * q)).private_key()
    with pytest.raises(BadSetting, match="has 511 bits, and no receiver believes less than 1024"):
        bootstrap.composer(set_up(tmp_path, pkcs8(key)))


def test_a_short_key_signs_and_is_told_of(tmp_path):
    with capture_logs() as logs:
        bootstrap.composer(set_up(tmp_path, pkcs8(rsa.generate_private_key(65537, 1024))))
    assert [(line["log_level"], line["bits"]) for line in logs] == [("warning", 1024)]


def test_half_a_setting_is_named(tmp_path):
    with pytest.raises(BadSetting, match="go together"):
        bootstrap.composer(Settings(dkim_selector="s1"))
    with pytest.raises(BadSetting, match="DIGEST_DKIM_SELECTOR: 'a b' is not a DNS name"):
        bootstrap.composer(set_up(tmp_path, pem(KEY), selector="a b"))


def test_a_new_key_signs_what_its_record_verifies(tmp_path):
    digest = Digest()
    digest("dkim", "new", "--domain", "papers.example.org", "--selector", "s1", "--out", "keys/s1.pem", "--json")
    assert (digest.code, digest.err) == (0, "")
    (said,) = digest.rows
    assert (said["name"], said["type"]) == (NAME, "TXT")
    assert all(len(string) <= 255 for string in said["value"])
    assert stat.S_IMODE((tmp_path / "keys/s1.pem").stat().st_mode) == 0o600
    given = {name.removeprefix("DIGEST_").lower(): value for name, value in said["settings"].items()}
    composer = bootstrap.composer(Settings(mail_from="digest@papers.example.org", **given))
    assert believes(composer.digest(a_delivery(), DAY).content, said["value"])


def test_a_new_key_is_told_with_its_record_and_its_settings():
    digest = Digest(mail_from="digest@papers.example.org")("dkim", "new", now="2026-11-24T08:00")
    assert digest.code == 0
    assert "Name   digest20261124._domainkey.papers.example.org\n" in digest.out
    assert 'Value  "v=DKIM1; k=rsa; p=MII' in digest.out
    assert "DIGEST_DKIM_SELECTOR=digest20261124\n" in digest.out
    assert "/var/digest20261124.pem\n" in digest.out


def test_a_key_is_never_overwritten(tmp_path):
    digest = Digest(mail_from="digest@papers.example.org")
    digest("dkim", "new", "--out", "key.pem")
    before = (tmp_path / "key.pem").read_bytes()
    digest("dkim", "new", "--out", "key.pem")
    assert digest.code == 1
    assert "key.pem is there already" in digest.err
    assert digest.err.count("\n") == 1
    assert (tmp_path / "key.pem").read_bytes() == before


@pytest.mark.parametrize(
    ("words", "code", "problem"),
    [
        ((), 2, "--domain: 'localhost' is not a public domain"),
        (("--domain", "a b.example"), 2, "--domain: 'a b.example' is not a public domain"),
        (("--domain", "a.example", "--selector", "under_score"), 2, "--selector: 'under_score' is not a DNS name"),
        (("--domain", "a.example", "--out", "/proc/no/key.pem"), 1, "cannot write /proc/no/key.pem"),
    ],
)
def test_what_cannot_be_made_is_told_in_a_line(words, code, problem):
    digest = Digest()("dkim", "new", *words)
    assert (digest.code, digest.out) == (code, "")
    assert problem in digest.err
    assert digest.err.count("\n") == 1


def test_a_preview_prints_what_would_be_sent_signature_and_all(tmp_path):
    (tmp_path / "key.pem").write_bytes(pem(KEY))
    digest = Digest(
        mail_from="digest@papers.example.org",
        dkim_selector="s1",
        dkim_private_key=str(tmp_path / "key.pem"),
        database_url=f"sqlite:///{tmp_path}/digest.sqlite3",
    )
    digest("migrate")
    with PageServer({TODAY: [a_record("2512.00001", title="On Tides")]}, today=TODAY) as pages:
        digest.settings["DIGEST_HUGGINGFACE_URL"] = pages.url
        digest("collect", "--date", str(TODAY))
    first, again = (digest("preview", "tides", "--format", "eml").out for _ in range(2))
    assert first == again
    assert believes(first.encode())
