"""A digest with a name says it in its subject, its heading and its List-Id, and nothing else can be made of it."""

from email import message_from_bytes
from email.policy import SMTP
from re import fullmatch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose import opened
from digest.compose.headers import LONGEST_LABEL, list_id
from tests.emails import COMPOSER, DAY, a_delivery

DOMAIN = "papers.example.org"
# RFC 2919: what a list is called, as a domain below one of ours.
A_LABEL = rf"<[a-z0-9](?:[a-z0-9-]{{0,{LONGEST_LABEL + 9}}}[a-z0-9])?\.digest\.papers\.example\.org>"


def a_letter(kind="digest", **given):
    delivery = a_delivery(kind, name="my thesis")
    if kind == "quiet":
        return opened(COMPOSER.quiet(a_delivery(name="my thesis")).content)
    mail = COMPOSER.digest(delivery, DAY, **given) if kind == "digest" else COMPOSER.letter(delivery)
    return opened(mail.content)


def test_its_name_begins_the_subject_and_stands_at_the_top():
    letter = a_letter()
    assert letter.subject.startswith("my thesis: Two papers")
    assert letter.text.startswith("Paper Digest · my thesis · ")
    assert "<bdi>my thesis</bdi>" in letter.html


def test_each_mail_says_which_digest_it_is_of():
    assert a_letter("quiet").subject == "my thesis: Nothing new on your topics this week"
    first = a_letter(first=True)
    assert first.subject.startswith("First digest of my thesis: ")
    assert "This is the first digest of “my thesis”." in first.text
    assert "your first digest" not in first.text
    goodbye = a_letter("goodbye")
    assert goodbye.subject == "You are unsubscribed from my thesis"
    assert "“my thesis” has ended" in goodbye.text


def test_what_a_stranger_sees_does_not_say_it():
    page = opened(COMPOSER.digest(a_delivery(name="my thesis"), DAY, shared=True).content)
    assert "my thesis" not in page.subject + page.text + page.html


@pytest.mark.parametrize(
    ("name", "label"),
    [("", "digest"), ("my thesis", "my-thesis.digest"), ("My Thesis", "my-thesis.digest"), ("v2", "v2.digest")],
)
def test_a_list_id_is_made_from_the_name(name, label):
    assert list_id(name, DOMAIN) == f"<{label}.{DOMAIN}>"


def test_two_names_are_two_lists():
    several = ["my thesis", "my-thesis", "my (thesis)", "mythesis", "論文", "论文", "thèse", "these", "-"]
    several += ["x" * 60, "x" * 61]
    made = [list_id(name, DOMAIN) for name in several]
    assert len(set(made)) == len(several)
    assert all(fullmatch(A_LABEL, each) for each in made)


@given(st.text(min_size=1))
def test_whatever_stands_in_the_database_a_list_id_is_one(name):
    assert fullmatch(A_LABEL, list_id(name, DOMAIN)) or list_id(name, DOMAIN) == f"<digest.{DOMAIN}>"


@given(st.text())
def test_no_name_adds_a_header_or_a_link(name):
    """Whoever wrote it into the table."""
    plain = message_from_bytes(COMPOSER.digest(a_delivery(), DAY).content, policy=SMTP)
    named = message_from_bytes(COMPOSER.digest(a_delivery(name=name), DAY).content, policy=SMTP)
    assert named.keys() == plain.keys()
    assert not named.defects


@pytest.mark.parametrize("name", ["see https://evil.example/x", "evil.example", "ada@evil.example", "www.evil.example"])
def test_no_mail_program_makes_a_link_of_a_name(name):
    letter = opened(COMPOSER.digest(a_delivery(name=name), DAY).content)
    assert "evil.example" not in letter.subject + letter.text + letter.html
