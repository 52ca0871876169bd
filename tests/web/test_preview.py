"""What a visitor sees of their topics before they subscribe."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import event

from digest.domain import CollectionRun, Outcome
from digest.jobs import previews
from digest.jobs.previews import Previews
from digest.store import papers
from digest.web.limits import PREVIEWS
from tests.support.factories import NOW, a_listing
from tests.support.visitor import a_visitor, dump

DAYS = [date(2025, 12, day) for day in (22, 23, 24)]


def stored(engine, *titles, day=DAYS[-1]):
    found = [a_listing(title=title, day=day, rank=rank) for rank, title in enumerate(titles, 1)]
    papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", NOW))


@pytest.fixture
def visitor(engine):
    for day in DAYS:
        stored(engine, f"Speculative decoding on {day}", f"Something else on {day}", day=day)
    return a_visitor(engine)


def shown(answer):
    return LexborHTMLParser(answer.text).css_first("#preview")


def test_topics_in_the_address_show_how_many_papers_a_day_and_the_best_of_them(visitor, engine):
    before = dump(engine)
    answer = visitor.get("/preview", params={"topics": "speculative decoding\nno such thing"})
    assert answer.status_code == 200
    assert shown(answer).css_first("h2").text() == "About 5 papers a week"
    assert len(shown(answer).css(".card")) == 3
    assert shown(answer).css_first(".card mark").text() == "Speculative decoding"
    assert LexborHTMLParser(answer.text).css_first("#topics").text().split("\n")[:2] == [
        "speculative decoding",
        "no such thing",
    ]
    assert dump(engine) == before


def test_the_button_in_the_form_keeps_what_was_typed(visitor):
    typed = {"email": "ada@example", "topics": "speculative decoding\r\n-else", "cadence": "weekly", "hour": "5"}
    answer = visitor.post("/preview", data=typed)
    page = LexborHTMLParser(answer.text)
    assert answer.status_code == 200
    assert page.css_first("#email").attributes["value"] == "ada@example"
    assert page.css_first("input[name=cadence][checked]").attributes["value"] == "weekly"
    assert page.css_first("#hour option[selected]").attributes["value"] == "5"
    assert len(shown(answer).css(".card")) == 3


def test_a_topic_that_cannot_be_read_is_said_and_the_others_are_shown(visitor):
    found = shown(visitor.get("/preview", params={"topics": "auther:x\nspeculative decoding"}))
    told = "Left out: Line 1: auther: is not a field; did you mean author:? (at auther:x)"
    assert found.css_first(".mistake").text() == told
    assert len(found.css(".card")) == 3


def test_what_matched_keeps_its_own_direction_within_the_sentence(visitor):
    assert shown(visitor.get("/preview", params={"topics": "speculative decoding"})).css_first(".card em > bdi")


def test_no_topics_show_what_is_trending_and_nothing_fitting_says_so(visitor):
    assert len(shown(visitor.get("/preview")).css(".card")) == 5
    nothing = shown(visitor.get("/preview", params={"topics": "no such thing"}))
    assert "No matches in 30 days" in nothing.text()
    assert nothing.css(".card") == []


def test_a_new_collection_is_seen_at_once(visitor, engine):
    assert shown(visitor.get("/preview", params={"topics": "quantum"})).css(".card") == []
    stored(engine, "Quantum papers")
    assert len(shown(visitor.get("/preview", params={"topics": "quantum"})).css(".card")) == 1


@pytest.fixture
def few(monkeypatch):
    """How many papers a preview takes at most, here."""
    monkeypatch.setattr(previews, "MOST_PAPERS", 10)
    return 10


def test_of_a_busy_source_the_newest_whole_days_are_taken(engine, few):
    for day in DAYS:
        stored(engine, *[f"Speculative decoding {day} {number}" for number in range(few * 2 // 5)], day=day)
    preview = Previews(engine).preview("speculative decoding")
    assert (preview.days, preview.papers_a_day) == (2, few * 2 // 5)


def test_a_day_with_more_papers_than_we_take_is_taken_alone(engine, few):
    stored(engine, "Yesterday's", day=DAYS[-2])
    stored(engine, *[f"Speculative decoding {number}" for number in range(few + 1)])
    answer = a_visitor(engine).get("/preview", params={"topics": "speculative decoding"})
    assert "Best matches of the last day with new papers" in shown(answer).text()


def test_who_asks_while_the_papers_are_indexed_anew_is_answered_from_the_old_ones(engine):
    stored(engine, "Quantum papers")
    site = Previews(engine)
    assert len(site.preview("quantum").picks) == 1
    stored(engine, "Quantum papers", "More quantum papers")
    begun, go_on = Event(), Event()

    def wait(_connection, _cursor, statement, *_):
        if "FROM papers" in statement:
            begun.set()
            assert go_on.wait(60)

    event.listen(engine, "before_cursor_execute", wait)
    with ThreadPoolExecutor() as visitors:
        try:
            first = visitors.submit(site.preview, "quantum")
            assert begun.wait(60)
            assert len(visitors.submit(site.preview, "quantum").result(60).picks) == 1
        finally:
            go_on.set()
        assert len(first.result(60).picks) == 2
    assert len(site.preview("quantum").picks) == 2


def test_an_empty_store_says_so(engine):
    assert "No papers yet" in a_visitor(engine).get("/preview?topics=x").text


def test_what_is_typed_stays_text(visitor):
    answer = visitor.get("/preview", params={"topics": '<script>alert(1)</script> "x\n</textarea><b>'})
    assert "<script>alert" not in answer.text
    assert "</textarea><b>" not in answer.text


def test_one_network_cannot_keep_the_endpoint_busy(visitor):
    answers = [visitor.get("/preview?topics=x").status_code for _ in range(PREVIEWS + 1)]
    assert answers == [200] * PREVIEWS + [429]
