"""A row of the ledger to a delivery, preferences to JSON and back. Trusts what we wrote; raises at the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from digest.domain import ASKING, Cadence, Delivery, Kind, Order, Preferences, State, Window
from digest.store.beside import of_text
from digest.store.readers import PREFERENCES, check_numbers, reader_of

# What the readers of some groups chose; many chose alike.
KEEP = 4_096
_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def as_json(preferences: Preferences) -> str:
    return _ENCODER.encode({name: getattr(preferences, name) for name in PREFERENCES})


@lru_cache(KEEP)
def from_json(text: str) -> Preferences:
    """Raises ValueError, TypeError or LookupError for what no version of ours wrote."""
    known = {name: value for name, value in json.loads(text).items() if name in PREFERENCES}
    topics = tuple(known["topics"])
    "".join(topics).encode()
    known |= {"topics": topics, "cadence": Cadence(known["cadence"])}
    return Preferences(**known | {"order": Order(known.get("order", Order.MIXED))})


def delivery_of(row: Mapping[str, Any]) -> Delivery:
    """The delivery in a row that has its reader's columns too, each as `their_…`."""
    check_numbers(row[name] for name in ("attempts", "claim", "unanswered"))
    kept = from_json(row["preferences"]) if row["preferences"] else None
    kind = Kind(row["kind"])
    asks = kind in ASKING
    return Delivery(
        id=row["id"],
        kind=kind,
        reader=reader_of(row, "their_"),
        due_at=row["due_at"],
        window=Window(row["window_start"], row["window_end"], row["since"]),
        state=State(row["state"]),
        reason=row["reason"],
        attempts=row["attempts"],
        papers=row["papers"],
        recipient=row["recipient"],
        snapshot=None if asks else kept,
        requested=kept if asks else None,
        claim=row["claim"],
        unanswered=row["unanswered"],
        beside=of_text(row["beside"]),
    )
