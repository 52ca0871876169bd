"""Who is on the list, what is said of them, and what the operator does about them."""

import time
from datetime import timedelta

import pytest
from sqlalchemy import select

from digest.domain import Cadence, Mute, Preferences, Status, Verdict, VerdictKind
from digest.readers import another
from digest.store import bounces, breakers, history, ledger, papers, readers
from digest.store.engine import SQLITE_PATIENCE_SECONDS, connect, writing
from digest.store.tables import deliveries
from tests.support.command import Digest
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper
from tests.support.visitor import a_subscriber

ADA = "ada@example.org"


@pytest.fixture
def database_url(sqlite, tmp_path):
    """SQLite alone, but for the questions themselves: see the last test."""
    return sqlite(tmp_path)


@pytest.fixture
def digest(database_url, mail_server):
    return Digest(database_url=database_url, smtp_url=mail_server.url)


@pytest.fixture
def listed(engine):
    """A day with three papers."""
    some = [a_paper("2512.1", title="Speculative decoding"), a_paper("2512.2", title="Marsh birds")]
    papers.keep(engine, [a_listing(paper, rank=rank) for rank, paper in enumerate(some, 1)], a_collection(day=DAY))


def show(digest, email=ADA):
    [row] = digest("readers", "show", email, "--json").rows
    # What people are shown has the same in it, and nothing breaks on the way.
    assert digest("readers", "show", email).code == 0
    return row


def test_what_is_muted_until_when_and_on_which_day_a_week(digest, engine):
    mutes = (Mute("marsh birds", (NOW + timedelta(days=9)).date()), Mute("agents", (NOW - timedelta(days=1)).date()))
    wanted = Preferences(("marsh birds", "agents"), cadence=Cadence.WEEKLY, weekday=3, muted=mutes)
    readers.admit(engine, ADA, wanted, NOW, Status.ACTIVE)
    assert show(digest)["muted"] == {mute.topic: mute.until.isoformat() for mute in mutes}
    said = digest("readers", "show", ADA).out
    assert f"Muted: marsh birds until {mutes[0].until}\n" in said
    assert "Wants weekly, on Thursday, at" in said


def test_one_whose_mails_came_back(digest, engine):
    reader = a_subscriber(engine, Status.BOUNCED)
    with writing(engine) as connection:
        ledger.queue(connection, reader.id, "digest", NOW)
        verdict = Verdict(VerdictKind.HARD, (ADA,), "no-such-user", "5.1.1")
        bounces.note(connection, reader.id, 1, verdict, NOW)
    row = show(digest)
    assert "`digest readers reactivate`" in row["how"]
    assert [(back["kind"], back["reason"], back["status"]) for back in row["came_back"]] == [
        ("hard", "no-such-user", "5.1.1")
    ]
    assert "hard\tno-such-user\t5.1.1" in digest("readers", "show", ADA).out


def test_one_whose_topics_fit_nothing(digest, engine, listed):
    readers.admit(engine, ADA, Preferences(("quantum gravity",)), NOW)
    digest("send")
    row = show(digest)
    assert row["mails"][0]["state"] == "skipped"
    assert row["last_window"]["why_nothing"].startswith("none of 2 papers matches a topic")
    assert "The last digest was empty: none of 2 papers" in digest.out


def test_one_whose_exclusions_leave_everything_out(digest, engine, listed):
    readers.admit(engine, ADA, Preferences(("speculative", "-decoding")), NOW)
    digest("send")
    said = show(digest)["last_window"]["why_nothing"]
    assert said == "1 of 2 papers matched a topic, but an exclusion left each of them out"


def test_one_on_a_day_without_papers(digest, engine):
    a_subscriber(engine)
    assert "no paper was listed in that time" in show(digest)["next_window"]["why_nothing"]


def test_one_whose_digest_has_yet_to_come(digest, engine, listed):
    readers.admit(engine, ADA, Preferences(("speculative decoding", "birds")), NOW)
    coming = show(digest)["next_window"]
    assert (coming["listed"], coming["fitting"]) == (2, 2)
    assert coming["by_topic"] == {"speculative decoding": 1, "birds": 1}
    assert "The next would have 2 of 2 papers" in digest.out


def test_one_who_was_added_just_now(digest, engine):
    assert "in a quarter of an hour, `digest send` now" in digest("readers", "add", ADA).out
    assert "the clock plans it within a quarter of an hour" in show(digest)["how"]


def test_one_whose_digest_is_overdue(digest, engine):
    readers.admit(engine, ADA, Preferences(), NOW - timedelta(hours=2))
    assert "overdue: is the timetable running?" in show(digest)["trouble"]


def test_one_whose_relay_refused(digest, engine, listed, mail_server):
    readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    mail_server.refuse(ADA, "550 5.7.1 not today")
    digest("send")
    [mail, *_] = show(digest)["mails"]
    assert (mail["kind"], mail["state"]) == ("digest", "failed")
    assert "550 5.7.1 not today" in mail["reason"]


def test_one_whose_mail_the_relay_took_is_told_its_id(digest, engine, listed, mail_server):
    readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    digest("send")
    said = show(digest)["last_mail"]
    assert said.startswith(f"the digest of {NOW:%Y-%m-%d %H:%M} UTC was taken by the relay at ")
    assert show(digest)["mails"][0]["reason"] in said
    assert f"The last mail: {said}." in digest.out.replace("\n", " ")


def test_one_whose_mail_was_taken_and_came_back(digest, engine, listed, mail_server):
    reader = readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    digest("send")
    with writing(engine) as connection:
        bounces.note(connection, reader.id, 1, Verdict(VerdictKind.SOFT, (ADA,), "mailbox-full", "4.2.2"), NOW)
    assert show(digest)["last_mail"].endswith("came back: soft, mailbox-full 4.2.2")


def test_one_whose_mail_waits_for_a_relay_that_is_away(digest, engine):
    reader = a_subscriber(engine)
    with writing(engine) as connection:
        ledger.queue(connection, reader.id, "digest", NOW)
    breakers.trip(engine, "relay mx.lab.example:25", "connection refused", timedelta(hours=1), timedelta(hours=1), NOW)
    said = show(digest)["last_mail"]
    assert "waits: the relay mx.lab.example:25 is left alone until " in said
    assert said.endswith("connection refused")


def test_one_whose_server_asked_to_come_back_later(digest, engine, listed, mail_server):
    readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    mail_server.refuse(ADA, "451 4.7.1 greylisted")
    digest("send")
    said = show(digest)["last_mail"]
    assert "waits, and goes again at " in said
    assert "451 4.7.1 greylisted" in said


def test_one_who_could_not_be_planned_is_told_why(digest, engine, listed):
    readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE readers SET timezone = 'Mars/Olympus'")
    digest("send")
    assert "time zone Mars/Olympus" in show(digest)["trouble"]
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE readers SET timezone = 'UTC'")
    assert "no digest can be planned, and it is tried again once a day: daily 7 Mars" in show(digest)["trouble"]


def test_one_whose_mail_to_confirm_came_back_is_not_to_be_taken_back(digest, engine):
    reader = readers.admit(engine, ADA, Preferences(), NOW, Status.PENDING)
    with writing(engine) as connection:
        connection.exec_driver_sql(f"UPDATE readers SET status = 'bounced' WHERE id = {reader.id}")
    assert show(digest)["how"].startswith("the mail that asks to confirm came back")


@pytest.mark.parametrize(
    "typed", ["ada@exmaple.org", "adda@example.org", "da@example.org", "ada@example.com", "aad@example.org"]
)
def test_an_address_that_is_spelled_another_way_is_found(digest, engine, typed):
    a_subscriber(engine)
    a_subscriber(engine, email="zoe@other.example")
    assert digest("readers", "show", typed).code == 1
    assert digest.err == f"digest: {typed} is not on the list; did you mean {ADA}?\n"


def test_one_nobody_knows_and_one_who_wrote_it_another_way(digest, engine):
    a_subscriber(engine)
    assert digest("readers", "show", "ada@exmaple.org").code == 1
    assert digest.err == "digest: ada@exmaple.org is not on the list; did you mean ada@example.org?\n"
    assert digest("readers", "show", " ADA@Example.org").code == 0


def test_a_slip_in_a_name_that_many_begin_alike_is_found(engine, monkeypatch):
    monkeypatch.setattr(history, "MOST_ALIKE", 5)
    for number in range(20):
        a_subscriber(engine, email=f"mar{number}@example.org")
    a_subscriber(engine, email="maria.gonzales@example.org")
    assert history.alike(engine, "maria.gonzalez@example.org", 1) == ["maria.gonzales@example.org"]


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["show", f"Ada Example <{ADA}>"], 0, ""),
        (["show", ""], 2, "give an address such as"),
        (["pause", "x" * 10_000], 2, "give an address such as"),
        (["list", "--limit", "9" * 23], 2, "--limit"),
    ],
)
def test_odd_words_are_understood_or_refused_in_a_line(digest, engine, words, code, said):
    a_subscriber(engine)
    assert digest("readers", *words).code == code
    assert said in digest.err
    assert len(digest.err) < 400


def test_finding_by_a_part_of_the_address_takes_signs_as_they_are(digest, engine):
    for email in ("ada@example.org", "a_b@example.org", "axb@example.org", "bob@other.example"):
        a_subscriber(engine, email=email)
    assert [row["email"] for row in digest("readers", "find", "OTHER", "--json").rows] == ["bob@other.example"]
    assert [row["email"] for row in digest("readers", "find", "a_b", "--json").rows] == ["a_b@example.org"]
    assert digest("readers", "find", "%").code == 1
    assert digest("readers", "find", " ").code == 2


def test_the_list_can_be_of_one_status_and_short(digest, engine):
    for number, status in enumerate((Status.ACTIVE, Status.PAUSED, Status.ACTIVE, Status.ACTIVE)):
        a_subscriber(engine, status, email=f"r{number}@example.org")
    assert [row["email"] for row in digest("readers", "list", "--status", "paused", "--json").rows] == [
        "r1@example.org"
    ]
    active = digest("readers", "list", "--status", "active", "--limit", "2", "--json").rows
    assert [row["email"] for row in active] == ["r0@example.org", "r2@example.org"]
    assert digest("readers", "list", "--status", "gone").code == 2


def test_a_reader_pauses_and_goes_on_by_the_operators_hand(digest, engine):
    a_subscriber(engine)
    assert digest("readers", "pause", ADA).out == f"{ADA} is paused now.\n"
    assert show(digest)["next_due_at"] is None
    assert digest("readers", "resume", ADA).code == 0
    assert show(digest)["status"] == "active"
    # Twice is as good as once.
    assert digest("readers", "resume", ADA).code == 0


def test_an_address_that_bounced_is_tried_again_and_no_other_is(digest, engine):
    a_subscriber(engine, Status.BOUNCED)
    assert digest("readers", "reactivate", ADA).code == 0
    assert show(digest)["next_due_at"]
    a_subscriber(engine, Status.UNSUBSCRIBED, email="bob@example.org")
    assert digest("readers", "reactivate", "bob@example.org").code == 1
    assert "bob@example.org is unsubscribed" in digest.err


def test_a_digest_goes_again_as_it_was(digest, engine, listed, mail_server):
    readers.admit(engine, ADA, Preferences(("birds",)), NOW)
    digest("send")
    assert digest("readers", "resend", ADA).code == 0
    digest("send")
    [first, again] = [content for _, content in mail_server.mails]
    assert first == again


def test_of_several_digests_one_is_named(digest, engine, listed, mail_server):
    reader = readers.admit(engine, ADA, Preferences(("decoding",)), NOW)
    another.add(engine, reader.id, "my thesis", Preferences(("birds",)), NOW)
    digest("send")
    assert digest("readers", "resend", ADA).code == 0
    assert "There is also 'my thesis': `--digest NAME`" in digest.out.replace("\n", " ")
    assert "The digest “my thesis” of" in digest("readers", "resend", ADA, "--digest", "My Thesis").out
    digest("send")
    assert len(mail_server.mails) == 4
    assert digest("readers", "pause", ADA, "--digest", "").out == f"{ADA} is paused now.\n"
    assert [row["status"] for row in digest("readers", "show", ADA, "--json").rows] == ["paused", "active"]
    [row] = digest("readers", "show", ADA, "--digest", "my thesis", "--json").rows
    assert (row["digest"], row["votes"], row["saved_papers"]) == ("my thesis", {"more": 0, "less": 0}, 0)
    assert digest("readers", "resend", ADA, "--digest", "nonsense").code == 1
    assert "there is '', 'my thesis'" in digest.err.replace("\n", " ")
    assert "Votes: 0 for more, 0 for less; saved papers: 0; related papers: not wanted." in digest(
        "readers", "show", ADA
    ).out.replace("\n", " ")


def test_who_never_confirmed_is_asked_again(digest, engine, mail_server):
    a_subscriber(engine, Status.PENDING)
    assert digest("readers", "resend", ADA).code == 0
    digest("send")
    assert mail_server.recipients == [ADA]


def test_a_digest_that_was_never_confirmed_is_asked_about_and_no_other_of_the_address(digest, engine, mail_server):
    first = a_subscriber(engine, Status.UNSUBSCRIBED)
    second = readers.admit(engine, ADA, Preferences(("birds",)), NOW, status=Status.PENDING, name="my thesis")
    assert digest("readers", "resend", ADA, "--digest", "my thesis").code == 0
    with engine.connect() as connection:
        [row] = connection.execute(select(deliveries.c.reader_id).where(deliveries.c.kind == "confirm")).all()
    assert row.reader_id == second.id != first.id


def test_what_never_went_cannot_go_again(digest, engine):
    a_subscriber(engine)
    assert digest("readers", "resend", ADA).code == 1


def test_postgresql_answers_the_same_questions(postgres, mail_server):
    url = postgres()
    engine = connect(url)
    a_subscriber(engine)
    a_subscriber(engine, Status.BOUNCED, email="a_b@example.org")
    digest = Digest(database_url=url, smtp_url=mail_server.url)
    assert "no paper was listed" in show(digest)["next_window"]["why_nothing"]
    assert [row["email"] for row in digest("readers", "find", "A_B", "--json").rows] == ["a_b@example.org"]
    assert len(digest("readers", "list", "--limit", "1", "--json").rows) == 1
    engine.dispose()


def test_one_with_several_digests_is_shown_with_all_of_them_and_survives_an_export(digest, engine, tmp_path):
    a_subscriber(engine)
    added = digest("readers", "add", ADA, "--topic", "tides", "--cadence", "weekly", "--digest", "my thesis")
    assert "Added ada@example.org (my thesis)" in added.out
    assert digest("readers", "add", ADA, "--digest", "my thesis").code == 1
    assert digest("readers", "add", ADA, "--digest", "example.org").code == 2
    shown = digest("readers", "show", ADA, "--json").rows
    assert [(row["email"], row["digest"]) for row in shown] == [(ADA, ""), (ADA, "my thesis")]
    said = digest("readers", "show", ADA).out
    assert f"{ADA} is active" in said
    assert f"{ADA} (my thesis) is active" in said
    kept = digest("readers", "export").out
    assert digest("readers", "pause", ADA).out.count("is paused now") == 2
    assert digest("readers", "forget", ADA).code == 0
    assert digest("readers", "list", "--json").rows == []
    (tmp_path / "kept.csv").write_text(kept)
    assert "2 added" in digest("readers", "import", str(tmp_path / "kept.csv")).out
    assert "2 on the list already" in digest("readers", "import", str(tmp_path / "kept.csv")).out
    assert digest("readers", "export").out == kept


def test_a_file_gives_no_other_digest_to_an_address_that_complained(digest, engine, tmp_path):
    readers.admit(engine, ADA, Preferences(), NOW - timedelta(days=1), Status.COMPLAINED)
    a_subscriber(engine, Status.UNSUBSCRIBED, email="bob@example.org")
    rows = f"email,digest\n{ADA},another\nbob@example.org,another\nbob@example.org,a.third\n"
    (tmp_path / "in.csv").write_text(rows)
    digest("readers", "import", str(tmp_path / "in.csv"))
    assert "1 added (1 active), 1 on the list already, 1 line with mistakes" in digest.out
    assert "line 4: digest: Please use only letters" in digest.err


def test_a_database_that_something_else_holds_is_one_line_and_soon(digest, database_url, monkeypatch):
    monkeypatch.setattr("digest.bootstrap.SECONDS_AT_A_TERMINAL", 0.1)
    engine, started = connect(database_url), time.monotonic()
    with writing(engine):
        assert digest("readers", "add", ADA).code == 1
    engine.dispose()
    assert digest.err.startswith("digest: cannot use the database: database is locked; something else has held it")
    assert digest.err.count("\n") == 1
    assert time.monotonic() - started < SQLITE_PATIENCE_SECONDS / 2
    assert digest("readers", "add", ADA).code == 0
