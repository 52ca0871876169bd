"""What a mail says beside its papers, as JSON in the ledger: nothing at all for most."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from digest.domain import NOTHING_ELSE, RELATED, Beside, Mute, Quiet, Reason

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def as_text(beside: Beside) -> str:
    """Write it down; empty where there is nothing."""
    if beside is NOTHING_ELSE or beside == NOTHING_ELSE:
        return ""
    related = [(paper, reason.topic, reason.words) for paper, reason in beside.related]
    # Code of before looks for these two, and for no other.
    kept: dict[str, Any] = {"votes": beside.votes, "related": related}
    kept |= {name: value for name in ("more", "first", "called") if (value := getattr(beside, name))}
    if beside.mine is not None:
        kept["mine"] = beside.mine
    if beside.quiet:
        kept["quiet"] = _of_quiet(beside.quiet)
    return _ENCODER.encode(kept)


def of_text(text: str) -> Beside:
    """Read it; raises ValueError, TypeError or LookupError for what no version of ours wrote."""
    if not text:
        return NOTHING_ELSE
    kept = json.loads(text)
    votes = tuple([(str(word), int(count)) for word, count in kept["votes"]])
    related = [
        (str(paper), Reason(str(topic), RELATED, tuple(map(str, words)))) for paper, topic, words in kept["related"]
    ]
    return Beside(
        votes,
        tuple(related),
        more=int(kept.get("more", 0)),
        first=bool(kept.get("first", False)),
        quiet=_quiet(kept["quiet"]) if "quiet" in kept else None,
        called=str(kept.get("called", "")),
        mine=tuple(map(str, kept["mine"])) if "mine" in kept else None,
    )


def _of_quiet(quiet: Quiet) -> dict[str, object]:
    days = {"since": quiet.since, "last_match": quiet.last_match}
    return {
        "listed": quiet.listed,
        **{name: day.isoformat() for name, day in days.items() if day},
        "broader": quiet.broader,
        "muted": [(mute.topic, mute.until.isoformat()) for mute in quiet.muted],
    }


def _quiet(kept: Mapping[str, Any]) -> Quiet:
    since, last_match = (date.fromisoformat(kept[name]) if name in kept else None for name in ("since", "last_match"))
    muted = tuple([Mute(str(topic), date.fromisoformat(until)) for topic, until in kept["muted"]])
    return Quiet(int(kept["listed"]), since, last_match, tuple(map(str, kept["broader"])), muted)
