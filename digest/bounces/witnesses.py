"""Which of the words in a report to believe: a server's own, a session's, or what the writer makes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, takewhile

from digest.bounces.opening import Opened
from digest.bounces.reasons import REPLY, STATUS, Finding, judge

# What was said last before the refusal, as those who report it put it: a refusal to RCPT is about the recipient.
STAGES = {
    "rcpt": re.compile(r"(?<!need )\brcpt (?:to|command)\b|does not like recipient|\(state 14\)", re.IGNORECASE),
    "mail": re.compile(
        r"(?:after|in reply to) (?:mail from|initial connection|ehlo|helo)|sender was rejected", re.IGNORECASE
    ),
    "data": re.compile(r"^>>> DATA|end of data|after data|after i sent|\(state 1[5-8]\)", re.IGNORECASE | re.MULTILINE),
}
# One reply among the lines of a session.
NEW_REPLY = re.compile(r"^\s*(?:<<<|>>>|[245]\d\d[ -]|[\"<][^\s@]{1,64}@[^\s@\">]{1,255}[\">]:\s*$|$)")
NO_MAILBOX = re.compile(r"550[ -].{0,20}requested action not taken: mailbox (?:unavailable|not found)", re.IGNORECASE)
MOST_REPLIES, LINES_OF_REPLY, LONGEST_REPLY = 15, 12, 1_500


def weighed(message: Opened, diagnostic: str = "", status: str = "") -> Finding:
    """Find why by the surest witness: the server's own words, then the session, then what the writer says of it."""
    witnesses = [diagnostic, *_replies(message.text), message.text]
    findings = [judge(words, status) for words in witnesses if words.strip()] or [judge("", status)]
    found = next((finding for finding in findings if finding.sure), findings[0])
    stage = _stage(f"{message.text}\n{message.returned[:2000]}\n{diagnostic}")
    # RFC 5321 gives these words to every refusal, and a recipient nobody knows is what it means when said to RCPT.
    if found.reason == "refused" and stage == "rcpt" and NO_MAILBOX.search(diagnostic or message.text):
        found = replace(found, reason="no-such-user")
    return replace(found, stage=stage)


def _stage(text: str) -> str:
    return next((stage for stage, said in STAGES.items() if said.search(text)), "")


def _replies(text: str) -> Iterator[str]:
    """Each reply of a server quoted in a text, its lines joined."""
    lines = [line.strip() for line in text.splitlines()]
    begins = (number for number, line in enumerate(lines) if REPLY.search(line + " ") or STATUS.match(line))
    for number in islice(begins, MOST_REPLIES):
        more = takewhile(lambda line: not NEW_REPLY.match(line), lines[number + 1 : number + LINES_OF_REPLY])
        yield " ".join([lines[number], *more])[:LONGEST_REPLY]
