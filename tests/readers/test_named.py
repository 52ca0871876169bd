"""Several digests of one address: what is of one stays with it, and what is of the address happens to all."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.domain import Cadence, Kind, Preferences, Status, VerdictKind
from digest.jobs import returns
from digest.links import Purpose
from digest.readers import access, addresses, another, names, operator, roster, subscriptions
from digest.readers.form import Mistakes
from digest.readers.life import TABLE, TO_THE_OTHERS, Event
from digest.readers.roster import Newcomer
from digest.store import feedback, ledger, readers, siblings
from digest.store.engine import writing
from digest.store.readers import AlreadyThere
from tests.support.factories import NOW
from tests.support.returned import HARD, LINKS, complaint, report
from tests.support.visitor import a_subscriber, dump, mails, status_of

WEEKLY = Preferences(("tides",), Cadence.WEEKLY)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def ada(engine):
    return a_subscriber(engine)


@pytest.fixture
def thesis(engine, ada):
    return another.add(engine, ada.id, "my thesis", WEEKLY, NOW)


@pytest.fixture
def trending(engine, ada, thesis):
    return another.add(engine, thesis.id, "trending", Preferences(), NOW)


def statuses(engine, *ones):
    return [status_of(engine, one) for one in ones]


def test_another_digest_begins_at_once_and_asks_for_nothing(engine, ada, thesis):
    assert (thesis.name, thesis.email, thesis.preferences) == ("my thesis", ada.email, WEEKLY)
    assert thesis.status is Status.ACTIVE
    assert thesis.key != ada.key
    assert mails(engine) == [Kind.DIGEST], "its first one is planned, and nothing is to be confirmed"
    assert readers.find(engine, ada.id).preferences == ada.preferences


@pytest.mark.parametrize("name", ["my thesis", "MY THESIS", "my\u200c thesis"])
def test_a_name_is_of_one_digest_of_an_address(engine, ada, thesis, name):
    with pytest.raises(Mistakes, match="name"):
        another.add(engine, ada.id, name, WEEKLY, LATER)
    assert another.add(engine, a_subscriber(engine, email="bob@example.org").id, "my thesis", WEEKLY, NOW)


def test_a_digest_is_renamed_and_mail_programs_know_it_as_before(engine, ada, thesis, trending):
    renamed = another.rename(engine, thesis.id, {"name": " my  book "}, LATER)
    assert (renamed.name, renamed.listed_as, renamed.next_due_at) == ("my book", "my thesis", thesis.next_due_at)
    assert another.rename(engine, thesis.id, {"name": "MY BOOK"}, LATER).name == "MY BOOK"
    assert another.rename(engine, thesis.id, {"name": "my essay"}, LATER).listed_as == "my thesis"
    for reader, name in ((thesis, "Trending"), (thesis, ""), (thesis, "a.example"), (ada, "first")):
        with pytest.raises(Mistakes, match="name"):
            another.rename(engine, reader.id, {"name": name}, LATER)
    assert [one.name for one in readers.everyone(engine)] == ["", "my essay", "trending"]
    assert another.rename(engine, 99, {"name": "nobody"}, LATER) is None


def test_a_name_is_used_again_and_two_digests_are_still_two_lists(engine, ada, thesis):
    another.rename(engine, thesis.id, {"name": "my book"}, LATER)
    again = another.add(engine, ada.id, "My Thesis", WEEKLY, LATER)
    assert (again.name, again.listed_as) == ("My Thesis", "My Thesis 2")
    another.rename(engine, again.id, {"name": "essay"}, LATER)
    third = another.add(engine, ada.id, "my thesis", WEEKLY, LATER)
    with pytest.raises(Mistakes):
        another.rename(engine, thesis.id, {"name": "my thesis"}, LATER)
    fourth = another.add(engine, ada.id, "my thesis 2", WEEKLY, LATER)
    ids = [names.key(one.listed_as) for one in (ada, thesis, again, third, fourth)]
    assert len(set(ids)) == len(ids)
    subscriptions.delete_one(engine, thesis.id, LATER)
    subscriptions.delete_one(engine, third.id, LATER)
    assert another.add(engine, ada.id, "my thesis", WEEKLY, LATER).list_name == ""


def test_saved_papers_are_of_the_address_and_stay_when_the_digest_they_came_by_goes(engine, ada, thesis, trending):
    with writing(engine) as connection:
        for place, (reader, paper) in enumerate([(ada, "1"), (thesis, "2"), (trending, "1"), (thesis, "3")]):
            feedback.save(connection, reader.id, paper, NOW + timedelta(minutes=place))
    assert all(feedback.saved_by(engine, one.id) == ["3", "2", "1"] for one in (ada, thesis, trending))
    subscriptions.delete_one(engine, thesis.id, LATER)
    with writing(engine) as connection:
        feedback.drop(connection, trending.id, "1")
    assert feedback.saved_by(engine, ada.id) == ["3", "2"]
    subscriptions.delete(engine, ada.id, LATER)
    assert dump(engine)["saved"] == []


def test_there_are_so_many_and_no_more_and_one_that_is_deleted_makes_room(engine, ada):
    added = [another.add(engine, ada.id, f"number {place}", WEEKLY, NOW) for place in range(another.MOST_DIGESTS - 1)]
    subscriptions.leave(engine, added[0].id, LATER)
    with pytest.raises(Mistakes):
        another.add(engine, ada.id, "one more", WEEKLY, LATER)
    subscriptions.delete_one(engine, added[0].id, LATER)
    assert another.add(engine, ada.id, "one more", WEEKLY, LATER)


@pytest.mark.parametrize("status", [Status.PENDING, Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_only_who_gets_a_digest_adds_another(engine, status):
    reader = a_subscriber(engine, status)
    with pytest.raises(Mistakes):
        another.add(engine, reader.id, "my thesis", WEEKLY, NOW)
    assert another.add(engine, reader.id + 1, "my thesis", WEEKLY, NOW) is None


def test_one_that_is_ended_leaves_the_others(engine, ada, thesis, trending):
    subscriptions.leave(engine, thesis.id, LATER)
    assert statuses(engine, ada, thesis, trending) == [Status.ACTIVE, Status.UNSUBSCRIBED, Status.ACTIVE]
    subscriptions.pause(engine, trending.id, LATER)
    assert statuses(engine, ada, trending) == [Status.ACTIVE, Status.PAUSED]
    subscriptions.delete_one(engine, thesis.id, LATER)
    assert [one.id for one in readers.everyone(engine)] == [ada.id, trending.id]


def test_all_end_at_once_with_one_mail(engine, ada, thesis, trending):
    subscriptions.leave_all(engine, thesis.id, LATER)
    assert statuses(engine, ada, thesis, trending) == [Status.UNSUBSCRIBED] * 3
    assert mails(engine).count(Kind.GOODBYE) == 1
    assert subscriptions.come_back(engine, ada.id, LATER).status is Status.ACTIVE
    assert statuses(engine, thesis, trending) == [Status.UNSUBSCRIBED] * 2, "each comes back by itself"


def test_deleting_takes_all(engine, ada, thesis, trending):
    bob = a_subscriber(engine, email="bob@example.org")
    subscriptions.delete(engine, thesis.id, LATER)
    assert list(readers.everyone(engine)) == [bob]
    assert dump(engine)["deliveries"] == []


def test_the_operator_pauses_resumes_and_forgets_all(engine, ada, thesis):
    assert [one.status for one in operator.pause(engine, [ada, thesis], LATER)] == [Status.PAUSED] * 2
    assert [one.status for one in operator.resume(engine, [ada, thesis], LATER)] == [Status.ACTIVE] * 2
    assert operator.forget(engine, ada.email, LATER)
    assert list(readers.everyone(engine)) == []


def sent(engine, reader):
    """A digest of this reader's that went out."""
    return next(row["id"] for row in ledger.rows_of(engine, reader.id))


def takes_back(engine, thesis, diagnostic):
    to = LINKS.bounce_address(thesis.key, sent(engine, thesis), "papers.example.org")
    return returns.take(engine, LINKS, report(diagnostic, to=to), LATER)


def test_a_dead_address_ends_all_and_one_that_says_yes_again_brings_all_back(engine, ada, thesis, trending):
    subscriptions.leave(engine, trending.id, LATER)
    assert takes_back(engine, thesis, HARD).verdict.kind is VerdictKind.HARD
    assert statuses(engine, ada, thesis, trending) == [Status.BOUNCED, Status.BOUNCED, Status.UNSUBSCRIBED]
    subscriptions.subscribe(engine, ada.email, Preferences(), LATER)
    [request] = [row["id"] for row in ledger.rows_of(engine, ada.id) if row["kind"] == Kind.CONFIRM]
    subscriptions.confirm(engine, ledger.find(engine, request), LATER)
    assert statuses(engine, ada, thesis, trending) == [Status.ACTIVE, Status.ACTIVE, Status.UNSUBSCRIBED]
    assert "they have confirmed since" in takes_back(engine, thesis, HARD).done


def test_what_the_operator_takes_back_is_taken_back_for_all(engine, ada, thesis):
    takes_back(engine, thesis, HARD)
    operator.reactivate(engine, LATER, since=NOW)
    assert statuses(engine, ada, thesis) == [Status.ACTIVE] * 2


def test_a_complaint_ends_all_and_no_other_name_is_a_way_around_it(engine, ada, thesis):
    to = LINKS.bounce_address(thesis.key, sent(engine, thesis), "papers.example.org")
    returns.take(engine, LINKS, complaint(to=to), LATER)
    assert statuses(engine, ada, thesis) == [Status.COMPLAINED] * 2
    subscriptions.delete_one(engine, ada.id, LATER)
    before = mails(engine)
    subscriptions.subscribe(engine, ada.email, Preferences(), LATER)
    assert mails(engine) == before, "the form writes to nobody who complained"
    with pytest.raises(AlreadyThere):
        operator.admit(engine, Newcomer(ada.email, WEEKLY, name="a third"), LATER)


def test_a_report_that_comes_twice_ends_nothing_that_came_back_meanwhile(engine, ada, thesis):
    subscriptions.happens(engine, thesis.id, Event.COMPLAIN, LATER)
    subscriptions.come_back(engine, ada.id, LATER)
    subscriptions.happens(engine, thesis.id, Event.COMPLAIN, LATER)
    assert statuses(engine, ada, thesis) == [Status.ACTIVE, Status.COMPLAINED]


def test_a_mailbox_that_is_full_ends_the_digest_whose_mails_fail(engine, ada, thesis):
    subscriptions.happens(engine, thesis.id, Event.WEAR_OUT, LATER)
    assert statuses(engine, ada, thesis) == [Status.ACTIVE, Status.BOUNCED]


def test_the_form_means_the_first_digest(engine, ada, thesis):
    subscriptions.subscribe(engine, ada.email, WEEKLY, LATER)
    assert [row["kind"] for row in ledger.rows_of(engine, ada.id)] == [Kind.MANAGE]
    subscriptions.delete_one(engine, ada.id, LATER)
    subscriptions.subscribe(engine, ada.email, WEEKLY, LATER + timedelta(minutes=1))
    assert [row["kind"] for row in ledger.rows_of(engine, thesis.id)][1:] == [Kind.MANAGE], "of those that are left"


def agree_to(engine, reader, address):
    addresses.ask(engine, reader.id, address, LATER)
    [request] = [row["id"] for row in ledger.rows_of(engine, reader.id) if row["kind"] == Kind.MOVE]
    return addresses.agree(engine, ledger.find(engine, request), LATER)


def test_all_move_together_and_older_links_open_none_of_their_pages(engine, ada, thesis, trending):
    subscriptions.leave(engine, trending.id, LATER)
    a_subscriber(engine, Status.UNSUBSCRIBED, email="ada@new.example.org")
    assert agree_to(engine, thesis, "ada@new.example.org")
    everyone = list(readers.everyone(engine))
    assert [one.id for one in everyone] == [ada.id, thesis.id, trending.id]
    assert {one.email for one in everyone} == {"ada@new.example.org"}
    assert [one.name for one in everyone] == ["", "my thesis", "trending"]
    assert not {one.key for one in everyone} & {ada.key, thesis.key, trending.key}
    assert statuses(engine, ada, thesis, trending) == [Status.ACTIVE, Status.ACTIVE, Status.UNSUBSCRIBED]
    assert mails(engine).count(Kind.MOVED) == 1
    token = LINKS.token(Purpose.UNSUBSCRIBE, thesis.key)
    old = access.reader_behind(engine, LINKS, Purpose.UNSUBSCRIBE, token, NOW)
    assert (old.id, old.name, old.email) == (thesis.id, "", "")


def test_an_address_that_gets_any_digest_is_not_free(engine, ada, thesis):
    bob = a_subscriber(engine, email="bob@example.org")
    subscriptions.leave(engine, ada.id, LATER)
    assert not agree_to(engine, bob, ada.email)
    assert len(list(readers.everyone(engine))) == 3


def test_many_digests_write_to_no_more_strangers_than_one(engine, ada, thesis, trending):
    for place, one in enumerate([ada, thesis, trending] * 2):
        addresses.ask(engine, one.id, f"new{place}@example.org", LATER + timedelta(minutes=place))
    assert mails(engine).count(Kind.MOVE) == subscriptions.MOST_ASKED


def test_a_link_opens_the_digest_it_was_made_for(engine, ada, thesis):
    for one in (ada, thesis):
        token = LINKS.token(Purpose.PREFERENCES, one.key)
        assert access.reader_behind(engine, LINKS, Purpose.PREFERENCES, token, NOW).id == one.id


def test_a_digest_survives_an_export_and_an_import_with_its_name(engine, ada, thesis):
    another.rename(engine, thesis.id, {"name": "my book"}, LATER)
    rows = [roster.row(one) for one in readers.everyone(engine)]
    operator.forget(engine, ada.email, LATER)
    again = [operator.admit(engine, roster.newcomer(row), LATER) for row in rows]
    assert [(one.key, one.preferences) for one in again] == [(one.key, one.preferences) for one in (ada, thesis)]
    [renamed] = siblings.of(engine, again[0])
    assert (renamed.name, renamed.list_name) == ("my book", "my thesis")


def test_what_happens_to_the_others_is_in_the_table_and_brings_no_mail():
    for event, others in TO_THE_OTHERS.items():
        assert TABLE[event]
        assert all(outcome.mail is None for outcome in TABLE[others].values())


@pytest.mark.parametrize(
    "name", ["my thesis", "Quantum & Ising (2)", "論文", "رسالتي", "R+D, weekly!", "l’été", "naïve", "नमस्ते"]
)
def test_a_name_may_be_words_of_any_language(name):
    assert names.read(f"  {name} ") == name


@pytest.mark.parametrize(
    "name",
    [
        "example.org", "see https://a", "a@b", "a\u202eb", "a\x07b", "x" * 41, "!!!", "a: b", "a/b", "<b>", "a。org",
        "e" + "\u0301" * 9, "\u3164", "＠", "a\x00", "=?utf-8?q?a?=", "[list]",
    ],
)  # fmt: skip
def test_a_name_is_no_address_no_markup_and_no_header(name):
    with pytest.raises(ValueError, match="Please"):
        names.read(name)


@given(st.text(max_size=60))
def test_whatever_is_typed_a_name_is_a_short_line_without_an_address(text):
    try:
        name = names.read(text)
    except ValueError:
        return
    assert len(name) <= names.LONGEST_NAME
    assert not set(name) & set("\r\n\t.:/@<>")
    assert names.read(name) == name
