"""The way in: the form, the answer to it, the button that confirms."""

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest import subscriptions
from digest.domain import Status
from digest.store import readers
from digest.web.limits import SUBSCRIPTIONS
from tests.factories import NOW
from tests.visitor import CHOSEN, LINKS, Visitor, a_subscriber, a_visitor, dump, mails, status_of


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


def test_the_form_becomes_a_pending_reader_and_one_mail_to_confirm(visitor, engine):
    filled = {"email": "ada@example.org", "topics": "speculative decoding", "cadence": "weekdays", "hour": "6"}
    answer = visitor.post("/subscribe", data=filled | {"timezone": "Europe/Berlin", "most_papers": "5"})
    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    (reader,) = readers.everyone(engine)
    assert (reader.email, reader.status, reader.preferences) == ("ada@example.org", Status.PENDING, CHOSEN)
    assert mails(engine) == ["confirm"]


def test_the_answer_is_the_same_whoever_has_the_address(visitor, engine):
    known = [a_subscriber(engine, status, f"{status}@example.org").email for status in Status]
    trapped = {"email": "robot@example.org", "subject": "Buy this"}
    forms = [{"email": email} for email in ["new@example.org", *known]] + [trapped]
    answers = [visitor.post("/subscribe", data=filled) for filled in forms]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    assert len({tuple(answer.headers.items()) for answer in answers}) == 1


def test_who_fills_in_the_hidden_field_is_thanked_and_forgotten(visitor, engine):
    before = dump(engine)
    assert visitor.post("/subscribe", data={"email": "robot@example.org", "subject": "Buy"}).status_code == 200
    assert dump(engine) == before


def test_a_mistake_shows_the_form_again_with_what_was_typed_and_changes_nothing(visitor, engine):
    before = dump(engine)
    filled = {"email": "ada", "topics": "</textarea><script>alert(1)</script>", "hour": "5", "most_papers": "99"}
    answer = visitor.post("/subscribe", data=filled)
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    for field in ("email", "most_papers"):
        box = page.css_first(f"#{field}")
        assert box.attributes["value"] == filled[field]
        assert box.attributes["aria-invalid"] == "true"
        assert f"{field}-mistake" in box.attributes["aria-describedby"]
        assert page.css_first(f"#{field}-mistake").text()
    assert page.css_first("#topics").text().strip() == filled["topics"]
    assert page.css_first("#hour option[selected]").attributes["value"] == "5"
    assert not page.css("script:not([src])")
    assert dump(engine) == before


def test_no_control_character_gets_past_the_form(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org", "topics": "a\x00b\u2028c\r\nd\te"})
    (reader,) = readers.everyone(engine)
    assert reader.preferences.topics == ("a b c", "d e")


def test_one_network_cannot_subscribe_without_end(visitor, engine):
    for number in range(SUBSCRIPTIONS.amount):
        assert visitor.post("/subscribe", data={"email": f"r{number}@example.org"}).status_code == 200
    before = dump(engine)
    answer = visitor.post("/subscribe", data={"email": "one-more@example.org"})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 3600
    assert dump(engine) == before
    elsewhere = Visitor(visitor.app, "198.51.100.1")
    assert elsewhere.post("/subscribe", data={"email": "one-more@example.org"}).status_code == 200


def test_a_body_too_large_is_refused(visitor, engine):
    before = dump(engine)
    assert visitor.post("/subscribe", data={"email": "ada@example.org", "topics": "x" * 70_000}).status_code == 413
    assert dump(engine) == before


def test_confirming_takes_the_button(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org"})
    (reader,) = readers.everyone(engine)
    link = LINKS.confirm(reader.id, NOW)
    page = LexborHTMLParser(visitor.get(link).text)
    assert [button.text() for button in page.css("form[method=post] button")] == ["Yes, send me the digest"]
    assert status_of(engine, reader) is Status.PENDING
    answers = [visitor.post(link), visitor.post(link)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert status_of(engine, reader) is Status.ACTIVE
    assert mails(engine) == ["confirm", "digest"]


def test_what_a_stranger_typed_is_not_shown_before_it_is_confirmed(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org", "topics": "visit spam.example"})
    (reader,) = readers.everyone(engine)
    assert "spam" not in visitor.get(LINKS.confirm(reader.id, NOW)).text


def test_an_old_link_to_confirm_does_not_bring_back_who_left(visitor, engine):
    reader = a_subscriber(engine, Status.UNSUBSCRIBED)
    link = LINKS.confirm(reader.id, NOW)
    assert "You are unsubscribed" in visitor.get(link).text
    assert "You are unsubscribed" in visitor.post(link).text
    assert status_of(engine, reader) is Status.UNSUBSCRIBED


def test_subscribing_while_active_changes_nothing_but_sends_a_link_to_manage(visitor, engine):
    reader = a_subscriber(engine)
    visitor.post("/subscribe", data={"email": "ADA@example.org", "topics": "somebody else's"})
    assert readers.find(engine, reader.id) == reader
    assert mails(engine) == [subscriptions.MANAGE]
