"""What standard reports say: complaints, what Amazon notifies, and delivery reports. Whom, why, and whose fault."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from email.message import Message
from typing import Any

from digest.bounces.addressees import addresses, returned_to
from digest.bounces.opening import Opened, header_of
from digest.bounces.reasons import STATUS, Finding, judge
from digest.bounces.signs import speaks_of_failure
from digest.bounces.witnesses import weighed
from digest.domain import Verdict, VerdictKind

# RFC 5965 7.3 and RFC 6430: what those who report mean.
COMPLAINTS = {
    "abuse": VerdictKind.COMPLAINT,
    "fraud": VerdictKind.COMPLAINT,
    "miscategorized": VerdictKind.COMPLAINT,
    "complaint": VerdictKind.COMPLAINT,
    # These are in no RFC, and sent all the same.
    "spam": VerdictKind.COMPLAINT,
    "junk": VerdictKind.COMPLAINT,
    "abuse-report": VerdictKind.COMPLAINT,
    "not-spam": VerdictKind.NOT_SPAM,
    "opt-out": VerdictKind.UNSUBSCRIBE,
    "opt-out-list": VerdictKind.UNSUBSCRIBE,
    "auth-failure": VerdictKind.SENDER_FAULT,
    "dkim": VerdictKind.SENDER_FAULT,
    "virus": VerdictKind.SENDER_FAULT,
}

# How complaints look that have no part of their own for it.
HOTMAIL = re.compile(r"complaint about message from", re.IGNORECASE)
COMPLAINT = re.compile(
    r"\b(?:abuse|spam|junk|complaint|unsolicited)\b.{0,30}\b(?:report|complaint|feedback|notification)"
    r"|e-?mail feedback report|feedback[- ]loop|^\W{0,3}spamcop|\breported as (?:spam|junk|abuse)"
    r"|marked as (?:spam|junk)"
    r"|\bspam(?:ming)? complaint",
    re.IGNORECASE,
)
FEEDBACK_LOOP = re.compile(
    r"\bscomp@|@reports\.spamcop\.net|\bfbl[@-]|feedback-?loop|\bcomplaints?@|abuse-report", re.IGNORECASE
)
REDACTED = re.compile(r"(?:redacted|undisclosed|hidden|removed|anonym)", re.IGNORECASE)


def complaint(message: Opened) -> Verdict | None:
    """Read a complaint: in the Abuse Reporting Format (RFC 5965), or a forwarded mail with a subject that says so."""
    feedback = message.feedback
    if feedback is None:
        return Verdict(VerdictKind.COMPLAINT, _complained_of(message), "abuse") if _complains(message) else None
    # One that does not say what it is about comes from a loop for complaints.
    kind = header_of(feedback, "Feedback-Type").lower() or header_of(feedback, "Abuse-Type").lower() or "abuse"
    named = feedback.get_all("Original-Rcpt-To", []) + feedback.get_all("Removal-Recipient", [])
    who = addresses(str(name) for name in named) or _complained_of(message)
    return Verdict(COMPLAINTS.get(kind, VerdictKind.NONE), who, kind if kind in COMPLAINTS else "other")


def _complains(message: Opened) -> bool:
    """Whether a mail without a part for it complains, as Hotmail's, SpamCop's and old loops do with the mail."""
    by_loop = FEEDBACK_LOOP.search(message.header("From")) or COMPLAINT.search(message.header("Subject"))
    old = HOTMAIL.match(message.header("Subject"))
    return bool(old or (by_loop and message.returned.strip() and not speaks_of_failure(message)))


def _complained_of(message: Opened) -> tuple[str, ...]:
    """Whom the mail was for; many loops black the address out, and the token in the mail must do."""
    return tuple(one for one in returned_to(message) if not REDACTED.match(one))


def notification(message: Opened) -> Verdict | None:
    """Read what Amazon SES says in JSON, by mail (SNS)."""
    try:
        text = message.said.replace("\n", "")
        said = json.loads(text[text.index("{") : text.rindex("}") + 1])
        said = json.loads(said["Message"]) if "Message" in said else said
        kind = said.get("notificationType") or said.get("eventType")
        return _notified(str(kind), said[str(kind).lower()])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _notified(kind: str, said: Mapping[str, Any]) -> Verdict | None:
    if kind == "Complaint":
        feedback = str(said.get("complaintFeedbackType") or "abuse")
        who = addresses(one["emailAddress"] for one in said["complainedRecipients"])
        return Verdict(
            COMPLAINTS.get(feedback, VerdictKind.COMPLAINT), who, feedback if feedback in COMPLAINTS else "abuse"
        )
    if kind != "Bounce":
        return Verdict(VerdictKind.NONE, addresses(said["recipients"]), "delivered") if kind == "Delivery" else None
    bounced = said["bouncedRecipients"]
    found = judge(str(bounced[0].get("diagnosticCode", "")), str(bounced[0].get("status", "")))
    return Verdict(found.kind, addresses(one["emailAddress"] for one in bounced), found.reason, found.status)


def delivery_report(message: Opened) -> Verdict | None:
    """Read a delivery report (RFC 3464). Where recipients fared differently, the first who failed counts."""
    failed = [block for block in message.blocks if _action(block) == "failed"]
    if failed:
        found = [(block, _why(message, block)) for block in failed]
        first = found[0][1]
        same = [_recipient(block) for block, finding in found if finding.kind is first.kind]
        return Verdict(first.kind, addresses(same) or returned_to(message), first.reason, first.status)
    for action, kind in (("delayed", VerdictKind.DELAYED), ("delivered", VerdictKind.NONE)):
        these = [block for block in message.blocks if _action(block) == action]
        if these:
            finding = _why(message, these[0])
            reason = finding.reason if kind is VerdictKind.DELAYED else "delivered"
            return Verdict(kind, addresses(map(_recipient, these)), reason, finding.status)
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
    return weighed(message, diagnostic, named[0] if named else "")
