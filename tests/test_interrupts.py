"""An interrupt that comes as the work ends, or while its account is written, loses neither itself nor the account."""

import asyncio
import os
import signal

import pytest

from digest.interrupts import counted, outlast


async def interrupted_at_its_end():
    os.kill(os.getpid(), signal.SIGINT)
    return "sent"


def test_an_interrupt_that_comes_too_late_to_cancel_anything_still_ends_the_work():
    with counted() as interrupts, asyncio.Runner() as runner, pytest.raises(KeyboardInterrupt):
        interrupts.run(runner, interrupted_at_its_end())


def test_who_is_told_to_stop_waits_for_the_account_and_stops_then():
    written, written_down = [], asyncio.Event()

    async def write():
        await written_down.wait()
        written.append("all of it")

    async def send():
        account = asyncio.create_task(write())
        waiting = asyncio.create_task(outlast(account))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.sleep(0)
        written_down.set()
        await asyncio.wait((waiting,))
        return waiting.cancelled()

    assert asyncio.run(send())
    assert written == ["all of it"]
