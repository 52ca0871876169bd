"""Whose trouble a reply is when it is not the reader's: the relay's, our account's, or our own name's. Pure.

A relay answers for everybody: what it says of itself or of us, it says to address after address, and no reader can
help it. Such mails wait; their readers are never counted against. How words are understood is the affair of `bounces`.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from digest import bounces
from digest.bounces import Trouble
from digest.domain import Result, State


class Blame(StrEnum):
    """What is in the way: the relay as it is now, what we may send through it, or who we say we are."""

    RELAY = "relay"
    ACCOUNT = "account"
    SENDER = "sender"


OF_THE_ACCOUNT = frozenset({"account", "quota", "authentication", "relaying"})
# Of these a 4yz slows a domain down; a 5yz is about us wherever we go.
OF_OUR_NAME = frozenset({"reputation"})
# Of all that we send, not of one reader's provider: Amazon SES, by SMTP.
TOO_FAST = re.compile(r"maximum sending rate|throttling failure", re.IGNORECASE)
# A relay that fails gives the same reply again and again.
KEEP = 1_024


def of(result: Result) -> Blame | None:
    """Whose trouble a result is; None for what a mail's own reader or its content may be the reason of."""
    return of_words(result.reason) if result.state in (State.DEFERRED, State.FAILED) else None


@lru_cache(KEEP)
def of_words(words: str) -> Blame | None:
    """Whose trouble a relay's reply is, as the ledger keeps it: code, enhanced code, words."""
    # What has no code is a network's, and counted as a mail without an answer.
    if not words[:1].isdecimal():
        return None
    verdict = bounces.of_reply(words)
    if verdict.reason == "sender":
        return Blame.SENDER
    if verdict.reason in OF_THE_ACCOUNT or (verdict.reason in OF_OUR_NAME and words.startswith("5")):
        return Blame.ACCOUNT
    return Blame.RELAY if bounces.trouble_of_reply(words) is Trouble.RELAY or TOO_FAST.search(words) else None


def asks_to_slow_down(words: str) -> bool:
    """Whether whoever answers wants less from us for a while."""
    return bounces.trouble_of_reply(words) is Trouble.SLOW_DOWN and not of_words(words)
