"""Topics that rest: whether they leave a reader anything to follow. Pure."""

from __future__ import annotations

from datetime import date

from digest.domain import Mute, Preferences
from digest.topics import parse


def leaving_nothing(chosen: Preferences, day: date) -> tuple[Mute, ...]:
    """List the mutes that leave a reader nothing to follow on a day, the first to end first; none where they do not.

    Who follows nothing gets what is trending, and who muted all they follow asked for less.
    """
    resting = chosen.resting(day)
    if not resting or parse(chosen.on(day).topics).topics:
        return ()
    return tuple(sorted(resting, key=lambda mute: mute.until))
