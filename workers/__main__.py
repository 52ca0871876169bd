"""`python -m workers`: the worker alone, as `celery -A workers worker` starts it, without the rest of Celery's commands.

Those bring a shell, its editor and its colours along, some seven megabytes, into each process that is forked from it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

# What draws on terminals: libraries import it where it is installed, and here nobody draws. Four megabytes.
sys.modules.update(dict.fromkeys(("pygments", "rich")))  # type: ignore[arg-type]  # None: it is not there

from celery.utils.log import mlevel
from celery.utils.nodenames import default_nodename, host_format

from workers.celery import of_this_process


def main(words: Sequence[str] | None = None) -> int:
    """Run a worker until it is asked to end; return its exit code."""
    wanted = _parser().parse_args(words)
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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m workers", description="Run a worker of Paper Digest.")
    parser.add_argument("--hostname", metavar="NAME@HOST", help="what it is called: %%h is this host")
    parser.add_argument("--concurrency", type=int, metavar="N", help="how many processes; one a core if left out")
    levels = "debug", "info", "warning", "error", "critical"
    parser.add_argument("--loglevel", choices=levels, default="warning")
    return parser


if __name__ == "__main__":
    sys.exit(main())
