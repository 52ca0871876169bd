"""The process that judges for another: `python -m digest.bounces.child`, its standard input a socket.

Knows no secret, opens no file, and is killed by the system should it take too much memory or time.
"""

from __future__ import annotations

import os
import resource
import socket
from contextlib import suppress

from digest.bounces.reading import read
from digest.bounces.wire import READY, receive, send, to_wire

# Ten times what the longest honest message takes.
MOST_MEMORY = 768 * 1024 * 1024
MOST_FILES = 32


def main() -> None:
    _give_up_what_is_not_needed()
    with socket.socket(fileno=0) as parent:
        send(parent, READY)
        while (asked := receive(parent)) is not None:
            seconds, content = int.from_bytes(asked[:2]), asked[2:]
            _limit(resource.RLIMIT_CPU, int(resource.getrusage(resource.RUSAGE_SELF).ru_utime) + 1 + seconds)
            send(parent, to_wire(read(content)))


def _give_up_what_is_not_needed() -> None:
    _limit(resource.RLIMIT_AS, MOST_MEMORY)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_FSIZE, 0)
    _limit(resource.RLIMIT_NOFILE, MOST_FILES)
    os.nice(5)


def _limit(what: int, most: int) -> None:
    """Set a limit for now; the hard one stays, as the time is set anew for each message."""
    # Some systems know a limit by name alone; the one who asks has a clock of its own.
    with suppress(ValueError, OSError):
        resource.setrlimit(what, (most, resource.getrlimit(what)[1]))


if __name__ == "__main__":
    main()
