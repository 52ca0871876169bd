"""Related papers in a digest: only for who wants them, apart, frozen with the mail, and counted as sent."""

from datetime import timedelta

import pytest

from digest.domain import State
from digest.store import heard
from tests.support.factories import DAY, a_paper
from tests.support.visitor import BASE, LINKS, a_visitor

ADA, BOB = "ada@example.org", "bob@example.org"
A_DAY = timedelta(days=1)
DRAFTS = "A draft model guesses tokens and verification by the target accepts them"
NEAR = a_paper("2512.90001", title="Faster generation", abstract=f"{DRAFTS}, a bit later.")


@pytest.fixture
def listed(service):
    """Papers on speculative decoding, one that is about it without the words, and others."""
    service.collects(
        *(a_paper(title=f"Speculative decoding {n}", abstract=f"{DRAFTS}, kind {n}.") for n in range(4)),
        NEAR,
        *(a_paper(title=f"Proteins {n}", abstract=f"How proteins fold in water number {n}.") for n in range(50)),
    )
    return service


def test_who_wants_it_gets_what_is_related_and_nobody_else(listed):
    listed.admits(ADA, "speculative decoding", related=True)
    listed.admits(BOB, "speculative decoding")
    listed.sends()
    letters = listed.letters()
    of_ada, of_bob = (next(letter.text for letter in letters if email in letter.text) for email in (ADA, BOB))
    assert "Four papers on" in of_ada
    assert NEAR.title in of_ada.partition("Related papers")[2]
    assert NEAR.title not in of_bob
    [delivery] = listed.of(ADA)
    assert (len(delivery.papers), delivery.shown[-1]) == (4, NEAR.id)


def test_what_is_related_alone_makes_no_digest(listed):
    listed.admits(ADA, "speculative decoding", related=True)
    listed.sends()
    listed.letters()
    listed.now += A_DAY
    listed.collects(a_paper(title="Quicker generation", abstract=f"{DRAFTS}, today."), day=DAY + A_DAY)
    assert listed.sends() == {State.SKIPPED: 1}


def test_what_was_related_was_sent_and_does_not_come_again(listed):
    reader = listed.admits(ADA, "speculative decoding", related=True)
    listed.sends()
    assert NEAR.id in heard.papers_sent(listed.engine, [reader.id])[reader.id]
    listed.letters()
    listed.now += A_DAY
    listed.runs('UPDATE readers SET topics = \'["generation", "tides"]\'')
    listed.collects(NEAR, a_paper(title="Tides"), day=DAY + A_DAY, source="arxiv")
    listed.sends()
    [letter] = listed.letters()
    assert "Tides" in letter.text
    assert NEAR.title not in letter.text


def test_a_mail_sent_again_has_the_same_related_papers_whatever_was_listed_since(listed):
    listed.admits(ADA, "speculative decoding", related=True)
    listed.mail_server.hang_up_after_data()
    assert listed.sends() == {State.UNCERTAIN: 1}
    listed.mail_server.behave()
    listed.now += timedelta(minutes=50)
    listed.collects(*(a_paper(title=f"Drafts {n}", abstract=f"{DRAFTS}.", upvotes=90) for n in range(30)), day=DAY)
    listed.now += timedelta(minutes=10)
    assert listed.delivers() == {State.SENT: 1}
    (_, first), (_, second) = listed.mail_server.mails
    assert first == second
    assert b"Faster generation" in first


def test_its_links_work_and_the_page_of_the_digest_shows_it(listed):
    reader = listed.admits(ADA, "speculative decoding", related=True)
    listed.sends()
    visitor = a_visitor(listed.engine)
    voting = LINKS.feedback(reader.key, 1, NEAR.id).removeprefix(BASE)
    assert visitor.get(f"{voting}/more").status_code == 200
    view = LINKS.view(reader.key, 1).removeprefix(BASE)
    assert NEAR.title in visitor.get(view).text
    assert "generation" in visitor.get(f"{view}.bib").text


def test_a_row_of_nonsense_is_set_aside_and_holds_up_nobody(listed):
    for email in (ADA, BOB):
        listed.admits(email, "speculative decoding", related=True)
    listed.mail_server.hang_up_after_data()
    listed.sends()
    listed.mail_server.behave()
    listed.mail_server.mails.clear()
    listed.runs("UPDATE deliveries SET beside = '{\"votes\": 3}' WHERE reader_id = 1")
    listed.now += timedelta(hours=1)
    assert listed.delivers() == {State.SENT: 1}
    assert listed.mail_server.recipients == [BOB]
