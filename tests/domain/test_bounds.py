"""However much a source sends, or an old row holds, a paper is never longer than a page has room for."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from digest.domain.bounds import LONGEST_NAME, LONGEST_SUMMARY, LONGEST_TITLE, MOST_COUNTED, MOST_LABELS, shortened
from digest.store import papers
from tests.store.test_papers import DAY, a_collection
from tests.support.factories import a_listing, a_paper


@given(st.text(alphabet="a b\u0301漢.,", max_size=60), st.integers(4, 40))
def test_a_text_that_is_too_long_ends_at_a_word_with_an_ellipsis(text, most):
    text = " ".join(text.split())
    short = shortened(text, most)
    assert len(short) <= most
    if len(text) <= most:
        assert short is text
    else:
        assert short.endswith("…")
        assert text.startswith(short[:-1])


def test_words_are_kept_whole_and_a_word_without_end_is_cut():
    assert shortened("a study of whales, and of birds", 20) == "a study of whales…"
    assert shortened("x" * 30, 20) == "x" * 19 + "…"


@pytest.mark.parametrize(
    ("field", "value", "longest"),
    [
        ("title", "long " * 4_000, LONGEST_TITLE),
        ("summary", "long " * 4_000, LONGEST_SUMMARY),
        ("organization", "x" * 5_000, LONGEST_NAME),
        ("authors", ("Ada", "x" * 5_000), LONGEST_NAME),
        ("categories", ("x" * 300,) * 500, LONGEST_NAME),
        ("keywords", ("x" * 300,) * 500, LONGEST_NAME),
    ],
)
def test_whatever_is_too_long_is_cut_whoever_makes_the_paper(field, value, longest):
    found = getattr(replace(a_paper(), **{field: value}), field)
    assert (max(map(len, found)) if isinstance(found, tuple) else len(found)) in (longest, longest - 1)
    assert isinstance(found, str) or len(found) <= MOST_LABELS


def test_no_count_is_below_zero_or_more_than_a_column_holds():
    found = replace(a_paper(), upvotes=-5, comments=10**30)
    assert (found.upvotes, found.comments) == (0, MOST_COUNTED)


def test_a_row_of_an_older_version_is_shown_within_the_same_bounds(engine):
    papers.keep(engine, [a_listing(a_paper("2512.1"))], a_collection())
    with engine.begin() as connection:
        connection.execute(text("UPDATE papers SET title = :long"), {"long": "long " * 4_000})
    [paper] = papers.listed(engine, DAY, DAY)
    assert paper.title == " ".join(["long"] * 80) + "…"
