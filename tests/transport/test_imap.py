"""IMAP servers that mean us harm, or are broken: a look at the mailbox ends, and costs what it may."""

import socketserver
import threading
import time
from contextlib import suppress
from dataclasses import replace

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from digest.interrupts import TimeIsUp
from digest.jobs import mailbox as jobs_mailbox
from digest.settings.servers import Mailbox
from digest.store import day_counts, gauges
from digest.store.tables import taken
from digest.transport import mailbox
from digest.transport.imap import Patience
from digest.transport.mailbox import Emptied, MailboxAway
from tests.support.factories import NOW
from tests.support.returned import FULL, LINKS, a_letter, an_original, report
from tests.support.visitor import a_subscriber

PATIENCE = Patience(seconds=1.0, seconds_a_reply=0.5, line_bytes=20_000)
MOST_BYTES = 1_000
MESSAGE = b"Subject: hello\r\n\r\nworld\r\n"


class Server:
    """An IMAP server with one message, and `says` in place of its own answer to some commands."""

    def __init__(self, messages=1, greeting=b"* OK ready\r\n", **says):
        self.messages, self.greeting, self.says, self.heard = messages, greeting, says, []

    def __enter__(self):
        server = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                with suppress(OSError):
                    server.talk(self)

        class Listening(socketserver.ThreadingTCPServer):
            daemon_threads, allow_reuse_address, block_on_close = True, True, False

        self._server = Listening(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    @property
    def mailbox(self):
        return Mailbox("127.0.0.1", self._server.server_address[1], "me", "secret")

    def talk(self, connection):
        self.write(connection, self.greeting)
        for line in connection.rfile:
            tag, verb, *rest = line.decode().split()
            verb, rest = (rest[0], rest[1:]) if verb == "UID" else (verb, rest)
            self.heard.append(" ".join([verb, *rest]))
            said = self.says.get(verb, self.usual(verb))
            self.write(connection, said)
            self.write(connection, f"{tag} OK done\r\n".encode())

    def usual(self, verb):
        numbers = " ".join(map(str, range(1, self.messages + 1)))
        return {
            "CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
            "SELECT": b"* 1 EXISTS\r\n",
            "SEARCH": f"* SEARCH {numbers}\r\n".encode(),
            "FETCH": b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%b)\r\n" % (len(MESSAGE), MESSAGE),
        }.get(verb, b"")

    @staticmethod
    def write(connection, said):
        for piece in [said] if isinstance(said, bytes) else said():
            connection.wfile.write(piece)
            connection.wfile.flush()


def drips(piece=b"x"):
    while True:
        yield piece
        time.sleep(0.02)


def endless(piece):
    while True:
        yield piece


WORST = {
    "never greets": Server(greeting=lambda: iter(lambda: time.sleep(0.05) or b"", None)),
    "drips a greeting": Server(greeting=drips),
    "drips untagged replies": Server(SEARCH=lambda: drips(b"* 1 EXISTS\r\n")),
    "a line without end": Server(SEARCH=lambda: endless(b"* SEARCH " + b"1 " * 5_000)),
    "lines without end": Server(SEARCH=lambda: endless(b"* 1 EXISTS\r\n" * 500)),
    "2 GB announced": Server(FETCH=b"* 1 FETCH (UID 1 BODY[]<0> {2147483648}\r\n"),
    "a negative size": Server(FETCH=b"* 1 FETCH (UID 1 BODY[]<0> {-5}\r\n)\r\n"),
    "a size of thousands of digits": Server(FETCH=b"* 1 FETCH (BODY[]<0> {" + b"9" * 5_000 + b"}\r\n"),
    "literals without end": Server(FETCH=lambda: endless(b"* 1 FETCH (BODY[]<0> {1000}\r\n" + b"x" * 1000 + b")\r\n")),
    "no list but rubbish": Server(SEARCH=b"\xff\xfe\r\n"),
    "hangs up": Server(SEARCH=lambda: 1 / 0),
}


@pytest.mark.parametrize("name", WORST)
def test_a_look_into_the_mailbox_of_a_bad_server_ends_and_takes_nothing(name, monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    monkeypatch.setattr(socketserver.BaseServer, "handle_error", lambda *_: None)
    seen, began = [], time.monotonic()
    with WORST[name] as server, pytest.raises(MailboxAway):
        mailbox.empty(server.mailbox, seen.append, MOST_BYTES, patience=PATIENCE)
    assert seen == []
    assert time.monotonic() - began < 10, "of a second, on a machine that is busy"


def test_a_server_of_good_will_is_read_and_a_message_is_flagged_before_it_is_judged():
    with Server() as server:
        seen = []
        took = mailbox.empty(server.mailbox, lambda m: not seen.append((m, server.heard[-1])), MOST_BYTES)
        assert took == Emptied(1, left=0)
        assert mailbox.look_in(server.mailbox) == 1
    assert seen == [(MESSAGE, r"STORE 1 +FLAGS (\Flagged)")]
    assert r"STORE 1 +FLAGS (\Deleted)" in server.heard


def test_a_server_that_gives_more_than_was_asked_for_is_read_past_it():
    whole = b"x" * 90_000
    with Server(messages=2, FETCH=b"* 1 FETCH (BODY[] {%d}\r\n%b)\r\n" % (len(whole), whole)) as server:
        seen = []
        took = mailbox.empty(server.mailbox, lambda m: not seen.append(m), MOST_BYTES, patience=PATIENCE)
    assert (took, seen) == (Emptied(2, left=0), [b"x" * MOST_BYTES] * 2)


def test_a_message_too_long_to_read_past_is_left_to_a_person_and_ends_no_second_look():
    with WORST["2 GB announced"] as server:
        server.heard.clear()
        with pytest.raises(MailboxAway, match="2,147,483,648 bytes"):
            mailbox.empty(server.mailbox, bool, MOST_BYTES, patience=PATIENCE)
        assert r"STORE 1 +FLAGS (\Flagged)" in server.heard


def test_names_and_passwords_are_told_in_any_letters():
    with Server() as server:
        theirs = replace(server.mailbox, username="a b", password='pä"ss', folder="Rückläufer & mehr/日本")
        mailbox.look_in(theirs)
    assert [line for line in server.heard if line.startswith(("LOGIN", "SELECT"))] == [
        r'LOGIN "a b" "pä\"ss"',
        'SELECT "R&APw-ckl&AOQ-ufer &- mehr/&ZeVnLA-"',
    ]


def test_a_server_that_repeats_the_password_does_not_have_it_printed():
    with Server(LOGIN=b"* BYE LOGIN me secret: no such command\r\n") as server, pytest.raises(MailboxAway) as error:
        mailbox.look_in(replace(server.mailbox, folder="none"))
    assert "secret" not in str(error.value)


def test_when_the_time_is_over_the_rest_waits_for_the_next_look():
    with Server(messages=1_000) as server:
        took = mailbox.empty(server.mailbox, lambda _: time.sleep(0.2) or True, MOST_BYTES, patience=PATIENCE)
    assert 1 <= took.taken < 1_000
    assert took.taken + took.left == 1_000


def test_a_message_that_could_not_be_judged_now_is_not_left_flagged():
    def away(content):
        raise ZeroDivisionError

    with Server() as server, pytest.raises(ZeroDivisionError):
        mailbox.empty(server.mailbox, away, MOST_BYTES)
    assert server.heard[-1] == r"STORE 1 -FLAGS (\Flagged)"


class KeepsNoFlags(Server):
    """Says OK to every flag, and shows every message again at each look, as if it had just come."""

    validity = 7

    def __init__(self, *contents):
        super().__init__(messages=len(contents))
        self.contents = contents

    def usual(self, verb):
        if verb == "SELECT":
            return b"* OK [UIDVALIDITY %d] ok\r\n" % self.validity
        if verb == "FETCH":
            content = self.contents[int(self.heard[-1].split()[1]) - 1]
            return b"* 1 FETCH (UID 1 BODY[]<0> {%d}\r\n%b)\r\n" % (len(content), content)
        return super().usual(verb)


def fetches(server):
    return sum(line.startswith("FETCH") for line in server.heard)


def test_a_server_that_keeps_no_flags_costs_one_look_and_no_bounce_counts_twice(engine):
    reader = a_subscriber(engine)
    full = report(FULL, status="4.2.2", original=an_original(reader.key))
    letters = full, a_letter("Re: 3 papers", "Thank you!"), a_letter("Out of office", to="bounces@papers.example.org")
    with KeepsNoFlags(*letters) as server:

        def looks():
            taken = jobs_mailbox.empty_mailbox(engine, LINKS, server.mailbox, lambda: NOW)
            return taken.total(), gauges.known(engine)[gauges.MAILBOX_UNKEPT]

        assert [looks() for _ in range(4)] == [(3, 0), (0, 0), (0, 3), (0, 3)]
        assert fetches(server) == 3
        assert server.heard.count(r"STORE 1,3 +FLAGS (\Deleted)") == 3
        # One that forgets even its numbers has all of it read again, and nothing counted.
        server.validity = 8
        assert looks() == (0, 0)
        assert fetches(server) == 6
        # It was deleted there, and comes back no more.
        server.messages = 0
        assert looks() == (0, 0)
    with engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(taken)).scalar_one() == 0
    assert sum(day_counts.totals(engine, day_counts.RETURNED, NOW.date()).values()) <= 1


def test_what_ends_who_reads_it_is_read_three_times_and_what_the_database_ended_again(engine, monkeypatch):
    class Killed(BaseException):
        pass

    blameless = [OperationalError("", {}, Exception("gone")), TimeIsUp(), KeyboardInterrupt(), SystemExit()]
    ends = [*blameless, MemoryError, Killed, Killed]

    def act_on(*_):
        raise ends.pop(0)

    monkeypatch.setattr(jobs_mailbox, "act_on", act_on)
    with KeepsNoFlags(report()) as server:
        for met in ends.copy():
            with pytest.raises(met if isinstance(met, type) else type(met)):
                jobs_mailbox.empty_mailbox(engine, LINKS, server.mailbox, lambda: NOW)
        assert jobs_mailbox.empty_mailbox(engine, LINKS, server.mailbox, lambda: NOW).total() == 0
        assert fetches(server) == len(blameless) + 3
        assert r"STORE 1 +FLAGS (\Flagged)" in server.heard[-4:]
