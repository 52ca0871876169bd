"""How a mail is written down: its headers, and what never changes in it whatever strangers may have typed."""

import quopri
import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import SMTP

from hypothesis import example, given, settings
from hypothesis import strategies as st
from wcwidth import wcswidth

from digest.compose import Composer, opened
from digest.compose.mime import UNPRINTABLE, quoted
from digest.links import Named, Purpose
from tests.emails import DAY, DRAFT, LETTERHEAD, a_delivery, a_pick
from tests.support.composing import COMPOSER, Tags, a_digest, a_letter, flat
from tests.support.examples import some
from tests.support.factories import a_key
from tests.support.mischief import deliveries, every_kind, selections

ANOTHER = Composer(LETTERHEAD)
UNSUBSCRIBE = re.compile(
    rb"\r\nList-Unsubscribe: <https://papers\.example\.org/unsubscribe/([\w.-]+)>, "
    rb"<mailto:unsubscribe\+[\w.]+@papers\.example\.org\?subject=unsubscribe>\r\n"
)


def for_any_mail(test):
    return settings(deadline=None, max_examples=some(40))(given(deliveries, selections)(test))


@for_any_mail
def test_a_digest_reads_back_as_text_and_then_html(delivery, selection):
    message = message_from_bytes(COMPOSER.digest(delivery, selection).content, policy=SMTP)
    parts = list(message.walk())
    assert [part.get_content_type() for part in parts] == ["multipart/alternative", "text/plain", "text/html"]
    assert not any(part.defects for part in parts)
    assert not any(UNPRINTABLE.search(part.get_content().replace("\r\n", "\n")) for part in parts[1:])


OURS = {"html", "head", "meta", "title", "style", "body", "div", "table", "tbody", "tr", "td"}
OURS |= {"p", "a", "h1", "h2", "b", "em", "bdi", "span", "h3", "ul", "ol", "li"}


@for_any_mail
def test_what_strangers_wrote_never_becomes_markup_or_a_strange_link(delivery, selection):
    page = Tags(opened(COMPOSER.digest(delivery, selection).content).html)
    assert page.tags <= OURS
    assert all(re.match(r"https?://[^\s\"<>]+$|#[a-z0-9-]+$", address) for address in page.addresses)


@for_any_mail
def test_the_same_delivery_is_the_same_mail_whoever_writes_it(delivery, selection):
    """A retry in another process sends the same message, whatever was written there before."""
    assert every_kind(COMPOSER, delivery, selection) == every_kind(ANOTHER, delivery, selection)


@for_any_mail
def test_a_line_of_text_has_72_columns_at_most_unless_it_is_a_link(delivery, selection):
    lines = opened(COMPOSER.digest(delivery, selection).content).text.splitlines()
    assert all(wcswidth(line) <= 72 for line in lines if "://" not in line and not line.startswith("It was sent to"))


def test_a_mail_goes_from_an_address_of_its_own_to_the_reader():
    mail = a_digest(a_pick(DRAFT))
    assert (mail.delivery_id, mail.recipient) == (7, "reader@example.org")
    assert mail.sender == LETTERHEAD.links.bounce_address(a_key(1), 7, "papers.example.org")


def test_the_unsubscribe_header_bears_the_readers_own_token():
    token = UNSUBSCRIBE.search(a_digest(a_pick(DRAFT)).content)[1].decode()
    assert LETTERHEAD.links.read(Purpose.UNSUBSCRIBE, token) == Named(a_key(1))


def test_a_date_and_a_message_id_derive_from_the_delivery():
    message = message_from_bytes(a_digest(a_pick(DRAFT), id=12).content)
    assert message["Date"] == "Wed, 24 Dec 2025 18:00:00 +0000"
    assert message["Message-ID"] == "<digest.12.20251224180000@papers.example.org>"


def test_feedback_and_list_ids_name_no_reader():
    mails = [
        message_from_bytes(a_digest(a_pick(DRAFT), id=id, email=email).content)
        for id, email in [(1, "a@example.org"), (2, "b@example.org")]
    ]
    assert {mail["Feedback-ID"] for mail in mails} == {"digest:20251224:papers.example.org:paper-digest"}
    assert {mail["List-Id"] for mail in mails} == {"<digest.papers.example.org>"}


def test_domains_and_names_that_are_not_ascii_are_encoded():
    house = replace(LETTERHEAD, mail_from="Übersicht <digest@bücher.example>", mail_domain="bücher.example")
    mail = Composer(house).digest(a_delivery(email="reader@bücher.example"), DAY)
    message = message_from_bytes(mail.content, policy=SMTP)
    assert mail.recipient == "reader@xn--bcher-kva.example"
    assert mail.sender.startswith("bounce+")
    assert mail.sender.endswith("@xn--bcher-kva.example")
    assert message["From"].addresses[0].display_name == "Übersicht"
    assert message["Message-ID"].endswith("@xn--bcher-kva.example>")


def test_a_subject_says_how_many_papers_and_names_the_first():
    assert a_letter(a_pick(title="One"), a_pick(title="Two")).subject == "Two trending papers: One"
    assert a_letter(a_pick(title="One")).subject == "One trending paper: One"


def test_a_long_subject_is_cut_after_a_word():
    subject = a_letter(a_pick(title="Attention and " * 20)).subject
    assert len(subject) <= 75
    assert subject.endswith(("Attention…", "and…"))


def test_a_subject_is_encoded_only_when_it_needs_to_be():
    assert b"\r\nSubject: One trending paper: Plain & Simple\r\n" in a_digest(a_pick(title="Plain & Simple")).content
    assert b"\r\nSubject: =?utf-8?b?" in a_digest(a_pick(title="Schrödinger")).content
    assert a_letter(a_pick(title="=?utf-8?q?spoof?=")).subject == "One trending paper: =?utf-8?q?spoof?="


@given(st.text(min_size=1, max_size=50))
@settings(deadline=None)
def test_a_subject_reads_back_as_it_was_meant(title):
    shown = flat(UNPRINTABLE.sub(" ", title))
    assert flat(a_letter(a_pick(title=title)).subject) == flat(f"One trending paper: {shown}")


@given(st.text(alphabet="0= <\n:é>", min_size=60, max_size=120))
@example("é&&=0:<&0 =&=é&==0 é&>: &=0&>0=<: 0& <é0 \n")
def test_no_quoted_line_is_too_long_and_none_loses_anything(text):
    piece = quoted(text)
    assert all(len(line) <= 76 for line in piece.split(b"\r\n"))
    assert quopri.decodestring(piece).decode().replace("\r\n", "\n") == text
