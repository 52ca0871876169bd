"""What the measure of related papers does to papers before it asks."""

from datetime import date

import pytest

from bench.near import before, without
from digest.match import Matcher
from digest.topics import parse
from tests.support.factories import a_paper


@pytest.mark.parametrize("topic", ["kite nets", "RAG"])
def test_the_words_of_a_topic_are_cut_out_however_they_are_written(topic):
    paper = a_paper(title="Kite-net for RAG", abstract="A kite net, and kite nets again. RAGs help: RAG.")
    assert Matcher([paper]).matching(parse([topic]))
    assert not Matcher([without(paper, topic)]).matching(parse([topic]))


def test_what_says_what_topics_are_about_is_of_the_weeks_before_a_day():
    days = {date(2025, 10, day): [a_paper(f"2510.{day:05}")] for day in (1, 2, 3)} | {date(2025, 8, 1): [a_paper()]}
    assert {paper.id for paper in before(days, date(2025, 10, 3))} == {"2510.00001", "2510.00002"}
