"""What the measurements of relevance change and compare: a weight for a while, a topic in one part."""

from datetime import date

import pytest

from bench import captures
from bench.categories import Categories
from bench.splits import Asked, beside, parts
from bench.weights import WEIGHTS


@pytest.mark.parametrize("weight", WEIGHTS, ids=lambda weight: weight.words)
def test_a_weight_is_as_before_once_it_was_another(weight):
    before = weight.value
    with weight.times(2):
        assert weight.value == 2 * before
    assert weight.value == before


def test_without_a_capture_of_arxiv_the_second_judge_says_nothing(monkeypatch, tmp_path):
    monkeypatch.setattr(captures, "FOLDER", tmp_path)
    assert not Categories().precision()


def test_every_topic_is_in_one_part_and_a_difference_of_one_week_has_an_interval():
    asked = [Asked(date(2025, 12, 1), topic, 2, 0.5, 0.25) for topic in ("agents", "LLM agents", "tree search")]
    form, words = parts({"agent"})["form"], parts({"agent"})["words"]
    assert [form(one) for one in asked] == ["one word", "with an abbreviation", "two words"]
    assert [words(one) for one in asked] == ["of topics for choosing"] * 2 + ["none of them"]
    assert beside(asked) == ("3", "0.500", "0.250", "+0.250 (+0.250 to +0.250)")
