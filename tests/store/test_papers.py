from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from digest.domain import EPOCH, Outcome, Window
from digest.store import collections, papers
from digest.store.engine import reading
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper
from tests.support.stored import keep


def a_full_paper():
    return a_paper(
        "2512.00007",
        title="Ünïcode & <b>",
        abstract="An abstract.",
        authors=("Ada Lovelace", "李雷"),
        organization="Kite Lab",
        organization_handle="kite",
        published_at=datetime(2025, 12, 23, 18, 59, 56, tzinfo=UTC),
        summary="Short.",
        keywords=("diffusion", "VAE"),
        categories=("cs.CL",),
        code_url="https://example.org/code",
        code_stars=12,
        project_url="https://example.org",
        thumbnail_url="https://example.org/t.png",
        original_title="Ünïcode\n  & <b>",
        original_abstract="An\nabstract.",
    )


def test_a_paper_comes_back_as_it_went_in(engine):
    keep(engine, a_listing(a_full_paper(), upvotes=9, comments=2))
    [kept] = papers.listed(engine, DAY, DAY)
    assert kept == replace(a_full_paper(), upvotes=9, comments=2, sources=("huggingface",), listed_on=DAY)


def test_a_second_look_refreshes_and_repeats_nothing(engine):
    paper = a_full_paper()
    assert keep(engine, a_listing(paper, upvotes=1, rank=5)) == 1
    assert keep(engine, a_listing(replace(paper, code_stars=99), upvotes=30, comments=4, rank=1)) == 0
    [listing] = papers.listings_on(engine, DAY)
    assert (listing.upvotes, listing.comments, listing.rank, listing.paper.code_stars) == (30, 4, 1, 99)


def test_a_poorer_answer_empties_nothing(engine):
    keep(engine, a_listing(a_full_paper()))
    keep(engine, a_listing(a_paper("2512.00007", title="Newer title", abstract="", authors=())))
    [kept] = papers.listed(engine, DAY, DAY)
    assert kept.title == "Newer title"
    assert (kept.abstract, kept.authors, kept.code_stars) == ("An abstract.", ("Ada Lovelace", "李雷"), 12)


def test_who_borrows_a_paper_completes_it_and_rewrites_nothing(engine):
    """A feed may link to any paper, and say of it what it likes."""
    keep(engine, a_listing(a_paper("2512.00007", title="What arXiv says", abstract="", authors=("Ada Lovelace",))))
    said = a_paper("2512.00007", title="Buy this", abstract="More.", authors=("Eve",), code_stars=3)
    keep(engine, a_listing(said, source="feed-blog", borrowed=True))
    [kept] = papers.listed(engine, DAY, DAY)
    assert (kept.title, kept.abstract, kept.authors, kept.code_stars) == (
        "What arXiv says",
        "More.",
        ("Ada Lovelace",),
        3,
    )


def test_a_paper_listed_twice_is_one_paper_with_two_listings(engine):
    paper = a_full_paper()
    keep(engine, a_listing(paper, upvotes=50))
    keep(engine, a_listing(paper, day=DAY + timedelta(days=1), source="arxiv"))
    [kept] = papers.listed(engine, DAY, DAY + timedelta(days=1))
    assert (kept.sources, kept.upvotes, kept.listed_on) == (("arxiv", "huggingface"), 50, DAY + timedelta(days=1))
    assert len(papers.listings_on(engine, DAY)) == len(papers.listings_on(engine, DAY + timedelta(days=1))) == 1


def test_what_the_database_refuses_costs_its_neighbours_nothing(engine):
    """Listings are stored many at a time, in their order, and what is refused is told apart from the others."""
    first, last = a_paper("2512.00001", title="Old"), a_paper("2512.00003")
    found = [
        a_listing(first, rank=1, upvotes=None),
        a_listing(a_paper("2512.00002", title="\ud800"), rank=2),
        a_listing(replace(first, title="New"), rank=1, upvotes=7),
        replace(a_listing(replace(first, title="Borrowed"), rank=1, upvotes=None), borrowed=True),
        a_listing(last, rank=3),
    ]
    collection = papers.keep(engine, found, a_collection(papers=5)).collection
    assert (collection.papers, collection.note) == (4, "'2512.00002' cannot be stored: UnicodeEncodeError")
    kept = [(one.paper.id, one.paper.title, one.upvotes) for one in papers.listings_on(engine, DAY)]
    assert kept == [("2512.00001", "New", 7), ("2512.00003", last.title, a_listing(last).upvotes)]


def test_a_window_holds_what_was_first_seen_in_it(engine):
    early, late = a_paper("2512.1"), a_paper("2512.2")
    keep(engine, a_listing(early), at=NOW)
    keep(engine, a_listing(early), a_listing(late), at=NOW + timedelta(hours=3))

    def within(start, end):
        return [paper.id for paper in papers.in_window(engine, Window(NOW + start, NOW + end, DAY))]

    hour = timedelta(hours=1)
    assert within(-hour, hour) == ["2512.1"]
    assert within(hour, 4 * hour) == ["2512.2"]
    assert within(0 * hour, 3 * hour) == ["2512.1"], "a window is half-open"
    assert papers.in_window(engine, Window(EPOCH, NOW + 9 * hour, DAY + timedelta(days=1))) == []


def test_back_filled_days_reach_no_window(engine):
    keep(engine, a_listing(a_paper("2512.1")), backfill=True)
    keep(engine, a_listing(a_paper("2511.1"), day=DAY - timedelta(days=30)), backfill=True)
    everything = Window(EPOCH, NOW + timedelta(days=1), date(2000, 1, 1))
    assert [paper.id for paper in papers.in_window(engine, everything)] == ["2512.1"]
    assert len(papers.listed(engine, date(2000, 1, 1), DAY)) == 2


def test_what_stood_on_an_earlier_list_is_relisted(engine):
    old, new = a_paper("2512.1"), a_paper("2512.2")
    keep(engine, a_listing(old), at=NOW)
    keep(engine, a_listing(old, source="arxiv"), a_listing(new, source="arxiv"), at=NOW + timedelta(days=6))
    window = Window(NOW + timedelta(days=5), NOW + timedelta(days=7), DAY)
    assert papers.relisted(engine, window) == {"2512.1"}


@pytest.mark.parametrize(
    ("days", "latest"),
    [
        ({}, None),
        ({"huggingface": 0}, 0),
        ({"huggingface": -1, "arxiv": 0}, -1),
        ({"huggingface": -30, "arxiv": 0}, 0),
    ],
    ids=["none", "one source", "the slower of two", "a silent source holds nobody back"],
)
def test_the_latest_listed_day(engine, days, latest):
    for source, back in days.items():
        keep(engine, a_listing(source=source, day=DAY + timedelta(days=back)))
    with reading(engine) as connection:
        assert papers.latest_day(connection) == (None if latest is None else DAY + timedelta(days=latest))


def test_collections_are_remembered_in_order(engine):
    for hour, outcome in enumerate((Outcome.SUSPICIOUS, Outcome.OK)):
        papers.keep(engine, [], a_collection(at=NOW + timedelta(hours=hour), outcome=outcome))
    papers.keep(engine, [], a_collection("arxiv"))
    assert [one.outcome for one in collections.history(engine, "huggingface", DAY)] == [Outcome.SUSPICIOUS, Outcome.OK]
    assert [(one.source, one.outcome) for one in collections.newest(engine)] == [("arxiv", "ok"), ("huggingface", "ok")]
    assert collections.history(engine, "huggingface", DAY + timedelta(days=1)) == []
