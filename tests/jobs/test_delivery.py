"""A round of delivering: the ledger, the matcher, the composer and a real relay together, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest

from digest.compose import opened
from digest.domain import Mute, Preferences, State, Status
from digest.jobs import delivery
from digest.jobs.delivery import QUIET_FOR
from digest.jobs.delivery.draft import draft_all
from digest.jobs.delivery.freeze import Going
from digest.jobs.delivery.round import Round
from digest.jobs.routing import DOMAIN_REST, RELAY_REST
from digest.readers import another, subscriptions
from digest.store import breakers, history, ledger, papers, readers
from digest.store.engine import reading, writing
from digest.store.tables import deliveries as rows
from digest.transport.smtp import RelayAway
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper
from tests.support.lives import becomes
from tests.support.lying_relay import LyingRelay

A_DAY = timedelta(days=1)


def test_a_digest_brings_what_fits_and_nothing_else(service):
    service.collects(a_paper(title="Speculative decoding"), a_paper(title="Marsh birds"))
    service.admits("ada@example.org", "speculative decoding")
    assert service.sends() == {State.SENT: 1}
    [letter] = service.letters()
    assert "Speculative decoding" in letter.text
    assert "Marsh birds" not in letter.text


def test_no_topics_means_what_is_trending(service):
    service.collects(*(a_paper(title=f"Paper {number}") for number in range(4)))
    service.admits("ada@example.org", most_papers=3)
    service.sends()
    assert "Three trending papers\nof 4 listed today" in service.letters()[0].text


def test_nothing_to_say_means_no_mail(service):
    service.collects(a_paper(title="Marsh birds"))
    reader = service.admits("ada@example.org", "speculative decoding")
    assert service.sends() == {State.SKIPPED: 1}
    service.now += A_DAY
    service.sends()
    assert service.letters() == []
    reasons = [ledger.find(service.engine, number).reason for number in (reader.id, reader.id + 1)]
    assert reasons == ["nothing matched", "nothing was listed"]


def test_who_mutes_all_topics_gets_nothing_and_not_what_is_trending(service):
    service.collects(a_paper(title="Speculative decoding"), a_paper(title="Marsh birds"))
    reader = service.admits("ada@example.org", "speculative decoding", "-birds")
    rests = (Mute("speculative decoding", (service.now + A_DAY).date()),)
    with writing(service.engine) as connection:
        readers.prefer(connection, reader.id, replace(reader.preferences, muted=rests))
    assert service.sends() == {State.SKIPPED: 1}
    assert service.of(reader.email)[0].reason == "all topics are muted"
    service.now += A_DAY
    service.collects(a_paper(title="Speculative decoding again"), day=DAY + A_DAY)
    assert service.sends() == {State.SENT: 1}


def test_who_muted_all_topics_is_told_so_once_a_week_and_again_in_the_same_bytes(service):
    reader = service.admits("ada@example.org", "speculative decoding")
    service.sends()
    rests = (Mute("speculative decoding", (service.now + 30 * A_DAY).date()),)
    subscriptions.change(service.engine, reader.id, replace(reader.preferences, muted=rests), service.now)
    for day in range(1, 10):
        service.now += A_DAY
        service.collects(a_paper(title="Speculative decoding"), a_paper(title="Birds"), day=DAY + day * A_DAY)
        service.sends()
    [(_, sent)] = service.mail_server.mails
    assert opened(sent).subject == "Your topic is muted, so nothing has come"
    assert f"speculative decoding, on {rests[0].until:%A}" in opened(sent).text
    [note] = [mail for mail in service.of(reader.email) if mail.state is State.SENT]
    subscriptions.change(service.engine, reader.id, replace(reader.preferences, muted=()), service.now)
    history.send_again(service.engine, note.id)
    service.delivers()
    assert [content for _, content in service.mail_server.mails] == [sent, sent]


def test_a_mail_sent_again_is_the_same_whatever_came_after_it(service):
    """It counts what fitted then, though a later one brought some of it, and has the name of then."""
    tides = [a_paper(title=f"Tides {number}") for number in range(4)]
    ada = service.admits("ada@example.org", "birds")
    thesis = another.add(service.engine, ada.id, "thesis", Preferences(("tides",), most_papers=1), service.now)
    for day, source in enumerate(("huggingface", "arxiv", "feed")):
        service.collects(*tides, day=DAY + day * A_DAY, source=source)
        service.now += A_DAY
        service.sends()
    went = [content for _, content in service.mail_server.mails]
    assert [opened(each).text.partition("And ")[2][:6] for each in went] == ["3 more", "2 more", "1 more"]
    another.rename(service.engine, thesis.id, {"name": "book"}, service.now)
    for row in ledger.rows_of(service.engine, thesis.id):
        history.send_again(service.engine, row["id"])
        service.delivers()
    assert [content for _, content in service.mail_server.mails][3:] == went


def test_a_mail_sent_again_is_the_same_whatever_was_muted_meanwhile(service):
    service.collects(a_paper(title="Speculative decoding"), a_paper(title="Marsh birds"))
    reader = service.admits("ada@example.org", "speculative decoding", "marsh birds")
    service.mail_server.hang_up_after_data()
    service.sends()
    service.mail_server.behave()
    rests = (Mute("marsh birds", (service.now + 9 * A_DAY).date()),)
    subscriptions.change(service.engine, reader.id, replace(reader.preferences, muted=rests), service.now)
    service.now += timedelta(hours=1)
    service.delivers()
    (_, first), (_, second) = service.mail_server.mails
    assert first == second


def test_a_quiet_week_is_told_once_a_week(service):
    service.admits("ada@example.org", "speculative decoding")
    told = []
    for day in range(2 * QUIET_FOR.days + 2):
        service.sends()
        told += [day for _ in service.letters()]
        service.now += A_DAY
    assert len(told) == 2
    assert told[1] - told[0] == QUIET_FOR.days


def test_no_reader_gets_the_same_paper_twice_whoever_lists_it_again(service):
    known, new = a_paper(title="Speculative decoding"), a_paper(title="Speculative decoding again")
    service.collects(known)
    service.admits("ada@example.org", "speculative decoding")
    service.sends()
    service.letters()
    service.now += A_DAY
    service.admits("bob@example.org", "speculative decoding")
    service.collects(known, new, day=DAY + A_DAY, source="arxiv")
    service.now += A_DAY
    assert service.sends() == {State.SENT: 2}
    of_ada, of_bob = sorted(service.letters(), key=lambda letter: "bob@example.org" in letter.text)
    assert known.id not in of_ada.text
    assert new.id in of_ada.text
    assert known.id in of_bob.text


def test_who_left_is_sent_nothing_that_was_planned(service):
    service.collects(a_paper(title="Speculative decoding"))
    reader = service.admits("ada@example.org", "speculative decoding")
    delivery.plan(service.engine, service.now)
    subscriptions.leave(service.engine, reader.id, service.now)
    assert service.delivers() == {State.SKIPPED: 1, State.SENT: 1}, "the other is the goodbye"
    assert ledger.find(service.engine, 1).reason == "reader is unsubscribed"


def test_a_relay_that_comes_back_gets_the_mail_it_would_have_had(service):
    service.collects(*(a_paper(title=f"Speculative decoding {number}") for number in range(5)))
    service.admits("ada@example.org", "speculative decoding", most_papers=2)
    url, service.mail_server.url = service.mail_server.url, "smtp://127.0.0.1:1"
    with pytest.raises(RelayAway):
        service.sends()
    service.mail_server.url = url
    assert service.delivers() == {}, "it rests"
    service.now += RELAY_REST
    assert service.delivers() == {State.SENT: 1}
    [letter] = service.letters()
    assert "Two papers on *speculative decoding*\nof 5 listed today" in letter.text
    assert "And 3 more" in letter.text


def test_a_mail_sent_again_is_the_same_message(service):
    service.collects(*(a_paper(title=f"Speculative decoding {number}") for number in range(5)))
    service.admits("ada@example.org", "speculative decoding", most_papers=2)
    service.mail_server.hang_up_after_data()
    assert service.sends() == {State.UNCERTAIN: 1}
    service.mail_server.behave()
    service.now += timedelta(minutes=1)
    service.collects(a_paper(title="Speculative decoding, newer"))
    service.now += timedelta(hours=1)
    assert service.delivers() == {State.SENT: 1}
    first, second = [content for _, content in service.mail_server.mails]
    assert first == second


def test_a_mail_sent_again_is_the_same_to_the_byte_whatever_has_changed_since(service):
    known = [a_paper(title=f"Speculative decoding {number}") for number in range(4)]
    service.collects(*known)
    reader = service.admits("ada@example.org", "speculative decoding", most_papers=2)
    service.mail_server.hang_up_after_data()
    assert service.sends() == {State.UNCERTAIN: 1}
    service.mail_server.behave()
    later = [a_listing(paper, upvotes=900 - rank, comments=7, rank=rank) for rank, paper in enumerate(known[::-1], 1)]
    papers.keep(service.engine, later, a_collection("huggingface", DAY, at=service.now))
    with writing(service.engine) as connection:
        readers.prefer(connection, reader.id, Preferences(("decoding",), hour=3, timezone="Asia/Tokyo"))
    service.now += timedelta(hours=1)
    assert service.delivers() == {State.SENT: 1}
    first, second = [content for _, content in service.mail_server.mails]
    assert first == second


def sent_twice(service, between):
    """Send what waits to a relay that does not answer, change something, send again; both messages."""
    service.mail_server.hang_up_after_data()
    assert service.sends() == {State.UNCERTAIN: 1}
    service.mail_server.behave()
    between()
    service.now += timedelta(hours=1)
    assert service.delivers()[State.SENT] >= 1
    first, second, *_ = [content for _, content in service.mail_server.mails]
    return first, second


def test_a_quiet_note_sent_again_is_the_same_though_the_topics_fit_by_now(service):
    service.collects(a_paper(title="Marsh birds"))
    reader = service.admits("ada@example.org", "speculative decoding")
    service.now += QUIET_FOR

    def the_reader_changes_their_mind():
        with writing(service.engine) as connection:
            readers.prefer(connection, reader.id, Preferences(("birds",)))

    with writing(service.engine) as connection:
        readers.reschedule(connection, reader.id, service.now)
    first, second = sent_twice(service, the_reader_changes_their_mind)
    assert opened(first).subject == "Nothing new on your topics this week"
    assert first == second


def test_a_first_digest_sent_again_is_still_the_first(service):
    service.collects(a_paper(title="Speculative decoding"))
    service.admits("ada@example.org", "speculative decoding")

    def the_next_one_arrives():
        service.now += A_DAY
        service.collects(a_paper(title="Speculative decoding again"), day=DAY + A_DAY)
        delivery.plan(service.engine, service.now)
        [second] = [one for one in waiting(service) if one.state is State.QUEUED]
        with writing(service.engine) as connection:
            connection.execute(rows.update().where(rows.c.id == second.id).values(state=State.SENT))

    first, again = sent_twice(service, the_next_one_arrives)
    assert opened(first).subject == "Your first digest: One paper on speculative decoding: Speculative decoding"
    assert first == again


def test_an_uncertain_mail_stays_so_where_nothing_is_to_be_sent_again(service):
    service.collects(a_paper(title="Speculative decoding"))
    service.admits("ada@example.org", "speculative decoding")
    service.settings["resend_uncertain"] = False
    service.mail_server.hang_up_after_data()
    service.sends()
    service.mail_server.behave()
    service.now += A_DAY
    assert service.sends() == {State.SKIPPED: 1}
    assert ledger.find(service.engine, 1).state is State.UNCERTAIN


def test_a_relay_away_for_an_hour_is_asked_a_few_times_and_then_gets_everything(service):
    service.collects(a_paper(title="Speculative decoding"))
    for number in range(30):
        service.admits(f"reader{number}@example.org", "speculative decoding")
    service.mail_server.refuse_connections = True
    said = 0
    delivery.plan(service.engine, service.now)
    for minute in range(90):
        service.mail_server.refuse_connections = minute < 60
        try:
            service.delivers()
        except RelayAway:
            said += 1
        service.now += timedelta(minutes=1)
    assert 4 <= said <= 8
    assert ledger.counts(service.engine)["sent"] == 30


@pytest.mark.parametrize("reply", ["421 4.3.2 overloaded", "hello?"])
def test_a_relay_that_greets_and_then_answers_no_mail_is_not_back(service, reply):
    service.collects(a_paper(title="Speculative decoding"))
    for number in range(30):
        service.admits(f"reader{number}@example.org", "speculative decoding")
    asked = []
    with LyingRelay(MAIL=lambda line: asked.append(line) or reply) as service.mail_server:
        with pytest.raises(RelayAway):
            service.sends()
        first = len(asked)
        for failures in (2, 3):
            service.now = next(iter(breakers.known(service.engine).values())).until
            with pytest.raises(RelayAway):
                service.delivers()
            [breaker] = breakers.known(service.engine).values()
            assert (breaker.failures, len(asked)) == (failures, first + failures - 1)


def test_a_domain_that_asks_for_it_is_slowed_and_the_others_go_on(service):
    service.collects(a_paper(title="Speculative decoding"))
    service.admits("ada@slow.example.org", "speculative decoding")
    service.mail_server.refuse("ada@slow.example.org", "451 4.7.650 The mail server has been temporarily rate limited")
    assert service.sends() == {State.DEFERRED: 1}
    service.admits("bob@Slow.example.org", "speculative decoding")
    service.admits("eve@quick.example.org", "speculative decoding")
    service.sends()
    assert service.mail_server.recipients == ["eve@quick.example.org"]
    [bob] = [one for one in waiting(service) if one.reader.email.startswith("bob")]
    assert (bob.state, bob.attempts) == (State.QUEUED, 0)
    assert bob.reason.startswith("domain slow.example.org is slowed: 451 4.7.650")
    service.mail_server.behave()
    service.now += 2 * DOMAIN_REST
    service.delivers()
    assert service.mail_server.recipients == ["eve@quick.example.org", "bob@Slow.example.org"]


def test_greylisting_slows_nobody_else(service):
    service.collects(a_paper(title="Speculative decoding"))
    service.admits("ada@example.org", "speculative decoding")
    service.mail_server.refuse("ada@example.org", "450 4.7.1 Greylisted, come back in five minutes")
    service.sends()
    assert breakers.known(service.engine) == {}


def waiting(service):
    with reading(service.engine) as connection:
        return ledger.waiting_in(connection, service.now + A_DAY)


def test_one_mail_that_cannot_be_written_holds_up_nobody(service):
    service.collects(a_paper(title="Speculative decoding"))
    reader = service.admits("ada@example.org", "speculative decoding")
    service.admits("bob@example.org", "speculative decoding")
    with writing(service.engine) as connection:
        ledger.queue(connection, reader.id, "no such kind", service.now)
    assert service.sends() == {State.FAILED: 1, State.SENT: 2}
    assert sorted(service.mail_server.recipients) == ["ada@example.org", "bob@example.org"]


@pytest.mark.parametrize(
    ("meanwhile", "become"),
    [("status = 'unsubscribed'", State.SKIPPED), ("email = 'ada@new.example.org'", State.SENT)],
)
def test_who_leaves_or_moves_after_a_mail_was_written_does_not_get_that_one(two, meanwhile, become):
    delivery.plan(two.engine, two.now)
    round_ = Round(two.engine, two.post())
    group = ledger.claim(two.engine, 10, two.now)
    drafts = list(draft_all(group, round_.editions.gather(group), round_.post))
    two.runs(f"UPDATE readers SET {meanwhile} WHERE email = 'ada@example.org'")
    going = Going(two.engine, lambda: two.now, drafts, two.now)
    ours = going.begin([each.mail for each in drafts])
    assert [each.mail.recipient for each in drafts if each.delivery.id in ours] == ["bob@example.org"]
    assert [one.reader.email for one in going.late] == ["ada@example.org"]
    two.now += 2 * ledger.LEASE
    delivery.sweep(two.engine, two.now)
    assert two.delivers()[become] >= 1
    assert "ada@example.org" not in two.mail_server.recipients


def test_a_confirmation_is_only_for_who_has_not_confirmed(service):
    subscriptions.subscribe(service.engine, "ada@example.org", Preferences(), NOW)
    [reader] = readers.everyone(service.engine)
    becomes(service.engine, reader, Status.UNSUBSCRIBED)
    assert service.delivers() == {State.SKIPPED: 1}


def test_the_first_digest_says_so_and_the_next_does_not(service):
    service.collects(a_paper(title="Speculative decoding"))
    service.admits("ada@example.org", "speculative decoding")
    service.sends()
    service.now += A_DAY
    service.collects(a_paper(title="Speculative decoding again"), day=DAY + A_DAY)
    service.sends()
    first, second = service.letters()
    assert first.subject == "Your first digest: One paper on speculative decoding: Speculative decoding"
    assert "This is your first digest. From now on it comes every day." in " ".join(first.text.split())
    assert second.subject == "One paper on speculative decoding: Speculative decoding again"


def test_a_goodbye_is_only_for_who_is_gone(service):
    reader = service.admits("ada@example.org")
    subscriptions.leave(service.engine, reader.id, service.now)
    service.delivers()
    [letter] = service.letters()
    assert letter.subject == "You are unsubscribed"
    service.now += A_DAY
    subscriptions.come_back(service.engine, reader.id, service.now)
    subscriptions.leave(service.engine, reader.id, service.now)
    subscriptions.come_back(service.engine, reader.id, service.now)
    service.delivers()
    assert service.letters() == []


def test_two_digests_of_one_address_are_two_mails_and_a_paper_may_stand_in_both(service):
    service.collects(a_paper(title="Speculative decoding"), a_paper(title="Marsh birds"))
    first = service.admits("ada@example.org", "speculative decoding")
    wanted = Preferences(("speculative decoding", "birds"))
    thesis = another.add(service.engine, first.id, "my thesis", wanted, service.now)
    assert service.sends() == {State.SENT: 2}
    subjects = {letter.subject: letter.text for letter in service.letters()}
    assert len(subjects) == 2
    [named] = [subject for subject in subjects if "my thesis" in subject]
    assert "Marsh birds" in subjects[named]
    assert all("Speculative decoding" in text for text in subjects.values())
    service.now += A_DAY
    service.collects(a_paper(title="Speculative decoding"), a_paper("2512.9", title="More birds"), day=DAY + A_DAY)
    subscriptions.leave(service.engine, first.id, service.now)
    service.sends()
    texts = [letter.text for letter in service.letters()]
    assert sorted("More birds" in text for text in texts) == [False, True], "one has ended, and the other goes on"
    assert sum("1. Speculative decoding" in text for text in texts) == 0, "never twice in one digest"
    assert thesis
