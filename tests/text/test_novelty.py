"""Which sentence says what is new."""

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.text import sentences
from digest.text.novelty import novelty
from tests.support.examples import some
from tests.support.realdata import huggingface_days

LABELS = Path(__file__).parents[2] / "bench" / "labels" / "novelty.csv"


@pytest.mark.parametrize(
    ("abstract", "expected"),
    [
        ("Birds are many. We propose a net. We further introduce a hook.", "We propose a net."),
        ("However, we lack nets. This paper introduces a net. It is 12% lighter.", "This paper introduces a net."),
        ("Birds are many. This paper presents a net. Specifically, we offer a hook.", "This paper presents a net."),
        ("Birds are many. We find that nets tear. Code is available at https://x.org.", "We find that nets tear."),
        ("Birds are many. Nets are 3x faster now. All is well.", "Nets are 3x faster now."),
        ("Birds are many. Nets are old.", "Birds are many."),
        ("", ""),
    ],
)
def test_the_first_sentence_that_announces_something_says_it(abstract, expected):
    assert abstract[slice(*novelty(abstract))] == expected


@settings(max_examples=some(60), deadline=None)
@given(st.text(max_size=200), st.sampled_from(["we ", "We propose ", "this paper ", ". ", "。", "https:", "a" * 50]))
def test_it_is_always_one_of_the_sentences(text, piece):
    abstract = f"{piece * 40}{text}{piece}"
    assert novelty(abstract) in sentences(abstract)


@pytest.mark.realdata
def test_it_is_the_one_a_person_chose_on_real_papers():
    papers = {record["paper"]["id"]: record["paper"] for day in huggingface_days().values() for record in day}
    with LABELS.open() as lines:
        rows = [row for row in csv.DictReader(lines) if row["paper"] in papers]
    right = 0
    for row in rows:
        abstract = " ".join(papers[row["paper"]]["summary"].split())
        right += str(sentences(abstract).index(novelty(abstract))) in row["sentences"].split()
    assert right >= 0.9 * len(rows)
