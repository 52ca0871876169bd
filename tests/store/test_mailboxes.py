"""One mailbox, however its address is spelt; two where there are two."""

from datetime import timedelta
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Kind, Preferences
from digest.readers import addresses, subscriptions
from digest.readers.subscriptions import Asked
from digest.store import keyed, readers
from digest.store.mailboxes import hashed, mailbox_key
from tests.support.factories import NOW
from tests.support.visitor import a_subscriber, dump, mails

SAME = [
    ("ada.lovelace@gmail.com", "adalovelace@gmail.com"),
    ("A.D.A+papers@GoogleMail.com", "ada@gmail.com"),
    ("ada+papers+more@example.org", "ada@example.org"),
    ("Ada@EXAMPLE.org ", "ada@example.org"),
    ("ada@me.com", "ada@icloud.com"),
    ("a-d_a.@pm.me", "ada@proton.me"),
    ("ada-l@ya.ru", "ada.l@yandex.ru"),
    ("papers@ada.fastmail.com", "ada@fastmail.com"),
    ("ada\u0301@example.org", "ad\u00e1@example.org"),
]
DIFFERENT = [
    ("ada.lovelace@example.org", "adalovelace@example.org"),
    ("ada@example.org", "ada@example.com"),
    ("ada-papers@example.org", "ada@example.org"),
    ("stra\u00dfe@example.org", "strasse@example.org"),
    ("+x@example.org", "@example.org"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_mailbox_are_counted_together(one, other):
    assert mailbox_key(one) == mailbox_key(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_two_mailboxes_are_counted_apart(one, other):
    assert mailbox_key(one) != mailbox_key(other)


@given(st.text(), st.text())
def test_any_text_has_a_key_that_is_its_own(one, other):
    assert mailbox_key(mailbox_key(one)) == mailbox_key(one) or "+" in one
    hashes = [keyed.one("a secret", "mailbox", mailbox_key(each)) for each in (one, other)]
    assert (hashes[0] == hashes[1]) is (mailbox_key(one) == mailbox_key(other))


def test_list_bombing_one_mailbox_ends_after_three_mails_however_it_is_spelt(engine):
    for number in range(40):
        now = NOW + timedelta(minutes=number)
        subscriptions.subscribe(engine, f"vic{'.' * (number % 2)}tim+{number}@gmail.com", Preferences(), now)
    reader = a_subscriber(engine)
    addresses.ask(engine, reader.id, "v.i.c.t.i.m@googlemail.com", NOW + timedelta(hours=1))
    assert mails(engine) == [Kind.CONFIRM] * subscriptions.MOST_ASKED
    assert len(list(readers.everyone(engine))) == 41, "each spelling is somebody of their own"
    subscriptions.subscribe(engine, "victim@gmail.com", Preferences(), NOW + timedelta(days=2))
    assert len(mails(engine)) == subscriptions.MOST_ASKED + 1


def test_all_together_ask_for_so_many_mails_an_hour_and_nothing_is_kept_of_the_rest(engine):
    answers = []
    for number in range(5):
        assert subscriptions.room(engine, NOW, 3) is (Asked.TAKEN if number < 3 else Asked.LATER)
        answers.append(subscriptions.subscribe(engine, f"r{number}@example.org", Preferences(), NOW, most=3))
    assert answers == [Asked.TAKEN] * 3 + [Asked.LATER] * 2
    assert len(dump(engine)["readers"]) == 3
    later = NOW + timedelta(hours=1)
    assert subscriptions.subscribe(engine, "r4@example.org", Preferences(), later, most=3) is Asked.TAKEN
    assert subscriptions.room(engine, NOW, 0) is Asked.TAKEN, "0 is no limit"


def test_the_ledger_keeps_no_address_to_count_by(engine):
    subscriptions.subscribe(engine, "ada@example.org", Preferences(), NOW)
    [row] = dump(engine)["deliveries"]
    with engine.connect() as connection:
        assert row.mailbox == hashed(connection, "ada@example.org")
    assert row.mailbox != sha256(b"ada@example.org").hexdigest()[:32], "nobody can try addresses without the secret"
    assert "ada" not in row.mailbox
