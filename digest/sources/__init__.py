"""The places that list papers. A source says what to ask and reads the answers; it never touches the network.

To add one: write a file beside these that makes a `Source`, name it in `known`, and give it a page in `tests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from digest.sources import arxiv, huggingface
from digest.sources.exchange import Answer, Exchange, FetchResult, Request, Source

__all__ = ["NAMES", "Answer", "Exchange", "FetchResult", "Request", "Source", "UnknownSource", "by_name", "known"]


class UnknownSource(ValueError):
    """A name that no source has; the text suggests one that exists."""


def known(categories: Sequence[str] = ()) -> tuple[Source, ...]:
    """List every source; `categories` are the arXiv categories to collect."""
    return (huggingface.SOURCE, arxiv.source(categories))


NAMES = tuple(source.name for source in known())


def by_name(name: str, *, categories: Sequence[str] = ()) -> Source:
    """Find the source of that name; raise UnknownSource."""
    for source in known(categories):
        if source.name == name:
            return source
    close = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else f"there are {' and '.join(NAMES)}"
    raise UnknownSource(f"no source is called {name!r}: {hint}")
