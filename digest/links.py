"""Signed links: the mail is the key. Makes and reads tokens; refuses to store anything or to say why a token is bad."""

from __future__ import annotations

import hmac
from base64 import b32decode, b32encode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode
from itsdangerous.signer import SigningAlgorithm

# Long enough for a holiday, short enough for privacy.
CONFIRM_WITHIN = timedelta(days=7)
# A token of ours has some 35 characters; whatever is far longer is not worth a look.
LONGEST_TOKEN = 100
MINUTE = 60
# What the local part of a bounce address begins with.
BOUNCE = "bounce"


class Purpose(StrEnum):
    """What a link is for: the salt of its signature and its place under the base URL.

    A view, a confirmation and a change of address are named by a delivery, the others by a reader.
    """

    CONFIRM = "confirm"
    MOVE = "address"
    UNSUBSCRIBE = "unsubscribe"
    PREFERENCES = "preferences"
    VIEW = "digest"


# Whoever does not answer these in time has declined.
PASSING = (Purpose.CONFIRM, Purpose.MOVE)


class Links:
    """The links of one service. Keys come newest first: the newest signs, all are believed."""

    def __init__(self, base_url: str, keys: Sequence[str]) -> None:
        self.base_url = base_url.rstrip("/")
        # itsdangerous wants the newest key last. Its HMAC-SHA1 keeps a token short enough for the local part of an
        # address (64 octets), and is not touched by the collisions of bare SHA-1.
        oldest_first = list(reversed(keys))
        self._signers = {purpose: _signer(oldest_first, f"digest.{purpose}") for purpose in Purpose}
        self._bounces = _signer(oldest_first, "digest.bounce")

    def confirm(self, delivery_id: int, now: datetime) -> str:
        """Make the link that confirms the subscription asked for at `now`, in the mail about it."""
        return self._url(Purpose.CONFIRM, self.token(Purpose.CONFIRM, delivery_id, now))

    def move(self, delivery_id: int, now: datetime) -> str:
        """Make the link by which a new address agrees, in the mail written at `now`."""
        return self._url(Purpose.MOVE, self.token(Purpose.MOVE, delivery_id, now))

    def unsubscribe(self, reader_id: int) -> str:
        return self._url(Purpose.UNSUBSCRIBE, self.token(Purpose.UNSUBSCRIBE, reader_id))

    def preferences(self, reader_id: int) -> str:
        return self._url(Purpose.PREFERENCES, self.token(Purpose.PREFERENCES, reader_id))

    def view(self, delivery_id: int) -> str:
        return self._url(Purpose.VIEW, self.token(Purpose.VIEW, delivery_id))

    def token(self, purpose: Purpose, number: int, now: datetime | None = None) -> str:
        """Sign a number for one purpose; one that expires bears the minute of `now`."""
        stamp = f".{int(now.timestamp()) // MINUTE}" if now else ""
        return self._signers[purpose].sign(f"{number}{stamp}").decode()

    def read(
        self, purpose: Purpose, token: str, now: datetime | None = None, *, max_age: timedelta = CONFIRM_WITHIN
    ) -> int | None:
        """Return the number in a token, or None whatever is wrong with it. Those that expire need `now`."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        try:
            number, _, stamp = self._signers[purpose].unsign(token).decode().partition(".")
        except BadSignature:
            return None
        return int(number) if purpose not in PASSING or _is_fresh(stamp, now, max_age) else None

    def bounce_address(self, reader_id: int, delivery_id: int, domain: str) -> str:
        """Make the envelope sender of one mail: where it comes back to says whose it was (VERP).

        Some servers turn local parts to lower case, so the signature is in base32: 56 octets with ids of eight digits.
        """
        named = f"{reader_id:x}.{delivery_id:x}"
        signature = b32encode(base64_decode(self._bounces.get_signature(named))).decode().lower()
        return f"{BOUNCE}+{named}.{signature}@{domain}"

    def read_bounce(self, token: str) -> tuple[int, int] | None:
        """Return the reader and the delivery that a bounce address is of, or None whatever is wrong with it."""
        if len(token) > LONGEST_TOKEN or not token.isascii():
            return None
        named, _, signature = token.lower().rpartition(".")
        try:
            signed = base64_encode(b32decode(signature.upper()))
            reader_id, delivery_id = (int(number, 16) for number in named.split("."))
        except ValueError:
            return None
        return (reader_id, delivery_id) if self._bounces.verify_signature(named, signed) else None

    def _url(self, purpose: Purpose, token: str) -> str:
        return f"{self.base_url}/{purpose}/{token}"


class _Sha1(SigningAlgorithm):
    """The default of itsdangerous, in the one call that costs a third."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha1")


def _signer(keys: Sequence[str], salt: str) -> Signer:
    """Make a signer that has derived its keys already, as a mail takes three links."""
    derived = [Signer(key, salt=salt).derive_key() for key in keys]
    return Signer(derived, salt=salt, key_derivation="none", algorithm=_Sha1())


def _is_fresh(stamp: str, now: datetime | None, max_age: timedelta) -> bool:
    if now is None or not stamp:
        return False
    return now - datetime.fromtimestamp(int(stamp) * MINUTE, UTC) <= max_age
