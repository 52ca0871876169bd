"""`python -m workers`: the worker that `celery -A workers worker` starts, without the rest of Celery's commands.

Those bring a shell, its editor and its colours along, some seven megabytes, into each process that is forked from it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

# What libraries import where it is installed, and no worker uses: what draws on terminals, and Celery's look at memory.
# Six megabytes. billiard ends its children by ctypes where cffi, which would parse C for it, is not there.
USELESS = ("pygments", "rich", "psutil")
PARSES_C = "cffi"


def main(words: Sequence[str] | None = None) -> int:
    """Run a worker until it is asked to end; return its exit code."""
    given = sys.argv[1:] if words is None else words
    wanted = _parser().parse_args(given)
    # At a SIGHUP Celery starts Python anew with these.
    sys.argv[:] = ["-m", "workers", *given]
    _go_without()
    from celery.utils.log import mlevel
    from celery.utils.nodenames import default_nodename, host_format

    from workers.celery import of_this_process

    worker = of_this_process().Worker(
        hostname=host_format(default_nodename(wanted.hostname)),
        concurrency=wanted.concurrency,
        loglevel=mlevel(wanted.loglevel.upper()),
        quiet=True,
        # What workers tell each other of: tasks that were revoked, who is there. Nobody revokes any, and nobody asks.
        without_gossip=True,
        without_mingle=True,
    )
    worker.start()
    return int(worker.exitcode or 0)


def _go_without() -> None:
    """Have this process believe that some libraries are not installed; it must be told before anything asks."""
    missing: dict[str, None] = dict.fromkeys((*USELESS, PARSES_C))
    sys.modules.update(missing)  # type: ignore[arg-type]  # None is how Python notes that there is no such module
    import billiard.util  # noqa: F401

    # It looks for the name again when it starts a child.
    del sys.modules[PARSES_C]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description="Run a worker of Paper Digest.")
    parser.add_argument("-n", "--hostname", metavar="NAME@HOST", help="what it is called: %%h is this host")
    parser.add_argument("-c", "--concurrency", type=int, metavar="N", help="how many processes; one a core if left out")
    levels = "debug", "info", "warning", "error", "critical"
    parser.add_argument("-l", "--loglevel", type=str.lower, choices=levels, default="warning")
    return parser


if __name__ == "__main__":
    sys.exit(main())
