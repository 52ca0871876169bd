"""Where is my mail? Each complaint is answered by `digest readers show`, plainly, and with what to do next."""

from datetime import UTC, datetime, timedelta

import pytest

from digest.domain import Cadence, Mute, Preferences, Reader, State, Status, Verdict, VerdictKind
from digest.readers import subscriptions
from digest.readers.life import Event
from digest.store import bounces, breakers, ledger, papers, readers, tables
from digest.store.engine import connect, migrate, writing
from digest.store.tables import deliveries
from tests.support.command import Digest
from tests.support.factories import DAY, NOW, a_collection, a_listing, a_paper
from tests.support.visitor import a_subscriber

ADA = "ada@example.org"
BIRDS = Preferences(("birds",))
MORNING = timedelta(hours=11)
SECRET = ("a secret",)


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A database with a day of two papers in it."""
    file = tmp_path_factory.mktemp("empty") / "digest.sqlite3"
    engine = connect(f"sqlite:///{file}")
    migrate(engine)
    some = [a_paper("2512.1", title="Speculative decoding"), a_paper("2512.2", title="Marsh birds")]
    papers.keep(engine, [a_listing(paper, rank=rank) for rank, paper in enumerate(some, 1)], a_collection(day=DAY))
    engine.dispose()
    return file


@pytest.fixture
def database_url(empty, tmp_path):
    (tmp_path / "digest.sqlite3").write_bytes(empty.read_bytes())
    return f"sqlite:///{tmp_path}/digest.sqlite3"


def reader(engine, wanted=BIRDS, next_due=NOW + timedelta(hours=13), status=Status.ACTIVE, email=ADA) -> Reader:
    found = readers.admit(engine, email, wanted, NOW - timedelta(days=1), status)
    if status is Status.ACTIVE:
        with writing(engine) as connection:
            connection.execute(tables.readers.update().values(next_due_at=next_due))
    return found


def a_mail(engine, kind="digest", wanted=BIRDS, status=Status.ACTIVE, due=NOW - MORNING, **values):
    """A mail in the ledger to a reader of that status, with what became of it."""
    whose = reader(engine, wanted, status=status)
    with writing(engine) as connection:
        ledger.queue(connection, whose.id, kind, due)
        connection.execute(deliveries.update().values({"tried_at": due, "attempts": 1, **values}))
    return whose


def never_confirmed(engine):
    a_mail(engine, "confirm", status=Status.PENDING, state=State.SENT, reason="250 2.0.0 queued as 4XkQ")


def bounced(engine):
    whose = a_mail(engine, state=State.SENT, reason="250 queued as 4XkQ")
    with writing(engine) as connection:
        bounces.note(connection, whose.id, 1, Verdict(VerdictKind.HARD, (ADA,), "no-such-user", "5.1.1"), NOW)
        connection.exec_driver_sql("UPDATE readers SET status = 'bounced'")


def complained(engine):
    a_subscriber(engine, Status.COMPLAINED)


def pauses_until_a_day(engine):
    a_subscriber(engine, Status.PAUSED)
    with writing(engine) as connection:
        connection.exec_driver_sql("UPDATE readers SET paused_until = '2026-01-07 07:00:00'")


def muted_everything(engine):
    reader(engine, Preferences(("birds",), muted=(Mute("birds", (NOW + timedelta(days=9)).date()),)))


def topics_match_nothing(engine):
    wanted = Preferences(("quantum gravity",))
    a_mail(engine, wanted=wanted, state=State.SKIPPED, reason="nothing matched", window_end=NOW + MORNING)


def greylisted_for_hours(engine):
    again, said = NOW + timedelta(hours=2), "451 4.7.1 greylisted, come back"
    a_mail(engine, state=State.DEFERRED, reason=said, attempts=6, next_attempt_at=again)


def relay_rests(engine):
    a_mail(engine, state=State.QUEUED, reason="")
    hour = timedelta(hours=1)
    breakers.trip(engine, "relay smtp.example.com:587", "454 4.7.0 daily quota exceeded", hour, hour, NOW)


def uncertain_after_a_kill(engine):
    a_mail(engine, state=State.UNCERTAIN, reason="a worker was lost", unanswered=2)


def typed_with_a_slip(engine):
    reader(engine, email="ada@exmaple.org")


def with_a_tag(engine):
    reader(engine, email="ada+everything-about-papers@example.org")


def in_other_case(engine):
    reader(engine, email="Ada@Example.ORG")


def weekly_and_not_its_day(engine):
    due = datetime(2026, 1, 1, 7, tzinfo=UTC)
    reader(engine, Preferences(("birds",), Cadence.WEEKLY, weekday=3), next_due=due)


def in_another_zone(engine):
    reader(engine, Preferences(("birds",), timezone="Asia/Tokyo"), next_due=datetime(2025, 12, 24, 22, tzinfo=UTC))


def had_everything_deleted(engine):
    subscriptions.happens(engine, reader(engine).id, Event.DELETE, NOW)


def ended_one_of_two(engine):
    a_subscriber(engine, Status.UNSUBSCRIBED)
    with writing(engine) as connection:
        connection.exec_driver_sql(
            "INSERT INTO readers (email, email_key, status, topics, cadence, hour, timezone, most_papers, created_at, "
            "confirmed_at, next_due_at, name) SELECT email, email_key, 'active', topics, cadence, hour, timezone, "
            "most_papers, created_at, confirmed_at, '2025-12-25 07:00:00', 'my thesis' FROM readers"
        )


def taken_by_the_relay(engine):
    a_mail(engine, state=State.SENT, reason="250 2.0.0 queued as 4XkQ", papers=["2512.2"])


@pytest.mark.parametrize(
    ("happened", "answers"),
    [
        (never_confirmed, ["is pending: ", "`digest readers resend` writes to them again", "4XkQ", "spam folder"]),
        (bounced, ["`digest readers reactivate` tries the address again", "came back: hard, no-such-user 5.1.1"]),
        (complained, ["has marked a mail as spam; only they can come back"]),
        (pauses_until_a_day, ["is paused until 2026-01-07: `digest readers resume` ends it now"]),
        (muted_everything, ["next would be empty now: the reader has muted every topic, the first until 2026-01-02"]),
        (topics_match_nothing, ["was empty: none of 2 papers matches a topic; `digest match --forecast`"]),
        (greylisted_for_hours, ["goes again at 2025-12-24 20:00 UTC (tried 6 times so far): 451 4.7.1 greylisted"]),
        (relay_rests, ["waits: the relay smtp.example.com:587 is left alone until 19:00 UTC: 454 4.7.0 daily quota"]),
        (uncertain_after_a_kill, ["may have arrived", "spam", "`digest readers resend` sends it again"]),
        (typed_with_a_slip, ["not on the list; did you mean ada@exmaple.org?"]),
        (with_a_tag, ["not on the list; did you mean ada+everything-about-papers@example.org?"]),
        (in_other_case, ["Ada@Example.ORG is active: gets digests"]),
        (weekly_and_not_its_day, ["Wants weekly, on Thursday, at 07:00 in UTC; next due 2026-01-01 07:00 UTC."]),
        (in_another_zone, ["at 07:00 in Asia/Tokyo; next due 2025-12-24 22:00 UTC, Thursday 07:00 there."]),
        (had_everything_deleted, ["was deleted, it is remembered as unsubscribed", "can come back, by the form"]),
        (ended_one_of_two, ["ada@example.org is unsubscribed", "ada@example.org (my thesis) is active: gets digests"]),
        (taken_by_the_relay, ["was taken by the relay at 2025-12-24 07:00 UTC (250 2.0.0 queued as 4XkQ)", "spam"]),
    ],
    ids=lambda one: one.__name__ if callable(one) else "",
)
def test_a_complaint_is_answered_by_one_command(happened, answers, database_url):
    engine = connect(database_url, SECRET)
    happened(engine)
    engine.dispose()
    digest = Digest(database_url=database_url, secret_key=SECRET[0])("readers", "show", ADA)
    said = digest.out + digest.err
    for answer in answers:
        assert answer in said, said
    # One who is not on the list is a failure for scripts.
    assert digest.code == ("not on the list" in said)
    assert "Traceback" not in said
