"""How the cost of hostile input grows: seconds and memory at n, 2n and 4n. `python -m bench.growth [ROOM…] [--size N]`.

Whatever grows faster than n log n is a way to keep a worker busy.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable, Iterable
from functools import partial

from bench import hostile_mails, hostile_texts, report
from digest import bounces

# Small enough that nothing is cut at 4n: what is measured is the growth, and not the caps.
SIZE = 30_000
# Below so much, a figure is noise.
NOTICEABLE = 0.02

ROOMS = ["bounces", *hostile_texts.ROOMS]
ALL = "all"


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("rooms", nargs="*", choices=[*ROOMS, ALL], default=ALL, metavar="ROOM")
    asked.add_argument("--size", type=int, default=SIZE)
    given = asked.parse_args()
    report.machine()
    for room in ROOMS if ALL in given.rooms else given.rooms:
        if room == "bounces":
            table("Returned mails", hostile_mails.KINDS, given.size, hostile_mails.mail, judged)
        else:
            title, kinds, read = hostile_texts.ROOMS[room]
            table(title, kinds, given.size, partial(hostile_texts.text, room), read)


def judged(content: bytes) -> None:
    bounces.read(content)


def table(
    title: str,
    kinds: Iterable[str],
    size: int,
    make: Callable[[str, int], bytes],
    work: Callable[[bytes], object],
) -> None:
    """Print one row for each kind, the ones that cost most first."""
    rows = [(kind, *_costs(work, [make(kind, size * times) for times in (1, 2, 4)])) for kind in kinds]
    rows.sort(key=lambda row: -row[3])
    report.heading(f"{title}: CPU seconds at n = {size:,} bytes, 2n and 4n; the most memory at 4n")
    shown = [(kind, *(f"{one:.3f}" for one in seconds), f"{memory:.1f} MB") for kind, *seconds, memory in rows]
    report.table(("kind", "n", "2n", "4n", "memory"), shown)


def _costs(work: Callable[[bytes], object], inputs: list[bytes]) -> tuple[float, float, float, float]:
    first, second, third = (seconds_of(work, content) for content in inputs)
    tracemalloc.start()
    work(inputs[-1])
    memory = tracemalloc.get_traced_memory()[1] / 1_000_000
    tracemalloc.stop()
    return first, second, third, memory


def seconds_of(work: Callable[[bytes], object], content: bytes) -> float:
    """CPU seconds, which other programs on the machine do not add to."""
    began = time.process_time()
    work(content)
    return time.process_time() - began


if __name__ == "__main__":
    main()
