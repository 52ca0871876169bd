"""How often one network may ask for something. Counts in the broker, for all processes; refuses to fail with it."""

from __future__ import annotations

from hashlib import sha256
from ipaddress import IPv6Address, ip_address, ip_network
from math import ceil

from limits import RateLimitItem, parse

from digest.readers.subscriptions import MOST_ASKED
from digest.store.readers import email_key
from digest.transport.rate_limiter import RateLimiter

# Enough for a reading group behind one address, too few to bomb mailboxes.
SUBSCRIPTIONS = parse("10/hour")
# A person tries a few topics a minute; each try costs some milliseconds, and one made to be slow a second or two.
PREVIEWS = parse("60/hour")


# What the ledger allows to one address too, but the ledger forgets with the reader who asked.
TO_ONE_ADDRESS = parse(f"{MOST_ASKED}/day")


class VisitorLimit:
    """Lets visitors in, so many in a while from one network or to one address."""

    def __init__(self, broker_url: str, most: RateLimitItem) -> None:
        self._limit = RateLimiter(broker_url, most, "visits")

    def wait(self, host: str | None) -> int:
        """Count one visit from this address, and return 0; or the seconds until there is room for it."""
        return ceil(self._limit.wait(network(host)))

    def wait_to_write(self, address: str) -> int:
        """The same for a mail to somebody's address, which is counted by its hash."""
        return ceil(self._limit.wait(sha256(email_key(address).encode()).hexdigest()))


def network(host: str | None) -> str:
    """What counts as one visitor: an IPv4 address, or the /64 that one IPv6 customer has at the very least."""
    try:
        address = ip_address(host or "")
    except ValueError:
        return "unknown"
    if not isinstance(address, IPv6Address):
        return str(address)
    return str(address.ipv4_mapped or ip_network((address.packed, 64), strict=False))
