"""Search: the database offers every paper that the matcher takes, in the order asked for."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from digest.domain import CollectionRun, Outcome
from digest.jobs.searches import BLOCK, FEW, WINDOW, Asked, Searches
from digest.match import Matcher
from digest.store import fts5, papers, search, text_vector
from digest.store.engine import connect, writing
from digest.store.expressions import Run, expression, some, sqlite_text, vector_text
from digest.store.tables import searched
from digest.store.terms import texts_of
from digest.store.wanted import Order, Wanted
from digest.topics import parse
from tests.support import examples
from tests.support.factories import NOW, a_listing, a_paper

DAY = date(2025, 12, 24)
TEXTS = [
    a_paper("1", title="Fine-tuning large language models", authors=("Kai-Wei Chang",), organization="NVIDIA"),
    a_paper(
        "2", title="Finetuned Agents", abstract="We use RAG.", authors=("K.-W. Chang",), code_url="https://x.example"
    ),
    a_paper("3", title="Fine tuning with few-shot prompts", authors=("Łukasz Kaiser",), categories=("cs.CL",)),
    a_paper("4", title="Rag dolls", abstract="Dolls of rag, in Ada's analyses.", authors=("Wei Chang", "A. Lovelace")),
    a_paper(
        "5", title="C++ for 4.1 people: GPT-4 & co.", keywords=("speculative decoding",), authors=("Ada Lovelace",)
    ),
    a_paper("6", title="深度学习 in practice", abstract="Non-autoregressive diffusion.", authors=("Ö. Çelik",)),
    a_paper("7", title="Diffusing matrices", abstract="Languages model nothing.", authors=("O'Neil, Sam",)),
    a_paper("8", title="A x b", abstract="' \" * ( ) AND OR NOT NEAR & | ! : <->", authors=("—",)),
]
QUERIES = [
    *("finetuning", "fine-tuning", "fine tuning", "large language model", "language models", '"language models"'),
    *("RAG", "rag", "agents", "agent", "C++", "4.1", "GPT-4", "gpt4", "few shot", "fewshot", "深度", "学习", "diffus*"),
    *("speculative decoding", "nonautoregressive", "non-autoregressive", "analysis", "matrix", "matri*", "languag*"),
    *('author:"Kai-Wei Chang"', 'author:"Kaiwei Chang"', 'author:"wei chang"', 'author:"Ada Lovelace"'),
    *(
        'author:"A. Lovelace"',
        'author:"Lukasz Kaiser"',
        "author:kaiser",
        "author:lovel*",
        'author:"Celik"',
        "author:oneil",
    ),
    *("org:nvidia", "cat:cs", "cat:cs.CL", "has:code", "source:huggingface", "upvotes:>=3", "title:diffus*"),
    *("rag -dolls", "agents | dolls", "agents + RAG", "(rag | agents) + has:code", "-agents", "upvotes:>2 + tuning"),
    *("a*", "AND", "NEAR", "' OR 1=1", "x", "%", "tuning with few shot prompts and much more than that in it"),
]


def stored(engine, listings, day=DAY, source="huggingface"):
    papers.keep(engine, listings, CollectionRun(source, day, "api", len(listings), 0.1, Outcome.OK, "", NOW))


@pytest.fixture
def texts(engine):
    stored(engine, [a_listing(paper, rank=rank, upvotes=rank) for rank, paper in enumerate(TEXTS, 1)])
    return papers.listed(engine, DAY, DAY)


def test_whatever_matches_is_among_the_candidates(engine, texts):
    matcher = Matcher(texts)
    for query in QUERIES:
        for topic in parse(query).topics:
            matching = matcher.matching(parse([topic.text])) if not topic.excludes else set()
            wanted = Wanted(expression(topic.query))
            found, about = search.places(engine, wanted, first=0, most=100)
            assert matching <= {place.paper_id for place in found}, query
            assert about == len(found), query


def test_few_others_are_offered(engine, texts):
    for query, most in {"speculative decoding": 1, "RAG": 2, 'author:"Kai-Wei Chang"': 3, "org:nvidia": 1}.items():
        found = search.candidates(engine, Wanted(expression(parse(query).topics[0].query)), first=0, most=100)
        assert len(found) <= most, query


@settings(max_examples=examples.some(80), deadline=None)
@given(text=st.text(max_size=40), names=st.lists(st.text(max_size=20), max_size=3))
def test_any_text_becomes_terms_that_no_syntax_can_be_made_of(text, names):
    paper = a_paper(title=text, abstract=text, authors=tuple(names), organization=text, keywords=tuple(names))
    for terms in texts_of(replace(paper, categories=tuple(names), sources=("arxiv",))).values():
        assert all(term.isascii() and term.isalnum() for term in terms.split())
    for topic in parse(text).topics:
        wanted = expression(topic.query)
        if wanted:
            assert re.fullmatch(r'[A-Za-z0-9 "()*]*', sqlite_text(wanted))
            assert re.fullmatch(r"[A-Za-z0-9 ()&|:*<>-]*", vector_text(wanted))


def ids(found):
    return [pick.paper.id for pick in found.picks]


def test_a_search_has_what_matches_and_says_why(engine, texts):
    found = Searches(engine).search(Asked("rag dolls"))
    assert ids(found) == ["4"]
    assert found.picks[0].reasons[0].field == "title"
    assert (found.about, found.after, found.loosened) == (1, None, False)


def test_words_that_stand_apart_are_found_and_said(engine, texts):
    found = Searches(engine).search(Asked("agents for RAG"))
    assert (ids(found), found.loosened) == (["2"], True)


def test_orders_and_filters(engine, texts):
    stored(engine, [a_listing(a_paper("9", title="Old tuning"), day=date(2025, 1, 2), upvotes=99)], date(2025, 1, 2))
    stored(engine, [a_listing(TEXTS[2], source="arxiv")], source="arxiv")
    ask = Searches(engine).search
    assert ids(ask(Asked("tuning", Order.UPVOTES))) == ["9", "3", "1"]
    assert ids(ask(Asked("tuning", Order.NEWEST))) == ["3", "1", "9"]
    assert set(ids(ask(Asked("tuning", since=date(2025, 12, 1))))) == {"1", "3"}
    assert ids(ask(Asked("tuning", until=date(2025, 12, 1)))) == ["9"]
    assert ids(ask(Asked("tuning", source="arxiv"))) == ["3"]
    assert ids(ask(Asked("", Order.NEWEST, code=True))) == ["2"]
    assert ids(ask(Asked("upvotes:>=99"))) == ["9"]


def test_page_by_page_everything_is_shown_once(engine):
    stored(engine, [a_listing(title=f"Agents number {number}", rank=number, upvotes=number) for number in range(60)])
    seen, first = [], 0
    while first is not None:
        found = Searches(engine).search(Asked("agents", Order.UPVOTES, first=first))
        seen += ids(found)
        first = found.after
    assert len(seen) == len(set(seen)) == 60
    assert Searches(engine).search(Asked("agents")).about == 60
    assert len(Searches(engine).search(Asked("agents")).picks) == BLOCK


def test_of_very_many_papers_each_is_shown_once_too(engine, monkeypatch):
    monkeypatch.setattr(text_vector, "MOST_COUNTED", FEW + 10)
    monkeypatch.setattr(text_vector, "POOL", WINDOW)
    many = [a_listing(a_paper(str(n), title=f"Agents number {n}"), rank=n, upvotes=n % 50) for n in range(WINDOW + 30)]
    stored(engine, many)
    for order in Order:
        seen, first = [], 0
        while first is not None:
            found = Searches(engine).search(Asked("agents", order, first=first))
            seen += ids(found)
            first = found.after
        assert len(seen) == len(set(seen)) == len(many), order


def test_the_first_page_is_what_the_matcher_would_choose_of_all_papers(engine, texts):
    matcher, search_for = Matcher(texts), Searches(engine).search
    for query in QUERIES:
        profile = parse(query)
        if not profile.topics or profile.topics[0].excludes:
            continue
        chosen = [pick.paper for pick in matcher.select(profile, limit=BLOCK).picks]
        found = search_for(Asked(query))
        assert set(ids(found)) == {paper.id for paper in chosen} or found.loosened, query
        by_upvotes = sorted(chosen, key=lambda paper: paper.upvotes, reverse=True)
        assert found.loosened or ids(search_for(Asked(query, Order.UPVOTES))) == [one.id for one in by_upvotes], query


def test_of_many_that_fit_the_liked_ones_come_first_and_every_one_is_looked_through(engine):
    few = [
        a_listing(a_paper(f"a{n}", title=f"Ship {n}", abstract=f"Agents sail to port {n}."), upvotes=n)
        for n in range(FEW)
    ]
    best = a_listing(a_paper("best", title="Agents", abstract="Agents sail."), upvotes=FEW)
    unliked = a_listing(a_paper("last", title="Boats", abstract="They sail, as agents do on many days."), upvotes=1)
    stored(engine, [*few, best, unliked])
    found = Searches(engine).search(Asked("agents"))
    assert ids(found)[0] == "best"
    assert found.about == FEW + 2
    assert "last" not in ids(found)


def test_what_would_cost_too_much_finds_the_latest_papers(sqlite, tmp_path, monkeypatch):
    engine = connect(sqlite(tmp_path))
    stored(engine, [a_listing(title=f"Agents number {number}", rank=number, upvotes=number) for number in range(60)])
    many = "\n".join(f"{letter}{other}*" for letter in "abcdefg" for other in "gn")
    monkeypatch.setattr(fts5, "MOST_LATEST", 20)
    assert search.places(engine, Wanted(expression(parse("agents").topics[0].query)), first=0, most=200)[1] == 60
    asked = Asked("\n".join(many.split("\n")[:20]), Order.UPVOTES)
    assert len(ids(Searches(engine).search(asked))) == BLOCK
    monkeypatch.setattr(fts5, "MOST_WORK", 100)
    assert ids(Searches(engine).search(asked))[0] == ids(Searches(engine).search(Asked("agents", Order.UPVOTES)))[0]
    assert not Searches(engine).search(replace(asked, first=BLOCK)).picks
    engine.dispose()


def test_what_is_commonly_written_but_stands_nowhere_together_costs_no_look_at_every_paper(postgres):
    """Whatever its statistics say, PostgreSQL finds by the index."""
    engine = connect(postgres())
    stored(engine, [a_listing(title=f"Agents of language {number}", rank=number) for number in range(40)])
    asked = []
    event.listen(engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
    assert search.places(engine, Wanted(Run(("languag", "agent"))), first=0, most=WINDOW) == ([], 0)
    places = next(place for place, sql in enumerate(asked) if "@@" in sql)
    assert "enable_seqscan = off" in asked[places - 1]
    engine.dispose()


def test_postgresql_walks_to_what_is_common_and_gathers_what_is_rare(postgres, monkeypatch):
    engine = connect(postgres())
    stored(
        engine, [a_listing(title=f"Agents, {'heron' if n < 2 else 'gull'} {n}", rank=n, upvotes=n) for n in range(60)]
    )
    monkeypatch.setattr(text_vector, "_stored", lambda connection: 1_000_000.0)
    asked = []
    event.listen(engine, "after_cursor_execute", lambda *given: asked.append(given[2]))
    for word, gathers, found in (("agent", False, 60), ("heron", True, 2)):
        for order in Order:
            asked.clear()
            places, about = search.places(engine, Wanted(Run((word,)), order=order), first=0, most=WINDOW)
            assert any("WITH found" in sql for sql in asked) is gathers
            assert (len(places), about >= found) == (found, True)
            assert order is Order.FIT or [one.upvotes for one in places] == sorted(range(found), reverse=True)
    engine.dispose()


def test_in_postgresql_too_what_would_cost_too_much_looks_at_the_first_papers(postgres, monkeypatch):
    engine = connect(postgres())
    stored(engine, [a_listing(title=f"Agents, gull {number}", rank=number, upvotes=number) for number in range(60)])
    monkeypatch.setattr(text_vector, "_stored", lambda connection: 1_000.0)
    monkeypatch.setattr(text_vector, "FEW_RUNS", 2)
    wanted = some([Run(("agent", "gull")), Run(("gull", "agent")), Run(("heron",))])
    for work, most in ((60, 20), (1_000, 60)):
        monkeypatch.setattr(text_vector, "MOST_WORK", work)
        for order in Order:
            places, about = search.places(engine, Wanted(wanted, order=order), first=0, most=WINDOW)
            assert [place.upvotes for place in places] == list(range(59, 59 - most, -1)), order
            assert about >= most
    engine.dispose()


def test_what_cannot_be_read_is_said(engine, texts):
    found = Searches(engine).search(Asked("auther:x"))
    assert not found.picks
    assert found.mistakes


def test_a_paper_is_found_by_what_it_says_now(engine, texts):
    stored(engine, [a_listing(a_paper("4", title="Porcelain dolls", abstract="No cloth."), upvotes=50)])
    assert ids(Searches(engine).search(Asked("title:rag"))) == []
    assert ids(Searches(engine).search(Asked("porcelain", Order.UPVOTES))) == ["4"]


def test_papers_that_an_older_version_stored_become_searchable(engine, texts):
    with writing(engine) as connection:
        connection.execute(delete(searched))
    assert ids(Searches(engine).search(Asked("porcelain | dolls"))) == []
    assert search.catch_up(engine) == len(TEXTS)
    assert ids(Searches(engine).search(Asked("rag dolls"))) == ["4"]
    assert search.catch_up(engine) == 0
