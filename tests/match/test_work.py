"""No topic costs more than it may, the same one always costs the same, and the result says what was left out."""

import itertools
import random
from string import ascii_lowercase

import pytest

from digest.match import Matcher
from digest.match.rankings import READINGS_A_TOPIC
from digest.topics import parse
from tests.support.factories import a_paper

BROAD = " | ".join(f"{letter}xy*" for letter in "abcde")


def papers(count=400, words=120):
    vocabulary = [f"{first}xy{last}" for first in "abcde" for last in "abcdefghijkl"]
    draw = random.Random(7)
    return [
        a_paper(
            str(n), title=f"Work {n}", abstract=" ".join(draw.choices(vocabulary, k=words)), authors=(f"Ma{n} Chen",)
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def matcher():
    return Matcher(papers())


def test_a_topic_that_costs_too_much_finds_nothing_and_is_named(matcher):
    selection = matcher.select(parse(f"{BROAD}\nwork"), limit=5)
    assert selection.unfinished == (BROAD,)
    assert len(selection.picks) == 5


def test_an_exclusion_that_costs_too_much_hides_nothing_and_is_named(matcher):
    selection = matcher.select(parse(f"-({BROAD} | title:({BROAD}) | abstract:({BROAD}))\nwork"), limit=5)
    assert len(selection.unfinished) == 1
    assert len(selection.picks) == 5


def test_a_profile_whose_topics_cost_too_much_together_is_answered_in_part(matcher):
    lines = [
        f"{a}xya | {a}xyb | {a}xyc | work {n}" for n, a in enumerate(itertools.islice(itertools.cycle("abcde"), 90))
    ]
    selection = matcher.select(parse(lines), limit=5)
    assert 0 < len(selection.unfinished) < len(lines)


def test_what_was_asked_before_changes_nothing():
    fresh, asked = Matcher(papers(60)), Matcher(papers(60))
    for letter in ascii_lowercase:
        asked.select(parse(f"{letter}xy*"), limit=1)
    lines = [f"{letter}xy* | {letter}xya | qxy{letter}*" for letter in ascii_lowercase] * 3
    assert asked.select(parse(lines), limit=9) == fresh.select(parse(lines), limit=9)


def test_prefixes_of_names_cost_little(matcher):
    names = " ".join(f"{a}{b}*" for a in "mcslj" for b in "aeiouhry")
    assert matcher.select(parse(f'author:"{names}"'), limit=5).unfinished == ()
    assert len(matcher.select(parse('author:"ma* ch*"'), limit=500).picks) == 400


def test_a_usual_topic_costs_a_small_part_of_what_it_may(matcher):
    matcher.select(parse("work"), limit=5)
    most = READINGS_A_TOPIC * len(matcher.index.postings.words)
    assert matcher._rankings._costly.get("work", 0) < most / 4
