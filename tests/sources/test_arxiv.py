from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.sources import Answer, by_name, fetch
from digest.sources.arxiv import submission_window
from tests.support.page_server import PageServer
from tests.support.realdata import capture

DAY = date(2025, 12, 24)
SOURCE = by_name("arxiv", categories=("cs.CL", "cs.LG"))
ENTRY = """<entry>
  <id>oai:arXiv.org:{id}v2</id><title>{title}</title>
  <summary>arXiv:{id}v2 Announce Type: {type} \nAbstract: {abstract}</summary>
  <category term="cs.CL"/><category term="stat.ML"/><published>{on}T00:00:00-05:00</published>
  <arxiv:announce_type>{type}</arxiv:announce_type><dc:creator>{authors}</dc:creator>
</entry>"""


def an_entry(
    id="2512.00001", title="A Study", type="new", abstract="We study it.", authors="Ada Lovelace, Bo Li", on=DAY
):
    return ENTRY.format(id=id, title=title, type=type, abstract=abstract, authors=authors, on=on)


SUBMITTED = """<entry><id>http://arxiv.org/abs/{id}v1</id><title>A Study</title><summary>We study it.</summary>
  <published>{at}</published><category term="cs.CL"/><author><name>Ada Lovelace</name></author></entry>"""


def a_feed(*entries, updated="2025-12-24T05:00:19.866337+00:00"):
    return f"""<?xml version='1.0' encoding='UTF-8'?>
    <feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns="http://www.w3.org/2005/Atom"><title>cs.CL updates on arXiv.org</title><updated>{updated}</updated>
    {"".join(entries)}</feed>""".encode()


def told(*bodies, day=DAY, status=200):
    """What comes of these answers: the feed's, and the API's where it is asked."""
    exchange = SOURCE.ask(day)
    next(exchange)
    try:
        for body in (*bodies, b""):
            exchange.send(Answer(status, "https://rss.arxiv.example/atom", {}, body))
    except StopIteration as end:
        return end.value
    raise AssertionError("it asks for more")


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
    ("authors", "names"),
    [
        ("A. Smith (Univ. of X (UX), City), B. Li", ("A. Smith", "B. Li")),
        ("A. Smith (U (V (W, X), Y)), B. Li (Z)", ("A. Smith", "B. Li")),
        ("A. Smith ((U, V)) , B. Li", ("A. Smith", "B. Li")),
        ("A. Smith), B. Li", ("A. Smith)", "B. Li")),
        ("A. Smith (U, B. Li", ("A. Smith (U", "B. Li")),
    ],
)
def test_brackets_inside_an_affiliation_are_no_authors(authors, names):
    assert told(a_feed(an_entry(authors=authors))).listings[0].paper.authors == names


@pytest.mark.parametrize(
    ("id", "key"), [("cs/0112017", "cs/0112017"), ("math.GT/0309136", "math.GT/0309136"), ("0704.0001", "0704.0001")]
)
def test_old_ids_are_ids_too(id, key):
    assert ids(told(a_feed(an_entry(id)))) == [key]


def test_a_bad_entry_is_dropped_and_its_neighbours_are_not():
    result = told(a_feed(an_entry("2512.00001"), an_entry("nonsense"), an_entry("2512.00003", title=" "), an_entry()))
    assert ids(result) == ["2512.00001"]
    assert result.dropped == (
        "entry 2: 'oai:arXiv.org:nonsensev2' is not an arXiv id",
        "entry 3: 2512.00003 has no title",
    )


def test_the_feed_is_believed_for_its_own_day_only():
    result = told(a_feed(an_entry()), day=date(2025, 12, 26))
    assert result.problem == "the arXiv feed only holds 2025-12-24, not 2025-12-26"
    assert result.listings == ()


def test_what_is_not_of_the_day_is_left_out_and_said():
    old = [an_entry(f"2512.0000{n}", on="2025-12-23") for n in range(2)]
    new = [an_entry(f"2512.0001{n}") for n in range(3)]
    result = told(a_feed(*old, *new))
    assert ids(result) == ["2512.00010", "2512.00011", "2512.00012"]
    assert [listing.rank for listing in result.listings] == [1, 2, 3]
    assert (result.doubt, result.notes) == ("", ("left out 2 of 5 entries, of 2025-12-23",))


def test_a_list_that_is_mostly_of_another_day_is_in_doubt():
    old = [an_entry(f"2512.0000{n}", on="2025-12-23") for n in range(8)]
    result = told(a_feed(*old, *(an_entry(f"2512.0001{n}") for n in range(3))))
    assert len(result.listings) == 3
    assert result.doubt == "most is not of the day: left out 8 of 11 entries, of 2025-12-23"


@pytest.mark.parametrize("on", ["2025-12-25", "9999-12-31", "0001-01-01"])
def test_one_entry_of_another_time_does_not_refuse_the_feed(on):
    assert ids(told(a_feed(an_entry("2512.00001"), an_entry("2512.00002", on=on))))[:1] == ["2512.00001"]


def test_a_day_that_the_feed_has_moved_on_from_is_asked_of_the_api(monkeypatch):
    def submission(id, at):
        return SUBMITTED.format(id=id, at=at)

    entries = [
        submission("2512.00001", "2025-12-19T18:59:59Z"),
        submission("2512.00002", "2025-12-19T19:00:00Z"),
        submission("2512.00003", "2025-12-22T18:59:59Z"),
        submission("2512.00004", "2025-12-22T19:00:01Z"),
    ]
    monkeypatch.setattr("digest.sources.fetch.time.sleep", lambda seconds: None)
    with PageServer() as server, fetch.client(base_url="https://digest.example.org") as client:
        server.answers("/atom", a_feed(an_entry("2512.00009"), an_entry("2512.00002", on="2025-12-23")))
        server.answers("/api/query", a_feed(*entries))
        result, _ = fetch.collect(SOURCE, date(2025, 12, 23), base_url=server.url, client=client)
    assert (result.step, result.problem, result.doubt) == ("api", "", "")
    assert [(listing.paper.id, listing.rank) for listing in result.listings] == [("2512.00002", 1), ("2512.00003", 2)]
    asked = server.requests[-1].params
    assert asked["search_query"] == "(cat:cs.CL OR cat:cs.LG) AND submittedDate:[202512191900 TO 202512221900]"
    assert result.notes == ("the arXiv feed is of 2025-12-24",)


def test_what_the_feed_still_holds_is_kept_in_doubt_where_the_api_fails():
    result = told(a_feed(an_entry(), an_entry("2512.00002", on="2025-12-23")), b"<html/>", day=date(2025, 12, 23))
    assert ids(result) == ["2512.00002"]
    assert (result.problem, result.doubt) == (
        "",
        "the arXiv feed is of 2025-12-24; api: not an Atom feed but <html>",
    )


def test_where_the_feed_holds_nothing_and_the_api_fails_both_are_said_once():
    problem = told(a_feed(an_entry()), b"<html/>", day=date(2025, 12, 23)).problem
    assert problem == "the arXiv feed only holds 2025-12-24, not 2025-12-23; api: not an Atom feed but <html>"


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2025-12-22", "2025-12-18T19:00Z", "2025-12-19T19:00Z"),  # Monday: from Thursday to Friday
        ("2025-12-23", "2025-12-19T19:00Z", "2025-12-22T19:00Z"),  # Tuesday: the weekend
        ("2025-12-24", "2025-12-22T19:00Z", "2025-12-23T19:00Z"),
        ("2025-07-02", "2025-06-30T18:00Z", "2025-07-01T18:00Z"),  # summer time
    ],
)
def test_when_the_papers_of_a_day_were_submitted(day, first, last):
    window = submission_window(date.fromisoformat(day))
    assert window == (datetime.fromisoformat(first), datetime.fromisoformat(last))


def test_nothing_is_listed_on_a_weekend_and_nobody_is_asked():
    with PageServer() as server, fetch.client(base_url="https://digest.example.org") as client:
        result, _ = fetch.collect(SOURCE, date(2025, 12, 20), base_url=server.url, client=client)
    assert (result.listings, result.problem, server.requests) == ((), "", [])


@pytest.mark.parametrize(("updated", "day"), [("2025-12-25T05:00:10+00:00", 25), ("2025-12-25T04:00:10+00:00", 24)])
def test_an_empty_feed_tells_its_day_by_the_clock_of_new_york(updated, day):
    result = told(a_feed(updated=updated), day=date(2025, 12, day))
    assert (result.problem, result.listings, result.step) == ("", (), "feed")


def test_a_feed_without_any_date_is_not_believed():
    assert told(a_feed(updated="soon")).problem == "the arXiv feed only holds an unknown day, not 2025-12-24"


def test_a_full_feed_is_said_to_be_full(monkeypatch):
    monkeypatch.setattr("digest.sources.arxiv.entries.MOST_ENTRIES", 2)
    result = told(a_feed(an_entry("2512.00001"), an_entry("2512.00002")))
    assert result.notes == ("the list ends at 2 entries: ask for fewer categories",)


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
    result = told(feed, day=date(2025, 8, 20))
    assert (result.problem, result.dropped) == ("", ())
    assert len(result.listings) == feed.count(b"<entry>") == 7
    first = result.listings[0].paper
    assert (first.id, first.categories) == ("2508.13426", ("cs.CL", "cs.AI"))
    assert first.authors == ("Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang")
    assert first.abstract.startswith("As large language models (LLMs) increasingly mediate")
    assert all("Announce Type" not in listing.paper.abstract for listing in result.listings)


@pytest.mark.realdata
def test_a_real_answer_of_the_query_api_is_read_too():
    feed = a_feed(updated="2026-05-13T05:00:00Z")
    result = told(feed, capture("arxiv/api-atom.xml").read_bytes(), day=date(2026, 5, 12))
    assert ids(result) == ["2605.08083", "2605.08077"]
    assert result.listings[1].paper.authors[0] == "Shuhang Lin"
    assert result.listings[1].paper.published_at == datetime(2026, 5, 10, 10, tzinfo=UTC)
