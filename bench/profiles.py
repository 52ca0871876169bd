"""Many readers' topics, drawn from what the papers of the real days are about, as often as they are about it."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice
from pathlib import Path

from digest.domain import Paper

TOPICS = 5
CHUNK = 1_000


def drawn(papers: Iterable[Paper], readers: int, seed: int = 7) -> Iterator[list[str]]:
    """Draw the topics of so many readers, five each, at the frequencies of the papers' keywords."""
    known = Counter(keyword for paper in papers for keyword in paper.keywords)
    keywords, frequencies = list(known), list(accumulate(known.values()))
    draw = random.Random(seed)
    for _ in range(readers):
        yield draw.choices(keywords, cum_weights=frequencies, k=TOPICS)


def written(profiles: Iterable[list[str]], file: Path) -> Path:
    """Write profiles down as the store keeps them, a JSON array each."""
    with file.open("w") as lines:
        lines.writelines(json.dumps(topics, ensure_ascii=False) + "\n" for topics in profiles)
    return file


def chunks(file: Path, readers: int) -> Iterator[list[list[str]]]:
    """Read the profiles of so many readers, some at a time."""
    with file.open() as lines:
        first = islice(lines, readers)
        while chunk := [json.loads(line) for line in islice(first, CHUNK)]:
            yield chunk
