"""The mailbox that mails come back to, on a real IMAP server; and `digest bounce`, on stdin."""

import io
import sys

import pytest
from sqlalchemy.exc import OperationalError

from digest import bootstrap, bounces
from digest.domain import Status, VerdictKind
from digest.jobs import mailbox as jobs_mailbox
from digest.jobs import trial
from digest.links import Purpose
from digest.settings import BadSetting, Settings, load
from digest.transport import mailbox
from digest.transport.mailbox import Emptied, Mailbox, MailboxAway
from tests.support.command import Digest
from tests.support.factories import NOW
from tests.support.imap_server import mailbox_server
from tests.support.returned import LINKS, a_letter, an_original, complaint, report
from tests.support.visitor import a_subscriber, dump, status_of


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with mailbox_server(tmp_path_factory.mktemp("mailbox")) as running:
        yield running


@pytest.fixture
def post(server):
    with server.opened() as imap:
        imap.store("1:*", "+FLAGS", r"(\Deleted)")
        imap.expunge()
    return server


def take_in(engine, post):
    return jobs_mailbox.empty_mailbox(engine, LINKS, Mailbox.at(post.url), lambda: NOW)


def test_what_comes_back_is_judged_and_deleted(engine, post):
    ada, bob, eve = (a_subscriber(engine, email=f"{name}@example.org") for name in ("ada", "bob", "eve"))
    token = LINKS.token(Purpose.UNSUBSCRIBE, bob.key)
    post.receives(
        complaint(original=an_original(ada.key)),
        a_letter("unsubscribe", to=f"unsubscribe+{token}@papers.example.org"),
        a_letter("Out of office", to="bounces@papers.example.org"),
    )
    taken = take_in(engine, post)
    assert taken == {VerdictKind.COMPLAINT: 1, VerdictKind.UNSUBSCRIBE: 1, VerdictKind.AUTO_REPLY: 1}
    assert [status_of(engine, reader) for reader in (ada, bob, eve)] == [
        Status.COMPLAINED,
        Status.UNSUBSCRIBED,
        Status.ACTIVE,
    ]
    assert post.waiting() == 0


def test_what_nobody_understands_stays_for_a_person_and_is_looked_at_once(engine, post):
    post.receives(a_letter("Re: 3 papers", "Thank you!"))
    assert take_in(engine, post) == {VerdictKind.NONE: 1}
    assert take_in(engine, post) == {}
    assert (post.waiting(), post.waiting("FLAGGED"), post.waiting("UNSEEN")) == (1, 1, 1)


def test_nothing_is_deleted_while_the_database_is_away(post):
    post.receives(report(), report())

    def away(content):
        raise OperationalError("SELECT 1", {}, Exception("gone"))

    with pytest.raises(OperationalError):
        mailbox.empty(Mailbox.at(post.url), away, bounces.MOST_BYTES)
    assert (post.waiting(), post.waiting("FLAGGED")) == (2, 0)


def test_so_many_at_a_time_and_the_rest_the_next_time(post):
    post.receives(*(report() for _ in range(5)))
    assert mailbox.empty(Mailbox.at(post.url), bool, bounces.MOST_BYTES, most=3) == Emptied(3, left=2)
    assert post.waiting() == 2


def test_of_a_long_message_the_beginning_is_read(post):
    post.receives(report() + b"one more line\n" * 1_000)
    seen = []
    mailbox.empty(Mailbox.at(post.url), lambda content: not seen.append(content), 500)
    assert [len(content) for content in seen] == [500]


@pytest.mark.parametrize("wrong", ["imap://bounces%40papers.example.org:no@127.0.0.1:{port}", "imap://x:y@127.0.0.1:1"])
def test_a_mailbox_that_cannot_be_used_says_so_without_its_password(post, wrong):
    with pytest.raises(MailboxAway, match="DIGEST_BOUNCE_MAILBOX_URL") as error:
        mailbox.empty(Mailbox.at(wrong.format(port=post.imap)), bool, 1)
    assert ":no@" not in str(error.value)


def test_a_server_without_tls_is_not_trusted_where_tls_is_demanded(post):
    with pytest.raises(MailboxAway):
        mailbox.empty(Mailbox.at(post.url.replace("imap://", "imap+starttls://")), bool, 1)


def test_a_mailbox_is_named_by_its_url():
    assert Mailbox.at("imaps://a:b@mail.example.org/Returned") == Mailbox(
        "mail.example.org", 993, "a", "b", "Returned", True
    )
    assert Mailbox.at("imap://a:b@mail.example.org").folder == "INBOX"
    assert bootstrap.mailbox(Settings()) is None


def test_a_wrong_mailbox_names_its_setting(monkeypatch):
    monkeypatch.setenv("DIGEST_BOUNCE_MAILBOX_URL", "pop3://mail.example.org")
    with pytest.raises(BadSetting, match="DIGEST_BOUNCE_MAILBOX_URL"):
        load()


# On stdin.


class Piped(io.TextIOWrapper):
    """What a mail server writes to us."""

    def __init__(self, content):
        super().__init__(io.BytesIO(content))


@pytest.fixture
def pipe(monkeypatch, database_url):
    def run(content, *words, url=database_url):
        monkeypatch.setattr(sys, "stdin", Piped(content))
        return Digest(database_url=url, secret_key="a key", base_url="https://papers.example.org")("bounce", *words)

    return run


def test_explaining_prints_the_verdict_and_needs_no_database(pipe):
    ran = pipe(report(), "--explain", url="postgresql://127.0.0.1:1/none")
    assert ran.code == 0
    assert ran.rows == [
        {"kind": "hard", "recipients": ["ada@example.org"], "reason": "no-such-user", "status": "5.1.1"}
    ]


def test_a_verdict_from_a_pipe_is_acted_on_and_said_in_one_line(engine, pipe):
    reader = a_subscriber(engine)
    ran = pipe(complaint(original=an_original(reader.key)))
    assert (ran.code, ran.out) == (0, "complaint, abuse: ada@example.org: complained now.\n")
    assert status_of(engine, reader) is Status.COMPLAINED


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"x" * 3_000_000, report(), a_letter("Hello")])
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_nothing_to_do_is_no_failure(engine, pipe, content):
    a_subscriber(engine)
    before = dump(engine)
    ran = pipe(content)
    assert ran.code == 0
    assert len(ran.out.splitlines()) == 1
    # That something came is noted: the doctor tells by it that the pipe works.
    assert dump(engine) | {"gauges": []} == before


def test_what_cannot_be_written_down_now_is_asked_for_again(pipe):
    ran = pipe(report(), url="postgresql://digest:hush@127.0.0.1:1/none")
    assert (ran.code, ran.err) == (75, "digest bounce: the database cannot be used now; try again later\n")


def test_a_terminal_is_no_message(pipe, monkeypatch):
    monkeypatch.setattr(Piped, "isatty", lambda self: True)
    ran = pipe(b"")
    assert ran.code == 2
    assert "on stdin" in ran.err


def test_a_test_mail_is_picked_out_whoever_has_looked_at_it_before(engine, post):
    """Of `digest doctor --mail`."""
    marked = f"{trial.HEADER}: {trial.mark(engine, 7)}\n".encode()
    post.receives(marked + a_letter("somebody", "hello"), a_letter("somebody", "other"))
    with post.opened() as imap:
        imap.store("1:*", "+FLAGS", r"(\Flagged)")
    box = Mailbox.at(post.url)
    assert not mailbox.pick_out(box, trial.HEADER, trial.mark(engine, 8))
    assert mailbox.pick_out(box, trial.HEADER, trial.mark(engine, 7))
    assert post.waiting() == 1


def test_a_test_mail_that_the_timetable_takes_in_first_is_noted_and_deleted(engine, post):
    marked = f"{trial.HEADER}: {trial.mark(engine, 7)}\n".encode()
    post.receives(marked + a_letter("somebody", "hello"))
    take_in(engine, post)
    assert post.waiting() == 0
    assert trial.is_back(engine, 7)
