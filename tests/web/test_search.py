"""The page of a search: whatever is typed, it is an answer, and says what to type instead."""

from datetime import date
from urllib.parse import urlencode
from xml.etree import ElementTree

import html5lib
import pytest
from selectolax.lexbor import LexborHTMLParser

from digest.domain import CollectionRun, Outcome
from digest.store import papers
from tests.support.factories import NOW, a_listing, a_paper
from tests.support.visitor import BASE, a_visitor

DAY, EARLIER = date(2025, 12, 24), date(2025, 12, 1)
# What is asked for, and what the page says to it.
UNUSUAL = [
    ({"q": "-games"}, "all papers but those you leave out"),
    ({"q": "-games, -robots"}, "all papers but those you leave out"),
    ({"q": "author:"}, "author:"),
    ({"q": 'author:""'}, "cannot be read yet"),
    ({"q": '"tree search'}, "closing quote"),
    ({"q": '"'}, "cannot be read yet"),
    ({"q": "+ | - ( ) * ^"}, "cannot be read yet"),
    ({"q": "AND OR NOT NEAR"}, "cannot be read yet"),
    ({"q": "'; DROP TABLE papers --"}, "with letters or digits"),
    ({"q": "upvotes:>=99999999999999999999"}, "upvotes"),
    ({"q": "has:nothing"}, "has:"),
    ({"q": "nobody:x"}, "cannot be read yet"),
    ({"q": "x"}, "No paper matches"),
    ({"q": "a*"}, "before the *"),
    ({"q": "the of and"}, "No paper matches"),
    ({"q": "深度学习"}, "No paper matches"),
    ({"q": "\x00\ud83d\ude00\u202e"}, ""),
    ({"q": "a" * 2_000}, "Shorten this"),
    ({"q": "word " * 400}, "Shorten this to 500 characters"),
    ({"q": "\n".join(f"topic {n}" for n in range(30))}, "at most 20 topics"),
    ({"q": "agents", "from": "1000000000"}, "this is the first page"),
    ({"q": "agents", "from": "-1"}, "this is the first page"),
    ({"q": "agents", "from": "١"}, "this is the first page"),
    ({"q": "agents", "from": "2000"}, "No more papers"),
    ({"q": "agents", "since": "2025-12-31", "until": "2025-01-01"}, "Put the earlier date first"),
    ({"q": "agents", "since": "yesterday", "until": "2025-13-40"}, "Please write dates like 2025-12-24."),
    ({"q": "agents", "since": "0001-01-01", "until": "9999-12-31"}, "Agents 1"),
    ({"q": "agents", "until": "0001-01-01"}, "or no filter"),
    ({"q": "agents", "source": "nowhere"}, "There is no source “nowhere”: write source=huggingface"),
    ({"q": "agents", "order": "best"}, "write order=fit, newest or upvotes"),
    ({"q": "agents", "code": "maybe"}, "write code=yes"),
    ({"order": "'"}, "There is no order"),
    ({"source": "huggingface"}, "Agents 1"),
]


@pytest.fixture
def visitor(engine):
    for day, first in ((EARLIER, 0), (DAY, 30)):
        found = [
            a_listing(a_paper(str(n), title=f"Agents {n}", authors=("Ada Wu",)), rank=n, upvotes=n % 7, day=day)
            for n in range(first, first + 30)
        ]
        papers.keep(engine, found, CollectionRun("huggingface", day, "api", 30, 0.1, Outcome.OK, "", NOW))
    return a_visitor(engine)


def test_whatever_is_typed_is_answered_by_a_page_that_says_what_to_type(visitor):
    for asked, said in UNUSUAL:
        answer = visitor.get("/search?" + urlencode(asked, errors="replace"))
        assert answer.status_code == 200, asked
        html5lib.HTMLParser(strict=True).parse(answer.text)
        assert said in " ".join(LexborHTMLParser(answer.text).body.text().split()), asked
        for form in ("atom", "json"):
            assert visitor.get(f"/search.{form}?" + urlencode(asked, errors="replace")).status_code == 200, asked


def test_what_was_typed_stays_in_the_form_and_means_the_same(visitor):
    page = LexborHTMLParser(visitor.get("/search?q=tree%0Asearch&order=newest&since=2025-12-02").text)
    assert page.css_first("#q").attributes["value"] == "tree, search"
    assert page.css_first("#since").attributes["value"] == "2025-12-02"


def test_a_later_page_leads_back_to_the_first_of_the_same_search(visitor):
    page = LexborHTMLParser(visitor.get("/search?q=agents&order=upvotes&until=2025-12-02&from=20").text)
    [back] = [link.attributes["href"] for link in page.css(".paging a") if "First" in link.text()]
    assert back == "/search?q=agents&order=upvotes&until=2025-12-02"


@pytest.mark.parametrize("asked", ["q=agents", "q=agents&order=upvotes&until=2025-12-02", "q=for+agents", "q=-agents"])
def test_the_feed_of_a_search_has_what_its_page_has(visitor, asked):
    page = LexborHTMLParser(visitor.get(f"/search?{asked}").text)
    shown = [f"{BASE}{link.attributes['href']}" for link in page.css("h3.paper a")]
    feed = ElementTree.fromstring(visitor.get(f"/search.atom?{asked}").content)
    assert [entry.findtext("{*}id") for entry in feed.iter("{http://www.w3.org/2005/Atom}entry")] == shown
    assert [item["id"] for item in visitor.get(f"/search.json?{asked}").json()["items"]] == shown
    offered = [link.attributes["href"] for link in page.css("link[type='application/atom+xml']")]
    assert offered
    assert "order=newest" in offered[0]
    assert visitor.get(offered[0]).status_code == 200


def test_the_feed_of_a_later_page_is_that_of_the_first(visitor):
    for form in ("atom", "json"):
        first, later = (visitor.get(f"/search.{form}?q=agents{more}").text for more in ("", "&from=20"))
        assert later == first


def test_the_feed_of_an_author_has_what_their_page_has(visitor):
    page = LexborHTMLParser(visitor.get("/authors/Ada%20Wu").text)
    shown = [f"{BASE}{link.attributes['href']}" for link in page.css("h3.paper a")]
    [feed] = [link.attributes["href"] for link in page.css("link[type='application/feed+json']")]
    assert shown
    assert [item["id"] for item in visitor.get(feed).json()["items"]] == shown
