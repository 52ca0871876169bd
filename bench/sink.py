"""A relay for measuring and for chaos: takes mail as fast as asyncio can, or misbehaves as it is told.

`python -m bench.sink` prints its port. SIGUSR1 makes it refuse connections, and a second one makes it stop that.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import random
import signal
import sys
from collections.abc import Callable

END = b"\r\n.\r\n"
EHLO = b"250-sink\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n"


class Sink:
    """What all connections have in common: the manners, and the log of what was accepted."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.random = random.Random(options.seed)
        self.refusing = False
        self.accepted = self.open = self.most_open = 0
        self.log = os.open(options.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND) if options.log else None

    def toggle(self) -> None:
        self.refusing = not self.refusing

    def happens(self, share: float) -> bool:
        return share > 0 and self.random.random() < share

    def opened(self, change: int) -> None:
        self.open += change
        if self.open > self.most_open:
            self.most_open = self.open
            self.note("most-open", str(self.open))

    def note(self, *words: str) -> None:
        # At once and whole: who reads it may kill us, or others, at any moment.
        if self.log is not None:
            os.write(self.log, (" ".join(words) + "\n").encode())

    def accept(self, content: bytes, answered: bool) -> None:
        self.accepted += 1
        if self.log is not None:
            name = content.partition(b"\r\nMessage-ID: <")[2].partition(b">")[0].decode()
            self.note("accepted" if answered else "unanswered", name, hashlib.sha1(content).hexdigest())


class Connection(asyncio.Protocol):
    """One client. Replies go out in order; with a delay, each is on its way for so long."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.delay = sink.options.delay_ms / 1000
        self.buffer = bytearray()
        self.in_data = self.is_mute = False
        self.searched = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.opened(+1)
        self.say(b"421 4.3.2 not now\r\n" if self.sink.refusing else b"220 sink\r\n")
        if self.sink.refusing:
            self.transport.close()

    def connection_lost(self, error: Exception | None) -> None:
        self.sink.opened(-1)

    def say(self, reply: bytes) -> None:
        if self.delay:
            asyncio.get_running_loop().call_later(self.delay, self.transport.write, reply)
        else:
            self.transport.write(reply)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        replies: list[bytes] = []
        while not self.is_mute and (self.read_data if self.in_data else self.read_line)(replies.append):
            pass
        if replies:
            self.say(b"".join(replies))

    def read_line(self, say: Callable[[bytes], None]) -> bool:
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[: end + 1])
        del self.buffer[: end + 1]
        say(self.reply(line[:4].upper(), line))
        return True

    def reply(self, verb: bytes, line: bytes) -> bytes:
        if verb in (b"EHLO", b"HELO"):
            return EHLO
        if verb == b"DATA":
            self.in_data, self.searched = True, 0
            return b"354 go on\r\n"
        if verb == b"QUIT":
            asyncio.get_running_loop().call_later(self.delay, self.transport.close)
            return b"221 bye\r\n"
        if verb == b"RCPT":
            return self.judge(line)
        return b"250 ok\r\n"

    def judge(self, line: bytes) -> bytes:
        options = self.sink.options
        address = line.partition(b"<")[2].partition(b">")[0]
        # An address that is no address is so for ever; being busy passes.
        if int.from_bytes(hashlib.sha1(address).digest()[:4], "big") < options.refuse * 2**32:
            return b"550 5.1.1 no such mailbox\r\n"
        if self.sink.happens(options.defer):
            return b"451 4.3.0 busy\r\n"
        return b"250 ok\r\n"

    def read_data(self, say: Callable[[bytes], None]) -> bool:
        if self.buffer[:3] == b".\r\n":
            del self.buffer[:3]
            self.in_data = False
            say(b"554 no valid recipients\r\n")
            return True
        end = self.buffer.find(END, max(0, self.searched - len(END)))
        if end < 0:
            self.searched = len(self.buffer)
            # Not before the first: then the answer to the mail before would be lost with it.
            if self.buffer and self.sink.happens(self.sink.options.drop):
                self.transport.abort()
            return False
        content = bytes(self.buffer[: end + 2])
        del self.buffer[: end + len(END)]
        self.in_data = False
        self.take(content, say)
        return True

    def take(self, content: bytes, say: Callable[[bytes], None]) -> None:
        options = self.sink.options
        if self.sink.happens(options.hang_up):
            self.sink.accept(content, answered=False)
            self.transport.abort()
        elif self.sink.happens(options.stall):
            # Accepted, and never said, nor anything after it.
            self.sink.accept(content, answered=False)
            self.is_mute = True
        else:
            self.sink.accept(content, answered=True)
            say(b"250 2.0.0 taken\r\n")


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench.sink", description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0, help="before each reply")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", help="a file that gets a line for every mail accepted")
    for name, what in (
        ("defer", "of recipients answered 451"),
        ("refuse", "of addresses answered 550"),
        ("drop", "of packets within a mail after which the connection is dropped"),
        ("hang-up", "of mails accepted without an answer, and the connection dropped"),
        ("stall", "of mails accepted without an answer"),
    ):
        parser.add_argument(f"--{name}", type=float, default=0.0, metavar="SHARE", help=f"the share {what}")
    return parser.parse_args()


async def serve(options: argparse.Namespace) -> None:
    sink, loop = Sink(options), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGUSR1, sink.toggle)
    server = await loop.create_server(lambda: Connection(sink), "127.0.0.1", options.port, backlog=512)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(options()))
