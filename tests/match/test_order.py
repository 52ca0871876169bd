"""In which order: fit and liking, compared with peers of the same day and of sources with votes."""

from datetime import date
from threading import Thread

import pytest

from digest.domain import Order
from digest.match import Matcher
from digest.topics import parse
from tests.support.factories import a_paper

MONDAY, FRIDAY = date(2025, 12, 1), date(2025, 12, 5)


def order(papers, topic="agents", by=Order.MIXED):
    return [pick.paper.id for pick in Matcher(papers).select(parse(topic), limit=9, order=by).picks]


def of(day, *upvotes, sources=("huggingface",)):
    return [
        a_paper(f"{day}-{n}", title=f"Agents of {day}", abstract=f"No. {n}", upvotes=n, listed_on=day, sources=sources)
        for n in upvotes
    ]


def test_a_liked_paper_comes_before_one_that_fits_as_well():
    assert order(of(MONDAY, 3, 90, 20)) == [f"{MONDAY}-90", f"{MONDAY}-20", f"{MONDAY}-3"]


def test_a_young_paper_is_compared_with_the_papers_of_its_day():
    # Thirty upvotes are many on a day when the others have a few, and few on one when they have a hundred.
    papers = of(MONDAY, 31, *range(100, 120)) + of(FRIDAY, 30, *range(0, 12))
    assert order(papers)[0] == f"{FRIDAY}-30"
    assert f"{MONDAY}-31" not in order(papers)


def test_a_paper_from_a_source_without_votes_counts_as_the_typical_one():
    silent = of(FRIDAY, 0, sources=("arxiv",))
    papers = [*of(MONDAY, 0, 1, 50, 60), *silent]
    places = order(papers)
    assert places.index(f"{MONDAY}-60") < places.index(f"{FRIDAY}-0") < places.index(f"{MONDAY}-0")


def test_the_best_match_comes_first_for_those_who_want_that():
    papers = [
        a_paper("fits", title="Agents", abstract="Agents.", upvotes=1),
        a_paper("liked", title="x", abstract="Of web agents and much else that is said here at length", upvotes=900),
    ]
    assert order(papers, by=Order.BEST) == ["fits", "liked"]
    assert order(papers, by=Order.LIKED) == ["liked", "fits"]


def test_most_liked_first_is_in_order_of_upvotes_whatever_the_topics():
    papers = [
        a_paper(str(n), title=f"{('Agents', 'Videos', 'Video agents')[n % 3]} {n}", abstract="", upvotes=n * 7 % 11)
        for n in range(9)
    ]
    picks = Matcher(papers).select(parse("agents\nvideos"), limit=6, order=Order.LIKED).picks
    upvotes = [pick.paper.upvotes for pick in picks]
    assert upvotes == sorted(upvotes, reverse=True)
    assert upvotes == sorted((paper.upvotes for paper in papers), reverse=True)[:6]


def test_an_abstract_that_writes_it_as_the_reader_does_comes_before_one_that_inflects_it():
    papers = [
        a_paper("twice", title="x", abstract="A world model. A world model."),
        a_paper("as written", title="x", abstract="Of world models. We build them."),
    ]
    assert order(papers, "world models")[0] == "as written"


def test_a_paper_that_gives_the_words_an_abbreviation_comes_before_one_that_only_mentions_them():
    texts = {
        "mentions": "Robots plan with a world model, data and much patience.",
        "defines": "Robots plan with a world model (WM), data and patience.",
        "another": "Robots plan with a world model (LLM), data and patience.",
    }
    papers = [a_paper(id, title="Planning", abstract=text) for id, text in texts.items()]
    assert order(papers, "world model", by=Order.BEST)[0] == "defines"
    assert order(papers, "world model", by=Order.BEST) == order(papers[::-1], "world model", by=Order.BEST)


def test_several_threads_get_what_one_would():
    papers = [a_paper(str(n), title=f"Agents {n % 7}", abstract="videos " * (n % 5), upvotes=n) for n in range(80)]
    topics = [f"agents {n}" for n in range(7)] + ["videos", "agents", "-videos"]
    expected = [Matcher(papers).select(parse(topic), limit=5, related=2) for topic in topics]
    shared, found = Matcher(papers), {}

    def ask(turn):
        found[turn] = [shared.select(parse(topic), limit=5, related=2) for topic in topics]

    threads = [Thread(target=ask, args=(turn,)) for turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[turn] == expected for turn in range(4))


@pytest.mark.parametrize(
    ("part_of_a_name", "itself"),
    [
        ("Robots and a video world model", "Robots learn via world model"),
        ("Robots and a video world model", "Robots and newly world model"),
        ("Robots and anomaly world model", "Robots and newly world model"),
        ("Robots and world model-based plans", "Robots and world model plans"),
        ("Robots and a video-world model", "Robots and a video world model"),
    ],
    ids=[
        "a word that only holds others together",
        "an adverb",
        "a noun like one",
        "a hyphen behind",
        "a hyphen before",
    ],
)
def test_what_stands_by_itself_comes_before_a_part_of_a_longer_name(part_of_a_name, itself):
    papers = [
        a_paper("a part of a name", title="x", abstract=f"{part_of_a_name}, slowly, with much care."),
        a_paper("itself", title="y", abstract=f"{itself}, at once, without any doubt."),
    ]
    assert order(papers, "world model") == ["itself", "a part of a name"]
