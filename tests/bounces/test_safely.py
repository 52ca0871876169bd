"""A judge in a process of its own: it judges as one does at home, and survives what nobody has thought of."""

import os
import sys
from pathlib import Path

import pytest

from digest import bounces
from digest.bounces import safely
from digest.bounces.outcome import NOTHING_READ
from digest.bounces.safely import Judge, JudgeAway, read_safely
from digest.links import Named
from tests.support.factories import a_key
from tests.support.returned import LINKS, report

CHILD = """
import os, resource, sys
from digest.bounces import child, reading
def broken(content):
    if content == b"long":
        while True: pass
    if content == b"huge":
        return b"a" * (2 << 30)
    if content == b"dead":
        os._exit(1)
    return read(content)
read, child.read = child.read, broken
child.main()
"""


OTHERS: set[str] = set()


@pytest.fixture(autouse=True)
def _others():
    OTHERS.clear()
    OTHERS.update(begun())


@pytest.fixture
def judge():
    with Judge(1, CHILD) as one:
        yield one


def test_it_judges_as_one_does_here():
    content = report(to=LINKS.bounce_address(a_key(7), 9, "papers.example.org"))
    found = read_safely(content)
    assert found == bounces.read(content)
    assert LINKS.read_bounce(found.bounce_tokens[0]) == Named(a_key(7), 9)


@pytest.mark.parametrize("bomb", [b"long", b"huge", b"dead"])
def test_what_breaks_it_is_unreadable_and_the_next_is_judged(judge, bomb):
    assert judge.read(report()).verdict.reason == "no-such-user"
    assert judge.read(bomb) == NOTHING_READ
    assert judge.read(report()).verdict.reason == "no-such-user"


def test_one_process_judges_many(judge):
    judge.read(report())
    [process] = children()
    for _ in range(5):
        judge.read(report())
    assert children() == [process]


@pytest.mark.parametrize("start", ["import sys; sys.exit(1)", "import time; time.sleep(60)"])
def test_a_process_that_cannot_begin_is_no_messages_fault(monkeypatch, start):
    monkeypatch.setattr(safely, "SECONDS_TO_START", 0.5)
    with Judge(1, start) as judge, pytest.raises(JudgeAway):
        judge.read(report())
    assert children() == []


def test_a_machine_that_starts_nothing_is_no_messages_fault(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(JudgeAway, match="no process to judge in"):
        read_safely(report())


def test_its_process_ends_with_it_and_knows_no_secret(monkeypatch):
    monkeypatch.setenv("DIGEST_SECRET_KEY", "not for the child")
    judge = Judge()
    judge.read(report())
    [process] = children()
    assert b"not for the child" not in Path(f"/proc/{process}/environ").read_bytes()
    judge.close()
    assert children() == []


def children():
    """The processes begun from here by a test, as Linux lists them; the broker of other tests is none."""
    return [one for one in begun() if one not in OTHERS]


def begun():
    return Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
