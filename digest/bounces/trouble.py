"""Whose trouble a refusal is, in one word for those who send. Says what helps, and refuses to do it."""

from __future__ import annotations

from enum import StrEnum

from digest.bounces.reasons import MEANS, NONE, OURS, Finding
from digest.domain import VerdictKind


class Trouble(StrEnum):
    """Where the fault is, and with it what helps.

    `address`: give it up. `mailbox-full` and `recipient`: try this one again, the others go on. `ours`: our account,
    quota, sender or content: slow down or stop, tell the operator, no reader's loss. `relay`: the relay is unwell; the
    circuit opens, and nobody's mail is counted. `slow-down`: whoever answers asks us to send less for a while.
    """

    NONE = "none"
    ADDRESS = "address"
    MAILBOX_FULL = "mailbox-full"
    RECIPIENT = "recipient"
    OURS = "ours"
    RELAY = "relay"
    SLOW_DOWN = "slow-down"


# Reputation and policy that may pass: whoever says `4.7.x` asks for less, whoever says `5.7.x` has made up his mind.
MAY_PASS = frozenset({"reputation", "policy", "spam"})


def trouble_of(found: Finding) -> Trouble:
    kind = MEANS[found.reason]
    if kind is NONE or found.severity == "2":
        return Trouble.NONE
    if found.reason == "slow-down" or (found.severity == "4" and found.reason in MAY_PASS):
        return Trouble.SLOW_DOWN
    if kind is OURS:
        return Trouble.OURS
    return _of_recipient(found)


def _of_recipient(found: Finding) -> Trouble:
    detail = found.status[2:]
    # Words without any code are those of a connection that broke.
    if found.reason == "system" or not found.severity or detail.startswith("3."):
        return Trouble.RELAY
    # A relay that answers for the day knows nothing of the reader yet.
    if found.severity == "4" and detail.startswith("7.") and found.reason in {"unknown", "refused"}:
        return Trouble.SLOW_DOWN
    if found.reason == "mailbox-full":
        return Trouble.MAILBOX_FULL
    return Trouble.ADDRESS if found.kind is VerdictKind.HARD else Trouble.RECIPIENT
