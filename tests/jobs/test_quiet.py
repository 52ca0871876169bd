"""A note of a quiet week says what was looked at, when something matched last, and what is broader: the truth."""

from datetime import timedelta

import pytest

from digest.jobs.delivery.draft import QUIET_FOR
from digest.jobs.quiet import MOST_TRIED, broader
from digest.match import Matcher
from tests.support.factories import DAY, a_paper

A_DAY = timedelta(days=1)


def test_a_note_counts_the_papers_since_the_last_mail_and_offers_what_finds_some(service):
    service.collects(a_paper(title="Lattice cryptography"))
    service.admits("ada@example.org", "lattice cryptography")
    service.sends()
    service.letters()
    for days, title in ((1, "Marsh birds"), (2, "Cryptography of marshes")):
        service.now += A_DAY
        service.collects(a_paper(title=title), day=DAY + days * A_DAY)
        service.sends()
    for _ in range(QUIET_FOR.days):
        service.now += A_DAY
        service.sends()
    [note] = service.letters()
    text = " ".join(note.text.split())
    assert "Of 2 papers listed since" in text
    assert "The last paper that matched was listed on" in text
    assert "- cryptography" in note.text


def test_a_note_says_of_nothing_that_it_was_looked_at_when_nothing_was(service):
    service.admits("ada@example.org", "lattice cryptography")
    service.now += QUIET_FOR
    service.sends()
    for _ in range(QUIET_FOR.days):
        service.now += A_DAY
        service.sends()
    notes = service.letters()
    assert notes
    assert all("No new paper matched your topics." in note.text for note in notes)


class Counting(Matcher):
    asked = 0

    def fitting(self, profile):
        self.asked += 1
        return super().fitting(profile)


def test_a_thousand_words_that_find_nothing_are_not_all_tried():
    matcher = Counting([a_paper(title="Marsh birds")])
    topics = tuple(" ".join(f"word{topic}x{word}" for word in range(10)) for topic in range(100))
    assert broader(topics, matcher) == ()
    assert matcher.asked <= MOST_TRIED


@pytest.mark.parametrize(
    ("topics", "wider"),
    [
        (("lattice cryptography",), ("cryptography",)),
        (('"lattice cryptography"',), ("cryptography",)),
        (("author:Lovelace", "cryptography", "a | b"), ()),
        (("very large marsh birds",), ("marsh birds", "birds")),
    ],
)
def test_a_broader_topic_is_a_shorter_one_that_finds_something(topics, wider):
    assert broader(topics, Matcher([a_paper(title="Cryptography"), a_paper(title="Marsh birds")])) == wider
