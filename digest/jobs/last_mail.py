"""What became of a reader's last mail, in a sentence the operator can pass on. Pure; invents nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from digest.domain import EPOCH, Breaker, Kind, State
from digest.store.history import PastMail, Returned

# What answers to anything else than the question where the digest is.
ON_THE_WAY = (State.QUEUED, State.SENDING, State.DEFERRED)


def said(
    mails: Sequence[PastMail], returned: Iterable[Returned], breakers: Mapping[str, Breaker], now: datetime
) -> str:
    """Say it of the newest mail that had something to bring; empty if there is none."""
    mail = next((one for one in mails if one.state is not State.SKIPPED), None)
    if mail is None:
        return ""
    back = next((one for one in returned if one.delivery_id == mail.id), None)
    name = f"the {_name(mail)} of {_moment(mail.due_at)}"
    return f"{name} {_fate(mail, back, breakers, now)}"


def _fate(mail: PastMail, back: Returned | None, breakers: Mapping[str, Breaker], now: datetime) -> str:
    if mail.state in ON_THE_WAY:
        return _waiting(mail, breakers, now)
    if back:
        return f"came back: {back.kind}, {back.reason or 'no reason given'} {back.status}".rstrip()
    return {
        State.SENT: f"was taken by the relay at {_moment(mail.tried_at)} ({mail.reason or 'without a reply text'}); "
        "its log says where it went, and the reader can check their spam folder",
        State.FAILED: f"was refused for good: {mail.reason or 'no reason given'}",
        State.UNCERTAIN: "may have arrived: the relay was given it and never answered (whether it goes once more is "
        "`DIGEST_RESEND_UNCERTAIN`)",
    }[mail.state]


def _waiting(mail: PastMail, breakers: Mapping[str, Breaker], now: datetime) -> str:
    if mail.state is State.SENDING:
        return "is with a worker that sends it now, or gives it back within minutes"
    resting = [one for name, one in sorted(breakers.items()) if name.startswith("relay ") and one.until > now]
    if resting:
        why = "; ".join(f"the {one.name} is left alone until {one.until:%H:%M} UTC: {one.reason}" for one in resting)
        return f"waits: {why}"
    if mail.reason and mail.next_attempt_at > now:
        return f"waits, and goes again at {_moment(mail.next_attempt_at)}: {mail.reason}"
    return f"goes with the next round, within a minute{f': {mail.reason}' if mail.reason else ''}"


def _name(mail: PastMail) -> str:
    return {Kind.CONFIRM: "mail to confirm", Kind.DIGEST: "digest"}.get(Kind(mail.kind), f"mail `{mail.kind}`")


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment and moment > EPOCH else "an unknown time"
