"""What was listed, open to everybody: the archive and the feeds."""

from datetime import date
from xml.etree import ElementTree

import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.domain import CollectionRun, Outcome
from digest.store import papers
from tests.support.factories import NOW, a_listing, a_paper
from tests.support.visitor import a_visitor, dump

ATOM = "{http://www.w3.org/2005/Atom}"
HOSTILE = a_paper(
    title='Agents <script> & "quotes" ]]>', authors=("Ada & Bob",), abstract="Agents act & win.", id="2511.77777"
)


@pytest.fixture
def visitor(engine):
    for day, found in {
        date(2025, 11, 28): [a_listing(title="Old agents", day=date(2025, 11, 28), upvotes=9)],
        date(2025, 12, 24): [
            a_listing(title="New agents", rank=1, upvotes=1),
            a_listing(HOSTILE, rank=2),
            a_listing(title="Proteins", rank=3),
        ],
    }.items():
        papers.keep(engine, found, CollectionRun("huggingface", day, "api", len(found), 0.1, Outcome.OK, "", NOW))
    return a_visitor(engine)


def test_the_archive_is_a_calendar_of_the_days_newest_month_first(visitor):
    page = LexborHTMLParser(visitor.get("/archive").text)
    assert [link.attributes["href"] for link in page.css("td a")] == [
        *("/archive/2025-12-24", "/archive/2025-W52"),
        *("/archive/2025-11-28", "/archive/2025-W48"),
    ]
    assert [caption.text().split(" most")[0] for caption in page.css("caption")] == ["December 2025", "November 2025"]
    assert page.css_first("td a").text().split() == ["24", "3", "papers"]


def test_a_day_lists_its_papers_the_most_upvoted_first_then_as_the_source_does(visitor):
    answer = visitor.get("/archive/2025-12-24")
    page = LexborHTMLParser(answer.text)
    assert [title.text() for title in page.css("main .paper")] == ["New agents", HOSTILE.title, "Proteins"]
    assert page.css_first("main .paper a").attributes["href"].startswith("/papers/2512.")
    assert [link.attributes["href"] for link in page.css("a[rel=prev]")] == ["/archive/2025-11-28"]
    assert "public" in answer.headers["cache-control"]


@pytest.mark.parametrize("when", ["2025-11-28", "2025-W48", "2025-11"])
def test_one_paper_is_one_paper(visitor, when):
    page = visitor.get(f"/archive/{when}").text
    assert "1 paper" in page
    assert "1 papers" not in page


@pytest.mark.parametrize("when", ["2025-W52", "2025-12"])
def test_a_week_and_a_month_show_what_was_liked_most(visitor, when):
    page = LexborHTMLParser(visitor.get(f"/archive/{when}").text)
    assert [title.text() for title in page.css("main .paper")] == ["New agents", HOSTILE.title, "Proteins"]
    assert page.css_first("a[rel=prev]").attributes["href"] in ("/archive/2025-W48", "/archive/2025-11")


def test_a_weekend_says_why_it_is_empty_and_what_is_nearest(visitor):
    answer = visitor.get("/archive/2025-11-30")
    page = LexborHTMLParser(answer.text)
    assert answer.status_code == 404
    assert "It is a Sunday" in page.css_first(".lede").text()
    assert [link.attributes["href"] for link in page.css("main li a")] == ["/archive/2025-11-28", "/archive/2025-12-24"]


@pytest.mark.parametrize(
    "day",
    [
        "2025-12-25",
        "2025-11-01",
        "Christmas",
        "2025-12-24T00:00",
        "0000-00-00",
        "20251224",
        "2025-W54",
        "2025-13",
        "2024-12",
        "9999-12",
        "9999-W52",
    ],
)
def test_a_day_without_papers_is_not_found(visitor, day):
    assert visitor.get(f"/archive/{day}").status_code == 404


def test_a_feed_has_what_the_topics_pick_newest_first(visitor, engine):
    before = dump(engine)
    answer = visitor.get("/feed.atom", params={"topics": "agents\n-proteins"})
    feed = ElementTree.fromstring(answer.content)
    titles = [entry.findtext(f"{ATOM}title") for entry in feed.iter(f"{ATOM}entry")]
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert set(titles[:2]) == {"New agents", HOSTILE.title}
    assert titles[2:] == ["Old agents"]
    assert feed.findtext(f"{ATOM}updated") == "2025-12-24T00:00:00Z"
    assert dump(engine) == before


def test_every_entry_of_a_feed_has_what_the_standard_demands(visitor):
    """RFC 4287, sections 4.1.1 and 4.1.2: id, title and updated; an author in the feed; a link where no content is."""
    feed = ElementTree.fromstring(visitor.get("/feed.atom").content)
    entries = list(feed.iter(f"{ATOM}entry"))
    assert len(entries) == 4
    for one in [feed, *entries]:
        assert all(one.findtext(f"{ATOM}{name}") for name in ("id", "title", "updated"))
        assert one.find(f"{ATOM}link").get("href").startswith("http")
    assert len({entry.findtext(f"{ATOM}id") for entry in entries}) == 4
    assert feed.find(f"{ATOM}author") is not None


def test_the_archive_of_an_empty_store_says_so(engine):
    assert "No papers yet" in a_visitor(engine).get("/archive").text
    assert ElementTree.fromstring(a_visitor(engine).get("/feed.atom?topics=x").content) is not None


def test_nothing_turns_the_text_of_a_page_around(engine):
    day = date(2025, 12, 24)
    hostile = a_paper(title="Agents \u202eevil\x07", authors=("Ada \u2066Bob",), abstract="Agents \u202eact.")
    papers.keep(engine, [a_listing(hostile)], CollectionRun("huggingface", day, "api", 1, 0.1, Outcome.OK, "", NOW))
    visitor = a_visitor(engine)
    topics = {"topics": "agents\u202e\x00"}
    for answer in (visitor.get("/archive/2025-12-24"), visitor.get("/preview", params=topics)):
        assert "Agents" in answer.text
        assert not set("\u202e\u2066\x07\x00") & set(answer.text)
        assert "%E2%80%AE" not in answer.text
    feed = ElementTree.fromstring(visitor.get("/feed.atom", params=topics).content)
    assert len(list(feed.iter(f"{ATOM}entry"))) == 1
