"""The only IMAP: empties the mailbox to which mails, complaints and wishes to leave come back. Judges nothing."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from digest.logs import get_logger
from digest.settings.servers import Mailbox

__all__ = ["Mailbox", "MailboxAway", "empty", "look_in"]

log = get_logger()

SECONDS_FOR_A_REPLY = 60.0
# As many as a task can take in well below its turn on the timetable; the others wait for the next one.
MOST_AT_ONCE = 500


class MailboxAway(Exception):
    """The mailbox cannot be used; what is in it waits."""


def empty(mailbox: Mailbox, take: Callable[[bytes], bool], most_bytes: int, most: int = MOST_AT_ONCE) -> int:
    """Hand each message to `take`, up to so many bytes of it, and delete those it returns True for; return how many.

    The others, and what the server cannot give, are flagged and stay for a person: no message is looked at twice.
    Raises MailboxAway, and whatever `take` raises: then that message and the rest wait for the next time.
    """
    taken = 0
    try:
        with _opened(mailbox) as imap:
            for number in _waiting(imap)[:most]:
                content = _fetched(imap, number, most_bytes)
                done = content is not None and take(content)
                _mark(imap, number, r"\Deleted" if done else r"\Flagged")
                taken += done
            imap.expunge()
    except (imaplib.IMAP4.error, OSError) as error:
        raise _away(mailbox, error) from error
    return taken


def look_in(mailbox: Mailbox) -> int:
    """Count the messages that wait. Raises MailboxAway."""
    try:
        with _opened(mailbox) as imap:
            return len(_waiting(imap))
    except (imaplib.IMAP4.error, OSError) as error:
        raise _away(mailbox, error) from error


def _away(mailbox: Mailbox, error: Exception) -> MailboxAway:
    return MailboxAway(f"cannot read {mailbox}: {error} (DIGEST_BOUNCE_MAILBOX_URL)")


@contextmanager
def _opened(mailbox: Mailbox) -> Iterator[imaplib.IMAP4]:
    trusted = ssl.create_default_context()
    imap = (
        imaplib.IMAP4_SSL(mailbox.host, mailbox.port, ssl_context=trusted, timeout=SECONDS_FOR_A_REPLY)
        if mailbox.tls
        else imaplib.IMAP4(mailbox.host, mailbox.port, timeout=SECONDS_FOR_A_REPLY)
    )
    try:
        if mailbox.starttls:
            imap.starttls(ssl_context=trusted)
        imap.login(mailbox.username, mailbox.password)
        _ok(imap.select(f'"{mailbox.folder}"'))
        yield imap
    finally:
        with suppress(imaplib.IMAP4.error, OSError):
            imap.logout()


def _waiting(imap: imaplib.IMAP4) -> list[str]:
    [found, *_] = _ok(imap.uid("SEARCH", "UNDELETED UNFLAGGED"))
    return found.decode().split() if isinstance(found, bytes) else []


def _fetched(imap: imaplib.IMAP4, number: str, most_bytes: int) -> bytes | None:
    """The beginning of a message, without marking it as read; None if the server cannot give it."""
    try:
        answers = _ok(imap.uid("FETCH", number, f"(BODY.PEEK[]<0.{most_bytes}>)"))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as error:
        log.warning("returned.unfetchable", message=number, error=str(error))
        return None
    return next((answer[1] for answer in answers if isinstance(answer, tuple)), None)


def _mark(imap: imaplib.IMAP4, number: str, flag: str) -> None:
    _ok(imap.uid("STORE", number, "+FLAGS", f"({flag})"))


def _ok(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    status, found = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"the server answered {status}: {found}")
    return found
