"""The command line as people and scripts use it: what it prints, where, and how it ends."""

import csv
import io
import json
import os
import subprocess
import sys
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text

from digest.domain import Status
from digest.settings import Settings
from digest.store import ledger, slots
from digest.store.engine import writing
from tests.support import realdata
from tests.support.command import NOW, Digest
from tests.support.factories import DAY
from tests.support.page_server import PageServer, a_record
from tests.support.visitor import a_subscriber


@pytest.fixture
def pages():
    days = {
        DAY: [
            a_record("2512.00001", title="Speculative decoding", upvotes=9),
            a_record("2512.00002", title="Marsh birds"),
        ],
        DAY - timedelta(days=1): [a_record("2512.00003", DAY - timedelta(days=1), title="Speculative execution")],
    }
    with PageServer(days, today=DAY) as server:
        yield server


@pytest.fixture
def digest(database_url, pages, mail_server):
    return Digest(database_url=database_url, huggingface_url=pages.url, smtp_url=mail_server.url)


def test_the_version_needs_no_command():
    assert Digest()("--version").code == 0
    assert Digest()("--version").out.startswith("paper-digest ")


def test_collecting_says_what_it_found_and_again_finds_nothing_new(digest):
    [row] = digest("collect", "--date", str(DAY), "--json").rows
    assert (row["source"], row["day"], row["papers"], row["new"], row["step"]) == ("huggingface", str(DAY), 2, 2, "api")
    assert digest("collect", "--date", str(DAY), "--json").rows[0]["new"] == 0
    assert digest.code == 0


def test_a_source_that_fails_is_said_on_stderr_and_keeps_what_is_stored(digest, pages):
    digest("collect", "--date", str(DAY))
    pages.fails("/", status=404)
    digest("collect", "--date", str(DAY))
    assert digest.code == 1
    assert "1 of 1 collections failed" in digest.err
    assert len(digest("papers", "--json").rows) == 2
    assert digest("stats", "--json").rows[0]["collections"]["huggingface"]["outcome"] == "failed"


def test_an_empty_weekday_is_suspicious_and_said_to_be(digest):
    digest("collect", "--date", "2025-12-22")
    assert "suspicious" in digest.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["collect", "--date", "2025-12-25"], "2025-12-25 is in the future"),
        (["collect", "--date", "Christmas"], "'Christmas' is not a date"),
        (["collect", "--date", "20251224"], "'20251224' is not a date"),
        (["match", "RAG", "--since", "2025-W48-1"], "'2025-W48-1' is not a date"),
        (["collect", "--since", "0001-01-01"], "0001-01-01 is too early"),
        (["collect", "--since", "2025-12-24", "--date", "2025-12-01"], "is after"),
        (["collect", "--source", "hugingface"], "did you mean huggingface?"),
        (["match", "auther:hinton"], "author:"),
        (["readers", "add", "nobody"], "email"),
        (["readers", "add", "ada@example.org", "--timezone", "Mars"], "timezone"),
        (["readers", "add", "ada@example.org", "--topic", "\udcff"], "word 7 after `digest` is not UTF-8 text"),
        (["readers", "forget", "\udcff"], "word 5 after `digest` is not UTF-8 text"),
        (["no-such-command"], "no-such-command"),
    ],
)
def test_what_is_misused_says_why_and_exits_2(sqlite, tmp_path, words, said):
    digest = Digest(database_url=sqlite(tmp_path))
    assert digest(*words).code == 2
    assert said in digest.err
    assert digest.out == ""


@pytest.mark.parametrize("now", ["0001-01-01", "9999-12-31T23:59:59.999999"])
def test_a_moment_at_the_edge_of_the_calendar_is_one_line(tmp_path, now):
    digest = Digest(database_url=f"sqlite:///{tmp_path}/digest.sqlite3")
    assert digest("stats", now=now).code == 2
    assert digest.err == "digest: DIGEST_NOW: give a moment from 1971 to 9000\n"


def run(words, redirected, **environment):
    """Run `digest` with its streams as a shell redirects them."""
    command = f'exec "$0" -c "from digest.cli import main; main()" {words} {redirected}'
    return subprocess.run(["bash", "-c", command, sys.executable], env=os.environ | environment, capture_output=True)


@pytest.mark.parametrize(
    ("words", "redirected", "code", "told"),
    [
        ("bounce", "<&-", 2, b"give the message on stdin"),
        ("readers export", ">/dev/full", 1, b"no space is left"),
        ("readers export", ">&-", 2, b"stdout is closed"),
    ],
)
def test_a_stream_that_cannot_be_used_is_one_line(words, redirected, code, told):
    ended = run(words, redirected)
    assert ended.returncode == code
    assert ended.stderr.startswith(b"digest: " + told)
    assert ended.stderr.count(b"\n") == 1


def test_a_terminal_that_knows_ascii_alone_loses_nothing():
    Digest()("readers", "add", "ada@example.org", "--topic", "naïve Bayes")
    ascii_only = {"PYTHONIOENCODING": "ascii"}
    assert b"na\\xefve" in run("readers list", "", **ascii_only).stdout
    assert json.loads(run("readers list --json", "", **ascii_only).stdout)["topics"] == ["naïve Bayes"]
    assert "naïve" in run("readers export", "", **ascii_only).stdout.decode()


def test_match_prints_json_lines_with_reasons(digest):
    digest("collect", "--since", "2025-12-23", "--date", str(DAY))
    assert len(digest("match", "--since", "2025-12-23").rows) > 1, "what is trending"
    [row] = digest("match", "speculative decoding").rows
    assert set(row) == {"id", "title", "score", "reasons"}
    assert row["id"] == "2512.00001"
    assert row["reasons"][0]["topic"] == "speculative decoding"
    ids = [row["id"] for row in digest("match", "speculative", "--since", "2025-12-23", "--until", str(DAY)).rows]
    assert sorted(ids) == ["2512.00001", "2512.00003"]
    assert len(digest("match", "speculative", "--since", "2025-12-23", "--limit", "1").rows) == 1


def test_match_leaves_out_what_it_cannot_read_and_says_so(digest):
    digest("collect", "--date", str(DAY))
    digest("match", "auther:hinton", "speculative decoding")
    assert (digest.code, len(digest.rows)) == (0, 1)
    assert digest.err == "digest: left out: Line 1: auther: is not a field; did you mean author:? (at auther:hinton)\n"


def test_a_topic_may_begin_with_a_minus_and_an_option_that_is_none_is_no_topic(digest):
    digest("collect", "--since", "2025-12-23", "--date", str(DAY))
    stretch = ("--since", "2025-12-23")
    assert [row["id"] for row in digest("match", "speculative", "-decoding", *stretch).rows] == ["2512.00003"]
    assert digest("match", "speculative", "--explian").code == 2
    assert "--explian" in digest.err


def test_match_explains_how_topics_were_read_and_what_each_adds(digest):
    digest("collect", "--date", str(DAY))
    [row] = digest("match", "Speculative  decoding ^2", "--explain").rows
    assert "read as: Speculative decoding ^2" in digest.err
    assert row["topics"] == [{"topic": "Speculative  decoding ^2", "score": row["score"], "place": 1, "of": 1}]
    assert "snippet" in row


def test_match_forecasts_the_papers_a_day(digest):
    digest("collect", "--since", "2025-12-23", "--date", str(DAY))
    [row] = digest("match", "speculative", "no such thing", "--forecast").rows
    assert (row["papers_a_day"], row["days"], row["since"], row["until"]) == (1.0, 2, "2025-12-23", str(DAY))
    assert row["topics"] == [
        {"topic": "speculative", "papers_a_day": 1.0},
        {"topic": "no such thing", "papers_a_day": 0.0},
    ]
    [row] = digest("match", "speculative", "--forecast", "--since", str(DAY)).rows
    assert (row["papers_a_day"], row["days"]) == (1.0, 1)


def test_preview_prints_the_digest_in_three_forms(digest):
    digest("collect", "--date", str(DAY))
    assert digest("preview", "speculative decoding").out.startswith(
        "Subject: Your first digest: One paper on speculative decoding"
    )
    assert digest("preview", "speculative decoding", "--format", "html").out.startswith("<!DOCTYPE html>")
    assert "List-Unsubscribe: <http" in digest("preview", "speculative decoding", "--format", "eml").out
    assert digest("preview", "no such thing").code == 1


def test_back_filled_days_reach_no_digest_and_sending_again_sends_nothing(digest, mail_server):
    digest("collect", "--since", "2025-12-23", "--date", str(DAY))
    digest("readers", "add", "ada@example.org", "--topic", "speculative")
    digest("send", "--dry-run")
    assert "ada@example.org" in digest.out
    assert mail_server.mails == []
    assert digest("send", "--json").rows[0]["sent"] == 1
    [(_, content)] = mail_server.mails
    assert b"2512.00001" in content
    assert b"2512.00003" not in content
    digest("send")
    digest("send", now="2025-12-24T23:00:00+00:00")
    assert len(mail_server.mails) == 1


def test_a_relay_that_is_away_is_one_line_and_loses_nothing(digest, mail_server):
    digest("collect", "--date", str(DAY))
    digest("readers", "add", "ada@example.org")
    relay, digest.settings["DIGEST_SMTP_URL"] = digest.settings["DIGEST_SMTP_URL"], "smtp://127.0.0.1:1"
    assert digest("send").code == 1
    assert "DIGEST_SMTP_URL" in digest.err
    [resting] = digest("stats", "--json").rows[0]["resting"]
    assert (resting["name"], resting["failures"]) == ("relay 127.0.0.1:1", 1)
    assert digest("send").code == 0
    assert "relay 127.0.0.1:1 rests until 2025-12-24 18:01 UTC" in digest.out
    digest.settings["DIGEST_SMTP_URL"] = relay
    digest("send", now="2025-12-24T18:05:00+00:00")
    assert mail_server.recipients == ["ada@example.org"]


def test_send_says_that_another_worker_is_sending(digest, engine, monkeypatch):
    monkeypatch.setattr(slots, "PATIENCE_SECONDS", 0.1)
    digest("collect", "--date", str(DAY))
    digest("readers", "add", "ada@example.org")
    with slots.taken(engine, int(Settings.model_fields["smtp_connections"].default)):
        assert digest("send").code == 1
    assert "another worker is sending" in digest.err
    assert digest("send", "--json").rows[0]["sent"] == 1


def test_a_dry_run_tells_of_uncertain_mails_only_where_they_go_again(digest, mail_server):
    digest("collect", "--date", str(DAY))
    digest("readers", "add", "ada@example.org")
    mail_server.hang_up_after_data()
    digest("send")
    later = "2025-12-24T19:00:00+00:00"
    assert len(digest("send", "--dry-run", "--json", now=later).rows) == 1
    digest.settings["DIGEST_RESEND_UNCERTAIN"] = "false"
    assert digest("send", "--dry-run", "--json", now=later).rows == []


def test_a_dry_run_says_which_mail_cannot_be_written_and_goes_on(digest, engine):
    digest("collect", "--date", str(DAY))
    digest("readers", "add", "ada@example.org")
    with writing(engine) as connection:
        ledger.queue(connection, 1, "no such kind", datetime.fromisoformat(NOW))
    rows = digest("send", "--dry-run", "--json").rows
    assert sorted(bool(row["skipped"]) for row in rows) == [False, True]


def test_the_account_of_a_run_is_told_when_it_was_sent_and_in_the_stats(digest):
    digest("collect", "--date", str(DAY))
    for name in ("ada", "bob", "eve"):
        digest("readers", "add", f"{name}@example.org", *(["--topic", "no such thing"] if name == "eve" else []))
    assert "Digests of 2025-12-24: 3 planned = 2 sent + 1 skipped." in digest("send").out
    [run] = digest("stats", "--json").rows[0]["runs"]
    assert (run.pop("day"), run.pop("planned")) == (str(DAY), 3)
    assert run == {"queued": 0, "sending": 0, "sent": 2, "deferred": 0, "failed": 0, "uncertain": 0, "skipped": 1}
    assert f"{DAY}\t3\t0\t0\t2" in digest("stats").out


def test_readers_go_out_and_come_in_as_csv(digest, tmp_path):
    digest("readers", "add", "ada@example.org", "--topic", '"a, b"', "--topic", "RAG", "--cadence", "weekly")
    exported = digest("readers", "export").out
    [row] = csv.DictReader(io.StringIO(exported))
    assert row["topics"].split("\n") == ['"a, b"', "RAG"]
    digest("readers", "forget", "ADA@example.org")
    assert digest("readers", "list", "--json").rows == []
    (tmp_path / "readers.csv").write_text(exported + "not an address,active,,,,,\nbob@example.org,active,,,25,,\n")
    digest("readers", "import", str(tmp_path / "readers.csv"))
    assert digest.code == 1
    assert "line 4: email" in digest.err
    assert "line 5: hour" in digest.err
    assert digest("readers", "export").out == exported


def test_a_reader_with_pictures_goes_out_and_comes_in_with_them(digest, tmp_path):
    digest("readers", "add", "ada@example.org", "--pictures")
    assert digest("readers", "list", "--json").rows[0]["pictures"] is True
    (tmp_path / "readers.csv").write_text(digest("readers", "export").out)
    digest("readers", "forget", "ada@example.org")
    digest("readers", "import", str(tmp_path / "readers.csv"))
    assert [row["pictures"] for row in digest("readers", "list", "--json").rows] == [True]


def test_nobody_becomes_active_by_going_out_and_coming_in(digest, engine, tmp_path):
    for status in Status:
        a_subscriber(engine, status, email=f"{status}@example.org")
    exported = digest("readers", "export").out
    for status in Status:
        digest("readers", "forget", f"{status}@example.org")
    (tmp_path / "readers.csv").write_text(exported)
    digest("readers", "import", str(tmp_path / "readers.csv"))
    assert digest.out.startswith(
        "6 added (1 pending, 1 active, 1 paused, 1 unsubscribed, 1 bounced, 1 complained), 0 on the list already"
    )
    rows = digest("readers", "list", "--json").rows
    assert [row["status"] for row in rows] == list(Status)
    assert [row["status"] for row in rows if row["next_due_at"]] == ["active"]
    assert digest("readers", "export").out == exported


@pytest.mark.parametrize(("cell", "told"), [("gone", "status: Please use one of pending"), ("", "status")])
def test_a_status_nobody_knows_makes_nobody_active(digest, tmp_path, cell, told):
    (tmp_path / "readers.csv").write_text(f"email,status\nada@example.org,{cell}\nbob@example.org, Paused \n")
    assert digest("readers", "import", str(tmp_path / "readers.csv")).code == 1
    assert digest.err.startswith(f"line 2: {told}")
    assert [row["email"] for row in digest("readers", "list", "--json").rows] == ["bob@example.org"]


@pytest.mark.parametrize("header", ["email", "Email", " eMail ", "\ufeffemail", "email,name,name"])
def test_the_columns_are_known_however_they_are_written(digest, tmp_path, header):
    (tmp_path / "readers.csv").write_text(f"{header}\nada@example.org\n")
    assert digest("readers", "import", str(tmp_path / "readers.csv")).code == 0
    assert [row["status"] for row in digest("readers", "list", "--json").rows] == ["active"]


def test_a_database_that_is_away_is_one_line(tmp_path):
    away = Digest(database_url="postgresql://me:secret@127.0.0.1:1/digest")
    for words in (["migrate"], ["papers"], ["stats"]):
        assert away(*words).code == 1
        assert "DIGEST_DATABASE_URL" in away.err
        assert "secret" not in away.err
    (tmp_path / "file").touch()
    assert "DIGEST_DATABASE_URL" in Digest(database_url=f"sqlite:///{tmp_path}/file/digest.sqlite3")("stats").err


def test_postgresql_is_migrated_only_when_asked(postgres):
    fresh = Digest(database_url=postgres("template0"))
    assert fresh("stats").code == 1
    assert "run `digest migrate`" in fresh.err
    assert fresh("migrate").code == 0
    assert fresh("stats").code == 0


def test_a_database_of_a_later_version_is_said_to_be_one(digest, engine):
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    for command in ("stats", "migrate"):
        assert digest(command).code == 1
        assert "schema 9999, newer than this version" in digest.err
        assert digest.err.count("\n") == 1


@pytest.mark.realdata
def test_every_captured_day_is_stored_as_it_was(tmp_path):
    captured = {day: records for day, records in realdata.huggingface_days().items() if day >= date(2025, 10, 1)}
    with PageServer(captured, today=DAY) as server:
        digest = Digest(database_url=f"sqlite:///{tmp_path}/digest.sqlite3", huggingface_url=server.url)
        assert digest("collect", "--since", "2025-10-01", "--date", str(DAY)).code == 0
    stored = {}
    for day, records in captured.items():
        rows = digest("papers", "--date", str(day), "--json").rows
        assert [row["id"] for row in rows] == [record["paper"]["id"] for record in records]
        assert [row["upvotes"] for row in rows] == [record["paper"]["upvotes"] for record in records]
        stored |= {row["id"]: row for row in rows}
    assert len(stored) == len({record["paper"]["id"] for records in captured.values() for record in records})
