"""Readers and the ledger, on both databases."""

import threading
from datetime import timedelta

import pytest

from digest.domain import EPOCH, INSTANT, Beside, Cadence, Kind, Preferences, Result, Run, State, Status, Window
from digest.readers import schedule, subscriptions
from digest.store import accounts, heard, ledger, outcomes, papers, planning, readers
from digest.store.engine import connect, writing
from digest.store.readers import AlreadyThere
from digest.store.tables import deliveries as rows
from tests.support.factories import DAY, NOW, a_collection, a_listing
from tests.support.stored import keep, plan

HOUR, A_DAY = timedelta(hours=1), timedelta(days=1)


def admit(engine, *emails, **preferences):
    return [readers.admit(engine, email, Preferences(**preferences), NOW) for email in emails]


def begin(engine, delivery, *papers, now=NOW):
    outcomes.begin(engine, [(delivery, papers, Beside())], now + ledger.LEASE)


def end(engine, delivery, state, reason="", now=NOW):
    ledger.record(engine, [(delivery, Result(delivery.id, state, reason), now)], now)


def test_an_address_is_one_reader_whatever_its_case(engine):
    admit(engine, "Ada@Example.org")
    with pytest.raises(AlreadyThere, match="Ada@Example.org is on the list already"):
        admit(engine, "ada@example.ORG")


def test_preferences_come_back_as_they_went_in(engine):
    wanted = Preferences(("a + b", '"c, d"'), Cadence.WEEKLY, 21, "Asia/Kathmandu", 3)
    reader = readers.admit(engine, "ada@example.org", wanted, NOW)
    assert readers.find(engine, reader.id).preferences == wanted


def test_a_reader_who_is_due_is_planned_once(engine):
    admit(engine, "ada@example.org", "bob@example.org")
    assert plan(engine) == 2
    assert plan(engine) == 0
    assert plan(engine, NOW + HOUR) == 0
    assert {one.next_due_at for one in readers.everyone(engine)} == {schedule.next_due(Preferences(), NOW)}


def test_two_planners_at_once_plan_nobody_twice(engine):
    admit(engine, *(f"reader{number}@example.org" for number in range(40)), cadence=Cadence.WEEKDAYS)
    counts, together = [], threading.Barrier(4)

    def planner():
        own = connect(engine.url.render_as_string(hide_password=False))
        together.wait()
        counts.append(plan(own))
        own.dispose()

    threads = [threading.Thread(target=planner) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 40
    assert ledger.counts(engine)["queued"] == 40


def test_two_workers_at_once_claim_each_delivery_once(engine):
    admit(engine, *(f"reader{number}@example.org" for number in range(60)))
    plan(engine)
    claimed, together = [], threading.Barrier(4)

    def worker():
        own = connect(engine.url.render_as_string(hide_password=False))
        together.wait()
        while group := ledger.claim(own, 7, NOW):
            claimed.extend(delivery.id for delivery in group)
        own.dispose()

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 60


def test_the_first_window_reaches_back_to_the_latest_listed_day(engine):
    keep(engine, a_listing(), at=NOW - 3 * A_DAY)
    admit(engine, "ada@example.org")
    plan(engine)
    [delivery] = ledger.claim(engine, 10, NOW)
    seen = NOW - 3 * A_DAY
    assert (delivery.window.start, delivery.window.end, delivery.window.since) == (EPOCH, seen + INSTANT, DAY)
    assert len(papers.in_window(engine, delivery.window)) == 1


def test_a_window_begins_where_the_last_one_ended(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [first] = ledger.claim(engine, 10, NOW)
    end(engine, first, State.SENT)
    plan(engine, NOW + A_DAY)
    [second] = ledger.claim(engine, 10, NOW + A_DAY)
    assert second.window.start == first.window.end
    assert second.window.since == (NOW + A_DAY - schedule.MOST_CATCH_UP).date()


def test_readers_who_confirm_between_two_collections_share_a_window(engine):
    keep(engine, a_listing(), at=NOW)
    for minutes in range(1, 4):
        readers.admit(engine, f"reader{minutes}@example.org", Preferences(), NOW)
        plan(engine, NOW + timedelta(minutes=minutes))
    assert len({delivery.window for delivery in ledger.claim(engine, 10, NOW + HOUR)}) == 1


def test_what_a_collection_keeps_after_planning_is_in_the_next_window(engine):
    keep(engine, a_listing(), at=NOW - HOUR)
    admit(engine, "ada@example.org")
    plan(engine)
    end(engine, ledger.claim(engine, 10, NOW)[0], State.SENT)
    late = a_listing(rank=2)
    keep(engine, late, at=NOW - timedelta(seconds=20))
    plan(engine, NOW + A_DAY)
    [second] = ledger.claim(engine, 10, NOW + A_DAY)
    assert papers.in_window(engine, second.window) == papers.listed(engine, DAY, DAY)[1:]


def test_a_window_with_nothing_new_is_empty_and_loses_nothing(engine):
    # As a version planned it that counted to the moment of planning.
    keep(engine, a_listing(), at=NOW + HOUR)
    admit(engine, "ada@example.org")
    plan(engine)
    [first] = ledger.claim(engine, 10, NOW)
    with writing(engine) as connection:
        connection.execute(rows.update().values(window_end=NOW + 2 * HOUR))
    end(engine, first, State.SENT)
    plan(engine, NOW + A_DAY)
    [second] = ledger.claim(engine, 10, NOW + A_DAY)
    assert second.window.start == second.window.end == NOW + 2 * HOUR
    assert papers.in_window(engine, second.window) == []


@pytest.mark.parametrize("state", [State.DEFERRED, State.FAILED, State.QUEUED])
def test_the_window_of_a_digest_that_did_not_go_is_in_the_next_one(engine, state):
    admit(engine, "ada@example.org")
    plan(engine)
    [first] = ledger.claim(engine, 10, NOW)
    end(engine, first, state)
    plan(engine, NOW + A_DAY)
    [second] = ledger.claim(engine, 10, NOW + A_DAY)
    assert second.window.start == first.window.start
    overtaken = state is not State.FAILED
    assert ledger.counts(engine)["skipped"] == overtaken
    assert (ledger.find(engine, first.id).reason == "overtaken") is overtaken


def test_after_an_outage_there_is_one_digest(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    end(engine, ledger.claim(engine, 10, NOW)[0], State.SENT)
    assert plan(engine, NOW + 9 * A_DAY) == 1
    assert plan(engine, NOW + 9 * A_DAY + HOUR) == 0


@pytest.mark.parametrize("status", [status for status in Status if status is not Status.ACTIVE])
def test_only_active_readers_are_planned(engine, status):
    [reader] = admit(engine, "ada@example.org")
    with writing(engine) as connection:
        readers.turn(connection, reader.id, {"status": status})
    assert plan(engine) == 0


def test_a_deferred_delivery_waits_for_its_moment(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [delivery] = ledger.claim(engine, 10, NOW)
    end(engine, delivery, State.DEFERRED, now=NOW + HOUR)
    assert ledger.claim(engine, 10, NOW + HOUR / 2) == []
    [again] = ledger.claim(engine, 10, NOW + HOUR)
    assert again.attempts == 2


def test_a_delivery_that_was_not_tried_counts_no_attempt(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    end(engine, ledger.claim(engine, 10, NOW)[0], State.QUEUED)
    assert ledger.claim(engine, 10, NOW)[0].attempts == 1


def test_what_a_lost_worker_held_is_uncertain_and_goes_again(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [held] = ledger.claim(engine, 10, NOW)
    begin(engine, held, "2512.1", "2512.2")
    assert ledger.release_lost(engine, NOW + ledger.LEASE / 2) == 0
    assert ledger.claim(engine, 10, NOW + ledger.LEASE / 2) == []
    assert ledger.release_lost(engine, NOW + 2 * ledger.LEASE) == 1
    [again] = ledger.claim(engine, 10, NOW + 2 * ledger.LEASE)
    assert (again.id, again.papers) == (held.id, ("2512.1", "2512.2"))


def test_a_worker_whose_lease_ran_out_changes_nothing_after_the_next_one_ended_it(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [held] = ledger.claim(engine, 10, NOW)
    end(engine, held, State.SENT)
    end(engine, held, State.DEFERRED)
    assert ledger.find(engine, held.id).state is State.SENT


def test_a_worker_whose_mail_another_one_took_over_changes_nothing(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [slow] = ledger.claim(engine, 10, NOW)
    begin(engine, slow)
    late = NOW + 2 * ledger.LEASE
    ledger.release_lost(engine, late)
    [again] = ledger.claim(engine, 10, late)
    end(engine, slow, State.DEFERRED)
    assert ledger.find(engine, slow.id) == again
    end(engine, again, State.SENT)
    assert ledger.find(engine, slow.id).state is State.SENT


def test_where_nothing_is_sent_again_the_uncertain_stays_so_and_its_window_is_over(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [held] = ledger.claim(engine, 10, NOW)
    begin(engine, held)
    late = NOW + 2 * ledger.LEASE
    ledger.release_lost(engine, late)
    assert ledger.claim(engine, 10, late, resend_uncertain=False) == []
    plan(engine, NOW + A_DAY)
    [following] = ledger.claim(engine, 10, NOW + A_DAY, resend_uncertain=False)
    assert following.window.start == held.window.end
    assert ledger.find(engine, held.id).state is State.UNCERTAIN


def test_one_that_was_uncertain_when_the_next_was_planned_is_not_overtaken(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    [first] = ledger.claim(engine, 10, NOW)
    end(engine, first, State.UNCERTAIN, now=NOW + A_DAY)
    plan(engine, NOW + A_DAY)
    [again, second] = ledger.claim(engine, 10, NOW + A_DAY)
    end(engine, again, State.DEFERRED)
    end(engine, second, State.SENT)
    plan(engine, NOW + 2 * A_DAY)
    [goes_on, third] = ledger.claim(engine, 10, NOW + 2 * A_DAY)
    assert goes_on.id == first.id
    assert third.window.start == second.window.end


def test_what_a_delivery_was_written_for_stays_though_the_reader_changes_their_mind(engine):
    [ada] = admit(engine, "ada@example.org", topics=("moss",))
    plan(engine)
    [delivery] = ledger.claim(engine, 10, NOW)
    begin(engine, delivery, "2512.1")
    with writing(engine) as connection:
        readers.prefer(connection, ada.id, Preferences(("tides",)))
    assert ledger.find(engine, delivery.id).preferences == Preferences(("moss",))


def test_planning_that_stopped_half_way_goes_on_where_it_was(engine, monkeypatch):
    monkeypatch.setattr(planning, "RANGE", 3)
    admit(engine, *(f"reader{number}@example.org" for number in range(10)))
    ranges = iter(range(2))

    def breaking(preferences, now):
        if next(ranges, None) is None:
            raise KeyboardInterrupt
        return schedule.next_due(preferences, now)

    with pytest.raises(KeyboardInterrupt):
        planning.plan(engine, NOW, schedule.MOST_CATCH_UP, breaking)
    assert ledger.counts(engine)["queued"] == 6
    assert plan(engine) == 4
    assert ledger.counts(engine)["queued"] == 10


def test_the_first_digest_can_be_claimed_as_soon_as_its_reader_has_confirmed(engine):
    subscriptions.subscribe(engine, "ada@example.org", Preferences(), NOW)
    [asked] = ledger.claim(engine, 10, NOW)
    end(engine, asked, State.SENT)
    confirmed = NOW + HOUR
    subscriptions.confirm(engine, asked, confirmed)
    [first] = ledger.claim(engine, 10, confirmed)
    assert (first.kind, first.due_at) == (Kind.DIGEST, confirmed)


def test_the_account_of_each_day_adds_up(engine):
    admit(engine, *(f"reader{number}@example.org" for number in range(7)))
    assert plan(engine) == 7
    states = (State.SENT, State.DEFERRED, State.FAILED, State.UNCERTAIN, State.SKIPPED)
    for delivery, state in zip(ledger.claim(engine, 6, NOW), states, strict=False):
        end(engine, delivery, state, now=NOW + HOUR)
    [run] = accounts.since(engine, NOW)
    assert run == Run(NOW.date(), dict.fromkeys((*states, State.SENDING, State.QUEUED), 1))
    assert run.planned == 7
    assert str(Run(NOW.date(), {State.SENT: 2, State.DEFERRED: 1})) == "3 planned = 2 sent + 1 deferred"
    assert plan(engine, NOW + A_DAY) == 7
    assert [run.planned for run in accounts.since(engine, NOW)] == [7, 7]
    assert [run.planned for run in accounts.since(engine, NOW + A_DAY)] == [7]


def test_a_mail_somebody_waits_for_goes_before_the_digests(engine):
    [ada, _] = admit(engine, "ada@example.org", "bob@example.org")
    plan(engine)
    with writing(engine) as connection:
        ledger.queue(connection, ada.id, "manage", NOW + HOUR)
    assert [delivery.kind for delivery in ledger.claim(engine, 1, NOW + HOUR)] == ["manage"]


def test_papers_sent_are_remembered_for_each_reader(engine):
    ada, bob, eve = admit(engine, "ada@example.org", "bob@example.org", "eve@example.org")
    plan(engine)
    for delivery, state in zip(ledger.claim(engine, 10, NOW), (State.SENT, State.FAILED, State.UNCERTAIN), strict=True):
        begin(engine, delivery, f"2512.{delivery.reader.id}")
        end(engine, delivery, state)
    ids = [ada.id, bob.id, eve.id]
    assert heard.papers_sent(engine, ids) == {
        ada.id: {f"2512.{ada.id}"},
        bob.id: set(),
        eve.id: {f"2512.{eve.id}"},
    }


def test_what_a_reader_heard_before_a_digest_does_not_change_with_that_digest(engine):
    admit(engine, "ada@example.org", "bob@example.org")
    plan(engine)
    of_ada, of_bob = ledger.claim(engine, 10, NOW)
    end(engine, of_ada, State.UNCERTAIN)
    end(engine, of_bob, State.FAILED)
    plan(engine, NOW + A_DAY)
    claimed = ledger.claim(engine, 10, NOW + A_DAY)
    [second] = [one for one in claimed if one.reader.id == of_ada.reader.id and one.id != of_ada.id]
    for state in (State.SENDING, State.UNCERTAIN, State.SENT):
        end(engine, second, state)
        assert heard.last_heard(engine, claimed) == {second.id: of_ada.due_at}


def test_forgetting_leaves_nothing(engine):
    admit(engine, "ada@example.org")
    plan(engine)
    assert readers.forget(engine, "ADA@example.org")
    assert not readers.forget(engine, "ada@example.org")
    assert sum(ledger.counts(engine).values()) == 0


def test_everyone_is_read_in_pages(engine, monkeypatch):
    monkeypatch.setattr(readers, "PAGE", 3)
    added = admit(engine, *(f"reader{number}@example.org" for number in range(8)))
    assert list(readers.everyone(engine)) == added


def test_a_rehearsal_changes_nothing(engine):
    admit(engine, "ada@example.org")
    [rehearsed] = planning.dry_run(engine, NOW, schedule.MOST_CATCH_UP, schedule.next_due)
    assert rehearsed.reader.email == "ada@example.org"
    assert sum(ledger.counts(engine).values()) == 0
    assert plan(engine) == 1


def test_of_papers_nobody_listed_before_a_moment_only_mails_from_then_on_are_asked(engine):
    """The last one before is too: planned late, its window may end after that moment."""
    [ada] = admit(engine, "ada@example.org")
    for day in range(4):
        plan(engine, NOW + day * A_DAY)
        [delivery] = ledger.claim(engine, 10, NOW + day * A_DAY)
        begin(engine, delivery, f"2512.{day}")
        end(engine, delivery, State.SENT)
    assert heard.papers_sent(engine, [ada.id], NOW + 2 * A_DAY) == {ada.id: {"2512.2", "2512.3"}}
    assert heard.papers_sent(engine, [ada.id], NOW - A_DAY) == heard.papers_sent(engine, [ada.id])
    assert heard.papers_sent(engine, [ada.id], NOW + 9 * A_DAY) == {ada.id: {"2512.3"}}


def sent(engine, reader):
    plan(engine)
    end(engine, ledger.claim(engine, 10, NOW)[0], State.SENT)


def waits(engine, reader):
    plan(engine)


def is_deferred_after_a_sent_one(engine, reader):
    sent(engine, reader)
    plan(engine, NOW + A_DAY)
    end(engine, ledger.claim(engine, 10, NOW + A_DAY)[0], State.DEFERRED)


def failed(engine, reader):
    plan(engine)
    end(engine, ledger.claim(engine, 10, NOW)[0], State.FAILED)


def is_new(engine, reader):
    pass


@pytest.mark.parametrize("topics", [(), ("agents",)])
@pytest.mark.parametrize("past", [is_new, sent, waits, is_deferred_after_a_sent_one, failed])
def test_the_next_window_is_the_one_that_planning_writes_down(engine, past, topics):
    for day in range(3):
        papers.keep(engine, [a_listing(day=DAY - day * A_DAY)], a_collection(at=NOW - HOUR))
    reader = readers.admit(engine, "ada@example.org", Preferences(topics), NOW)
    past(engine, reader)
    papers.keep(engine, [a_listing(day=DAY + A_DAY)], a_collection(at=NOW + 2 * A_DAY))
    now = NOW + 3 * A_DAY
    told = planning.next_window(engine, reader.id, now, schedule.MOST_CATCH_UP)
    assert plan(engine, now) == 1
    written = [row for row in ledger.rows_of(engine, reader.id) if row["state"] == State.QUEUED]
    assert [Window(row["window_start"], row["window_end"], row["since"]) for row in written] == [told]
