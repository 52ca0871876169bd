from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import Answer, by_name, fetch
from tests.support.page_server import PageServer
from tests.support.realdata import capture

DAY = date(2025, 12, 24)
SOURCE = by_name("arxiv", categories=("cs.CL", "cs.LG"))
ENTRY = """<entry>
  <id>oai:arXiv.org:{id}v2</id><title>{title}</title>
  <summary>arXiv:{id}v2 Announce Type: {type} \nAbstract: {abstract}</summary>
  <category term="cs.CL"/><category term="stat.ML"/><published>2025-12-24T00:00:00-05:00</published>
  <arxiv:announce_type>{type}</arxiv:announce_type><dc:creator>{authors}</dc:creator>
</entry>"""


def an_entry(id="2512.00001", title="A Study", type="new", abstract="We study it.", authors="Ada Lovelace, Bo Li"):
    return ENTRY.format(id=id, title=title, type=type, abstract=abstract, authors=authors)


def a_feed(*entries, updated="2025-12-24T05:00:19.866337+00:00"):
    return f"""<?xml version='1.0' encoding='UTF-8'?>
    <feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns="http://www.w3.org/2005/Atom"><title>cs.CL updates on arXiv.org</title><updated>{updated}</updated>
    {"".join(entries)}</feed>""".encode()


def told(body, day=DAY, status=200):
    exchange = SOURCE.ask(day)
    next(exchange)
    with pytest.raises(StopIteration) as end:
        exchange.send(Answer(status, "https://rss.arxiv.example/atom", {}, body))
    return end.value.value


def ids(result):
    return [listing.paper.id for listing in result.listings]


def test_the_feed_of_all_categories_is_asked_for_at_once():
    with PageServer() as server, fetch.client(base_url="https://digest.example.org") as client:
        server.answers("/atom/cs.CL+cs.LG", a_feed(an_entry()))
        result, _ = fetch.collect(SOURCE, DAY, base_url=server.url, client=client)
    assert (result.step, ids(result)) == ("feed", ["2512.00001"])


def test_every_field_is_read():
    title, abstract = "Fast $k$-NN\n for All", "We gain 12\\%\n more."
    (listing,) = told(a_feed(an_entry(title=title, abstract=abstract))).listings
    paper = listing.paper
    assert (listing.source, listing.day, listing.rank) == ("arxiv", DAY, 1)
    assert (paper.id, paper.title, paper.abstract) == ("2512.00001", "Fast k-NN for All", "We gain 12% more.")
    assert (paper.original_title, paper.original_abstract) == (title, abstract)
    assert (paper.authors, paper.categories) == (("Ada Lovelace", "Bo Li"), ("cs.CL", "stat.ML"))
    assert paper.published_at == datetime(2025, 12, 24, 5, tzinfo=UTC)


def test_new_and_cross_listed_papers_count_and_replaced_ones_do_not():
    entries = [an_entry(f"2512.0000{n}", type=t) for n, t in enumerate(["new", "replace", "cross", "replace-cross"])]
    result = told(a_feed(*entries))
    assert [(listing.paper.id, listing.rank) for listing in result.listings] == [("2512.00000", 1), ("2512.00002", 2)]
    assert result.dropped == ()


def test_a_cross_listed_paper_was_not_published_on_the_feeds_day():
    assert told(a_feed(an_entry(type="cross"))).listings[0].paper.published_at is None


def test_an_affiliation_is_no_author():
    entry = an_entry(authors="Ada Lovelace (Example Lab, Atlantis), Erd\\H{o}s P\\'al, ")
    assert told(a_feed(entry)).listings[0].paper.authors == ("Ada Lovelace", "Erdős Pál")


@pytest.mark.parametrize(
    ("id", "key"), [("cs/0112017", "cs/0112017"), ("math.GT/0309136", "math.GT/0309136"), ("0704.0001", "0704.0001")]
)
def test_old_ids_are_ids_too(id, key):
    assert ids(told(a_feed(an_entry(id)))) == [key]


def test_a_bad_entry_is_dropped_and_its_neighbours_are_not():
    result = told(a_feed(an_entry("2512.00001"), an_entry("nonsense"), an_entry("2512.00003", title=" "), an_entry()))
    assert ids(result) == ["2512.00001"]
    assert result.dropped == (
        "entry 2: 'oai:arXiv.org:nonsensev2' is no arXiv id",
        "entry 3: 2512.00003 has no title",
    )


def test_the_feed_is_believed_for_its_own_day_only():
    result = told(a_feed(an_entry()), date(2025, 12, 23))
    assert result.problem == "the arXiv feed only holds 2025-12-24, not 2025-12-23"
    assert result.listings == ()


@pytest.mark.parametrize(("updated", "day"), [("2025-12-25T05:00:10+00:00", 25), ("2025-12-25T04:00:10+00:00", 24)])
def test_an_empty_feed_tells_its_day_by_the_clock_of_new_york(updated, day):
    result = told(a_feed(updated=updated), date(2025, 12, day))
    assert (result.problem, result.listings, result.step) == ("", (), "feed")


def test_a_feed_without_any_date_is_not_believed():
    assert told(a_feed(updated="soon")).problem == "the arXiv feed only holds an unknown day, not 2025-12-24"


def test_a_full_feed_is_said_to_be_full(monkeypatch):
    monkeypatch.setattr("digest.sources.arxiv.MOST_ENTRIES", 2)
    result = told(a_feed(an_entry("2512.00001"), an_entry("2512.00002")))
    assert result.notes == ("the feed ends at 2 entries: ask for fewer categories",)


BOMB = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><feed>&b;</feed>'


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not an Atom feed: no element found"),
        (a_feed(an_entry())[:-20], "not an Atom feed: "),
        (b"<html><body>Down for maintenance</body></html>", "not an Atom feed but <html>"),
        (BOMB, "not an Atom feed: "),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><feed/>', "not an Atom feed: "),
        (b'<?xml version="1.0" encoding="no-such"?><feed/>', "not an Atom feed: "),
        (b'<?xml version="1.0" encoding="utf-32"?><feed/>', "not an Atom feed: "),
        (a_feed(an_entry("x"), an_entry("y")), "none of 2 entries can be read, entry 1: "),
    ],
)
def test_what_is_no_feed_is_a_failure_with_a_reason(body, why):
    result = told(body)
    assert result.problem.startswith(why)
    assert result.listings == ()


def test_a_refusal_is_a_failure():
    assert told(b"", status=406).problem == "HTTP 406"


@given(st.binary() | st.text().map(str.encode) | st.lists(st.text("<>/&;entryidfsu ='x:")).map("".join).map(str.encode))
def test_no_answer_makes_it_crash(body):
    assert told(body).problem
    assert told(a_feed().replace(b"</feed>", body + b"</feed>")).problem or not body.strip() or b"<" not in body


@pytest.mark.realdata
def test_a_real_feed_is_read():
    feed = capture("arxiv/rss-atom-cs.AI-2025-08-20.xml").read_bytes()
    result = told(feed, date(2025, 8, 20))
    assert (result.problem, result.dropped) == ("", ())
    assert len(result.listings) == feed.count(b"<entry>") == 7
    first = result.listings[0].paper
    assert (first.id, first.categories) == ("2508.13426", ("cs.CL", "cs.AI"))
    assert first.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert first.abstract.startswith("As large language models (LLMs) increasingly mediate")
    assert all("Announce Type" not in listing.paper.abstract for listing in result.listings)


@pytest.mark.realdata
def test_a_real_answer_of_the_query_api_is_read_too():
    result = told(capture("arxiv/api-atom.xml").read_bytes(), date(2026, 5, 10))
    assert ids(result) == ["2605.08083", "2605.08077"]
    assert result.listings[1].paper.authors[0] == "Shuhang Lin"
    assert result.listings[1].paper.published_at == datetime(2026, 5, 10, 10, tzinfo=UTC)
