"""The only IMAP: empties the mailbox to which mails, complaints and wishes to leave come back. Judges nothing."""

from __future__ import annotations

import imaplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from digest.logs import get_logger
from digest.settings.servers import Mailbox
from digest.transport.imap import Patience, Session, TooLong, connect, folder_name, quoted

__all__ = ["Emptied", "Mailbox", "MailboxAway", "Memory", "Take", "empty", "look_in", "pick_out"]

log = get_logger()

# One look has four minutes, of the five until the next; what is not reached waits for that.
PATIENCE = Patience()
# No message is begun when less than this is left: the judge has ten seconds, and the database some more.
SECONDS_A_MESSAGE = 20.0
# As many as a task can take in well below its turn on the timetable; the others wait for the next one.
MOST_AT_ONCE = 500


class MailboxAway(Exception):
    """The mailbox cannot be used; what is in it waits."""


@dataclass(frozen=True, slots=True)
class Emptied:
    """What one look did: messages taken and deleted, and those that still wait for the next look."""

    taken: int
    left: int


Take = Callable[[bytes], bool]


class Memory:
    """What is known of a mailbox's messages from earlier looks. This one knows nothing, and trusts the flags."""

    def known(self, validity: str, waiting: Sequence[str]) -> Mapping[str, bool]:
        """Of those that wait, which were taken before, and whether they were to be deleted."""
        return {}

    def take_once(self, number: str, content: bytes | None, take: Take) -> bool:
        """Hand on a message, if it was not before; what cannot be given, None, is handed to nobody."""
        return content is not None and take(content)


TRUSTING = Memory()


def empty(
    mailbox: Mailbox,
    take: Take,
    most_bytes: int,
    most: int = MOST_AT_ONCE,
    patience: Patience = PATIENCE,
    memory: Memory = TRUSTING,
) -> Emptied:
    """Hand each message to `take`, up to so many bytes of it, and delete those it returns True for.

    The others, and what the server cannot give, are flagged and stay for a person: no message is looked at twice, and
    none that ends this process is met again. A server may say OK and keep no flags: those that `memory` knows are
    flagged again, and no more. Raises MailboxAway, and whatever `take` raises: then that message and the rest wait for
    the next time.
    """
    taken = looked_at = 0
    number = ""
    try:
        with _opened(mailbox, replace(patience, literal_bytes=most_bytes)) as imap:
            waiting = _new(imap, memory, most)
            for number in waiting[:most]:
                if imap.seconds_left < min(SECONDS_A_MESSAGE, patience.seconds / 2):
                    break
                taken += _taken(imap, number, partial(memory.take_once, number, take=take), most_bytes)
                looked_at += 1
            imap.expunge()
    except TooLong as error:
        memory.take_once(number, None, take)
        _left_to_a_person(mailbox, patience, number)
        raise _away(mailbox, error) from error
    except (imaplib.IMAP4.error, OSError) as error:
        raise _away(mailbox, error) from error
    return Emptied(taken, len(waiting) - looked_at)


def _new(imap: Session, memory: Memory, most: int) -> list[str]:
    """Those that wait and were never taken. The others get their flags once more: some server may have lost them."""
    [validity, *_] = imap.response("UIDVALIDITY")[1] or [None]
    waiting = _waiting(imap)
    known = memory.known(validity.decode("ascii", "replace") if isinstance(validity, bytes) else "", waiting)
    for flag, done in ((r"\Deleted", True), (r"\Flagged", False)):
        if numbers := [number for number in waiting if known.get(number) is done][:most]:
            _mark(imap, ",".join(numbers), f"+FLAGS ({flag})")
    return [number for number in waiting if number not in known]


def _left_to_a_person(mailbox: Mailbox, patience: Patience, number: str) -> None:
    """Flag what ended a session, in a new one: the next look shall not end at the same message."""
    with suppress(imaplib.IMAP4.error, OSError), _opened(mailbox, patience) as imap:
        _mark(imap, number, r"+FLAGS (\Flagged)")


def look_in(mailbox: Mailbox, patience: Patience = PATIENCE) -> int:
    """Count the messages that wait. Raises MailboxAway."""
    try:
        with _opened(mailbox, patience) as imap:
            return len(_waiting(imap))
    except (imaplib.IMAP4.error, OSError) as error:
        raise _away(mailbox, error) from error


def pick_out(mailbox: Mailbox, header: str, value: str, patience: Patience = PATIENCE) -> bool:
    """Find and delete the message with this header, whoever has looked at it before. Raises MailboxAway."""
    try:
        with _opened(mailbox, patience) as imap:
            [found, *_] = _ok(imap.uid("SEARCH", f'UNDELETED HEADER {header} "{value}"'))
            numbers = found.decode("ascii", "replace").split() if isinstance(found, bytes) else []
            for number in numbers:
                _mark(imap, number, r"+FLAGS (\Deleted)")
            if numbers:
                imap.expunge()
            return bool(numbers)
    except (imaplib.IMAP4.error, OSError) as error:
        raise _away(mailbox, error) from error


def _away(mailbox: Mailbox, error: Exception) -> MailboxAway:
    # Some servers repeat the command that they refuse.
    said = str(error).replace(mailbox.password or "\n", "…")
    return MailboxAway(f"cannot read {mailbox}: {said} (DIGEST_BOUNCE_MAILBOX_URL)")


@contextmanager
def _opened(mailbox: Mailbox, patience: Patience) -> Iterator[Session]:
    imap = connect(mailbox, patience)
    try:
        imap.login(quoted(mailbox.username), mailbox.password)
        _ok(imap.select(folder_name(mailbox.folder)))
        yield imap
        # Not after a failure: what is broken would be waited for once more.
        with suppress(imaplib.IMAP4.error, OSError):
            imap.logout()
    finally:
        with suppress(OSError):
            imap.shutdown()


def _waiting(imap: Session) -> list[str]:
    [found, *_] = _ok(imap.uid("SEARCH", "UNDELETED UNFLAGGED"))
    return found.decode("ascii", "replace").split() if isinstance(found, bytes) else []


def _taken(imap: Session, number: str, take: Callable[[bytes | None], bool], most_bytes: int) -> bool:
    """Flag a message, then hand it on: should it end this process, the next one leaves it to a person."""
    content = _fetched(imap, number, most_bytes)
    try:
        _mark(imap, number, r"+FLAGS (\Flagged)")
        done = take(content)
    except BaseException:
        with suppress(imaplib.IMAP4.error, OSError):
            _mark(imap, number, r"-FLAGS (\Flagged)")
        raise
    if done:
        _mark(imap, number, r"+FLAGS (\Deleted)")
    return done


def _fetched(imap: Session, number: str, most_bytes: int) -> bytes | None:
    """The beginning of a message, without marking it as read; None if the server cannot give it."""
    try:
        answers = _ok(imap.uid("FETCH", number, f"(BODY.PEEK[]<0.{most_bytes}>)"))
    except imaplib.IMAP4.abort as error:
        if imap.met_too_long:
            raise TooLong(str(error)) from error
        raise
    except imaplib.IMAP4.error as error:
        log.warning("returned.unfetchable", message=number, error=str(error))
        return None
    return next((answer[1] for answer in answers if isinstance(answer, tuple)), None)


def _mark(imap: Session, number: str, change: str) -> None:
    _ok(imap.uid("STORE", number, *change.split(" ", 1)))


def _ok(answer: tuple[str, Sequence[Any]]) -> Sequence[Any]:
    status, found = answer
    if status != "OK":
        raise imaplib.IMAP4.error(f"the server answered {status}: {str(found)[:200]}")
    return found
