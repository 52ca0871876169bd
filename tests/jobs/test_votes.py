"""Votes move the order of a digest a little, say so, and leave a mail that was written as it was."""

from datetime import timedelta

import pytest

from digest.compose import opened
from digest.domain import Order, State
from digest.readers import feedback
from digest.readers.feedback import Answer
from digest.store import ledger, readers
from tests.support.composing import flat
from tests.support.factories import a_paper

ADA = "ada@example.org"
A_DAY = timedelta(days=1)
PLAIN = "Agents for marsh birds"
LIKED = "Agents for tree search"


def votes(service, reader, said, paper, about=("tree search",)):
    feedback.answer(service.engine, reader, 1, paper, said, None, service.now, about)


@pytest.fixture
def voter(service):
    """Ada, who follows agents, and two new papers that fit her alike: the plain one comes first."""
    reader = service.admits(ADA, "agents")
    service.collects(
        a_paper("2512.1", title=PLAIN, abstract="Agents count herons. They do well."),
        a_paper("2512.2", title=LIKED, abstract="Agents prune branches. They do well."),
    )
    return service, reader


def said(letter):
    return flat(letter.text.replace("\u00a0", " "))


def in_order(letter):
    return letter.text.index(PLAIN) < letter.text.index(LIKED)


def test_without_votes_the_order_is_that_of_everybody(voter):
    service, _ = voter
    service.sends()
    [letter] = service.letters()
    assert in_order(letter)
    assert "you liked" not in letter.text


def test_papers_like_those_one_liked_stand_higher_and_it_is_said_why(voter):
    service, reader = voter
    votes(service, reader, Answer.MORE, "2511.1")
    votes(service, reader, Answer.MORE, "2511.2")
    service.sends()
    [letter] = service.letters()
    assert not in_order(letter)
    assert "you liked two papers on *tree search*" in said(letter)
    assert "you liked two papers on" in letter.html.replace("\n", " ")
    assert len(service.of(ADA)[0].papers) == 2


def test_papers_like_those_one_did_not_like_stand_lower_and_are_there(voter):
    service, reader = voter
    service.runs("UPDATE listings SET upvotes = 1 WHERE paper_id = '2512.2'")
    votes(service, reader, Answer.LESS, "2511.1")
    service.sends()
    [letter] = service.letters()
    assert "you asked for less on *tree search*" in said(letter)
    assert len(service.of(ADA)[0].papers) == 2


def test_who_chose_an_order_gets_that(voter):
    service, reader = voter
    wanted = readers.find(service.engine, reader.id).preferences
    service.runs("UPDATE readers SET \"order\" = 'liked'")
    assert wanted.order is Order.MIXED
    votes(service, reader, Answer.MORE, "2511.1")
    service.sends()
    [letter] = service.letters()
    assert in_order(letter)
    assert "you liked" not in letter.text


def test_a_mail_sent_again_is_the_same_whatever_was_voted_meanwhile(voter):
    service, reader = voter
    votes(service, reader, Answer.MORE, "2511.1")
    service.mail_server.hang_up_after_data()
    assert service.sends() == {State.UNCERTAIN: 1}
    service.mail_server.behave()
    for number in range(3):
        votes(service, reader, Answer.LESS, f"2511.{number}", ("agents", "tree search"))
    service.now += timedelta(hours=1)
    assert service.delivers() == {State.SENT: 1}
    (_, first), (_, second) = service.mail_server.mails
    assert first == second
    assert "you liked a paper on *tree search*" in said(opened(second))


def test_a_vote_that_nobody_can_read_holds_up_nobody(voter):
    service, reader = voter
    votes(service, reader, Answer.MORE, "2511.1")
    votes(service, reader, Answer.MORE, "2511.2")
    service.runs("UPDATE feedback SET about = '[[[' WHERE paper_id = '2511.1'")
    assert service.sends() == {State.SENT: 1}
    assert "you liked a paper on *tree search*" in said(service.letters()[0])


def test_readers_without_votes_have_no_more_in_the_ledger(voter):
    service, _ = voter
    service.sends()
    assert ledger.rows_of(service.engine, 1)[0]["beside"] == '{"votes":[],"related":[],"first":true}'
