"""What a digest says beside its papers, as JSON in the ledger: nothing at all for most."""

from __future__ import annotations

import json

from digest.domain import RELATED, Beside, Reason


def as_text(beside: Beside) -> str:
    """Write it down; empty where there is nothing."""
    if beside == Beside():
        return ""
    related = [(paper, reason.topic, reason.words) for paper, reason in beside.related]
    return json.dumps({"votes": beside.votes, "related": related}, ensure_ascii=False, separators=(",", ":"))


def of_text(text: str) -> Beside:
    """Read it; raises ValueError, TypeError or LookupError for what no version of ours wrote."""
    if not text:
        return Beside()
    kept = json.loads(text)
    votes = tuple([(str(word), int(count)) for word, count in kept["votes"]])
    related = [
        (str(paper), Reason(str(topic), RELATED, tuple(map(str, words)))) for paper, topic, words in kept["related"]
    ]
    return Beside(votes, tuple(related))
