"""Topics that rest, as JSON in a reader's row: nothing at all for most."""

from __future__ import annotations

import json
from datetime import date

from digest.domain import Mute


def as_text(muted: tuple[Mute, ...]) -> str:
    return json.dumps([(mute.topic, mute.until.isoformat()) for mute in muted], ensure_ascii=False) if muted else ""


def of_text(text: str) -> tuple[Mute, ...]:
    """Read it; raises ValueError or TypeError for what no version of ours wrote."""
    if not text:
        return ()
    return tuple([Mute(str(topic), date.fromisoformat(until)) for topic, until in json.loads(text)])
