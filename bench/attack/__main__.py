"""Attack the service on this machine, in every way known: `python -m bench.attack [--small] [NAME…]`.

Prints what was tried, and exits with 1 if anything got through. docs/threat-model.md says what each is about.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Mapping

import structlog

from bench import report
from bench.attack import answers, cells, files, floods, forms, keys, mails, signatures, topics
from bench.attack.tries import Attack, Try

ATTACKS: Mapping[str, Attack] = {
    "answers": answers.attack,
    "mails": mails.attack,
    "topics": topics.attack,
    "floods": floods.attack,
    "forms": forms.attack,
    "keys": keys.attack,
    "cells": cells.attack,
    "files": files.attack,
    "signatures": signatures.attack,
}

ALL = "all"


def main() -> None:
    asked = argparse.ArgumentParser(prog="bench.attack", description=__doc__)
    asked.add_argument("attacks", nargs="*", choices=[*ATTACKS, ALL], default=ALL, metavar="NAME")
    asked.add_argument("--small", action="store_true", help="a few of each, in seconds; floods in little")
    given = asked.parse_args()
    # What is attacked has much to say.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    logging.disable()
    report.machine()
    chosen = ATTACKS if ALL in given.attacks else given.attacks
    tried = {name: list(ATTACKS[name](given.small)) for name in chosen}
    _show(tried)
    through = [(name, one) for name, tries in tried.items() for one in tries if one.through]
    for name, one in through:
        report.console.print(f"got through: {name}: {one.what}: {one.through}", markup=False)
    report.console.print(f"tried {sum(map(len, tried.values()))}, got through {len(through)}")
    sys.exit(1 if through else 0)


def _show(tried: Mapping[str, list[Try]]) -> None:
    """Print each attack once, with how often it was tried and the figure that is worst of its kind."""
    rows = dict[tuple[str, str], list[Try]]()
    for name, tries in tried.items():
        for one in tries:
            rows.setdefault((name, one.what), []).append(one)
    report.table(
        ("attack", "what", "tried", "through", "took"),
        [
            (name, what, len(tries), sum(bool(one.through) for one in tries), max(one.figure for one in tries))
            for (name, what), tries in rows.items()
        ],
    )


if __name__ == "__main__":
    main()
