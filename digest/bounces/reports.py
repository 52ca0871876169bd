"""Who a report is about and what it says of them: delivery reports, complaints, and notices that follow no standard."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from email.message import Message
from email.utils import getaddresses, parseaddr
from itertools import islice, takewhile
from typing import Any

from flufl.bounce import all_failures

from digest.bounces.opening import Opened, header_of
from digest.bounces.reasons import REPLY, STATUS, Finding, judge
from digest.bounces.signs import speaks_of_failure, still_trying
from digest.domain import Verdict, VerdictKind

# RFC 5965 7.3 and RFC 6430: what those who report mean.
COMPLAINTS = {
    "abuse": VerdictKind.COMPLAINT,
    "fraud": VerdictKind.COMPLAINT,
    "miscategorized": VerdictKind.COMPLAINT,
    "complaint": VerdictKind.COMPLAINT,
    "not-spam": VerdictKind.NOT_SPAM,
    "opt-out": VerdictKind.UNSUBSCRIBE,
    "opt-out-list": VerdictKind.UNSUBSCRIBE,
    "auth-failure": VerdictKind.SENDER_FAULT,
    "dkim": VerdictKind.SENDER_FAULT,
    "virus": VerdictKind.SENDER_FAULT,
}
# What was said last before the refusal, as those who report it put it: a refusal to RCPT is about the recipient.
STAGES = {
    "rcpt": re.compile(r"(?<!need )\brcpt (?:to|command)\b|does not like recipient|\(state 14\)", re.IGNORECASE),
    "mail": re.compile(
        r"(?:after|in reply to) (?:mail from|initial connection|ehlo|helo)|sender was rejected", re.IGNORECASE
    ),
    "data": re.compile(r"^>>> DATA|end of data|after data|after i sent|\(state 1[5-8]\)", re.IGNORECASE | re.MULTILINE),
}
# One reply among the lines of a session.
NEW_REPLY = re.compile(r"^\s*(?:<<<|>>>|[245]\d\d[ -]|[\"<]\S+@\S+[\">]:\s*$|$)")
MOST_REPLIES, LINES_OF_REPLY = 20, 12
# An address on a line of its own, however it is set off.
LONE_ADDRESS = re.compile(r"^[^\w\n]*([\w.+=~-]+@[\w.-]+\w)(?:[^\w\n]*$|: )", re.MULTILINE)
logging.getLogger("flufl.bounce").setLevel(logging.CRITICAL)


def complaint(message: Opened) -> Verdict | None:
    """Read a complaint in the Abuse Reporting Format (RFC 5965), or in Hotmail's older one."""
    feedback = message.feedback
    if feedback is None:
        old = re.match(r"complaint about message from", message.header("Subject"), re.IGNORECASE)
        return Verdict(VerdictKind.COMPLAINT, _returned_to(message), "abuse") if old else None
    kind = header_of(feedback, "Feedback-Type").lower() or header_of(feedback, "Abuse-Type").lower()
    named = feedback.get_all("Original-Rcpt-To", []) + feedback.get_all("Removal-Recipient", [])
    who = _addresses(str(name) for name in named) or _returned_to(message)
    return Verdict(COMPLAINTS.get(kind, VerdictKind.NONE), who, kind if kind in COMPLAINTS else "other")


def notification(message: Opened) -> Verdict | None:
    """Read what Amazon SES says in JSON, by mail (SNS)."""
    try:
        text = message.text.replace("\n", "")
        said = json.loads(text[text.index("{") : text.rindex("}") + 1])
        said = json.loads(said["Message"]) if "Message" in said else said
        kind = said.get("notificationType") or said.get("eventType")
        return _notified(str(kind), said[str(kind).lower()])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _notified(kind: str, said: Mapping[str, Any]) -> Verdict | None:
    if kind == "Complaint":
        feedback = str(said.get("complaintFeedbackType") or "abuse")
        who = _addresses(one["emailAddress"] for one in said["complainedRecipients"])
        return Verdict(
            COMPLAINTS.get(feedback, VerdictKind.COMPLAINT), who, feedback if feedback in COMPLAINTS else "abuse"
        )
    if kind != "Bounce":
        return Verdict(VerdictKind.NONE, _addresses(said["recipients"]), "delivered") if kind == "Delivery" else None
    bounced = said["bouncedRecipients"]
    found = judge(str(bounced[0].get("diagnosticCode", "")), str(bounced[0].get("status", "")))
    return Verdict(found.kind, _addresses(one["emailAddress"] for one in bounced), found.reason, found.status)


def delivery_report(message: Opened) -> Verdict | None:
    """Read a delivery report (RFC 3464). Where recipients fared differently, the first who failed counts."""
    failed = [block for block in message.blocks if _action(block) == "failed"]
    if failed:
        found = [(block, _why(message, block)) for block in failed]
        first = found[0][1]
        same = [_recipient(block) for block, finding in found if finding.kind is first.kind]
        return Verdict(first.kind, _addresses(same) or _returned_to(message), first.reason, first.status)
    for action, kind in (("delayed", VerdictKind.DELAYED), ("delivered", VerdictKind.NONE)):
        these = [block for block in message.blocks if _action(block) == action]
        if these:
            finding = _why(message, these[0])
            reason = finding.reason if kind is VerdictKind.DELAYED else "delivered"
            return Verdict(kind, _addresses(map(_recipient, these)), reason, finding.status)
    return None


def _action(block: Message) -> str:
    """`failed`, `delayed`, or `delivered` for whatever went on (RFC 3464, 2.3.3); nothing said means it failed."""
    said = header_of(block, "Action").lower()
    if said.startswith("delay"):
        return "delayed"
    return "failed" if not said or said.startswith(("fail", "error")) else "delivered"


def _recipient(block: Message) -> str:
    """Whom we wrote to, not where it was forwarded; without the kind of address before it (RFC 3464, 2.3.1)."""
    said = header_of(block, "Original-Recipient") or header_of(block, "Final-Recipient")
    return said.partition(";")[2] or said


def _why(message: Opened, block: Message) -> Finding:
    named = STATUS.search(header_of(block, "Status"))
    diagnostic = re.sub(r"^[\w-]+ ?; ?", "", header_of(block, "Diagnostic-Code"))
    return _weighed(message, diagnostic, named[0] if named else "")


def _weighed(message: Opened, diagnostic: str = "", status: str = "") -> Finding:
    """Find why by the surest witness: the server's own words, then the session, then what the writer says of it."""
    witnesses = [diagnostic, *_replies(message.text), message.text]
    findings = [judge(words, status) for words in witnesses if words.strip()] or [judge("", status)]
    found = next((finding for finding in findings if finding.sure), findings[0])
    return replace(found, stage=_stage(f"{message.text}\n{message.returned[:2000]}\n{diagnostic}"))


def _stage(text: str) -> str:
    return next((stage for stage, said in STAGES.items() if said.search(text)), "")


def _replies(text: str) -> Iterator[str]:
    """Each reply of a server quoted in a text, its lines joined."""
    lines = [line.strip() for line in text.splitlines()]
    begins = (number for number, line in enumerate(lines) if REPLY.search(line + " ") or STATUS.match(line))
    for number in islice(begins, MOST_REPLIES):
        more = takewhile(lambda line: not NEW_REPLY.match(line), lines[number + 1 : number + LINES_OF_REPLY])
        yield " ".join([lines[number], *more])


def failure_notice(message: Opened) -> Verdict | None:
    """Read a notice that follows no standard: flufl.bounce knows many who write them."""
    temporary, permanent = _failures(message.message)
    who = _addresses([*sorted(permanent), *sorted(temporary)]) or _addresses([message.header("X-Failed-Recipients")])
    found = _weighed(message)
    if not (who or speaks_of_failure(message) or (message.attached and found.sure and not _answers(message))):
        return None
    who = who or _addresses(LONE_ADDRESS.findall(message.text)) or _returned_to(message)
    if not who and found.reason == "unknown":
        return None
    if still_trying(message) or (temporary and not permanent):
        return Verdict(VerdictKind.DELAYED, who, found.reason, found.status)
    return Verdict(found.kind, who, found.reason, found.status)


def _answers(message: Opened) -> bool:
    return bool(re.match(r"(?:re|aw|sv|fwd?) ?:", message.header("Subject"), re.IGNORECASE))


def _failures(message: Message) -> tuple[list[str], list[str]]:
    try:
        temporary, permanent = all_failures(message)
    except Exception:
        return [], []  # It breaks on some of what strangers send, each time in another way.
    return [one.decode() for one in temporary], [one.decode() for one in permanent]


def _returned_to(message: Opened) -> tuple[str, ...]:
    """Whom the returned mail was for, as its own header says, if it says of one alone."""
    line = re.search(r"^[>\s|]*(?:To|X-HmXmrOriginalRecipient): ?(.+)$", message.returned, re.MULTILINE | re.IGNORECASE)
    who = _addresses([line[1]]) if line else ()
    return who if len(who) == 1 else ()


def _addresses(names: Iterable[str]) -> tuple[str, ...]:
    """The addresses among these, each once, in their order."""
    found = (address for name in names for _, address in getaddresses([name.strip()]))
    return tuple(dict.fromkeys(parseaddr(one)[1] for one in found if re.fullmatch(r"[^\s@]+@[^\s@]+", one)))
