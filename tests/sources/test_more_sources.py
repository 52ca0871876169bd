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
from digest.sources.markup import unlabelled
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


RDF = """<?xml version="1.0" encoding="UTF-8"?>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/1.2/basic/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel rdf:about="https://journal.example/rss"><title>Journal</title><items><rdf:Seq>
<rdf:li rdf:resource="https://journal.example/1"/></rdf:Seq></items></channel>
<item rdf:about="https://journal.example/1"><title><![CDATA[Cells &amp; <i>E. coli</i> in a dish]]></title>
<link>https://journal.example/1?rss=1</link><description></description>
<content:encoded><![CDATA[<p>We grow <b>cells</b>.</p><p>They&nbsp;grow.</p>]]></content:encoded>
<dc:creator><![CDATA[ Wu, A., Li, B. C., Ng, D. ]]></dc:creator><dc:date>2025-12-24T07:15:00-04:00</dc:date>
<dc:identifier>doi:10.1101/2025.12.20.000001</dc:identifier><dc:subject>biology</dc:subject></item></rdf:RDF>"""
MEDIA = """

<?xml version="1.0"?>
<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" xmlns:atom="http://www.w3.org/2005/Atom">
<channel><atom:link rel="self" href="https://lab.example/rss"/><item>
<media:title>A player</media:title><media:description>A film</media:description><media:content url="x.mp4"/>
<atom:link rel="replies" href="https://lab.example/1#comments"/><atom:link rel="hub" href="https://hub.example/"/>
<title>x &lt; y, R&amp;amp;D and &lt;think&gt;</title><link>/papers/1</link>
<description>&lt;style&gt;p{}&lt;/style&gt;Abstract: We compare&lt;br/&gt;x &amp;lt; y.</description>
<author>ada@lab.example (Ada Wu)</author><author>bo@lab.example</author>
<pubDate>24 Dec 2025</pubDate><guid isPermaLink="false">a1</guid></item></channel></rss>"""
BLOG = """\ufeff<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://lab.example/blog/">
<entry><id>tag:lab.example,2025:2</id><link rel="replies" href="https://lab.example/replies"/>
<link rel="edit" href="https://lab.example/edit"/><link rel="alternate" href="post.html"/>
<title type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">On <em>trees</em></div></title>
<content type="html">&lt;p&gt;We climb.&lt;/p&gt;&lt;p&gt;Trees&amp;hellip;&lt;/p&gt;</content>
<author><name>Ada Wu, Bo Li and Cy Ng</name></author><published>2025-12-24T23:00:00+02:00</published></entry></feed>"""
PLAIN = """<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>p</id><title>The &lt;p> tag &amp;amp; its uses</title>
<updated>2025-12-24T08:00:00Z</updated><summary></summary><content>We use it.&nbsp;Twice.</content>
<link href="https://doi.org/10.1000/tags"/><author><name>Wu, Ada</name></author></entry></feed>"""


@pytest.mark.parametrize(
    ("feed", "title", "abstract", "people", "leads_to"),
    [
        (
            RDF,
            "Cells & E. coli in a dish",
            "We grow cells. They grow.",
            ("A. Wu", "B. C. Li", "D. Ng"),
            "https://doi.org/10.1101/2025.12.20.000001",
        ),
        (MEDIA, "x < y, R&D and <think>", "We compare x < y.", ("Ada Wu",), "https://lab.example/papers/1"),
        (BLOG, "On trees", "We climb. Trees…", ("Ada Wu", "Bo Li", "Cy Ng"), "https://lab.example/blog/post.html"),
        (PLAIN, "The <p> tag &amp; its uses", "We use it. Twice.", ("Ada Wu",), "https://doi.org/10.1000/tags"),
    ],
    ids=["RSS 1.0 of a journal", "RSS 2.0 with media", "Atom with HTML", "Atom with text"],
)
def test_each_dialect_of_feeds_says_the_same(feed, title, abstract, people, leads_to):
    result, _ = told("feed:https://lab.example/rss", feed.encode())
    [paper] = [listing.paper for listing in result.listings]
    assert (paper.title, paper.abstract, paper.authors, page(paper)) == (title, abstract, people, leads_to)


@pytest.mark.parametrize(
    ("place", "leads_to"),
    [("https://lab.example/blog/", ""), ('rel="alternate" href="post.html"', 'xml:base="http://[" href="post.html"')],
)
def test_an_address_to_begin_at_that_is_none_loses_nothing(place, leads_to):
    feed = BLOG.replace(place, leads_to or "http://[bad").encode()
    result, _ = told("feed:https://lab.example/rss", feed)
    assert [listing.paper.title for listing in result.listings] == ["On trees"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Abstract: We grow.", "We grow."),
        ("ABSTRACT We grow.", "We grow."),
        ("AbstractBackground: we", "Background: we"),
        ("Abstractive summarization is hard.", "Abstractive summarization is hard."),
        ("Abstract reasoning is hard.", "Abstract reasoning is hard."),
        ("Summary statistics hide much.", "Summary statistics hide much."),
    ],
)
def test_a_label_is_taken_off_and_a_word_is_not(said, kept):
    assert unlabelled(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "<pubDate>Wed, 24 Dec 2025 08:00:00 CET</pubDate>",
        "<pubDate>Wed, 24 Dec 25 23:00 GMT</pubDate>",
        "<pubDate>Dec 24, 2025</pubDate>",
        "<pubDate></pubDate><updated>2025-12-24 08:00:00</updated>",
        '<p:publicationDate xmlns:p="urn:prism">2025-12-24</p:publicationDate>',
    ],
)
def test_a_date_is_read_as_it_is_written(said):
    feed = f"<rss><channel><item><title>A study</title><guid>1</guid>{said}</item></channel></rss>"
    assert len(told("feed:https://lab.example/rss", feed.encode())[0].listings) == 1


def test_a_preprints_tags_and_heading_are_no_words_of_it():
    record = a_preprint(
        title="Growing <i>E. coli</i> &amp; others", abstract="AbstractBackground: we <sub>2</sub>grow."
    )
    [listing] = told("biorxiv", posts(record | {"version": 1}, total="1"))[0].listings
    assert (listing.paper.title, listing.paper.abstract) == ("Growing E. coli & others", "Background: we 2grow.")


def test_people_of_a_venue_are_names_or_names_that_lead_somewhere():
    people = [{"fullname": "Ada Wu", "username": "~Ada_Wu1"}, "Bo Li", {"username": "~Cy"}]
    [listing] = told("openreview:X", {"notes": [a_note(authors=people, **{"TL;DR": "Climb."})]})[0].listings
    assert (listing.paper.authors, listing.paper.summary) == (("Ada Wu", "Bo Li"), "Climb.")


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
