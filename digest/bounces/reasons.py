"""Why a mail was refused: the words and codes of a server to one reason, and whose fault that is.

The same for an SMTP reply, a delivery report and a returned message. Words come before codes, because servers are
careless with codes and people read the words: `552 5.1.1 recipient overquota` is a full mailbox. Refuses to say who.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from digest.bounces.words import Phrases, folded, plain, vague
from digest.domain import VerdictKind

HARD, SOFT, OURS, NONE = VerdictKind.HARD, VerdictKind.SOFT, VerdictKind.SENDER_FAULT, VerdictKind.NONE

# Every reason there is, in the order of docs/verdicts.md, and what it means.
MEANS = {
    "no-such-user": HARD,
    "no-such-domain": HARD,
    "moved": HARD,
    "takes-no-mail": HARD,
    "mailbox-full": SOFT,
    "disabled": SOFT,
    "refused": SOFT,
    "busy": SOFT,
    "expired": SOFT,
    "network": SOFT,
    "system": SOFT,
    "unknown": SOFT,
    "authentication": OURS,
    "reputation": OURS,
    "spam": OURS,
    "policy": OURS,
    "relaying": OURS,
    "sender": OURS,
    "account": OURS,
    "quota": OURS,
    "slow-down": OURS,
    "content": OURS,
    "too-big": OURS,
    "protocol": OURS,
    "delivered": NONE,
}

# RFC 3463 and its registry; what is not here falls back on its first two numbers, then on the subject alone.
CODES = {
    "1.1": "no-such-user",
    "1.2": "no-such-domain",
    "1.3": "no-such-user",
    "1.6": "moved",
    "1.7": "sender",
    "1.8": "sender",
    "1.9": "protocol",
    "1.10": "takes-no-mail",
    "1.90": "quota",
    "1.351": "no-such-user",
    "2.1": "disabled",
    "2.2": "mailbox-full",
    "2.3": "too-big",
    "2.4": "system",
    "2.121": "busy",
    "2.122": "busy",
    "3.2": "system",
    "3.4": "too-big",
    "4.7": "expired",
    "4.310": "no-such-domain",
    "4.316": "expired",
    "5.3": "busy",
    "7.8": "authentication",
    "7.9": "policy",
    "7.13": "disabled",
    "7.17": "moved",
    "7.20": "authentication",
    "7.21": "authentication",
    "7.22": "authentication",
    "7.23": "authentication",
    "7.24": "authentication",
    "7.25": "reputation",
    "7.26": "authentication",
    "7.27": "sender",
    "7.28": "reputation",
    "7.29": "authentication",
    "7.30": "protocol",
    "7.32": "authentication",
    "7.57": "authentication",
    "7.60": "sender",
    "7.64": "relaying",
    "7.139": "authentication",
    "7.232": "quota",
    "7.233": "quota",
    "7.236": "quota",
    "7.501": "account",
    "7.502": "account",
    "7.503": "account",
    "7.509": "authentication",
    "7.515": "authentication",
    "7.606": "reputation",
    "7.650": "reputation",
    "7.651": "reputation",
    "7.705": "quota",
    "7.708": "reputation",
    "7.750": "account",
}
SUBJECTS = {
    "1": "refused",
    "2": "refused",
    "3": "system",
    "4": "network",
    "5": "protocol",
    "6": "content",
    "7": "policy",
}

# What comes after so much is a link, a name or the mail itself.
LONGEST = 5_000
# Codes of routing and policy: next to them, words about the address are believed of those alone who ask for it by name.
ELSEWHERE = ("4.", "7.")
# `550 5.1.1 …`, `550-5.1.1 …`, `smtp; 550 …`, `… said: 550 …`: the code of a reply, not a number in passing.
REPLY = re.compile(
    r"(?:^|[;:>(#\[] ?|['\"] ?|(?<![\d.])(?=\d{3}[- ]+['\"(#]?[245]\.\d\.\d))(?P<code>[245]\d\d)[- ]"
    r"(?!\d+ (?:hours?|days?|kb|mb|bytes)\b)"
)
STATUS = re.compile(r"(?<![\d.])[245]\.\d{1,3}\.\d{1,3}(?![\d.])", re.ASCII)
# Addresses, links and the stage are named, not said: a user called `spam` is no spam.
NAMED = re.compile(
    r"\(in reply to [^)]{0,200}\)|https?://(?!\S{0,200}(?:spamhaus|spamcop|barracuda))\S+|<?[^\s<>@]{1,100}@[^\s<>]+>?"
)
# Who says so has looked the address up: no filter speaks like this.
BY_NAME = re.compile(
    r"this user does ?n[o']?t have an? .{0,60}account|the e-?mail account that you tried to reach does not exist"
    r"|unknown in (?:virtual|local|relay) |not listed in (?:the |public )?(?:name|domino|address)"
    r"|recipnotfound|recipient ?not ?found by smtp address lookup"
)
# An account that is closed is ours, unless something says that it is the reader's.
BARE_ACCOUNT = re.compile(r"\baccount\b.{0,30}\b(?:suspended|disabled|locked|deactivated|terminated|on hold)")
OF_A_READER = re.compile(r"recipient|mail ?box|user|inbox|inactiv|owner|customer|member|you tried|dormant|address")


@dataclass(frozen=True, slots=True)
class Finding:
    """Why: the enhanced code where there was one, the class of the reply (2, 4, 5, or empty), and how sure it is.

    `stage` is when the server said so, as far as one knows: `heard` by ourselves, or reported to be after `mail`,
    `rcpt` or `data`, or empty. `by_name`: it was looked up.
    """

    reason: str
    status: str = ""
    severity: str = ""
    sure: bool = True
    stage: str = "heard"
    by_name: bool = False

    @property
    def kind(self) -> VerdictKind:
        """Whose fault it is. Nobody is given up for a refusal that may pass, or that may be about us (x.7.x)."""
        kind = MEANS[self.reason]
        return SOFT if kind is HARD and (self.severity == "4" or self._doubtful) else kind

    @property
    def _doubtful(self) -> bool:
        """Whether a code is about something else, or words are alone.

        Some answer `user unknown` when a filter of the reader's refused the mail (Japanese carriers do, after DATA).
        """
        if self.stage in {"rcpt", "mail"}:
            return self.stage == "mail"
        detail = self.status[2:]
        if self.reason != "no-such-user":
            return detail.startswith("7.")
        if self.by_name:
            return detail.startswith(ELSEWHERE)
        if self.stage == "heard":
            return detail.startswith(ELSEWHERE)
        unknown = not detail or (detail == "0.0" and self.stage == "data")
        return bool(self.severity) and (unknown or detail.startswith((*ELSEWHERE, "2.", "3.")))


def judge(words: str, status: str = "") -> Finding:
    """Find the reason in what a server said. `status` is what a report says beside it, and yields to a code in it.

    Whatever else a stranger writes in the place of a code is none: it is kept in the database, and shown.
    """
    status = beside[0] if (beside := STATUS.search(status[:LONGEST])) else ""
    text = " ".join(words[:LONGEST].split())
    said = NAMED.sub(" ", text).replace("’", "'")
    code = REPLY.search(text + " ")
    # What another server said comes after its code, and what ours made of it before.
    own = STATUS.search(NAMED.sub(" ", text[code.start() :])) if code else None
    own = own or STATUS.search(said)
    named = own[0] if own and (not status or not own[0].endswith(".0.0")) else status
    said = folded(said)
    reason, sure = _reason(f"{named} {said}", named[2:])
    if reason == "disabled" and _is_our_account(text, said, named[2:]):
        reason = "account"
    by_name = bool(BY_NAME.search(said))
    return Finding(reason, named, code["code"][0] if code else named[:1], sure, by_name=by_name)


def _is_our_account(text: str, said: str, detail: str) -> bool:
    """Whether `account suspended` names nobody: neither an address, nor a mailbox, nor by its code (x.2.x)."""
    named = "@" in text or detail.startswith(("2.", "1."))
    return not named and bool(BARE_ACCOUNT.search(said)) and not OF_A_READER.search(said)


def _reason(said: str, detail: str) -> tuple[str, bool]:
    """The reason, and whether it was said plainly or with a code that means it."""
    spoken, coded = _first(plain(), said), CODES.get(detail, "")
    if spoken and coded and MEANS[spoken] is HARD and MEANS[coded] is OURS:
        return coded, True
    if spoken == "quota" and coded == "mailbox-full":
        return coded, True  # `exceeded its send and receive quota`: x.2.2 is always the reader's.
    if spoken and MEANS[spoken] is HARD and coded == "expired":
        return coded, True  # A name that was not found until now may be found again.
    if spoken or coded:
        return spoken or coded, True
    return _first(vague(), said) or SUBJECTS.get(detail[:1], "unknown"), detail.startswith("7.")


def _first(phrases: Phrases, said: str) -> str:
    return next((reason for reason, pattern in phrases if pattern.search(said)), "")
