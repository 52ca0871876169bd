"""bioRxiv, medRxiv, OpenReview and feeds by address: small invented answers in the documented formats."""

import json
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.wording import page
from digest.domain import CollectionRun, Outcome
from digest.sources import Answer, UnknownSource, by_name
from digest.sources.freshness import judge
from digest.sources.identity import key_of
from tests.support.factories import NOW, a_paper

DAY = date(2025, 12, 24)
AT = int(datetime(2025, 12, 24, 9, tzinfo=UTC).timestamp() * 1000)


def told(name, *bodies):
    """What a source makes of these answers, and what it asked."""
    exchange, asked = by_name(name).ask(DAY), []
    try:
        asked.append(next(exchange))
        for body in (*bodies, b""):
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            asked.append(exchange.send(Answer(200, "https://papers.example/", {}, content)))
    except StopIteration as end:
        return end.value, asked
    raise AssertionError("it asks for more")


def a_preprint(number=1, **fields):
    return {
        "doi": f"10.1101/2025.12.20.{number:06}",
        "title": "Cells in a dish",
        "authors": "Lovelace, A.; Li, B.",
        "date": str(DAY),
        "version": "1",
        "category": "neuroscience",
        "abstract": "We grow them.",
        "server": "bioRxiv",
    } | fields


def posts(*records, total=None):
    return {"messages": [{"status": "ok", "total": str(total or len(records))}], "collection": list(records)}


def test_a_days_preprints_are_read_page_by_page():
    first, second = [a_preprint(n) for n in range(100)], [a_preprint(n) for n in range(100, 120)]
    result, asked = told("biorxiv", posts(*first, total=120), posts(*second, total=120))
    assert [request.path for request in asked] == [f"/details/biorxiv/{DAY}/{DAY}/{n}/json" for n in (0, 100)]
    assert (len(result.listings), result.problem) == (120, "")
    paper = result.listings[0].paper
    assert (paper.id, paper.authors, paper.categories) == (
        "doi:10.1101/2025.12.20.000000",
        ("A. Lovelace", "B. Li"),
        ("neuroscience",),
    )
    assert page(paper) == "https://doi.org/10.1101/2025.12.20.000000"


def test_revisions_and_other_categories_are_no_news():
    records = [a_preprint(1), a_preprint(2, version="2"), a_preprint(3, category="Cell Biology")]
    assert len(told("biorxiv", posts(*records))[0].listings) == 2
    assert [each.rank for each in told("medrxiv:cell_biology+genomics", posts(*records))[0].listings] == [1]


def test_a_day_without_preprints_is_empty_and_another_answer_a_problem():
    assert told("biorxiv", {"messages": [{"status": "no posts found"}], "collection": []})[0].problem == ""
    assert told("biorxiv", {"messages": []})[0].problem.startswith("no list of preprints")
    assert told("biorxiv", b"<html>")[0].problem.startswith("not JSON")
    assert "posted on 2025-12-23" in told("biorxiv", posts(a_preprint(date="2025-12-23")))[0].problem


def test_a_page_that_fails_leaves_what_was_read_in_doubt():
    result, _ = told("biorxiv", posts(a_preprint(), total=120), b"")
    assert (len(result.listings), result.doubt[:24]) == (1, "only the first 1 records")


def a_note(id="aBc", at=AT, **content):
    fields = {
        "title": "On Trees",
        "abstract": "We climb.",
        "authors": ["Ada Lovelace"],
        "keywords": ["trees"],
    } | content
    return {"id": id, "forum": id, "cdate": at, "content": {name: {"value": value} for name, value in fields.items()}}


def test_a_venues_papers_are_those_of_the_day():
    notes = [a_note("new", AT + 10**8), a_note("aBc", TLDR="Climb."), a_note("old", AT - 10**8)]
    result, asked = told("openreview:ICLR.cc/2026/Conference", {"notes": notes})
    assert asked[0].params["content.venueid"] == "ICLR.cc/2026/Conference"
    (listing,) = result.listings
    assert (listing.paper.id, listing.paper.summary, listing.paper.keywords) == ("openreview:aBc", "Climb.", ("trees",))
    assert page(listing.paper) == "https://openreview.net/forum?id=aBc"


ATOM = f"""<feed xmlns="http://www.w3.org/2005/Atom"><updated>2025-12-24T10:00:00Z</updated>
<entry><id>tag:lab.example,2025:1</id><title>A &lt;b&gt; study</title><published>{DAY}T08:00:00Z</published>
<link href="https://lab.example/1"/><author><name>Ada Lovelace</name></author><category term="vision"/></entry>
<entry><id>2</id><title>On arXiv</title><updated>{DAY}T08:00:00Z</updated><link href="https://arxiv.org/abs/2512.00001v2"/></entry>
<entry><id>3</id><title>Older</title><published>2025-12-23T08:00:00Z</published></entry>
<entry><id>4</id><title>Without a date</title></entry></feed>"""
RSS = """<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel><title>Lab</title>
<item><title>A study</title><link>https://www.biorxiv.org/content/10.1101/2025.12.20.000001v1.full</link>
<description>We study.</description><pubDate>Wed, 24 Dec 2025 08:00:00 GMT</pubDate>
<dc:creator>Bo Li</dc:creator></item>
</channel></rss>"""


def test_an_atom_feed_is_read_by_its_dates():
    result, asked = told("feed:https://lab.example/papers.atom?tag=ai", ATOM.encode())
    assert asked[0].path == "/papers.atom?tag=ai"
    first, second = (listing.paper for listing in result.listings)
    assert first.id.startswith("feed-lab-example-papers-atom-tag-ai:")
    assert (first.title, first.authors, first.categories, page(first)) == (
        "A <b> study",
        ("Ada Lovelace",),
        ("vision",),
        "https://lab.example/1",
    )
    assert (second.id, result.dropped) == ("2512.00001", ("entry 4: it has no date",))
    assert [listing.borrowed for listing in result.listings] == [False, True]


def test_an_rss_feed_is_read_and_a_paper_of_two_sources_has_one_key():
    (listing,) = told("feed:https://lab.example/rss", RSS.encode())[0].listings
    assert listing.paper.id == told("biorxiv", posts(a_preprint()))[0].listings[0].paper.id
    assert (listing.paper.authors, listing.paper.abstract) == (("Bo Li",), "We study.")


def test_what_is_no_feed_or_no_address_says_so():
    assert told("feed:https://lab.example/", b"<html/>")[0].problem == "not a feed but <html>"
    with pytest.raises(UnknownSource, match="not the address of a feed"):
        by_name("feed:ftp://lab.example")


@pytest.mark.parametrize(
    ("said", "key"),
    [
        ("https://arxiv.org/abs/2512.00001v3", "2512.00001"),
        ("https://arxiv.org/pdf/2512.00001v3.pdf", "2512.00001"),
        ("https://doi.org/10.48550/arXiv.2512.00001", "2512.00001"),
        ("https://doi.org/10.1101/2025.12.20.000001", "doi:10.1101/2025.12.20.000001"),
        ("https://www.medrxiv.org/content/10.1101/2025.12.20.000001v2.full.pdf", "doi:10.1101/2025.12.20.000001"),
        ("10.1038/S41586-025-00001-2", "doi:10.1038/s41586-025-00001-2"),
        ("https://lab.example/10.5", "own"),
        ("", "own"),
    ],
)
def test_one_paper_has_one_key_wherever_it_is_listed(said, key):
    assert key_of(said, own="own") == key


def test_a_day_without_papers_is_nothing_odd_for_a_source_that_lists_now_and_then():
    source = by_name("feed:https://lab.example/rss")
    before = [CollectionRun(source.name, date(2025, 12, 17), "feed", 0, 0.1, Outcome.OK, "", NOW)]
    assert judge(0, "", DAY, before, source, NOW) == (Outcome.OK, "")


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.sets(st.sampled_from([*a_preprint(), "messages"]), max_size=3), values)
def test_no_record_makes_a_source_crash(names, value):
    record, note = a_preprint() | dict.fromkeys(names, value), a_note() | {"cdate": value}
    assert told("biorxiv", posts(a_preprint(2), record, value))[0].listings
    note["content"] = value if "title" in names else note["content"] | {"authors": value, "title": value}
    assert told("openreview:X", {"notes": [a_note("good"), note, value]})[0].listings


def test_an_unknown_key_has_no_page_of_its_own():
    assert page(a_paper("hf:12345")) == ""
