"""Results on their way to the ledger, in pieces that are neither small nor late."""

import asyncio

from digest.domain import Result, State
from digest.transport import account
from digest.transport.account import ENOUGH, MOST_UNWRITTEN, Account


def results(count):
    return [Result(number, State.SENT) for number in range(count)]


async def write(told, left=()):
    """Tell these as they come; return the pieces in which they were written down."""
    ours, pieces = Account(), []
    writing = asyncio.create_task(ours.write(pieces.append))
    for result in told:
        await ours.tell(result)
    await ours.end(left)
    await writing
    return [len(piece) for piece in pieces], [result for piece in pieces for result in piece]


def test_they_are_written_down_together_and_at_the_end_nobody_waits(monkeypatch):
    monkeypatch.setattr(account, "SECONDS_TO_GATHER", 3_600)
    pieces, written = asyncio.run(write(results(3), left=results(2)))
    assert (pieces, written) == ([5], results(3) + results(2))


def test_a_piece_goes_once_it_is_large_enough(monkeypatch):
    monkeypatch.setattr(account, "SECONDS_TO_GATHER", 3_600)
    pieces, written = asyncio.run(write(results(200)))
    assert written == results(200)
    assert all(ENOUGH <= piece <= MOST_UNWRITTEN + 1 for piece in pieces[:-1])


def test_what_is_few_goes_after_a_moment(monkeypatch):
    monkeypatch.setattr(account, "SECONDS_TO_GATHER", 0.01)

    async def tell_one():
        ours, there = Account(), asyncio.Event()
        loop = asyncio.get_running_loop()
        writing = asyncio.create_task(ours.write(lambda piece: loop.call_soon_threadsafe(there.set)))
        await ours.tell(results(1)[0])
        await asyncio.wait_for(there.wait(), 20)
        await ours.end([])
        await writing

    asyncio.run(tell_one())
