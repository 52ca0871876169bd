"""Returned messages, complaints and automatic answers to verdicts: invented ones, and real ones beside the project."""

import json
import re
from email import message_from_bytes
from pathlib import Path

import pytest
from flufl.bounce import all_failures
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from digest import bounces
from digest.bounces.opening import MOST_BLOCKS, opened
from digest.bounces.reasons import MEANS
from digest.domain import VerdictKind
from tests.support import realdata
from tests.support.examples import some
from tests.support.returned import DELAY, EXIM, FULL, HARD, QMAIL, a_letter, a_notice, an_original, complaint, report

K = VerdictKind
ADA = ("ada@example.org",)
BROKEN_REPORT = report().replace(b"--b\n", b"").replace(b"--b--\n", b"")
REPLACED = "html><style>.x{color: #555}</style><p>550 5.1.1 &lt;ada@example.org&gt;: user unknown</p></html>"

MESSAGES = {
    "a dead address": (report(), K.HARD, "no-such-user", "5.1.1", ADA),
    "a full mailbox": (report(FULL, status="5.2.2"), K.SOFT, "mailbox-full", "5.2.2", ADA),
    "a full mailbox, coded wrongly": (report("552 5.1.1 over quota"), K.SOFT, "mailbox-full", "5.1.1", ADA),
    "a status alone": (report("", status="5.1.1"), K.HARD, "no-such-user", "5.1.1", ADA),
    "nothing but a class": (report("", status="5.0.0"), K.SOFT, "unknown", "5.0.0", ADA),
    "our reputation": (report("554 5.7.1 blocked using bl.example.net"), K.SENDER_FAULT, "reputation", "5.7.1", ADA),
    "our authentication": (
        report("550 5.7.26 DMARC", status="5.7.26"),
        K.SENDER_FAULT,
        "authentication",
        "5.7.26",
        ADA,
    ),
    "an unknown user after DATA": (report("550 User unknown", status="5.2.0"), K.SOFT, "no-such-user", "5.2.0", ADA),
    "a policy, said to RCPT": (
        report("550 5.7.1 <ada@example.org>: Recipient address rejected: Blocked (in reply to RCPT TO command)"),
        K.SENDER_FAULT,
        "policy",
        "5.7.1",
        ADA,
    ),
    "access denied, said to RCPT": (
        report("550 5.7.1 <ada@example.org>: Recipient address rejected: Access denied (in reply to RCPT TO command)"),
        K.SOFT,
        "refused",
        "5.7.1",
        ADA,
    ),
    "no such user, coded as a policy": (
        report("550 5.7.1 no such user (in reply to RCPT TO command)"),
        K.HARD,
        "no-such-user",
        "5.7.1",
        ADA,
    ),
    "still trying": (
        report("421 4.4.1 timed out", action="delayed"),
        K.DELAYED,
        "network",
        "4.4.1",
        ADA,
    ),
    "delivered": (report("250 OK", action="delivered", status="2.0.0"), K.NONE, "delivered", "2.0.0", ADA),
    "relayed": (report("250 OK", action="relayed", status="2.0.0"), K.NONE, "delivered", "2.0.0", ADA),
    "an error, as opensmtpd says": (report(action="error"), K.HARD, "no-such-user", "5.1.1", ADA),
    "a report without boundaries": (BROKEN_REPORT, K.HARD, "no-such-user", "5.1.1", ADA),
    "exim": (a_notice(EXIM), K.HARD, "no-such-user", "", ADA),
    "qmail": (a_notice(QMAIL), K.HARD, "no-such-user", "", ADA),
    "words alone": (a_notice("<ada@example.org>: 550 unknown user"), K.SOFT, "no-such-user", "", None),
    "a warning": (a_notice(DELAY, subject="Warning: message delayed"), K.DELAYED, "busy", "4.7.1", None),
    "nothing said": (a_notice("Your mail could not be delivered."), K.SOFT, "refused", "", ()),
    "a complaint": (complaint(), K.COMPLAINT, "abuse", "", ADA),
    "a fraud complaint": (complaint("fraud"), K.COMPLAINT, "fraud", "", ADA),
    "not spam": (complaint("not-spam"), K.NOT_SPAM, "not-spam", "", ADA),
    "opt-out": (complaint("opt-out"), K.UNSUBSCRIBE, "opt-out", "", ADA),
    "DMARC failed": (complaint("auth-failure"), K.SENDER_FAULT, "auth-failure", "", ADA),
    "some other report": (complaint("shoe-size"), K.NONE, "other", "", ADA),
    "Hotmail's complaint": (
        complaint()
        .replace(b"FW: 3 papers", b"complaint about message from 192.0.2.1")
        .replace(b"feedback-report", b"x"),
        K.COMPLAINT,
        "abuse",
        "",
        ADA,
    ),
    "away": (a_letter("Out of office: 3 papers", "I no longer work here."), K.AUTO_REPLY, "away", "", ()),
    "away, by its header": (a_letter("Thanks", Auto_Submitted="auto-replied"), K.AUTO_REPLY, "away", "", ()),
    "away, in its own way": (a_letter("Thanks", X_Autoreply="yes"), K.AUTO_REPLY, "away", "", ()),
    "away, by its precedence": (a_letter("Thanks", Precedence="auto_reply"), K.AUTO_REPLY, "away", "", ()),
    "away, encoded": (a_letter("=?utf-8?q?R=C3=A9ponse_automatique?="), K.AUTO_REPLY, "away", "", ()),
    "leaving": (a_letter("unsubscribe", "", to="unsubscribe+7.abc@papers.example.org"), K.UNSUBSCRIBE, "asked", "", ()),
    "leaving, by a program": (a_letter("unsubscribe", Auto_Submitted="auto-replied"), K.UNSUBSCRIBE, "asked", "", ()),
    "away, to the way out": (
        a_letter("Thanks", to="unsubscribe+7.abc@papers.example.org", Auto_Submitted="auto-replied"),
        K.AUTO_REPLY,
        "away",
        "",
        (),
    ),
    "a person": (
        a_letter("Re: 3 papers", "My account does not exist."),
        K.NONE,
        "not-understood",
        "",
        (),
    ),
    "nothing": (b"", K.NONE, "not-understood", "", ()),
}


@pytest.mark.parametrize("case", MESSAGES.values(), ids=MESSAGES)
def test_a_message_that_comes_back_has_its_verdict(case):
    content, kind, reason, status, recipients = case
    verdict = bounces.of_message(content)
    assert (verdict.kind, verdict.reason, verdict.status) == (kind, reason, status)
    assert recipients is None or verdict.recipients == recipients


@pytest.mark.parametrize("case", MESSAGES.values(), ids=MESSAGES)
@pytest.mark.parametrize("end", [b"\r\n", b"\r"])
def test_line_ends_change_no_verdict(case, end):
    assert bounces.of_message(case[0].replace(b"\n", end)) == bounces.of_message(case[0])


def test_what_the_returned_mail_says_is_not_what_the_report_says():
    original = an_original().replace("Hello.", "Your mailbox is full of spam: 550 5.7.1 blocked")
    assert bounces.of_message(report(original=original)).reason == "no-such-user"
    assert bounces.of_message(a_notice(EXIM)).reason == "no-such-user"


def test_a_report_in_html_alone_is_read_without_its_tags():
    html = a_notice(f"<{REPLACED}").replace(b"text/plain", b"text/html")
    assert bounces.of_message(html).kind is K.HARD


def test_of_several_recipients_those_who_fared_as_the_first_are_named():
    other = "Final-Recipient: rfc822; bob@example.org\nAction: failed\nStatus: 5.2.2\n\n"
    both = report().replace(b"--b\nContent-Type: message/rfc822", other.encode() + b"--b\nContent-Type: message/rfc822")
    assert bounces.of_message(both).recipients == ADA
    assert bounces.of_message(both.replace(b"5.2.2", b"5.1.1")).recipients == ("ada@example.org", "bob@example.org")


@pytest.mark.parametrize(
    ("kind", "said", "means"),
    [
        ("Bounce", {"bouncedRecipients": [{"emailAddress": "ada@example.org", "diagnosticCode": HARD}]}, K.HARD),
        ("Complaint", {"complainedRecipients": [{"emailAddress": "ada@example.org"}]}, K.COMPLAINT),
        ("Delivery", {"recipients": ["ada@example.org"]}, K.NONE),
        ("Bounce", {}, None),
    ],
)
def test_what_amazon_says_in_json_is_read(kind, said, means):
    inner = json.dumps({"notificationType": kind, kind.lower(): said})
    text = json.dumps({"Type": "Notification", "Message": inner})
    verdict = bounces.of_message(a_letter("AWS Notification Message", f"{text}\n\n--\nIf you wish to stop this, do."))
    if means:
        assert (verdict.kind, verdict.recipients) == (means, ADA)
    else:
        assert verdict.kind is K.NONE


def test_every_reason_that_is_given_is_documented():
    documented = (Path(__file__).parents[2] / "docs" / "verdicts.md").read_text()
    given_reasons = set(MEANS) | {case[2] for case in MESSAGES.values()}
    assert [reason for reason in given_reasons if f"`{reason}`" not in documented] == []


@settings(max_examples=some(300), deadline=None)
@given(st.binary(max_size=400))
@example(b"Content-Type: multipart/report; boundary=\n\n--\n")
@example(b"Content-Type: message/delivery-status\nContent-Transfer-Encoding: base64\n\n====\n")
@example(b"Subject: =?utf-16?b?2A==?=\nFrom: mailer-daemon\n\n\xff\xfe")
@example(b"Content-Type: text/plain; charset=idna\nFrom: mailer-daemon\n\n.." + b"x" * 70)
def test_no_bytes_break_it(content):
    assert bounces.of_message(content).kind in VerdictKind
    assert list(bounces.bounce_tokens(content)) == []


@settings(max_examples=some(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(MESSAGES)), st.integers(0, 3000), st.binary(min_size=1, max_size=12), st.integers(0, 40))
def test_no_damage_breaks_it(name, place, put_in, left_out):
    content = MESSAGES[name][0]
    assert bounces.of_message(content[:place] + put_in + content[place + left_out :]).kind in VerdictKind


# What real servers and providers wrote.

# Kinds that are no bounces, and what sisimai's collection calls them.
NO_BOUNCE = {"feedback", "vacation", "delivered"}


def real_messages():
    folder = realdata.capture("bounces")
    expected = json.loads((folder / "expected.json").read_bytes())
    files = sorted((folder / "messages").glob("*.eml"))
    return {path.name: (path.read_bytes(), expected.get(path.name, [])) for path in files}


@pytest.mark.parametrize("loose", [False, True], ids=["in their part", "without parts"])
def test_of_a_report_with_very_many_recipients_a_few_are_judged(loose):
    block = "Final-Recipient: rfc822; a{}@example.org\nAction: failed\nStatus: 5.1.1\n\n"
    blocks = "".join(block.format(number) for number in range(1000)).encode()
    content = report().replace(
        b"Final-Recipient: rfc822; ada@example.org\n", blocks + b"Final-Recipient: rfc822; z@example.org\n"
    )
    content = content.replace(b"--b\n", b"").replace(b"--b--\n", b"") if loose else content
    verdict = bounces.of_message(content)
    assert (verdict.kind, verdict.recipients[0]) == (K.HARD, "a0@example.org")
    assert len(verdict.recipients) == len(opened(content).blocks) == MOST_BLOCKS


@pytest.mark.realdata
def test_hard_and_soft_agree_with_what_is_known_of_real_bounces():
    agree = [
        (bounces.of_message(content).kind is K.HARD) is said[0]["hardbounce"]
        for content, said in real_messages().values()
        if said and said[0]["reason"] not in NO_BOUNCE
    ]
    assert len(agree) > 250
    assert sum(agree) / len(agree) >= 0.95


@pytest.mark.realdata
def test_real_complaints_are_found_and_real_answers_suppress_nobody():
    suppressing = {K.HARD, K.SOFT, K.COMPLAINT, K.UNSUBSCRIBE}
    for name, (content, said) in real_messages().items():
        verdict = bounces.of_message(content)
        for one in said:
            if one["reason"] == "feedback" and one["extra"] == "abuse":
                assert verdict.kind is K.COMPLAINT, name
            if one["reason"] in {"vacation", "delivered"} or one["extra"] == "not-spam":
                assert verdict.kind not in suppressing, name


@pytest.mark.realdata
def test_the_recipient_is_found_where_flufl_bounce_finds_one():
    found = []
    for content, _ in real_messages().values():
        temporary, permanent = all_failures(message_from_bytes(content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")))
        known = {one.decode().lower() for one in temporary | permanent if re.fullmatch(rb"[^\s@\"|]+@[^\s@\"]+", one)}
        if known:
            found.append(bool(known & {one.lower() for one in bounces.of_message(content).recipients}))
    assert len(found) > 200
    assert sum(found) / len(found) >= 0.95


def real_replies():
    def walk(value):
        if isinstance(value, dict):
            yield from [value["response"]] if "response" in value else []
        for one in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            yield from walk(one)

    return [one for path in realdata.capture("smtp").glob("*.json") for one in walk(json.loads(path.read_bytes()))]


ABOUT_US = re.compile(
    r"\b[45]\.7\.\d|spam|virus|polic|reputation|block|dmarc|spf|dkim|ptr|dns|relay(?!=)|rate|volume|abuse|spoof|denied|banned",
    re.I,
)


@pytest.mark.realdata
def test_no_real_reply_about_us_gives_a_reader_up():
    about_us = [reply for reply in real_replies() if ABOUT_US.search(re.sub(r"https?://\S+", "", reply))]
    assert len(about_us) > 80
    assert [reply for reply in about_us if bounces.of_reply(reply).kind is K.HARD] == []
