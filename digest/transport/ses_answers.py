"""What Amazon SES answers, in the words of an SMTP relay: so that the same follows from them. Pure.

Its errors are those of `SendEmail` in the API reference, and the errors that all of Amazon's services share.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from aiosmtplib import SMTPResponseException

from digest import bounces
from digest.domain import Verdict
from digest.transport.senders import Reply, Unclear

ACCEPTED, LONGEST_MESSAGE = 200, 500
CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\s]+")
NAME = re.compile(r"[A-Za-z]{1,80}")
ID = re.compile(r"[\w.-]{1,200}", re.ASCII)

BUSY, QUOTA, ACCOUNT, SENDER = "450 4.3.2", "454 4.7.0 daily quota exceeded", "554 5.7.750", "554 5.1.8"
SIGN_IN, CONTENT, REQUEST = "535 5.7.8", "554 5.6.0", "501 5.5.4"
# What each error means for us. One that is not here is the relay's trouble: its mails wait, and none is lost.
MEANS = {
    "TooManyRequestsException": BUSY,
    "Throttling": BUSY,
    "ThrottlingException": BUSY,
    "LimitExceededException": QUOTA,
    "AccountSuspendedException": ACCOUNT,
    "SendingPausedException": ACCOUNT,
    "AccountSendingPausedException": ACCOUNT,
    "ConfigurationSetSendingPausedException": ACCOUNT,
    "NotFoundException": ACCOUNT,
    "MailFromDomainNotVerifiedException": SENDER,
    "MessageRejected": CONTENT,
    "BadRequestException": REQUEST,
    "AccessDenied": SIGN_IN,
    "AccessDeniedException": SIGN_IN,
    "ExpiredToken": SIGN_IN,
    "ExpiredTokenException": SIGN_IN,
    "IncompleteSignature": SIGN_IN,
    "IncompleteSignatureException": SIGN_IN,
    "InvalidClientTokenId": SIGN_IN,
    "InvalidSignatureException": SIGN_IN,
    "MissingAuthenticationToken": SIGN_IN,
    "MissingAuthenticationTokenException": SIGN_IN,
    "NotAuthorized": SIGN_IN,
    "OptInRequired": SIGN_IN,
    "RequestExpired": SIGN_IN,
    "SignatureDoesNotMatch": SIGN_IN,
    "UnrecognizedClientException": SIGN_IN,
}
# Where there is no such name: a proxy's answer, or one from before the service.
STATUSES = {401: SIGN_IN, 403: SIGN_IN, 413: "552 5.3.4"}
# What one error says of several things.
NOT_VERIFIED = re.compile(r"not verified|not authorized|sandbox", re.IGNORECASE)
PAUSED = re.compile(r"paused|suspended|shut ?down|disabled for", re.IGNORECASE)
A_DAY = re.compile(r"daily|quota|24.?hour", re.IGNORECASE)
# Who says so stands between us and SES, and does not know what became of the request.
OF_A_GATEWAY = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer over HTTP: its status, the name of the error in its header, its body."""

    status: int
    error: str
    body: bytes

    @property
    def fields(self) -> dict[str, object]:
        """What the body says; nothing where it is no JSON object."""
        try:
            read = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def name(self) -> str:
        """The error's name: `MessageRejected` of `com.amazonaws.ses#MessageRejected:http://…`, as header or field."""
        given = self.error or str(self.fields.get("__type") or self.fields.get("code") or "")
        found = NAME.fullmatch(given.partition(":")[0].rpartition("#")[2].strip())
        return found[0] if found else ""

    @property
    def message(self) -> str:
        """What it says for people, in one line."""
        fields = self.fields
        text = fields.get("message") or fields.get("Message")
        return CONTROLS.sub(" ", text).strip()[:LONGEST_MESSAGE] if isinstance(text, str) else ""


def reply_of(answer: Answer) -> Reply:
    """The reply of a relay that took it, with SES's id of the mail.

    Raises SMTPResponseException with a refusal, and Unclear.
    """
    if answer.status // 100 == 2:
        given = answer.fields.get("MessageId")
        if not (isinstance(given, str) and ID.fullmatch(given)):
            raise Unclear(f"HTTP {answer.status} without an id")
        return Reply(ACCEPTED, given)
    if answer.status in OF_A_GATEWAY:
        raise Unclear(f"HTTP {answer.status} from a gateway")
    raise SMTPResponseException(*_refusal(answer))


def refusal(answer: Answer) -> str:
    """A refusal in one line."""
    code, words = _refusal(answer)
    return f"{code} {words}"


def _refusal(answer: Answer) -> tuple[int, str]:
    """Code and words. What SES says is kept for the operator, unless that would be judged as something else."""
    meaning = _meaning(answer)
    named = f"{meaning} {answer.name or f'HTTP {answer.status}'}"
    told = f"{named}: {answer.message}" if answer.message else named
    words = next(words for words in (told, named, meaning) if _judged(words) == _judged(meaning))
    return int(words[:3]), words[4:]


def _judged(words: str) -> tuple[Verdict, bounces.Trouble]:
    return bounces.of_reply(words), bounces.trouble_of_reply(words)


def _meaning(answer: Answer) -> str:
    said, known = answer.message, MEANS.get(answer.name)
    if answer.status >= 500 or (known is None and answer.status not in STATUSES):
        return BUSY
    if answer.status == 429 or known == BUSY:
        return QUOTA if A_DAY.search(said) else BUSY
    if known in (CONTENT, REQUEST) and (NOT_VERIFIED.search(said) or PAUSED.search(said)):
        return ACCOUNT
    return known or STATUSES[answer.status]
