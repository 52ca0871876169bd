"""Rows that nobody can read, plan or write: they are set aside and named, and hold up nobody."""

from datetime import timedelta

import pytest

from digest.domain import EPOCH, State
from digest.jobs import alerts, delivery
from digest.store import collections, history, papers, planning, readers
from tests.support.factories import a_paper

A_DAY = timedelta(days=1)
ADA, BOB = "ada@example.org", "bob@example.org"


POISON = {
    "a time zone this machine does not know": "UPDATE readers SET timezone = 'Mars/Olympus' WHERE email = :email",
    "no time zone": "UPDATE readers SET timezone = '' WHERE email = :email",
    "hour 99": "UPDATE readers SET hour = 99 WHERE email = :email",
    "a cadence nobody knows": "UPDATE readers SET cadence = 'hourly' WHERE email = :email",
    "topics that are no JSON": "UPDATE readers SET topics = '[oops' WHERE email = :email",
    "topics that are no list": "UPDATE readers SET topics = '7' WHERE email = :email",
    "topics that no UTF-8 can write": """UPDATE readers SET topics = '["\\ud800"]' WHERE email = :email""",
    "topics within topics": """UPDATE readers SET topics = '[["a"]]' WHERE email = :email""",
    "topics without end": f"UPDATE readers SET topics = '{'[' * 5000}' WHERE email = :email",
    "an order nobody knows": "UPDATE readers SET \"order\" = 'backwards' WHERE email = :email",
    "no papers at most": "UPDATE readers SET most_papers = -3 WHERE email = :email",
}


@pytest.mark.parametrize("poison", POISON.values(), ids=POISON)
def test_a_reader_whose_row_is_broken_is_set_aside_and_the_others_get_their_mail(two, poison):
    two.runs(poison, email=ADA)
    two.sends()
    assert BOB in two.mail_server.recipients
    if ADA not in two.mail_server.recipients:
        [aside] = planning.set_aside(two.engine, two.now - A_DAY)
        assert aside.reason
        assert delivery.troubles(two.engine, two.now)
    two.now += A_DAY
    two.collects(a_paper(title="Speculative decoding, again"), day=two.now.date())
    two.sends()
    assert two.mail_server.recipients.count(BOB) == 2


LATER_POISON = {
    "papers that are no JSON": "UPDATE deliveries SET papers = 'oops' WHERE reader_id = 1",
    "papers within papers": """UPDATE deliveries SET papers = '[["a"]]' WHERE reader_id = 1""",
    "papers that no UTF-8 can write": """UPDATE deliveries SET papers = '["\\ud800"]' WHERE reader_id = 1""",
    "a paper whose authors are numbers": "UPDATE papers SET authors = '[1, null]' WHERE id = '2512.99999'",
    "a paper whose authors no UTF-8 can write": """UPDATE papers SET authors = '["\\ud800"]' WHERE id = '2512.99999'""",
    "preferences that are no JSON": "UPDATE deliveries SET preferences = '{oops' WHERE reader_id = 1",
    "preferences without topics": "UPDATE deliveries SET preferences = '{}' WHERE reader_id = 1",
    "a kind nobody knows": "UPDATE deliveries SET kind = 'sonnet' WHERE reader_id = 1",
    "a zone that was known when it was planned": "UPDATE readers SET timezone = 'Mars/Olympus' WHERE id = 1",
    "an edition nobody can unpack": "UPDATE editions SET relisted = 'oops'",
}


@pytest.mark.parametrize("poison", LATER_POISON.values(), ids=LATER_POISON)
def test_a_delivery_that_is_broken_is_set_aside_and_the_others_go(two, poison):
    two.collects(a_paper("2512.99999", title="Something else"))
    delivery.plan(two.engine, two.now)
    delivery.dry_run(two.engine, two.post())
    two.runs(poison)
    two.delivers()
    assert BOB in two.mail_server.recipients
    assert {one.kind: one.state for one in two.of(BOB)} == {"digest": State.SENT}


def test_a_broken_paper_sent_long_ago_does_not_hold_up_its_reader(two):
    two.sends()
    two.runs("UPDATE deliveries SET papers = 'oops'")
    two.now += A_DAY
    two.collects(a_paper(title="Speculative decoding, again"), day=two.now.date())
    two.sends()
    assert two.mail_server.recipients.count(ADA) == 2


def test_who_was_set_aside_and_mended_is_planned_again(two):
    two.runs("UPDATE readers SET timezone = 'Mars/Olympus' WHERE email = :email", email=ADA)
    two.sends()
    two.runs("UPDATE readers SET timezone = 'UTC' WHERE email = :email", email=ADA)
    two.now += A_DAY + timedelta(minutes=1)
    two.sends()
    assert ADA in two.mail_server.recipients
    assert planning.set_aside(two.engine, two.now) == []


def test_the_operator_is_told_once_who_was_set_aside(two):
    two.runs("UPDATE readers SET timezone = 'Mars/Olympus' WHERE email = :email", email=ADA)
    two.sends()
    told = [alerts.watch(two.engine, two.post(), "op@example.org", most_confirmations=0) for _ in range(2)]
    assert len(told[0]) == 1
    assert "Mars/Olympus" in told[0][0]
    assert ADA not in told[0][0]
    assert told[1] == []


# What only SQLite takes: there a column holds whatever is put into it.
UNTYPED = {
    "a number for a due moment": "UPDATE readers SET next_due_at = 7 WHERE email = :email",
    "an hour for a due moment": "UPDATE readers SET next_due_at = '12:00' WHERE email = :email",
    "bytes for an address": "UPDATE readers SET email = x'fffe' WHERE email = :email",
    "words for a number of papers": "UPDATE readers SET most_papers = 'many' WHERE email = :email",
    "a past that is no moment": "UPDATE deliveries SET due_at = 7 WHERE reader_id = 1 AND :email <> ''",
    "words for a count": "UPDATE deliveries SET unanswered = 'often' WHERE reader_id = 1 AND :email <> ''",
    "a breaker that ends never": "INSERT INTO brakes VALUES ('relay x', 1, 'some day', :email)",
    "a breaker that ends at a number": "INSERT INTO brakes VALUES ('domain x', 1, 7, :email)",
}


@pytest.mark.parametrize("poison", UNTYPED.values(), ids=UNTYPED)
def test_a_value_of_the_wrong_type_holds_up_nobody_else(two, poison):
    if two.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL refuses it")
    two.sends()
    two.runs(poison, email=ADA)
    two.now += A_DAY
    two.collects(a_paper(title="Speculative decoding, again"), day=two.now.date())
    two.sends()
    assert two.mail_server.recipients.count(BOB) == 2
    alerts.watch(two.engine, two.post(), "op@example.org", most_confirmations=0)


MISDATED = {
    "a look at no moment": "UPDATE collections SET collected_at = substr(collected_at, 1, 11) || 'xx' WHERE id = 1",
    "a listing on no day": "UPDATE listings SET day = 'some day' WHERE paper_id = '2512.99999'",
    "a listing on a number": "UPDATE listings SET day = 7 WHERE paper_id = '2512.99999'",
    "words for upvotes": "UPDATE listings SET upvotes = 'many' WHERE paper_id = '2512.99999'",
    "bytes for a title": "UPDATE papers SET title = x'ff' WHERE id = '2512.99999'",
}


@pytest.mark.parametrize("poison", MISDATED.values(), ids=MISDATED)
def test_one_row_of_a_source_that_is_broken_ends_nobodys_planning(two, poison):
    if two.engine.dialect.name == "postgresql":
        pytest.skip("PostgreSQL refuses it")
    two.collects(a_paper("2512.99999", title="Something else"))
    two.collects(a_paper(title="Speculative decoding, once more"))
    two.runs(poison)
    two.now += A_DAY
    two.sends()
    assert BOB in two.mail_server.recipients
    assert len(collections.history(two.engine, "huggingface", EPOCH.date())) >= 2
    assert papers.newest_listed(two.engine)


KNOWN_PAPERS = {
    "keywords that are no JSON": "UPDATE papers SET keywords = 'oops'",
    "categories without end": f"UPDATE papers SET categories = '{'[' * 5000}'",
    "categories that are numbers": "UPDATE papers SET categories = '[1]'",
    "authors that are no text": "UPDATE papers SET authors = '[[]]'",
}


@pytest.mark.parametrize("poison", KNOWN_PAPERS.values(), ids=KNOWN_PAPERS)
def test_a_broken_paper_that_is_listed_again_takes_no_other_with_it(two, poison):
    known = a_paper(title="Speculative decoding, one more")
    two.collects(known)
    two.runs(poison)
    two.now += A_DAY
    two.collects(known, a_paper(title="Speculative decoding, again"), day=two.now.date())
    two.sends()
    assert BOB in two.mail_server.recipients


def test_who_cannot_be_read_hides_nobody_from_the_operator(two):
    for poison in ("topics = '[oops'", "cadence = 'hourly'", "status = 'gone'"):
        two.runs(f"UPDATE readers SET {poison} WHERE email = :email", email=ADA)
        assert [one.email for one in readers.everyone(two.engine)] == [BOB]
        assert [one.email for one in history.listed(two.engine, None, 9)] == [BOB]
        assert [one.email for one in history.find(two.engine, "example", 9)] == [BOB]
