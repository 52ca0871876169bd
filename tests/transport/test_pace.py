"""Whether relays are waited for, by what they answered."""

import asyncio

import pytest

from digest.transport import pace
from digest.transport.pace import Pace


def after(*seconds):
    """How a group of these answers went."""
    kept = Pace()
    kept.begin()
    for each in seconds:
        kept.heard(each)
    return kept


@pytest.mark.parametrize(
    ("seconds", "slow"),
    [((), True), ((0.02, 0.03), True), ((0.001, 0.4, 60.0), False), ((0.4, 0.001), False)],
    ids=["nobody answered", "all took long", "one was quick", "it was quick last"],
)
def test_a_relay_is_slow_whose_quickest_answer_is(seconds, slow):
    assert after(*seconds).is_slow is slow


def test_after_a_slow_group_nobody_waits_to_see_it_again(monkeypatch):
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 3_600)
    kept = after(0.02)
    kept.begin()
    assert asyncio.run(asyncio.wait_for(kept.until_slow(), 60))


@pytest.mark.parametrize("seconds", [(), (0.001,)])
def test_after_a_quick_group_or_one_without_answers_it_is_seen_anew(seconds, monkeypatch):
    monkeypatch.setattr(pace, "SECONDS_UNTIL_SLOW", 0)
    kept = after(*seconds)
    kept.begin()
    assert not kept.was_slow
    kept.heard(0.001)
    assert not asyncio.run(kept.until_slow())
