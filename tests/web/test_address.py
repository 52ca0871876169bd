"""A change of address: the new one must agree, the old one is told, and nobody can use it to annoy others."""

from datetime import timedelta
from itertools import cycle
from urllib.parse import urlsplit

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.compose import opened
from digest.domain import Kind, Status
from digest.readers import addresses
from digest.readers.subscriptions import MOST_ASKED
from digest.store import ledger, readers
from digest.store.engine import writing
from tests.support.factories import NOW
from tests.support.lives import becomes
from tests.support.visitor import LINKS, a_subscriber, a_visitor, dump, link_of, mails

NEW = "ada@new.example.org"


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


def asks(visitor, reader, address=NEW):
    return visitor.post(LINKS.preferences(reader.key) + "/address", data={"email": address})


def link_to(engine, number=-1):
    asked = [row for row in dump(engine)["deliveries"] if row.kind == Kind.MOVE][number]
    return link_of(engine, LINKS.move, asked.id)


def email_of(engine, reader):
    return readers.find(engine, reader.id).email


def test_nothing_changes_before_the_new_address_agrees(visitor, engine):
    reader = a_subscriber(engine)
    page = asks(visitor, reader).text
    assert f"We have written to <bdi>{NEW}" in page
    assert email_of(engine, reader) == "ada@example.org"
    [asked] = dump(engine)["deliveries"]
    assert (asked.kind, asked.recipient) == ("move", NEW)
    visitor.get(link_to(engine))
    assert email_of(engine, reader) == "ada@example.org"


def test_the_new_address_agrees_with_one_button_and_twice_is_as_good_as_once(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    page = LexborHTMLParser(visitor.get(link_to(engine)).text)
    assert page.css_first("form[method=post] button").text() == "Yes, send it here"
    assert "ada@example.org" not in page.html, "a stranger must not learn it"
    for _ in range(2):
        assert "comes here now" in visitor.post(link_to(engine)).text
    assert "comes here now" in visitor.post(link_to(engine) + "/decline").text, "too late: it says where it goes"
    found = readers.find(engine, reader.id)
    assert (found.email, found.new_email, found.preferences) == (NEW, "", reader.preferences)
    assert [(row.kind, row.recipient) for row in dump(engine)["deliveries"]] == [
        ("move", NEW),
        ("moved", "ada@example.org"),
    ]


def test_both_mails_go_where_they_belong_and_say_what_to_do(service):
    reader = service.admits("ada@example.org", "speculative decoding")
    addresses.ask(service.engine, reader.id, NEW, service.now)
    service.delivers()
    [(to, asking)] = service.mail_server.mails
    assert to == NEW
    assert link_of(service.engine, LINKS.move, 1).rpartition("/")[2] in opened(asking).text
    assert addresses.agree(service.engine, ledger.find(service.engine, 1), service.now)
    service.delivers()
    to, telling = service.mail_server.mails[-1]
    assert to == "ada@example.org"
    assert NEW in opened(telling).text
    for key in (reader.key, readers.find(service.engine, reader.id).key):
        assert key.encode() not in telling, "whoever has the old address opens no page any more"


def test_a_later_wish_or_a_change_of_mind_makes_an_earlier_link_dead(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    old = link_to(engine)
    later = a_visitor(engine, now=NOW + timedelta(minutes=1))
    asks(later, reader, "other@example.org")
    assert later.get(old).status_code == later.post(old).status_code == 404
    asks(later, reader, "Ada@example.org")
    assert later.post(link_to(engine)).status_code == 404
    assert email_of(engine, reader) == "ada@example.org"


def test_a_wish_that_was_taken_back_is_not_mailed(service):
    reader = service.admits("ada@example.org")
    addresses.ask(service.engine, reader.id, NEW, service.now)
    addresses.ask(service.engine, reader.id, reader.email, service.now)
    service.delivers()
    assert service.mail_server.recipients == []


def test_a_stranger_declines_and_the_link_is_dead(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    link = link_to(engine)
    [decline] = LexborHTMLParser(visitor.get(link).text).css("form[action]")
    assert decline.attributes["action"] == urlsplit(link).path + "/decline"
    for _ in range(2):
        assert "Nothing has changed" in visitor.post(link + "/decline").text
    assert visitor.post(link).status_code == 404
    assert readers.find(engine, reader.id).new_email == ""


def test_the_link_works_for_a_week(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    late = a_visitor(engine, now=NOW + timedelta(days=8))
    assert late.post(link_to(engine)).status_code == 404
    assert email_of(engine, reader) == "ada@example.org"


def test_nobody_learns_whether_an_address_subscribes_and_nobody_loses_their_digest(visitor, engine):
    reader, other = a_subscriber(engine), a_subscriber(engine, email=NEW)
    taken = asks(visitor, reader).text
    assert mails(engine) == ["move"]
    assert "already gets its own digest" in visitor.post(link_to(engine)).text
    assert taken == asks(visitor, reader, "nobody@example.org").text.replace("nobody@example.org", NEW)
    assert email_of(engine, other) == NEW


def test_what_is_kept_is_the_same_whoever_has_the_address(engine):
    """Nor does the export tell."""
    others = {a_subscriber(engine, status, email=f"{status}@example.org").email for status in Status}
    kept = []
    for number, other in enumerate([*others, "nobody@example.org"]):
        reader = a_subscriber(engine, email=f"reader{number}@example.org")
        visitor = a_visitor(engine)
        asks(visitor, reader, other)
        asks(a_visitor(engine, now=NOW + timedelta(minutes=1)), reader, f"last{number}@example.org")
        export = visitor.get(LINKS.preferences(reader.key) + "/export").json()
        assert set(export["other_addresses"]) == {other, f"last{number}@example.org"}
        kept.append([mail.keys() | {mail.get("state")} for mail in export["mails"]])
    assert kept == [kept[0]] * len(kept)


def test_who_complained_is_not_asked(service):
    reader, _ = service.admits("ada@example.org"), a_subscriber(service.engine, Status.COMPLAINED, email=NEW)
    addresses.ask(service.engine, reader.id, NEW, service.now)
    service.delivers()
    assert service.mail_server.recipients == []


def test_an_address_that_subscribed_meanwhile_keeps_its_own_digest(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    other = a_subscriber(engine, email=NEW)
    assert "already gets its own digest" in visitor.post(link_to(engine)).text
    assert (email_of(engine, reader), email_of(engine, other)) == ("ada@example.org", NEW)


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.COMPLAINED, Status.BOUNCED])
def test_who_left_or_complained_meanwhile_is_not_moved(visitor, engine, status):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    becomes(engine, reader, status)
    before = dump(engine)
    assert visitor.get(link_to(engine)).status_code == visitor.post(link_to(engine)).status_code == 404
    addresses.agree(engine, ledger.find(engine, 1), NOW)
    assert dump(engine) == before


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.COMPLAINED])
def test_who_left_or_complained_after_a_move_is_not_written_to(service, status):
    reader = service.admits("ada@example.org")
    addresses.ask(service.engine, reader.id, NEW, service.now)
    addresses.agree(service.engine, ledger.find(service.engine, 1), service.now)
    becomes(service.engine, reader, status)
    service.delivers()
    assert service.mail_server.recipients == []


def test_what_is_left_of_an_ended_subscription_makes_room(visitor, engine):
    reader, ended = a_subscriber(engine), a_subscriber(engine, Status.UNSUBSCRIBED, email=NEW)
    asks(visitor, reader)
    visitor.post(link_to(engine))
    assert email_of(engine, reader) == NEW
    assert readers.find(engine, ended.id) is None


def test_neither_can_one_reader_write_to_many_nor_many_to_one(engine):
    one, *others = [a_subscriber(engine, email=f"reader{number}@example.org") for number in range(8)]
    moments = [NOW + timedelta(minutes=number) for number in range(8)]
    for moment in moments:
        addresses.ask(engine, one.id, f"stranger{moment.minute}@example.org", moment)
    assert len(mails(engine)) == MOST_ASKED
    for reader, moment, address in zip(others, moments, cycle(["Víctim@example.org", "VÍCTIM@example.org"])):
        addresses.ask(engine, reader.id, address, moment)
    assert len(mails(engine)) == 2 * MOST_ASKED


def test_deleting_oneself_does_not_let_one_write_to_a_stranger_again(engine):
    visitor = a_visitor(engine)
    written = 0
    for number in range(MOST_ASKED + 2):
        reader = a_subscriber(engine)
        assert (
            "We have written to" in asks(visitor, reader, ("Victim@example.org", "victim@EXAMPLE.org")[number % 2]).text
        )
        written += len(mails(engine))
        visitor.post(LINKS.preferences(reader.key) + "/delete")
    assert written == MOST_ASKED


def test_many_changes_from_one_network_have_to_wait(visitor, engine):
    reader = a_subscriber(engine)
    answers = [asks(visitor, reader, f"a{number}@example.org").status_code for number in range(11)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {200}


@pytest.mark.parametrize("address", ["", "ada@", "a b@example.org"])
def test_a_bad_address_is_a_mistake_beside_the_field(visitor, engine, address):
    reader = a_subscriber(engine)
    before = dump(engine)
    answer = asks(visitor, reader, address)
    assert answer.status_code == 422
    assert LexborHTMLParser(answer.text).css_first("#email-mistake").text()
    assert dump(engine) == before


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_who_gets_no_digest_cannot_send_one_elsewhere(visitor, engine, status):
    reader = a_subscriber(engine, status)
    asks(visitor, reader)
    assert mails(engine) == []
    assert "/address" not in visitor.get(LINKS.preferences(reader.key)).text


def test_a_link_of_another_mail_is_none(visitor, engine):
    reader = a_subscriber(engine)
    with writing(engine) as connection:
        ledger.queue(connection, reader.id, "manage", NOW, recipient=reader.email)
    assert visitor.get(link_of(engine, LINKS.move, 1)).status_code == 404


def test_the_export_names_the_other_addresses_that_are_kept(visitor, engine):
    reader = a_subscriber(engine)
    asks(visitor, reader)
    visitor.post(link_to(engine))
    reader = readers.find(engine, reader.id)
    kept = visitor.get(LINKS.preferences(reader.key) + "/export").json()
    assert kept["reader"]["email"] == NEW
    assert kept["other_addresses"] == ["ada@example.org", NEW]
