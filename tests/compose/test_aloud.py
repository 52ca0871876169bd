"""Topics as a mail says them: no marks of the topic language, and nothing that a mail program would make a link of."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.compose.aloud import Aloud, all_aloud, aloud, is_exclusion, listed, without_signs

SYNTAX = re.compile(r"[|^\"*\[\]<>]|\b(?:AND|OR|NOT)\b|\b(?:title|abstract|author|org|cat|has|upvotes|source):")


@pytest.mark.parametrize(
    ("topic", "said"),
    [
        ("agents", ("on", "agents")),
        ("agents ^2", ("on", "agents")),
        ("tree search^0.5", ("on", "tree search")),
        ('"mixture of experts"', ("on", "mixture of experts")),
        ('author:"Ada Lovelace"', ("by", "Ada Lovelace")),
        ("author：Ada", ("by", "Ada")),
        ('org:"Orchard Institute" ^3', ("from", "Orchard Institute")),
        ("cat:cs.CL", ("in", "cs.CL")),
        ("cat:evil.com", ("in", "evil·com")),
        ("image + video", ("on", "image and video")),
        ("image AND video", ("on", "image and video")),
        ("image | video", ("on", "image or video")),
        ("(image | video) + generation", ("on", "image or video and generation")),
        ("agents -games", ("on", "agents")),
        ('agents NOT "board games"', ("on", "agents")),
        ("agents + upvotes:>=10", ("on", "agents")),
        ("diffus*", ("on", "diffus…")),
        ("title:benchmark", ("on", "benchmark")),
        ("SE(3)", ("on", "SE(3)")),
        ("R^2", ("on", "")),
        ("C++", ("on", "C++")),
        ("GPT-4.1", ("on", "GPT-4.1")),
        ("node.js", ("on", "node·js")),
        ("buy at https://evil.example/now", ("on", "")),
        ("www.evil.example", ("on", "")),
        ("mail me@evil.example", ("on", "")),
        ("evil.example", ("on", "evil·example")),
        ("evil。example", ("on", "evil·example")),
        ("evil.example/offer", ("on", "")),
        ("one two three four five six seven eight nine", ("on", "one two three four five six seven eight…")),
        ("upvotes:>=20", ("on", "")),
        ("-survey", ("on", "")),
        ("", ("on", "")),
    ],
)
def test_a_topic_is_said_as_a_person_would(topic, said):
    assert aloud(topic) == Aloud(*said)


WORDS = st.sampled_from(["agents", "RAG", '"tree search"', "diffus*", "SE(3)", "R^2", "大模型", "a.example", "x@y.zz"])
TOPICS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.builds("({} | {})".format, inner, inner),
        st.builds("{} + {}".format, inner, inner),
        st.builds("{} AND {}".format, inner, inner),
        st.builds("{} -{}".format, inner, WORDS),
        st.builds("title:{}".format, WORDS),
        st.builds("{} ^2".format, inner),
        st.builds("{} + upvotes:>=10".format, inner),
    ),
    max_leaves=6,
)


@given(TOPICS)
def test_no_syntax_and_no_address_is_ever_said(topic):
    words = aloud(topic).words
    assert not SYNTAX.search(words)
    assert not re.search(r"\w\.[^\W\d_]{2}|@|://", words)


@given(st.text(max_size=120))
def test_whatever_was_typed_is_said_safely_or_not_at_all(topic):
    words = aloud(topic).words
    assert len(words) <= 61
    assert not re.search(r"://|@|www\.|[\w][.。．｡]\w*[a-z]{2}", words)


def test_what_is_only_excluded_is_not_followed():
    assert is_exclusion("-survey")
    assert is_exclusion('NOT "board games"')
    assert not is_exclusion("agents -games")
    assert all_aloud(("-survey", "agents", "agents ^2", "R^2")) == ([Aloud("on", "agents")], 1)


def test_topics_are_said_in_a_line():
    def said(*topics, most=2):
        return "".join(f"*{run.text}*" if run.marked else run.text for run in listed(topics, most))

    assert said("agents") == "on *agents*"
    assert said("agents", "robots") == "on *agents* and *robots*"
    assert said("agents", 'author:"Ada"') == "on *agents* and by *Ada*"
    assert said("agents", "robots", "tides") == "on *agents*, *robots* and *tides*"
    assert said("agents", "robots", "tides", "birds") == "on *agents*, *robots* and 2 other topics"
    assert said('author:"Ada"', "R^2") == "by *Ada* and on 1 other topic"
    assert said("R^2") == "on a topic of yours"
    assert said("R^2", "Q^2") == "on topics of yours"


@given(
    st.lists(
        st.tuples(st.sampled_from(["a", "RAG", "3d", "and", "or", "OR", "NOT", "www", "http"]), st.sampled_from(" -"))
    )
)
def test_words_alone_are_said_as_any_other_topic(pieces):
    topic = "".join(word + joint for word, joint in pieces)[:-1]
    assert aloud(topic) == without_signs(topic)
