"""What is kept, and for how long: old mails folded, leavers forgotten, nothing left of who had all of it deleted."""

from datetime import date, timedelta
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import event, inspect, text

from digest.domain import EPOCH, RELATED, Beside, Kind, Preferences, Reason, State, Status, Verdict, VerdictKind
from digest.jobs import retention, standing
from digest.jobs.retention import Terms
from digest.readers import addresses, operator, subscriptions
from digest.readers.roster import Newcomer
from digest.store import (
    bounces,
    day_counts,
    feedback,
    folding,
    gauges,
    heard,
    keyed,
    leavers,
    ledger,
    outcomes,
    readers,
    seen,
    suppressed,
)
from digest.store.beside import as_text
from digest.store.engine import connect, writing
from digest.store.tables import deliveries, metadata
from tests.support.endings import ended_at_statement
from tests.support.factories import NOW, a_paper
from tests.support.visitor import LINKS, a_visitor

A_DAY = timedelta(days=1)
TERMS = Terms(deliveries=timedelta(days=400), left=timedelta(days=400), addresses=timedelta(days=30))
LATER = NOW + timedelta(days=460)


class Killed(Exception):
    """What ends a transaction in the middle: the database takes it all back."""


def nights(engine, now, terms=TERMS):
    day_counts.fold(engine, now)
    retention.keep(engine, terms, lambda: now)


def a_mail(engine, reader, due_at, *papers, kind=Kind.DIGEST, state=State.SENT, again=EPOCH, recipient=""):
    """A row of the ledger, as if it had gone long ago."""
    moments = {"due_at": due_at, "window_start": due_at, "window_end": due_at, "since": due_at.date()}
    row = {"reader_id": reader.id, "kind": kind, "state": state, "reason": "", "attempts": 1, "papers": papers}
    with writing(engine) as connection:
        inserted = deliveries.insert().values(**row, **moments, next_attempt_at=again, tried_at=due_at)
        if recipient:
            inserted = inserted.values(recipient=recipient, mailbox="somebody")
        return connection.execute(inserted).inserted_primary_key[0]


def ada(engine):
    return readers.admit(engine, "ada@example.org", Preferences(("agents",)), NOW)


def kept(engine, reader):
    return [row["id"] for row in ledger.rows_of(engine, reader.id)]


def dump(engine):
    """Every row of every table there is, as text."""
    with engine.connect() as connection:
        names = inspect(connection).get_table_names()
        assert set(names) >= set(metadata.tables)
        rows = [row for name in names for row in connection.execute(text(f'SELECT * FROM "{name}"'))]
    return "\n".join(map(repr, rows)).lower()


def test_old_mails_leave_the_ledger_and_their_papers_are_known_for_good(engine):
    reader = ada(engine)
    for day in range(70):
        a_mail(engine, reader, NOW + day * A_DAY, f"2512.{day:05}", f"2511.{day:05}")
    before = heard.papers_sent(engine, [reader.id])
    nights(engine, NOW + timedelta(days=450))
    assert len(kept(engine, reader)) == 70 - 39, "December and January, which ended 400 days ago"
    assert heard.papers_sent(engine, [reader.id]) == before
    assert len(before[reader.id]) == 140
    assert day_counts.all_deliveries(engine) == {("digest", "sent"): 70}
    nights(engine, NOW + timedelta(days=451))
    assert heard.papers_sent(engine, [reader.id]) == before


def test_papers_that_stood_beside_the_chosen_ones_are_known_for_good_too(engine):
    reader = ada(engine)
    first = a_mail(engine, reader, NOW, "2512.00001")
    with writing(engine) as connection:
        beside = as_text(Beside(related=(("2512.00002", Reason("agents", RELATED, ())),)))
        connection.execute(deliveries.update().where(deliveries.c.id == first).values(beside=beside))
    a_mail(engine, reader, NOW + A_DAY)
    before = heard.papers_sent(engine, [reader.id])
    nights(engine, LATER)
    assert len(kept(engine, reader)) == 1
    assert heard.papers_sent(engine, [reader.id]) == before == {reader.id: {"2512.00001", "2512.00002"}}


def test_a_paper_of_a_folded_mail_is_not_picked_again(service):
    service.collects(a_paper("2512.00001", title="Speculative decoding"))
    service.admits("ada@example.org", "speculative decoding")
    assert service.sends()[State.SENT] == 1
    reader = next(readers.everyone(service.engine))
    a_mail(service.engine, reader, NOW + 200 * A_DAY)
    service.now = LATER
    nights(service.engine, service.now)
    assert len(kept(service.engine, reader)) == 1
    # Listed anew, by another source.
    day = service.now.date()
    service.collects(a_paper("2512.00001", title="Speculative decoding"), day=day, source="arxiv")
    service.collects(a_paper("2703.00002", title="Speculative decoding again"), day=day)
    service.letters()
    service.sends()
    assert service.of("ada@example.org")[-1].papers == ("2703.00002",)


def test_what_is_open_and_the_last_window_stay_however_old(engine):
    reader = ada(engine)
    old = [
        a_mail(engine, reader, NOW, "1", state=State.UNCERTAIN, again=outcomes.NEVER),
        a_mail(engine, reader, NOW + A_DAY, state=State.QUEUED),
        a_mail(engine, reader, NOW + 2 * A_DAY, state=State.UNCERTAIN),
        a_mail(engine, reader, NOW + 3 * A_DAY, "2"),
        a_mail(engine, reader, NOW + 4 * A_DAY, state=State.SKIPPED),
        a_mail(engine, reader, NOW + 5 * A_DAY, state=State.FAILED),
    ]
    nights(engine, LATER)
    assert kept(engine, reader) == old[1:], "the last that was heard of, and the last that covered a window, too"
    assert day_counts.all_deliveries(engine)["digest", "uncertain"] == 2
    assert heard.papers_sent(engine, [reader.id]) == {reader.id: {"1", "2"}}


def test_a_kill_between_the_rows_and_what_is_kept_of_them_changes_nothing(engine):
    reader = ada(engine)
    for day in range(3):
        a_mail(engine, reader, NOW + day * A_DAY, str(day), state=State.UNCERTAIN, again=outcomes.NEVER)
    day_counts.fold(engine, LATER)
    for doomed in ("DELETE FROM deliveries", "INSERT INTO seen", "INSERT INTO day_counts", "INSERT INTO gauges"):

        def die(_connection, _cursor, statement, *_, doomed=doomed):
            if statement.lstrip().startswith(doomed):
                raise Killed

        own = connect(engine.url.render_as_string(hide_password=False))
        event.listen(own, "after_cursor_execute", die)
        with pytest.raises(Killed):
            folding.fold(own, LATER, 0, LATER)
        own.dispose()
        assert len(kept(engine, reader)) == 3, doomed
        assert gauges.FOLDED_READER not in gauges.known(engine)
    nights(engine, LATER)
    assert len(kept(engine, reader)) == 1
    assert heard.papers_sent(engine, [reader.id])[reader.id] == {"0", "1", "2"}
    assert day_counts.all_deliveries(engine)["digest", "uncertain"] == 3


def test_a_night_that_is_too_short_is_gone_on_with(engine, monkeypatch):
    monkeypatch.setattr(folding, "PAGE", 1)
    everyone = [readers.admit(engine, f"r{number}@example.org", Preferences(), NOW) for number in range(3)]
    for reader in everyone:
        a_mail(engine, reader, NOW, "1")
        a_mail(engine, reader, NOW + A_DAY, "2")
    day_counts.fold(engine, LATER)
    until = LATER + timedelta(minutes=10)
    for done in range(3):
        moments = iter([LATER, LATER, LATER, until, until])
        assert not retention.fold(engine, LATER - TERMS.deliveries, lambda moments=moments: next(moments), until)
        assert [len(kept(engine, reader)) for reader in everyone] == [1] * (done + 1) + [2] * (2 - done)
    assert retention.fold(engine, LATER - TERMS.deliveries, lambda: LATER, until)


def test_days_that_are_counted_again_stay(engine):
    """A sweep by very short terms, as a wrong setting might have it."""
    reader = ada(engine)
    ids = [a_mail(engine, reader, LATER - age * A_DAY, str(age)) for age in (40, 6, 1)]
    nights(engine, LATER, Terms(timedelta(0), timedelta(400), timedelta(30)))
    assert kept(engine, reader) == ids[1:]
    assert day_counts.all_deliveries(engine) == {("digest", "sent"): 3}


def test_addresses_that_never_agreed_or_were_left_behind_go_after_a_month(engine):
    reader = ada(engine)
    addresses.ask(engine, reader.id, "new@example.org", NOW)
    a_mail(engine, reader, NOW, kind=Kind.MOVED, recipient="left-behind@example.org")
    with writing(engine) as connection:
        connection.execute(deliveries.update().values(state=State.SENT))
    nights(engine, NOW + 29 * A_DAY)
    assert dump(engine).count("new@example.org") == 2
    assert "somebody" not in dump(engine), "nor the hash of a mailbox, once it is counted"
    nights(engine, NOW + 31 * A_DAY)
    assert "new@example.org" not in dump(engine)
    assert "left-behind@example.org" not in dump(engine)


@pytest.mark.parametrize("status", [Status.UNSUBSCRIBED, Status.BOUNCED, Status.COMPLAINED])
def test_who_left_long_ago_is_forgotten_but_for_that(engine, status):
    reader = readers.admit(engine, "ada@example.org", Preferences(), NOW, status)
    a_mail(engine, reader, NOW + 10 * A_DAY)
    nights(engine, NOW + 405 * A_DAY)
    assert readers.find(engine, reader.id)
    nights(engine, NOW + 411 * A_DAY)
    assert not readers.find(engine, reader.id)
    with engine.connect() as connection:
        assert suppressed.status(connection, "ADA@example.org") is status
    assert "ada@" not in dump(engine)


def test_a_digest_that_ended_long_ago_stays_while_its_address_has_another(engine):
    ended = readers.admit(engine, "ada@example.org", Preferences(), NOW, Status.UNSUBSCRIBED)
    with writing(engine) as connection:
        other = readers.admit_in(connection, "ada@example.org", Preferences(), NOW, name="work")
    nights(engine, NOW + 500 * A_DAY)
    assert readers.find(engine, ended.id)
    assert readers.find(engine, other.id)
    with engine.connect() as connection:
        assert suppressed.status(connection, "ada@example.org") is None


def of_grace(service):
    """Grace has had a digest, moved to another address, answered, saved a paper, and a mail of hers came back."""
    engine = service.engine
    service.collects(a_paper("2512.00001", title="Speculative decoding"))
    subscriptions.subscribe(engine, "Grace.Hopper@example.org", Preferences(("cobol",)), service.now)
    service.delivers()
    [asked] = service.of("Grace.Hopper@example.org")
    reader = subscriptions.confirm(engine, asked, service.now)
    service.sends()
    addresses.ask(engine, reader.id, "babbage@new.example.org", service.now)
    service.delivers()
    move = next(one for one in service.of("Grace.Hopper@example.org") if one.kind is Kind.MOVE)
    addresses.agree(engine, move, service.now)
    service.delivers()
    with writing(engine) as connection:
        bounces.note(connection, reader.id, move.id, Verdict(VerdictKind.SOFT, "full", "4.2.2"), service.now)
        feedback.note(connection, reader.id, move.id, "2512.00001", "more", service.now, (Preferences(("cobol",)),) * 2)
        feedback.save(connection, reader.id, "2512.00001", service.now)
        seen.add(connection, {(reader.id, date(2025, 1, 1)): {"2501.00001"}})
    return reader


def test_nothing_of_a_reader_who_deletes_everything_is_left_in_any_table_file_or_log(service, capsys):
    engine, names = service.engine, ("grace", "hopper", "babbage", "cobol")
    reader = of_grace(service)
    assert all(name in dump(engine) for name in names)
    subscriptions.delete(engine, reader.id, service.now)
    left = dump(engine) + in_the_file(engine)
    assert not [name for name in (*names, reader.key) if name in left]
    said = capsys.readouterr()
    assert not [name for name in names if name in (said.out + said.err).lower()]


def in_the_file(engine):
    """What the file of an SQLite database holds, what is free in it included."""
    if engine.dialect.name != "sqlite":
        return ""
    with engine.connect() as connection:
        connection.commit()
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(engine.url.database).read_bytes().decode("latin-1").lower()


def test_who_had_everything_deleted_is_not_put_on_the_list_by_others(engine):
    for status, email in ((Status.ACTIVE, "ada@example.org"), (Status.COMPLAINED, "bob@example.org")):
        reader = readers.admit(engine, email, Preferences(), NOW, status)
        subscriptions.delete(engine, reader.id, NOW)
    assert suppressed.among(engine, ["Ada@example.org", "bob@example.org", "eve@example.org"]) == {
        "ada@example.org",
        "bob@example.org",
    }
    subscriptions.subscribe(engine, "bob@example.org", Preferences(), NOW)
    assert not list(readers.everyone(engine)), "who complained is sent nothing"
    subscriptions.subscribe(engine, "ada@example.org", Preferences(), NOW)
    [reader] = readers.everyone(engine)
    subscriptions.confirm(engine, ledger.find(engine, kept(engine, reader)[0]), NOW)
    assert suppressed.among(engine, ["ada@example.org"]) == set(), "she said yes herself"
    operator.admit(engine, Newcomer("bob@example.org", Preferences()), NOW)
    assert suppressed.among(engine, ["bob@example.org"]) == set(), "the operator says that he did"


def test_a_hash_of_an_address_is_known_by_older_secrets_and_by_no_other(database_url):
    old, both, other = (connect(database_url, keys) for keys in (["old"], ["new", "old"], ["other"]))
    subscriptions.delete(old, ada(old).id, NOW)
    found = [suppressed.among(engine, ["ada@example.org"]) for engine in (old, both, other)]
    assert found == [{"ada@example.org"}] * 2 + [set()]
    assert keyed.one("old", "suppressed", "ada@example.org") in dump(old)
    for engine in (old, both, other):
        engine.dispose()


def test_the_page_of_an_old_mail_says_so_and_leaving_by_it_still_works(service):
    reader = ada(service.engine)
    old = a_mail(service.engine, reader, NOW, "2512.00001")
    a_mail(service.engine, reader, NOW + A_DAY)
    nights(service.engine, LATER)
    visitor = a_visitor(service.engine)
    answer = visitor.get(LINKS.view(reader.key, old))
    assert (answer.status_code, "Too old to show" in answer.text) == (410, True)
    assert visitor.get(LINKS.feedback(reader.key, old, "2512.00001")).status_code == 410
    assert visitor.post(LINKS.unsubscribe(reader.key)).status_code == 200
    assert readers.find(service.engine, reader.id).status is Status.UNSUBSCRIBED
    subscriptions.delete(service.engine, reader.id, NOW)
    assert visitor.get(LINKS.view(reader.key, old)).status_code == 404


def test_the_page_about_privacy_is_true_to_the_settings(engine):
    answer = a_visitor(engine, keep_mails_days=444, keep_left_days=55, keep_addresses_days=66).get("/privacy")
    assert answer.headers["cache-control"].startswith("public")
    for said in (
        "444 to 475 days",
        "55 days after you leave",
        "66 to 67 days",
        "2 to 3 days",
        "If you turn pictures on",
    ):
        assert said in answer.text
    assert 'href="/privacy"' in a_visitor(engine).get("/").text


def test_a_month_that_nobody_can_read_costs_its_reader_that_month_alone(engine):
    reader = ada(engine)
    with writing(engine) as connection:
        seen.add(connection, {(reader.id, date(2025, 1, 1)): {"1"}, (reader.id, date(2025, 2, 1)): {"2"}})
        connection.execute(text("UPDATE seen SET papers = :junk WHERE month = '2025-01-01'"), {"junk": b"junk"})
    assert heard.papers_sent(engine, [reader.id]) == {reader.id: {"2"}}


def test_whose_mails_cannot_be_folded_costs_nobody_else_and_is_named_until_it_is_mended(engine, monkeypatch):
    monkeypatch.setattr(folding, "PAGE", 4)
    everyone = [readers.admit(engine, f"r{number}@example.org", Preferences(), NOW) for number in range(6)]
    poison = [a_mail(engine, reader, NOW + days * A_DAY, "1") for reader in everyone for days in (0, 1)][2]
    with writing(engine) as connection:
        # Papers that no version of ours wrote: numbers have no order among words.
        connection.execute(text("UPDATE deliveries SET papers = '[1, \"2\"]' WHERE id = :id"), {"id": poison})
    monkeypatch.setattr(bounces, "forget", lambda *_: 1 / 0)
    nights(engine, LATER)
    with engine.connect() as connection:
        theirs = text("SELECT count(*) FROM deliveries GROUP BY reader_id ORDER BY reader_id")
        assert list(connection.execute(theirs).scalars()) == [1, 2, 1, 1, 1, 1]
    assert folding.passed_over(engine) == [everyone[1].id]
    assert (gauges.known(engine)[gauges.UNKEPT], standing.gather(engine, "sqlite://", LATER).unfolded) == (1, 1)
    with writing(engine) as connection:
        connection.execute(text("UPDATE deliveries SET papers = '[]' WHERE id = :id"), {"id": poison})
    monkeypatch.undo()
    nights(engine, LATER + 40 * A_DAY)
    assert len(kept(engine, everyone[1])) == 1
    assert folding.passed_over(engine) == []
    assert gauges.known(engine)[gauges.UNKEPT] == 0


def test_who_cannot_be_deleted_keeps_nobody_else_and_is_not_asked_for_twice_in_a_night(engine, monkeypatch):
    monkeypatch.setattr(leavers, "PAGE", 2)
    left = [readers.admit(engine, f"r{n}@example.org", Preferences(), NOW, Status.UNSUBSCRIBED) for n in range(6)]
    asked, delete = [], subscriptions.delete

    def deleting(engine, reader_id, now):
        asked.append(reader_id)
        if reader_id == left[2].id:
            raise ValueError("what no version wrote")
        if reader_id > left[1].id:
            return
        delete(engine, reader_id, now)

    monkeypatch.setattr(subscriptions, "delete", deleting)
    nights(engine, NOW + 500 * A_DAY)
    assert asked == [reader.id for reader in left]


def test_at_whatever_statement_the_time_of_the_task_ends_no_step_and_no_reader_is_to_blame(sqlite, tmp_path, capsys):
    """Each night ends one statement later, until one comes to its own end: nobody is named, nothing is left over."""
    engine = connect(sqlite(tmp_path))
    for number in range(3):
        reader = readers.admit(engine, f"r{number}@example.org", Preferences(), NOW)
        for days in (0, 1):
            a_mail(engine, reader, NOW + days * A_DAY, "1")
    readers.admit(engine, "left@example.org", Preferences(), NOW, Status.UNSUBSCRIBED)
    for number in count(1):
        with ended_at_statement(engine, number) as ended:
            nights(engine, LATER)
        if not ended:
            break
    assert number > 20
    assert gauges.known(engine)[gauges.UNKEPT] == 0
    assert [len(kept(engine, reader)) for reader in readers.everyone(engine)] == [1, 1, 1]
    said = capsys.readouterr()
    assert not any(word in said.out + said.err for word in ("set_aside", "failed", "one_by_one"))
    engine.dispose()
