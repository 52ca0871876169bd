"""What stands for an address where the address itself must not be kept: a hash that only this installation can make.

Addresses can be guessed and tried by the million; without the installation's secret, which is in no database, a hash
of one tells nothing.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from hashlib import sha256

from sqlalchemy import Connection

# Of 256 bits, what is enough to tell all addresses of the world apart.
HEX_DIGITS = 32
# Where an engine carries the secrets to its connections: the newest first, as they sign links.
SECRETS = "digest_secrets"


def one(secret: str, purpose: str, text: str) -> str:
    """Hash a text with a secret, for one purpose: hashes for two cannot be compared."""
    return hmac.new(secret.encode(), f"digest.{purpose}\0{text}".encode(), sha256).hexdigest()[:HEX_DIGITS]


def newest(connection: Connection, purpose: str, text: str) -> str:
    """The hash to write down."""
    return one(_secrets(connection)[0], purpose, text)


def each(connection: Connection, purpose: str, text: str) -> list[str]:
    """All that may have been written down for it, by secrets that are still believed."""
    return [one(secret, purpose, text) for secret in _secrets(connection)]


def _secrets(connection: Connection) -> Sequence[str]:
    found: Sequence[str] = connection.get_execution_options().get(SECRETS) or ("",)
    return found
