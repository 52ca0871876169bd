"""Search: the database offers every paper that the matcher takes, in the order asked for."""

import re
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from digest.domain import CollectionRun, Outcome
from digest.jobs.searches import BLOCK, Asked, Searches
from digest.match import Matcher
from digest.store import papers, search
from digest.store.engine import writing
from digest.store.expressions import expression, sqlite_text, vector_text
from digest.store.search import Order, Wanted
from digest.store.tables import searched
from digest.store.terms import texts_of
from digest.topics import parse
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
            found = {paper.id for paper in search.candidates(engine, wanted, first=0, most=100)}
            assert matching <= found, query
            assert search.count(engine, wanted) == len(found), query


def test_few_others_are_offered(engine, texts):
    for query, most in {"speculative decoding": 1, "RAG": 2, 'author:"Kai-Wei Chang"': 3, "org:nvidia": 1}.items():
        found = search.candidates(engine, Wanted(expression(parse(query).topics[0].query)), first=0, most=100)
        assert len(found) <= most, query


@settings(max_examples=80, deadline=None)
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
