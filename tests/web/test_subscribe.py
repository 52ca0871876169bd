"""The way in: the form, the answer to it, the button that confirms."""

from dataclasses import replace
from datetime import timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import event
from structlog.testing import capture_logs

from digest.domain import Kind, Preferences, Status
from digest.links import CONFIRM_WITHIN
from digest.store import readers
from digest.web.limits import SUBSCRIPTIONS
from tests.support.factories import NOW
from tests.support.visitor import CHOSEN, LINKS, Visitor, a_subscriber, a_visitor, dump, link_of, mails, status_of


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


def test_the_form_becomes_a_pending_reader_and_one_mail_to_confirm(visitor, engine):
    filled = {"email": "ada@example.org", "topics": "speculative decoding", "cadence": "weekdays", "hour": "6"}
    answer = visitor.post("/subscribe", data=filled | {"timezone": "Europe/Berlin", "most_papers": "5"})
    assert answer.status_code == 200
    assert "Check your inbox" in answer.text
    (reader,) = readers.everyone(engine)
    assert (reader.email, reader.status, reader.preferences) == (
        "ada@example.org",
        Status.PENDING,
        replace(CHOSEN, related=True),
    )
    assert mails(engine) == ["confirm"]


def test_the_answer_is_the_same_whoever_has_the_address(visitor, engine):
    known = [a_subscriber(engine, status, f"{status}@example.org").email for status in Status]
    trapped = {"email": "robot@example.org", "subject": "Buy this"}
    forms = [{"email": email} for email in ["new@example.org", *known]] + [trapped]
    answers = [visitor.post("/subscribe", data=filled) for filled in forms]
    assert {answer.status_code for answer in answers} == {200}
    said = [answer.text.replace(filled["email"], "...") for answer, filled in zip(answers, forms, strict=True)]
    assert len(set(said)) == 1
    assert len({tuple(without_length(answer)) for answer in answers}) == 1


def without_length(answer):
    return [header for header in answer.headers.items() if header[0] != "content-length"]


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
    for number in range(SUBSCRIPTIONS):
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
    link = link_of(engine, LINKS.confirm, 1)
    page = LexborHTMLParser(visitor.get(link).text)
    assert [button.text() for button in page.css("form[method=post] button")] == ["Yes, send me the digest"]
    assert status_of(engine, reader) is Status.PENDING
    answers = [visitor.post(link), visitor.post(link)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert status_of(engine, reader) is Status.ACTIVE
    assert mails(engine) == ["confirm", "digest"]


def test_what_a_stranger_typed_is_not_shown_before_it_is_confirmed(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org", "topics": "visit spam.example"})
    assert "spam" not in visitor.get(link_of(engine, LINKS.confirm, 1)).text


def test_an_old_link_to_confirm_does_not_bring_back_who_left(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org"})
    (reader,) = readers.everyone(engine)
    link = link_of(engine, LINKS.confirm, 1)
    visitor.post(link)
    visitor.post(LINKS.unsubscribe(reader.key))
    assert "You’re unsubscribed" in visitor.get(link).text
    assert "You’re unsubscribed" in visitor.post(link).text
    assert status_of(engine, reader) is Status.UNSUBSCRIBED


def test_subscribing_while_active_changes_nothing_but_sends_a_link_to_manage(visitor, engine):
    reader = a_subscriber(engine)
    visitor.post("/subscribe", data={"email": "ADA@example.org", "topics": "somebody else's"})
    assert readers.find(engine, reader.id) == reader
    assert mails(engine) == [Kind.MANAGE]


def test_subscribing_again_offers_the_new_topics_and_a_button_takes_them(visitor, engine):
    reader = a_subscriber(engine)
    visitor.post("/subscribe", data={"email": reader.email, "topics": "protein folding", "hour": "3"})
    link = link_of(engine, LINKS.topics, 1)
    page = LexborHTMLParser(visitor.get(link).text)
    assert [button.text() for button in page.css("form[method=post] button")] == ["Use my new topics"]
    assert "protein folding" in page.body.text()
    assert readers.find(engine, reader.id) == reader
    assert [visitor.post(link).status_code for _ in range(2)] == [200, 200]
    changed = readers.find(engine, reader.id).preferences
    assert changed == replace(reader.preferences, topics=("protein folding",))
    assert "button" not in LexborHTMLParser(visitor.get(link).text).css_first("main").html


def test_an_offer_of_topics_is_nothing_for_who_left_and_is_over_after_a_week(visitor, engine, monkeypatch):
    reader = a_subscriber(engine)
    visitor.post("/subscribe", data={"email": reader.email, "topics": "protein folding"})
    link = link_of(engine, LINKS.topics, 1)
    visitor.post(LINKS.unsubscribe(reader.key))
    assert "You’re unsubscribed" in visitor.get(link).text
    assert "You’re unsubscribed" in visitor.post(link).text
    assert readers.find(engine, reader.id).preferences == reader.preferences
    late = LINKS.topics(reader.key, 1, NOW - timedelta(days=8))
    assert visitor.get(late).status_code == visitor.post(late).status_code == 404
    # A mail that offers nothing has no such page.
    assert visitor.get(LINKS.topics(reader.key, 99, NOW)).status_code == 404


STRANGE = {"topics": "what a stranger wants", "hour": "3"}


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.PENDING])
def test_what_a_stranger_posts_changes_nothing_for_who_once_confirmed(visitor, engine, status):
    reader = a_subscriber(engine, status)
    visitor.post("/subscribe", data={"email": reader.email, **STRANGE})
    assert readers.find(engine, reader.id) == reader


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED])
def test_who_is_gone_comes_back_by_confirming_and_gets_what_was_asked_for(visitor, engine, status):
    reader = a_subscriber(engine, status)
    visitor.post("/subscribe", data={"email": reader.email, "topics": "marsh birds"})
    assert mails(engine) == ["confirm"]
    link = link_of(engine, LINKS.confirm, 1)
    assert "Confirm your subscription" in visitor.get(link).text
    assert "You’re subscribed" in visitor.post(link).text
    back = readers.find(engine, reader.id)
    assert (back.status, back.preferences) == (Status.ACTIVE, Preferences(("marsh birds",), related=True))
    assert mails(engine) == ["confirm", "digest"]


def test_who_complained_is_written_to_for_nobody(visitor, engine):
    reader = a_subscriber(engine, Status.COMPLAINED)
    assert "Check your inbox" in visitor.post("/subscribe", data={"email": reader.email}).text
    assert mails(engine) == []


def test_a_strangers_post_does_not_take_away_the_way_back_of_who_left(visitor, engine):
    reader = a_subscriber(engine)
    visitor.post(LINKS.unsubscribe(reader.key))
    visitor.post("/subscribe", data={"email": reader.email, **STRANGE})
    visitor.post(LINKS.preferences(reader.key) + "/return")
    back = readers.find(engine, reader.id)
    assert (back.status, back.preferences) == (Status.ACTIVE, CHOSEN)
    assert "You’re subscribed" in visitor.post(link_of(engine, LINKS.confirm, 2)).text
    assert readers.find(engine, reader.id) == back, "what was asked for before the way back is over"


def test_each_link_confirms_what_its_own_mail_was_asked_for_with(visitor, engine):
    visitor.post("/subscribe", data={"email": "ada@example.org", "topics": "marsh birds"})
    later = a_visitor(engine, now=NOW + timedelta(minutes=1))
    later.post("/subscribe", data={"email": "ada@example.org", **STRANGE})
    assert mails(engine) == ["confirm", "confirm"]
    later.post(link_of(engine, LINKS.confirm, 1))
    (reader,) = readers.everyone(engine)
    assert reader.preferences == Preferences(("marsh birds",), related=True)
    assert "You’re subscribed" in later.post(link_of(engine, LINKS.confirm, 2)).text
    assert readers.find(engine, reader.id) == reader


def test_the_way_out_in_a_mail_to_confirm_ends_the_request(visitor, engine):
    reader = a_subscriber(engine, Status.UNSUBSCRIBED)
    visitor.post("/subscribe", data={"email": reader.email})
    visitor.post(LINKS.unsubscribe(reader.key))
    assert "You’re unsubscribed" in visitor.post(link_of(engine, LINKS.confirm, 1)).text
    assert status_of(engine, reader) is Status.UNSUBSCRIBED


def test_a_link_to_confirm_is_of_a_mail_that_asks_for_it(visitor, engine):
    visitor.post(LINKS.unsubscribe(a_subscriber(engine).key))
    assert mails(engine) == ["goodbye"]
    assert visitor.post(link_of(engine, LINKS.confirm, 1)).status_code == 404


def test_who_asks_again_has_another_week_to_confirm(visitor, engine):
    week = CONFIRM_WITHIN
    visitor.post("/subscribe", data={"email": "ada@example.org"})
    a_visitor(engine, now=NOW + timedelta(days=5)).post("/subscribe", data={"email": "ada@example.org"})
    assert readers.forget_pending(engine, NOW + timedelta(days=8) - week) == 0
    assert readers.forget_pending(engine, NOW + timedelta(days=13) - week) == 1


def test_two_mailboxes_that_look_alike_are_two_readers(visitor, engine):
    for email in ("straße@example.org", "strasse@example.org", "STRASSE@example.org", "Stra\u00dfe@example.org"):
        visitor.post("/subscribe", data={"email": email})
    assert [reader.email for reader in readers.everyone(engine)] == ["straße@example.org", "strasse@example.org"]


@pytest.mark.parametrize("status", [None, *Status])
def test_the_work_that_tells_who_is_on_the_list_is_done_after_the_answer(engine, status):
    """What is asked of the database before it is the same for everybody, and so is the time it takes."""
    visitor, email = a_visitor(engine), a_subscriber(engine, status).email if status else "new@example.org"
    asked, answered = [], []

    def note(_connection, _cursor, statement, *_):
        asked.append(statement)

    async def app(scope, receive, send):
        async def noting(message):
            if message["type"] == "http.response.body" and not message.get("more_body"):
                answered.append(list(asked))
            await send(message)

        await visitor.app(scope, receive, noting)

    event.listen(engine, "before_cursor_execute", note)
    Visitor(app).post("/subscribe", data={"email": email})
    [before] = answered
    assert len([statement for statement in before if not statement.startswith("BEGIN")]) == 1
    assert not any("FROM readers" in statement for statement in before)
    assert len(asked) > len(before)


def test_when_all_together_ask_for_too_much_the_page_is_calm_and_nothing_is_kept(engine):
    visitor = a_visitor(engine, confirmations_per_hour=2)
    answers = [visitor.post("/subscribe", data={"email": f"r{number}@example.org"}) for number in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 503, 503]
    assert answers[2].text == answers[3].text
    assert "come back in an hour" in answers[2].text
    assert int(answers[2].headers["Retry-After"]) <= 3600
    assert len(list(readers.everyone(engine))) == 2


def test_a_subscription_that_is_lost_after_the_answer_is_logged_without_the_address(engine):
    visitor = a_visitor(engine)

    def fails(_connection, _cursor, statement, *_):
        if "FROM readers" in statement:
            raise RuntimeError("Key (email_key)=(ada@example.org) already exists.")

    event.listen(engine, "before_cursor_execute", fails)
    with capture_logs() as logged:
        assert visitor.post("/subscribe", data={"email": "ada@example.org"}).status_code == 200
    assert [line["error"] for line in logged if line["event"] == "subscription.lost"] == ["RuntimeError"]
    assert "ada" not in str(logged)
