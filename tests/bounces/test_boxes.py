"""Messages in files, mboxes, Maildirs and folders: each found once, cut to a bound, one at a time."""

import io
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import bounces
from digest.bounces.boxes import messages_at, messages_in
from digest.bounces.limits import MOST_BYTES
from digest.domain import VerdictKind
from tests.support.returned import FULL, complaint, report

FROM = b"From MAILER-DAEMON Thu Nov 26 23:00:00 2026\n"


def kinds(found):
    return [bounces.of_message(one.content).kind for one in found]


def names(found):
    return [one.name for one in found]


def test_a_file_is_one_message(tmp_path):
    file = tmp_path / "returned"
    file.write_bytes(report())
    assert [(one.name, one.content) for one in messages_at(file)] == [("returned", report())]


def test_an_mbox_is_many(tmp_path):
    file = tmp_path / "box"
    file.write_bytes(FROM + report() + b"\n" + FROM + complaint() + b"\n" + FROM + report(FULL, status="5.2.2"))
    found = list(messages_at(file))
    assert names(found) == ["box:1", "box:2", "box:3"]
    assert kinds(found) == [VerdictKind.HARD, VerdictKind.COMPLAINT, VerdictKind.SOFT]


def test_a_line_of_a_text_begins_no_message():
    text = b"Subject: x\n\n>From here on\n\nFrom what we know, 2026\n\n>>From afar\n"
    [one] = messages_in(io.BytesIO(FROM + text))
    assert one.content == b"Subject: x\n\nFrom here on\n\nFrom what we know, 2026\n\n>From afar\n"


def test_a_maildir_is_read_new_and_old(tmp_path):
    for box, name in (("cur", "2:2,S"), ("new", "1"), ("tmp", "3")):
        (tmp_path / box).mkdir()
        (tmp_path / box / name).write_bytes(report())
    assert names(messages_at(tmp_path)) == ["cur/2:2,S", "new/1"]


def test_of_a_folder_the_messages_count(tmp_path):
    for name in ("b.eml", "a.EML", "notes.txt", ".hidden.eml"):
        (tmp_path / name).write_bytes(report())
    os.mkfifo(tmp_path / "pipe.eml")
    (tmp_path / "sub.eml").mkdir()
    assert names(messages_at(tmp_path)) == ["a.EML", "b.eml"]
    for name in ("b.eml", "a.EML"):
        (tmp_path / name).unlink()
    assert names(messages_at(tmp_path)) == ["notes.txt"]


def test_a_file_that_cannot_be_read_stops_no_others(tmp_path, monkeypatch):
    for name in ("a.eml", "b.eml"):
        (tmp_path / name).write_bytes(report())
    opened = Path.open

    def refused(path, *given):
        if path.name == "a.eml":
            raise PermissionError(13, "Permission denied")
        return opened(path, *given)

    monkeypatch.setattr(Path, "open", refused)
    first, second = messages_at(tmp_path)
    assert (first.problem, first.content) == ("Permission denied", b"")
    assert (second.problem, second.content) == ("", report())


def test_what_is_not_there_says_so(tmp_path):
    with pytest.raises(FileNotFoundError):
        list(messages_at(tmp_path / "nothing"))
    assert list(messages_at(tmp_path)) == list(messages_in(io.BytesIO())) == []


def test_no_message_is_longer_than_what_is_judged():
    long = b"Subject: x\n\n" + b"a" * (3 * MOST_BYTES)
    [one] = messages_in(io.BytesIO(long))
    first, second = messages_in(io.BytesIO(FROM + long + b"\n\n" + FROM + report()))
    assert len(one.content) == len(first.content) == MOST_BYTES
    assert second.content == report()


def test_they_come_one_at_a_time():
    stream = io.BytesIO((FROM + report() + b"\n") * 1_000)
    next(messages_in(stream))
    assert stream.tell() < 10_000


@given(st.lists(st.binary(max_size=200), max_size=5), st.booleans())
def test_any_bytes_are_messages(pieces, as_mbox):
    content = (FROM if as_mbox else b"") + b"\n\nFrom ".join(pieces)
    assert all(len(one.content) <= MOST_BYTES for one in messages_in(io.BytesIO(content)))
