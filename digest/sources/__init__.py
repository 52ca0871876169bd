"""The places that list papers. A source says what to ask and reads the answers; it never touches the network.

To add one: write a file beside these that makes a `Source`, name it in `known`, and give it a page in `tests`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import partial

from digest.sources import arxiv, feeds, huggingface, openreview, rxiv
from digest.sources.exchange import Answer, Exchange, FetchResult, Request, Source

__all__ = ["NAMES", "Answer", "Exchange", "FetchResult", "Request", "Source", "UnknownSource", "by_name", "known"]


class UnknownSource(ValueError):
    """A name that no source has; the text suggests one that exists."""


def known(categories: Sequence[str] = ()) -> tuple[Source, ...]:
    """List every source that needs no more than its name; `categories` are the arXiv categories to collect."""
    return (huggingface.SOURCE, arxiv.source(categories), rxiv.source("biorxiv"), rxiv.source("medrxiv"))


NAMES = tuple(source.name for source in known())
# Sources of many places: which one, or which part of it, stands behind a colon.
_OF: Mapping[str, Callable[[str], Source]] = {
    "biorxiv": partial(rxiv.source, "biorxiv"),
    "medrxiv": partial(rxiv.source, "medrxiv"),
    "openreview": openreview.source,
    "feed": feeds.source,
}
_HINT = f"there are {', '.join(NAMES)}, openreview:VENUE and feed:ADDRESS"


def by_name(name: str, *, categories: Sequence[str] = ()) -> Source:
    """Find the source of that name, such as `arxiv`, `biorxiv:neuroscience` or `feed:ADDRESS`; raise UnknownSource."""
    for source in known(categories):
        if source.name == name:
            return source
    kind, _, which = name.partition(":")
    try:
        if which and kind in _OF:
            return _OF[kind](which)
    except ValueError as error:
        raise UnknownSource(str(error)) from None
    close = get_close_matches(name.lower(), NAMES, n=1, cutoff=0.5)
    hint = f"did you mean {close[0]}?" if close else _HINT
    raise UnknownSource(f"no source is called {name!r}: {hint}")
