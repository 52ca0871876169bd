"""Slow topics: what one reader writes must not cost the others of a group their lease."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from string import ascii_lowercase

from bench.attack.tries import Try, at_most
from digest.domain import Paper
from digest.match import Matcher
from digest.topics import parse

PAPERS, FEW_PAPERS = 1_480, 300
# A group of 200 has half an hour; one digest may take a small part of it.
MOST_SECONDS = 2
SYLLABLES = [first + second for first in "mchlkt" for second in "aeiou"]


def _papers(count: int) -> list[Paper]:
    draw = random.Random(1)

    def word() -> str:
        return "".join(draw.choices(SYLLABLES, k=3))

    return [
        Paper(
            f"2512.{number:05}",
            " ".join(word() for _ in range(9)),
            " ".join(word() for _ in range(150)),
            tuple(f"{word()} {word()}".title() for _ in range(8)),
        )
        for number in range(count)
    ]


PREFIXES = " ".join(f"{syllable}*" for syllable in SYLLABLES)
PROFILES: dict[str, list[str]] = {
    "prefixes of names": [f'author:"{PREFIXES}"'],
    "fifty lines of prefixes of names": [f'author:"{syllable}* {PREFIXES[:250]}"' for syllable in SYLLABLES * 2][:50],
    "prefixes in a phrase": [f'"{PREFIXES}"'],
    "alternatives of prefixes": [" | ".join(f"{syllable}*" for syllable in SYLLABLES)] * 3,
    "one letter and a star": [f"{letter}*" for letter in ascii_lowercase],
    "exclusions of prefixes": [f"-({' | '.join(f'{syllable}*' for syllable in SYLLABLES)})", "ma*"],
    "a hundred lines": [f"{one} + {other}* | {one}*" for one in SYLLABLES[:10] for other in SYLLABLES[:10]],
    "brackets in brackets": ["(" * 40 + "ma*" + ")" * 40],
    "fields of fields": ["title:(abstract:(author:(ma* | ch*) | la*) | ka*)"],
}


def attack(small: bool) -> Iterator[Try]:
    """Pick papers for readers who have such topics."""
    matcher = Matcher(_papers(FEW_PAPERS if small else PAPERS))
    for name, lines in PROFILES.items():
        began = time.process_time()
        matcher.select(parse(lines), limit=10)
        took = time.process_time() - began
        yield Try(name, at_most(MOST_SECONDS, took), f"{took:.2f} s")
