"""Signed links and addresses: the mail is the key. Each format is made and read here, and nowhere else.

A reader is named by a random key of their own, never by a number: whatever is restored or imported, a link finds the
reader it was made for, or nobody. Refuses to store anything and to say why a token is bad; `readers.access` decides
what a true one opens.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm

from digest.signing import Secret

# Long enough for a holiday, short enough for privacy: who has not confirmed by then is forgotten.
CONFIRM_WITHIN = timedelta(days=7)
# The longest token of ours has some 110 characters, 40 of them a paper's id; what is far longer is not worth a look.
LONGEST_TOKEN = 120
MINUTE = 60
# Of 160 bits, what is enough: the local part of an address has at most 64 octets (RFC 5321, 4.5.3.1.1).
SIGNED_OCTETS = 16
# What is not drawn by us: the longest number PostgreSQL gives a row.
NUMBER = r"[0-9]{1,18}"
# A reader's key, as the database draws it. No number begins like this.
KEY = "k[0-9a-f]{16}"

# A paper's id, where it needs no quoting, with "~" for "/", which would end the token.
PAPER = r"[A-Za-z0-9][A-Za-z0-9._:~-]{0,39}"

BOUNCE_TOKEN = re.compile(
    rf"bounce\+({KEY}\.[0-9a-f]{{1,16}}\.[a-z2-7]{{26}}|[0-9a-f]{{1,16}}\.[0-9a-f]{{1,16}}\.[a-z2-7]{{32}})@",
    re.IGNORECASE,
)
UNSUBSCRIBE_TOKEN = re.compile(r"(?:/unsubscribe/|unsubscribe\+)([\w.-]{10,100})", re.ASCII | re.IGNORECASE)
MESSAGE_ID = re.compile(rf"<[a-z]+\.({NUMBER})\.\d{{14}}@", re.ASCII)


class Purpose(StrEnum):
    """What a link is for: the salt of its signature and its place under the base URL.

    A view, a confirmation, a change of address and new topics name a delivery too; so does feedback, and perhaps a
    paper in it.
    """

    CONFIRM = "confirm"
    MOVE = "address"
    TOPICS = "topics"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VIEW = "digest"
    FEEDBACK = "feedback"
    SAVED = "saved"


# Whoever does not answer these in time has declined.
PASSING = (Purpose.CONFIRM, Purpose.MOVE, Purpose.TOPICS)
OF_A_DELIVERY = (Purpose.VIEW, Purpose.FEEDBACK, *PASSING)
# What is signed: for a reader, for a delivery of theirs, and for one that waits for an answer.
OF_A_READER = re.compile(rf"(?P<key>{KEY}|{NUMBER})", re.ASCII)
SIGNED = {
    Purpose.VIEW: re.compile(rf"(?:(?P<key>{KEY})\.)?({NUMBER})", re.ASCII),
    Purpose.FEEDBACK: re.compile(rf"(?P<key>{KEY})\.({NUMBER})(?:\.(?P<paper>{PAPER}))?", re.ASCII),
    **dict.fromkeys(PASSING, re.compile(rf"(?:(?P<key>{KEY})\.)?({NUMBER})\.([0-9]{{1,9}})", re.ASCII)),
}


@dataclass(frozen=True, slots=True)
class Named:
    """What a true token names.

    `key` is a reader's, or their number in a link made before readers had keys; empty where such a link names a
    delivery alone. `minute` is when a mail that waits for an answer was due, in minutes since 1970. `paper` is the id
    of the one that feedback is about.
    """

    key: str
    delivery_id: int = 0
    minute: int = 0
    paper: str = ""


class Links:
    """The links of one service. Keys come newest first: the newest signs, all are believed."""

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self.base_url = base_url.rstrip("/")
        # itsdangerous wants the newest key last. Its HMAC-SHA1 keeps a token short, and is not touched by the
        # collisions of bare SHA-1.
        oldest_first = list(reversed(keys))
        self._signers = {purpose: _signer(oldest_first, f"digest.{purpose}") for purpose in Purpose}
        self._newest = {purpose: _secret(keys[0], purpose) for purpose in Purpose}
        self._bounces = [_secret(key, "bounce") for key in keys]
        self._leaving = [_secret(key, Purpose.UNSUBSCRIBE) for key in keys]

    def confirm(self, key: str, delivery_id: int, now: datetime) -> str:
        """Make the link that confirms the subscription asked for at `now`, in the mail about it."""
        return self._url(Purpose.CONFIRM, self.token(Purpose.CONFIRM, key, delivery_id, now))

    def move(self, key: str, delivery_id: int, now: datetime) -> str:
        """Make the link by which a new address agrees, in the mail written at `now`."""
        return self._url(Purpose.MOVE, self.token(Purpose.MOVE, key, delivery_id, now))

    def topics(self, key: str, delivery_id: int, now: datetime) -> str:
        """Make the link by which a subscriber takes the topics they typed, in the mail written at `now`."""
        return self._url(Purpose.TOPICS, self.token(Purpose.TOPICS, key, delivery_id, now))

    def unsubscribe(self, key: str) -> str:
        return self._url(Purpose.UNSUBSCRIBE, self.token(Purpose.UNSUBSCRIBE, key))

    def preferences(self, key: str) -> str:
        return self._url(Purpose.PREFERENCES, self.token(Purpose.PREFERENCES, key))

    def view(self, key: str, delivery_id: int) -> str:
        return self._url(Purpose.VIEW, self.token(Purpose.VIEW, key, delivery_id))

    def feedback(self, key: str, delivery_id: int, paper: str = "") -> str:
        """Make the address of the page where a reader says what they make of a mail, or of a paper in it."""
        return self._url(Purpose.FEEDBACK, self.token(Purpose.FEEDBACK, key, delivery_id, paper=paper))

    def feedbacks(self, key: str, delivery_id: int) -> Callable[[str], str]:
        """Make many of these for one mail, in a third of the time: what they share is written and keyed once."""
        signed, start = self._newest[Purpose.FEEDBACK].signed, f"{key}.{delivery_id}."
        address = f"{self.base_url}/{Purpose.FEEDBACK}/"

        def one(paper: str) -> str:
            return address + signed(start + paper.replace("/", "~"))

        return one

    def saved(self, key: str) -> str:
        """Make the address of the page with the papers a reader keeps."""
        return self._url(Purpose.SAVED, self.token(Purpose.SAVED, key))

    def token(
        self, purpose: Purpose, key: str, delivery_id: int = 0, now: datetime | None = None, paper: str = ""
    ) -> str:
        """Sign a reader's key for a purpose, with the delivery and paper it is about, and the minute it was made in."""
        if purpose is Purpose.UNSUBSCRIBE:
            # It stands in an address, too, and some servers turn local parts to lower case.
            return _leaving(self._leaving[0], key)
        named = [key]
        if purpose in OF_A_DELIVERY:
            named.append(str(delivery_id))
        if purpose in PASSING and now:
            named.append(str(_minute(now)))
        if paper:
            named.append(paper.replace("/", "~"))
        return self._newest[purpose].signed(".".join(named))

    def read(
        self, purpose: Purpose, token: str, now: datetime | None = None, *, max_age: timedelta = CONFIRM_WITHIN
    ) -> Named | None:
        """Return what a token names, or None whatever is wrong with it. Those that expire need `now`."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        if purpose is Purpose.UNSUBSCRIBE and (leaving := self._read_leaving(token.lower())):
            return leaving
        try:
            signed = self._signers[purpose].unsign(token).decode()
        except BadSignature:
            return None
        if not _is_written_as_we_do(token):
            return None
        named = _named(purpose, signed)
        return named if named and (purpose not in PASSING or _is_fresh(named.minute, now, max_age)) else None

    def bounce_address(self, key: str, delivery_id: int, domain: str) -> str:
        """Make the envelope sender of one mail: where it comes back to says whose it was (VERP).

        Some servers turn local parts to lower case, so the signature is in base32: 62 octets for ids up to 2**40.
        """
        named = f"{key}.{delivery_id:x}"
        return f"bounce+{named}.{self._bounces[0].in_base32(named, SIGNED_OCTETS)}@{domain}"

    def read_bounce(self, token: str) -> Named | None:
        """Return whose mail and which delivery a bounce address is of, or None whatever is wrong with it."""
        token = token.lower()
        if not BOUNCE_TOKEN.fullmatch(f"bounce+{token}@"):
            return None
        named, _, signature = token.rpartition(".")
        if not _is_signed(self._bounces, named, signature):
            return None
        key, _, delivery_id = named.partition(".")
        return Named(key if key.startswith("k") else str(int(key, 16)), int(delivery_id, 16))

    def unsubscribe_address(self, key: str, domain: str) -> str:
        """Make the address to which a mail ends it; the token in it is that of the link."""
        return f"unsubscribe+{self.token(Purpose.UNSUBSCRIBE, key)}@{domain}"

    def _read_leaving(self, token: str) -> Named | None:
        key, _, signature = token.partition(".")
        is_ours = re.fullmatch(KEY, key, re.ASCII) and _is_signed(self._leaving, key, signature)
        return Named(key) if is_ours else None

    def _url(self, purpose: Purpose, token: str) -> str:
        return f"{self.base_url}/{purpose}/{token}"


def stamp(kind: str, delivery_id: int, due_at: datetime) -> str:
    """Name a mail: same delivery, same name. The moment is in it, because ids begin anew with a new database."""
    return f"{kind}.{delivery_id}.{digits(due_at)}"


@lru_cache(1024)  # Readers are due at a few moments of a day.
def digits(moment: datetime) -> str:
    return f"{moment:%Y%m%d%H%M%S}"


def message_id(name: str, domain: str) -> str:
    """Make the Message-ID of the mail with this `stamp`; MESSAGE_ID finds the delivery in it. Nobody signed it."""
    return f"<{name}@{domain}>"


class _Sha1(SigningAlgorithm):
    """The default of itsdangerous, in the one call that costs a third."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha1")


def _signer(keys: Sequence[str], salt: str) -> Signer:
    """Make a signer that has derived its keys already, as a mail takes three links."""
    derived = [Signer(key, salt=salt).derive_key() for key in keys]
    return Signer(derived, salt=salt, key_derivation="none", algorithm=_Sha1())


def _secret(key: str, use: str) -> Secret:
    return Secret(Signer(key, salt=f"digest.{use}").derive_key())


@lru_cache(16)  # It stands in a mail twice or more.
def _leaving(secret: Secret, key: str) -> str:
    return f"{key}.{secret.in_base32(key, SIGNED_OCTETS)}"


def _is_signed(secrets: Sequence[Secret], named: str, signature: str) -> bool:
    # Before readers had keys, the signature was whole.
    octets = SIGNED_OCTETS if named.startswith("k") else 20
    return any(hmac.compare_digest(secret.in_base32(named, octets), signature) for secret in secrets)


def _is_written_as_we_do(token: str) -> bool:
    """Whether a true signature is written in the one way that is ours: base64 has four, and padding."""
    written = token.rpartition(".")[2]
    return base64_encode(base64_decode(written)).decode() == written


def _named(purpose: Purpose, signed: str) -> Named | None:
    """Read what was signed: a key and perhaps numbers; before readers had keys, numbers alone."""
    found = SIGNED.get(purpose, OF_A_READER).fullmatch(signed)
    if not found:
        return None
    if purpose is Purpose.FEEDBACK:
        return Named(found["key"], int(found[2]), paper=(found["paper"] or "").replace("~", "/"))
    delivery_id, minute = (*(int(number) for number in found.groups()[1:]), 0, 0)[:2]
    return Named(found["key"] or "", delivery_id, minute)


def _minute(moment: datetime) -> int:
    return int(moment.timestamp()) // MINUTE


def is_of(named: Named, due_at: datetime) -> bool:
    """Whether a link that waits for an answer is of the mail due then, and not of one that got its number later."""
    return named.minute == _minute(due_at)


def _is_fresh(minute: int, now: datetime | None, max_age: timedelta) -> bool:
    return now is not None and now - datetime.fromtimestamp(minute * MINUTE, UTC) <= max_age
