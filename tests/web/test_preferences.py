"""What one gets, changed by whoever holds the link."""

from dataclasses import replace
from datetime import timedelta

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.domain import Beside, Cadence, Preferences, Result, State, Status, Verdict, VerdictKind
from digest.store import bounces, ledger, outcomes, readers
from digest.store.engine import writing
from tests.support.factories import NOW
from tests.support.stored import plan
from tests.support.visitor import CHOSEN, LINKS, a_subscriber, a_visitor, dump, mails, status_of


@pytest.fixture
def visitor(engine):
    return a_visitor(engine)


def test_preferences_can_be_changed_one_by_one(visitor, engine):
    reader = a_subscriber(engine)
    answer = visitor.post(LINKS.preferences(reader.key), data={"cadence": "weekly", "topics": "agents, rag"})
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert readers.find(engine, reader.id).preferences == Preferences(
        ("agents", "rag"), Cadence.WEEKLY, 6, "Europe/Berlin", 5
    )
    assert "next on Monday, December 29 at 06:00" in answer.text


def test_a_mistake_in_the_preferences_is_shown_beside_the_field_and_changes_nothing(visitor, engine):
    reader = a_subscriber(engine)
    before = dump(engine)
    answer = visitor.post(LINKS.preferences(reader.key), data={"timezone": "Mars/Olympus", "topics": "agents"})
    assert answer.status_code == 422
    page = LexborHTMLParser(answer.text)
    assert page.css_first("#timezone-mistake").text().startswith("Please type a city such as Berlin")
    assert page.css_first("#topics").text().strip() == "agents"
    assert dump(engine) == before


def test_a_pause_lasts_until_one_resumes(visitor, engine):
    reader = a_subscriber(engine)
    link = LINKS.preferences(reader.key)
    assert "It is paused" in visitor.post(f"{link}/pause").text
    assert status_of(engine, reader) is Status.PAUSED
    assert "next on Thursday, December 25 at 06:00" in visitor.post(f"{link}/resume").text
    assert status_of(engine, reader) is Status.ACTIVE


def test_the_export_has_what_is_kept_about_the_reader(visitor, engine):
    reader = a_subscriber(engine)
    answer = visitor.get(LINKS.preferences(reader.key) + "/export")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="paper-digest.json"'
    kept = answer.json()
    assert kept["reader"]["email"] == "ada@example.org"
    assert kept["reader"]["preferences"]["topics"] == ["speculative decoding"]
    assert kept["reader"]["created_at"] == NOW.isoformat()
    assert kept["papers_sent"] == []


def test_the_export_has_what_became_of_every_mail_and_what_came_back(visitor, engine):
    reader, _other = a_subscriber(engine), a_subscriber(engine, email="bob@example.org")
    plan(engine)
    for mail in ledger.claim(engine, 10, NOW):
        outcomes.begin(engine, [(mail, ["2512.00001"], Beside())], NOW + ledger.LEASE)
        ledger.record(engine, [(mail, Result(mail.id, State.SENT, "250 queued as 4F2"), NOW)], NOW)
        with writing(engine) as connection:
            full = Verdict(VerdictKind.SOFT, (), "mailbox-full", "4.2.2")
            bounces.note(connection, mail.reader.id, mail.id, full, NOW)
    kept = visitor.get(LINKS.preferences(reader.key) + "/export").json()
    [mail], [bounce] = kept["mails"], kept["bounces"]
    assert (mail["kind"], mail["state"], mail["reason"]) == ("digest", "sent", "250 queued as 4F2")
    assert (mail["due_at"], mail["tried_at"], mail["papers"]) == (NOW.isoformat(), NOW.isoformat(), ["2512.00001"])
    assert (bounce["delivery_id"], bounce["kind"], bounce["reason"]) == (mail["id"], "soft", "mailbox-full")
    assert bounce["noted_at"] == NOW.isoformat()


def test_pictures_are_for_who_asks_for_them(visitor, engine):
    reader = a_subscriber(engine)
    assert readers.find(engine, reader.id).preferences.pictures is False
    visitor.post(LINKS.preferences(reader.key), data={"pictures": "yes"})
    assert readers.find(engine, reader.id).preferences.pictures is True
    page = LexborHTMLParser(visitor.get(LINKS.preferences(reader.key)).text)
    assert page.css_first("#pictures option[selected]").attributes["value"] == "yes"
    assert visitor.get(LINKS.preferences(reader.key) + "/export").json()["reader"]["preferences"]["pictures"] is True
    visitor.post(LINKS.preferences(reader.key), data={"pictures": "no"})
    assert readers.find(engine, reader.id).preferences.pictures is False


def test_the_link_to_pause_in_a_mail_leads_to_the_button(visitor, engine):
    reader = a_subscriber(engine)
    page = LexborHTMLParser(visitor.get(LINKS.preferences(reader.key)).text)
    assert page.css_first("#pause button").text() == "Pause"
    assert status_of(engine, reader) is Status.ACTIVE


@pytest.mark.parametrize(
    "body",
    [
        {"content": b"\x00", "headers": {"Content-Type": "multipart/form-data"}},
        {"json": {"hour": "5"}},
        {"data": {f"field{number}": "" for number in range(100)} | {"hour": "5"}},
        {},
    ],
)
def test_what_cannot_be_read_is_not_said_to_be_saved(visitor, engine, body):
    reader = a_subscriber(engine)
    answer = visitor.post(LINKS.preferences(reader.key), **body)
    assert answer.status_code == 400
    assert "Saved." not in answer.text
    assert readers.find(engine, reader.id) == reader


def test_a_pause_may_have_an_end(visitor, engine):
    reader = a_subscriber(engine)
    link = LINKS.preferences(reader.key) + "/pause"
    assert visitor.post(link, data={"until": "2026-01-05"}).status_code == 200
    paused = readers.find(engine, reader.id)
    assert (paused.status, paused.paused_until.isoformat()) == (Status.PAUSED, "2026-01-04T23:00:00+00:00")
    assert visitor.post(link, data={"until": "yesterday"}).status_code == 422
    assert readers.find(engine, reader.id) == paused


def test_the_day_of_a_weekly_digest_can_be_chosen(visitor, engine):
    reader = a_subscriber(engine)
    answer = visitor.post(LINKS.preferences(reader.key), data={"cadence": "weekly", "weekday": "friday"})
    assert "every Friday at 06:00" in answer.text
    assert "next on Friday, December 26 at 06:00" in answer.text


def test_the_export_holds_no_key(visitor, engine):
    reader = a_subscriber(engine)
    assert reader.key not in visitor.get(LINKS.preferences(reader.key) + "/export").text


def test_a_digest_is_sent_before_its_time_but_not_again_and_again(engine):
    reader = a_subscriber(engine)
    link = LINKS.preferences(reader.key) + "/now"
    assert "within a few minutes" in a_visitor(engine).post(link).text
    assert mails(engine) == ["digest"]
    assert "You got one not long ago" in a_visitor(engine, now=NOW + timedelta(hours=5)).post(link).text
    assert mails(engine) == ["digest"]
    assert readers.find(engine, reader.id).next_due_at > NOW
    a_visitor(engine, now=NOW + timedelta(hours=7)).post(link)
    assert mails(engine) == ["digest", "digest"]


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_who_gets_no_digest_gets_none_at_once_either(engine, status):
    reader = a_subscriber(engine, status)
    before = dump(engine)
    assert a_visitor(engine).post(LINKS.preferences(reader.key) + "/now").status_code == 200
    assert dump(engine) == before


def test_one_topic_is_removed_and_a_pause_has_an_end(engine):
    reader = a_subscriber(engine)
    link = LINKS.preferences(reader.key)
    assert "Saved." in a_visitor(engine).post(link, data={"remove": "speculative decoding"}).text
    assert readers.find(engine, reader.id).preferences == replace(CHOSEN, topics=())
    assert "after today" in a_visitor(engine).post(f"{link}/pause", data={"until": "2020-01-01"}).text
    page = a_visitor(engine).post(f"{link}/pause", data={"until": "2026-01-05"}).text
    assert "Monday, January 5" in page
    assert status_of(engine, reader) is Status.PAUSED
