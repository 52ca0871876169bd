"""What looking at a message brings: what it means, and the tokens it bears. For those who only hear of it, too."""

from __future__ import annotations

from dataclasses import dataclass

from digest.domain import Verdict, VerdictKind

# The reason of a message that is nothing of all this; a person may want to read it.
NOT_UNDERSTOOD = "not-understood"
# The reason of a message that could not be judged: it broke the judge, or kept him too long.
UNREADABLE = "unreadable"
# Nothing is done about these; they are set aside for a person.
SET_ASIDE = frozenset({NOT_UNDERSTOOD, UNREADABLE})


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means, and the tokens it bears, unverified: `links` says which are ours."""

    verdict: Verdict
    bounce_tokens: tuple[str, ...] = ()
    leave_tokens: tuple[str, ...] = ()
    delivery_ids: tuple[int, ...] = ()
    # The provider's own id of the mail, where it signed what it says: mails that come back have none.
    relays_id: str = ""


NOTHING_READ = Reading(Verdict(VerdictKind.NONE, reason=UNREADABLE))
