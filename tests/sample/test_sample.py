import re
from datetime import date, timedelta

import pytest

from digest import sample
from digest.sources import by_name, fetch
from digest.text import plain
from tests.support.realdata import huggingface_days

DAY = date(2026, 3, 4)


def collect(day, url):
    with fetch.client(base_url="https://digest.example.org") as client:
        return fetch.collect(by_name("huggingface"), day, base_url=url, client=client)[0]


def test_the_sample_edition_comes_in_through_the_same_door_as_a_real_day():
    with sample.serve(DAY) as url:
        result, empty = collect(DAY, url), collect(DAY - timedelta(days=1), url)
    assert (result.step, result.problem, result.dropped, len(result.listings)) == ("api", "", (), 25)
    assert {listing.day for listing in result.listings} == {DAY}
    assert all(listing.paper.published_at.date() < DAY for listing in result.listings)
    assert (empty.listings, empty.problem) == ((), "")


def test_the_sample_edition_is_in_the_order_of_its_upvotes_as_a_real_day_is():
    upvotes = [record["paper"]["upvotes"] for record in sample.records(DAY)]
    assert upvotes == sorted(upvotes, reverse=True)
    assert (upvotes[0] > 150, upvotes[-1]) == (True, 0)


def test_the_sample_edition_is_of_the_size_and_oddity_of_a_real_day():
    papers = [record["paper"] for record in sample.records(DAY)]
    assert all(120 <= len(paper["summary"].split()) <= 200 for paper in papers)
    assert max(len(paper["authors"]) for paper in papers) == 70
    titles = " ".join(paper["title"] for paper in papers)
    assert all(odd in titles for odd in ("$O(n \\log n)$", "<think>", "\n", "&"))
    assert all(len(plain(paper["title"])) <= 120 for paper in papers)


def test_the_sample_edition_names_nobodys_address():
    links = re.findall(r"https?://[^\s\"']+", str(sample.records(DAY)))
    assert links
    assert all(re.match(r"https://(github\.com/example-lab/|\w+\.example\.org/)", link) for link in links)


@pytest.mark.realdata
def test_a_sample_record_has_the_fields_of_a_real_one():
    real = [record for day in huggingface_days().values() for record in day]
    papers = {name for record in real for name in record["paper"]}
    fields = {name for record in real for name in record}
    for record in sample.records(DAY):
        assert set(record) <= fields
        assert set(record["paper"]) <= papers
        assert {"title", "summary", "publishedAt", "numComments", "submittedBy"} <= set(record)
