"""When a reader is given up because no mail reaches them, and when so many fail that a server must be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection

from digest.store import bounces as notes

# How long a failure counts: twelve mails of a weekly reader.
COUNTS_FOR = timedelta(days=90)
# A full mailbox outlasts a holiday; a server may be down for a week.
WORN_OUT = (5, timedelta(days=21))
# A mailbox that is disabled, or said in doubt not to exist, seldom comes back.
SOON_WORN_OUT = (3, timedelta(days=2))
SOON = frozenset({"disabled", "no-such-user"})

# So many readers may end for bounces in an hour, or one in so many of the mails tried in it, if that is more. A list
# with 5 % of dead addresses is a bad one, and no list loses as much in an hour.
AN_HOUR = timedelta(hours=1)
PLAUSIBLE, PLAUSIBLE_OF = 20, 20
# No mail is tried for longer (`delivery.GIVE_UP_AFTER`, and the day it was due).
TRIED_FOR = timedelta(days=5)


def too_many(connection: Connection, now: datetime) -> bool:
    """Whether more readers end for bounces than is plausible: then a server is wrong, not so many addresses."""
    ended = notes.ended(connection, now - AN_HOUR)
    if ended < PLAUSIBLE:
        return False
    return not notes.tried_at_least(connection, (ended + 1) * PLAUSIBLE_OF, now - AN_HOUR, due_since=now - TRIED_FOR)


def worn_out(moments: Sequence[datetime], reason: str) -> bool:
    """Whether it is time to give an address up, after soft failures at these moments, the last one for this reason."""
    enough, long_enough = SOON_WORN_OUT if reason in SOON else WORN_OUT
    return len(moments) >= enough and moments[-1] - moments[0] >= long_enough
