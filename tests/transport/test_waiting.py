"""Mails that wait to be sent, against a ledger that says which may be begun."""

import asyncio
import threading

import pytest

from digest.transport.waiting import AT_ONCE, Waiting
from tests.support.sending import mails


def numbers(taken):
    return [mail.delivery_id for mail in taken if mail]


def test_several_who_wait_have_one_portion_begun():
    portions = []

    def begin(portion):
        portions.append(numbers(portion))
        return portions[-1]

    async def take_all():
        waiting = Waiting(mails(AT_ONCE + 3), begin)
        taken = await asyncio.gather(*(waiting.take() for _ in range(AT_ONCE + 5)))
        return numbers(taken), waiting.drained.is_set()

    taken, drained = asyncio.run(take_all())
    assert (taken, drained) == (list(range(1, AT_ONCE + 4)), True)
    assert [len(portion) for portion in portions] == [AT_ONCE, 3]


def test_what_may_have_arrived_is_begun_by_itself_and_follows_nobody():
    portions = []

    def begin(portion):
        portions.append(numbers(portion))
        return portions[-1]

    async def take_all():
        waiting = Waiting(mails(6), begin, lambda mail: mail.delivery_id in (2, 3))
        first = await waiting.take()
        begun = list(portions)
        assert await waiting.take_to_follow(1) is None
        assert portions == begun
        return numbers([first, *[await waiting.take() for _ in range(5)]])

    assert asyncio.run(take_all()) == [1, 2, 3, 4, 5, 6]
    assert portions == [[1], [2], [3], [4, 5, 6]]


def test_what_may_not_go_is_not_taken():
    async def take_all():
        waiting = Waiting(mails(60), lambda portion: [mail.delivery_id for mail in portion if mail.delivery_id > 58])
        return numbers([await waiting.take() for _ in range(4)])

    assert asyncio.run(take_all()) == [59, 60]


def test_who_can_wait_no_longer_gets_none_and_nobody_loses_one():
    answers = threading.Event()

    def begin(portion):
        assert answers.wait(20)
        return numbers(portion)

    async def take():
        waiting = Waiting(mails(3), begin)
        none = await waiting.take(0.01)
        answers.set()
        return none, numbers([await waiting.take() for _ in range(3)])

    assert asyncio.run(take()) == (None, [1, 2, 3])


def test_what_is_given_back_is_first_and_follows_nobody():
    async def take():
        waiting = Waiting(mails(3), numbers)
        [first, second] = [await waiting.take(), await waiting.take()]
        waiting.give_back(second)
        follows = await waiting.take_to_follow(1)
        return follows, numbers([second, await waiting.take(), await waiting.take()]), waiting.goes_alone(first)

    assert asyncio.run(take()) == (None, [2, 2, 3], False)


def test_all_who_wait_hear_that_the_ledger_is_gone():
    def begin(portion):
        raise OSError("gone")

    async def take():
        waiting = Waiting(mails(3), begin)
        heard = await asyncio.gather(waiting.take(), waiting.take(), return_exceptions=True)
        return heard, numbers(waiting)

    heard, left = asyncio.run(take())
    assert [type(error) for error in heard] == [OSError, OSError]
    assert left == [1, 2, 3]
    with pytest.raises(OSError, match="gone"):
        raise heard[0]
