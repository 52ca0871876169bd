"""Whose trouble a reply is when it is not the reader's: the relay's, our account's, or our own name's. Pure.

A relay answers for everybody: what it says of itself or of us, it says to address after address, and no reader can
help it. Such mails wait; their readers are never counted against.
"""

from __future__ import annotations

import re
from enum import StrEnum

from digest.domain import Result, State


class Blame(StrEnum):
    """What is in the way: the relay as it is now, what we may send through it, or who we say we are."""

    RELAY = "relay"
    ACCOUNT = "account"
    SENDER = "sender"


# What is said of one mailbox has these codes, whatever the words.
OF_A_MAILBOX = re.compile(r"\b[245]\.(?:1\.[1236]|2\.\d)\b")
# RFC 3463: 3.x is the mail system, 4.3 to 4.5 its routing and congestion.
OF_THE_RELAY = re.compile(
    r"^4\d\d[ -](?:#?4\.3\.\d\b|4\.4\.[345]\b)"
    r"|^4\d\d .*(?:not accepting (?:network )?(?:messages|mail|connections)"
    r"|insufficient (?:system )?(?:storage|resources)|too many (?:concurrent )?(?:connections|sessions)"
    r"|(?:server|system|service) (?:is )?(?:too )?(?:busy|overloaded|unavailable|shutting down)"
    r"|temporary (?:system|server|local) (?:problem|error|failure)|queue file write error|no space left)",
    re.IGNORECASE,
)
OF_THE_ACCOUNT = re.compile(
    r"\b5\.1\.90\b|\b[45]\.4\.5\b.*quota|\b[45]\.7\.(?:750|708|705|8|9|14|57)\b|^53[0458][ -]"
    r"|(?:daily|hourly|monthly|weekly|sending|outbound)[\w ]{0,30} (?:quota|limit|rate|allowance)"
    r"|(?:quota|limit) (?:for|of|on) (?:message recipients|messages|sending|outgoing)"
    r"|maximum send(?:ing)? rate|recipients? (?:per|this|an?) (?:day|hour)"
    r"|(?:address|identit\w+|domain)[\w ,]{0,30} (?:is|are) not verified|sandbox"
    r"|(?:your|sender'?s?|sending|smtp) account[\w ]{0,20} (?:disabled|locked|closed)"
    r"|account[\w ]{0,20} (?:suspended|blocked|on hold|paused)"
    r"|client (?:host )?(?:\[[^\]]{1,45}\] )?(?:is )?blocked|sending (?:is |has been )?(?:paused|suspended|disabled)"
    r"|authentication (?:is )?required|not authenticated|authenticate first"
    r"|relay(?:ing)? (?:access )?(?:denied|not permitted)",
    re.IGNORECASE,
)
OF_THE_SENDER = re.compile(
    r"\b[45]\.1\.[78]\b|\b[45]\.7\.27\b"
    r"|sender(?:'s)? (?:domain|address|host|verif\w+|verify)[\w<>@.:' -]{0,80}"
    r"(?:no mx|not exist|not found|does ?n.t|invalid|reject|fail|unresolvable|could not|not resolve|no a|bogus)"
    r"|domain of sender|sender verif\w+ fail|callback verif\w+|callout verif\w+|could not (?:verify|complete) sender"
    r"|(?:mail|envelope) ?from[\w<>@. ]{0,80}(?:not exist|no mx|invalid|not resolve)",
    re.IGNORECASE,
)
# What comes after so much says no more.
LONGEST = 600


def of(result: Result) -> Blame | None:
    """Whose trouble a result is; None for what a mail's own reader or its content may be the reason of."""
    return of_words(result.reason) if result.state in (State.DEFERRED, State.FAILED) else None


def of_words(words: str) -> Blame | None:
    """Whose trouble a relay's reply is, as the ledger keeps it: code, enhanced code, words."""
    said = words[:LONGEST]
    if OF_THE_SENDER.search(said):
        return Blame.SENDER
    if OF_A_MAILBOX.search(said):
        return None
    if OF_THE_ACCOUNT.search(said):
        return Blame.ACCOUNT
    return Blame.RELAY if OF_THE_RELAY.search(said) else None
